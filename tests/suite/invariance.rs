use cognate_model::{EncoderOptions, Precision};
use ndarray::Array2;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::model::{ENCODER, golden_texts, load};

/// Returns texts of all lengths, the longest of which are truncated.
fn texts() -> Vec<String> {
    golden_texts()
        .into_iter()
        .map(|golden| golden.text)
        .step_by(3)
        .collect()
}

fn bits(rows: &Array2<f32>, row: usize) -> Vec<u32> {
    rows.row(row).iter().map(|value| value.to_bits()).collect()
}

#[test]
fn an_embedding_does_not_depend_on_the_other_texts() {
    let texts = texts();
    let batched = ENCODER.encode_documents(&texts).unwrap();
    let reversed: Vec<&String> = texts.iter().rev().collect();
    let reversed = ENCODER.encode_documents(&reversed).unwrap();
    for (at, text) in texts.iter().enumerate() {
        let alone = ENCODER.encode_documents(&[text]).unwrap();
        assert_eq!(bits(&alone, 0), bits(&batched, at), "{text:?}");
        assert_eq!(
            bits(&reversed, texts.len() - 1 - at),
            bits(&batched, at),
            "{text:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Embeds random selections, with repetitions, in every precision of the CPU.
    #[test]
    fn an_embedding_does_not_depend_on_batch_size_or_threads(
        selection in vec(any::<Index>(), 1..40),
        threads in 1usize..5,
        max_batch_tokens in 1usize..700,
        int8: bool,
    ) {
        let texts = texts();
        let precision = if int8 { Precision::Int8 } else { Precision::F32 };
        let options = EncoderOptions::default().precision(precision);
        let expected = load(options.clone().threads(1)).encode_documents(&texts).unwrap();
        let selection: Vec<usize> = selection.iter().map(|index| index.index(texts.len())).collect();
        let selected: Vec<&str> = selection.iter().map(|&text| texts[text].as_str()).collect();
        let encoder = load(options.threads(threads).max_batch_tokens(max_batch_tokens));
        let rows = encoder.encode_documents(&selected).unwrap();
        for (at, &text) in selection.iter().enumerate() {
            prop_assert_eq!(bits(&rows, at), bits(&expected, text), "{}", &texts[text]);
        }
    }
}
