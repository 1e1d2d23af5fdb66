use cognate_model::EncoderOptions;
use ndarray::Array2;

use crate::model::{ENCODER, golden_texts, load};

/// Texts of all lengths, the longest cut off.
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
fn an_embedding_does_not_depend_on_its_neighbours() {
    let texts = texts();
    let together = ENCODER.encode_documents(&texts).unwrap();
    let reversed: Vec<&String> = texts.iter().rev().collect();
    let reversed = ENCODER.encode_documents(&reversed).unwrap();
    for (at, text) in texts.iter().enumerate() {
        let alone = ENCODER.encode_documents(&[text]).unwrap();
        assert_eq!(bits(&alone, 0), bits(&together, at), "{text:?}");
        assert_eq!(
            bits(&reversed, texts.len() - 1 - at),
            bits(&together, at),
            "{text:?}"
        );
    }
}

#[test]
fn nor_on_batch_size_and_threads() {
    let texts = texts();
    let expected = ENCODER.encode_documents(&texts).unwrap();
    for (threads, max_batch_tokens) in [(1, 1), (1, 4096), (2, 64), (3, 500)] {
        let options = EncoderOptions::default()
            .threads(threads)
            .max_batch_tokens(max_batch_tokens);
        let rows = load(options).encode_documents(&texts).unwrap();
        for at in 0..texts.len() {
            assert_eq!(
                bits(&rows, at),
                bits(&expected, at),
                "{threads} {max_batch_tokens}"
            );
        }
    }
}
