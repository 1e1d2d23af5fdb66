//! Parity of a second real checkpoint, all-mpnet-base-v2, which has a relative position bias.

use std::env;

use cognate_model::{Checkpoint, Encoder, EncoderOptions, Precision, Role};

use crate::golden_file::GoldenFile;
use crate::model::{golden, golden_texts};

/// `tests/golden/fetch-mpnet.sh` fetches the checkpoint.
#[test]
#[ignore = "needs 900 MB of weights; set COGNATE_MPNET to the folder of all-mpnet-base-v2"]
fn all_mpnet_base_v2_agrees_with_sentence_transformers() {
    let Ok(dir) = env::var("COGNATE_MPNET") else {
        panic!("COGNATE_MPNET is not set, expected the folder of all-mpnet-base-v2");
    };
    let checkpoint = Checkpoint::open(dir).unwrap();
    let file = GoldenFile::read(golden("all-mpnet-base-v2.safetensors"));
    let expected = file.rows("normalized");
    let texts: Vec<String> = golden_texts().into_iter().map(|text| text.text).collect();
    for (precision, min_cosine) in [(Precision::F32, 0.999_999), (Precision::Int8, 0.98)] {
        let options = EncoderOptions::default().precision(precision);
        let encoder = Encoder::load(&checkpoint, options).unwrap();
        let tokens = encoder.tokenize(Role::Document, &texts).unwrap();
        assert_eq!(tokens, file.tokens());
        let rows = encoder.encode_documents(&texts).unwrap();
        assert_eq!(rows.dim(), expected.dim());
        for ((row, expected), text) in rows.outer_iter().zip(expected.outer_iter()).zip(&texts) {
            let cosine: f64 = row
                .iter()
                .zip(expected)
                .map(|(&a, &b)| f64::from(a) * f64::from(b))
                .sum();
            assert!(cosine >= min_cosine, "{precision}: {cosine} for {text:?}");
            if precision == Precision::F32 {
                for (a, b) in row.iter().zip(expected) {
                    assert!((a - b).abs() < 2e-6, "{a}, expected {b}, in {text:?}");
                }
            }
        }
    }
}
