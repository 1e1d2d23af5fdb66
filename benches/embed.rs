//! Tokens a second through the default model, in f32 and int8, by 1 and 2 threads. The answers are
//! compared with those of sentence-transformers before anything is timed.
#![expect(
    clippy::unwrap_used,
    reason = "what fails in a benchmark should fail loudly"
)]

use std::fs;
use std::path::Path;

use cognate_model::{DEFAULT_MODEL, Encoder, EncoderOptions, ModelSource, Precision, Role};
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

fn load(threads: usize, precision: Precision) -> Encoder {
    let model = ModelSource::from_env()
        .unwrap()
        .resolve(DEFAULT_MODEL)
        .unwrap();
    let options = EncoderOptions::default()
        .threads(threads)
        .precision(precision);
    Encoder::load(&model.open().unwrap(), options).unwrap()
}

/// In f32 each value must be that of sentence-transformers; in int8 the direction must be.
fn check(encoder: &Encoder, texts: &[&str]) {
    let bytes = golden("all-MiniLM-L6-v2.safetensors");
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let expected = tensors.tensor("normalized").unwrap();
    let expected: Vec<f32> = expected
        .data()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    let found = encoder.encode_documents(texts).unwrap();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.outer_iter().zip(expected.chunks(encoder.dim())) {
        let cosine: f32 = found.iter().zip(expected).map(|(a, b)| a * b).sum();
        let largest = found
            .iter()
            .zip(expected)
            .fold(0.0f32, |largest, (a, b)| largest.max((a - b).abs()));
        match encoder.precision() {
            Precision::F32 => assert!(largest < 2e-6, "a value differs by {largest}"),
            _ => assert!(cosine > 0.98, "the cosine is {cosine}"),
        }
    }
}

fn embed(criterion: &mut Criterion) {
    let texts: Vec<GoldenText> = serde_json::from_slice(&golden("texts.json")).unwrap();
    let texts: Vec<&str> = texts.iter().map(|golden| golden.text.as_str()).collect();
    let longest = *texts.iter().max_by_key(|text| text.len()).unwrap();
    let query = "nearest neighbours of a paper in a library";
    for precision in [Precision::F32, Precision::Int8] {
        let mut group = criterion.benchmark_group(format!("embed {precision}"));
        group.sample_size(10);
        for threads in [1, 2] {
            let encoder = load(threads, precision);
            check(&encoder, &texts);
            for (name, texts) in [
                ("16 documents of 256 tokens", vec![longest; 16]),
                ("65 texts of mixed lengths", texts.clone()),
                ("64 queries", vec![query; 64]),
                ("one query", vec![query]),
            ] {
                let tokens = encoder.tokenize(Role::Document, &texts).unwrap();
                group.throughput(Throughput::Elements(tokens.ids().len() as u64));
                let id = BenchmarkId::new(name, format!("{threads} threads"));
                group.bench_function(id, |bencher| {
                    bencher.iter(|| encoder.encode_documents(&texts).unwrap());
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, embed);
criterion_main!(benches);
