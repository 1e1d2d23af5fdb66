//! A second real checkpoint, of another architecture: MPNet, with a bias by distance.

use std::env;
use std::fs;
use std::io::Write;

use cognate_model::{Checkpoint, Encoder, EncoderOptions, Precision, Role};
use safetensors::SafeTensors;

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
    let bytes = fs::read(golden("all-mpnet-base-v2.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let texts: Vec<String> = golden_texts().into_iter().map(|text| text.text).collect();
    let ids = tensors.tensor("ids").unwrap();
    let ids: Vec<u32> = ids
        .data()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&b| u32::from_le_bytes(b))
        .collect();
    let expected = tensors.tensor("normalized").unwrap();
    let expected: Vec<f32> = expected
        .data()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&b| f32::from_le_bytes(b))
        .collect();
    for (precision, least) in [(Precision::F32, 0.999_999), (Precision::Int8, 0.99)] {
        let options = EncoderOptions::default().precision(precision);
        let encoder = Encoder::load(&checkpoint, options).unwrap();
        let tokens = encoder.tokenize(Role::Document, &texts).unwrap();
        assert_eq!(tokens.ids(), ids);
        let rows = encoder.encode_documents(&texts).unwrap();
        assert_eq!(rows.len(), expected.len());
        for (row, (expected, text)) in rows
            .outer_iter()
            .zip(expected.chunks(encoder.dim()).zip(&texts))
        {
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
