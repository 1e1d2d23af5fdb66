//! A second real checkpoint, of another architecture: MPNet, with a bias by distance.

use std::env;
use std::io::Write;

use cognate_model::{Checkpoint, Encoder, EncoderOptions, Precision, Role};

use crate::golden_file::GoldenFile;
use crate::model::{golden, golden_texts};

/// Where all-mpnet-base-v2 lies; `tests/golden/fetch-mpnet.sh` fetches it.
const VARIABLE: &str = "COGNATE_MPNET";

#[test]
fn all_mpnet_base_v2_agrees_with_sentence_transformers() {
    let Ok(dir) = env::var(VARIABLE) else {
        // Past the test harness, which would swallow it.
        let skipped = format!("NOT RUN: MPNet parity, {VARIABLE} does not name the checkpoint\n");
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
        return;
    };
    let checkpoint = Checkpoint::open(dir).unwrap();
    let file = GoldenFile::read(golden("all-mpnet-base-v2.safetensors"));
    let expected = file.rows("normalized");
    let texts: Vec<String> = golden_texts().into_iter().map(|text| text.text).collect();
    for (precision, least) in [(Precision::F32, 0.999_999), (Precision::Int8, 0.98)] {
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
            assert!(cosine >= least, "{precision}: {cosine} for {text:?}");
            if precision == Precision::F32 {
                for (a, b) in row.iter().zip(expected) {
                    assert!((a - b).abs() < 2e-6, "{a}, expected {b}, in {text:?}");
                }
            }
        }
    }
}
