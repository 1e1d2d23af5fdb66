//! Texts a second through the default model. The answers are compared with those of
//! sentence-transformers before anything is timed.
#![expect(
    clippy::unwrap_used,
    reason = "what fails in a benchmark should fail loudly"
)]

use std::fs;
use std::path::Path;

use cognate_model::{DEFAULT_MODEL, Encoder, EncoderOptions, ModelSource};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use safetensors::SafeTensors;
use serde::Deserialize;

#[derive(Deserialize)]
struct GoldenText {
    text: String,
}

fn golden(name: &str) -> Vec<u8> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden")
            .join(name),
    )
    .unwrap()
}

fn encoder(threads: usize) -> Encoder {
    let model = ModelSource::from_env()
        .unwrap()
        .resolve(DEFAULT_MODEL)
        .unwrap();
    Encoder::load(
        &model.open().unwrap(),
        EncoderOptions::default().threads(threads),
    )
    .unwrap()
}

fn check(encoder: &Encoder, texts: &[String]) {
    let bytes = golden("all-MiniLM-L6-v2.safetensors");
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let expected = tensors.tensor("normalized").unwrap();
    let expected = expected
        .data()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes));
    let found = encoder.encode_documents(texts).unwrap();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 2e-6,
            "{found}, expected {expected}"
        );
    }
}

fn embed(criterion: &mut Criterion) {
    let texts: Vec<GoldenText> = serde_json::from_slice(&golden("texts.json")).unwrap();
    let texts: Vec<String> = texts.into_iter().map(|golden| golden.text).collect();
    let longest = texts.iter().max_by_key(|text| text.len()).unwrap();
    let mut group = criterion.benchmark_group("embed");
    group.sample_size(10);
    for threads in [1, 2] {
        let encoder = encoder(threads);
        check(&encoder, &texts);
        for (name, texts) in [
            ("8 documents of 256 tokens", vec![longest.as_str(); 8]),
            (
                "65 documents of mixed lengths",
                texts.iter().map(String::as_str).collect(),
            ),
            (
                "one query",
                vec!["nearest neighbours of a paper in a library"],
            ),
        ] {
            group.throughput(Throughput::Elements(texts.len() as u64));
            let id = BenchmarkId::new(name, format!("{threads} threads"));
            group.bench_function(id, |bencher| {
                bencher.iter(|| encoder.encode_documents(&texts).unwrap());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, embed);
criterion_main!(benches);
