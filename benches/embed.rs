//! Measures tokens per second of the default model, in f32 and int8, on 1 and 2 threads, and then the
//! share of the CPU's peak arithmetic. The embeddings are compared with those of
//! sentence-transformers before anything is timed.
#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a benchmark should fail loudly, and its counts are far below 2⁵³"
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;
use std::{env, thread};

use cognate_kernels::Cpu;
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

/// Reads texts of mixed lengths whose embeddings by sentence-transformers are known.
fn golden_texts() -> Vec<String> {
    let texts: Vec<GoldenText> = serde_json::from_slice(&golden("texts.json")).unwrap();
    texts.into_iter().map(|golden| golden.text).collect()
}

const QUERY: &str = "nearest neighbors of a paper in a library";

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

/// Compares embeddings with sentence-transformers: each value in f32, the direction in int8.
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
    let texts = golden_texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let longest = *texts.iter().max_by_key(|text| text.len()).unwrap();
    for precision in [Precision::F32, Precision::Int8] {
        let mut group = criterion.benchmark_group(format!("embed {precision}"));
        group.sample_size(10);
        for threads in [1, 2] {
            let encoder = load(threads, precision);
            check(&encoder, &texts);
            for (name, texts) in [
                ("16 documents of 256 tokens", vec![longest; 16]),
                ("65 texts of mixed lengths", texts.clone()),
                ("64 queries", vec![QUERY; 64]),
                ("one query", vec![QUERY]),
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

/// Measures which share of the peak arithmetic of the cores the model reaches.
///
/// A multiply-add counts as two operations. The peak is measured with a loop of multiply-adds only,
/// which alternates with the model.
fn share_of_peak(_: &mut Criterion) {
    const THREADS: usize = 2;
    const PEAK: usize = 4_000_000_000;
    let rounds = if env::args().any(|arg| arg == "--test") {
        1
    } else {
        9
    };
    let encoder = load(THREADS, Precision::F32);
    let texts = golden_texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let longest = *texts.iter().max_by_key(|text| text.len()).unwrap();
    for (name, texts) in [
        ("documents of 256 tokens", vec![longest; 16]),
        ("mixed lengths", texts),
        ("queries", vec![QUERY; 256]),
    ] {
        let tokens = encoder.tokenize(Role::Document, &texts).unwrap();
        let operations: usize = tokens.sequences().map(|ids| operations(ids.len())).sum();
        let mut shares: Vec<f64> = (0..rounds)
            .map(|_| {
                let peak = Instant::now();
                thread::scope(|scope| {
                    for _ in 0..THREADS {
                        scope.spawn(|| black_box(Cpu::detect().run_at_peak(PEAK)));
                    }
                });
                let peak = peak.elapsed().as_secs_f64() / (THREADS * PEAK) as f64;
                let work = Instant::now();
                black_box(encoder.encode_documents(&texts).unwrap());
                peak * operations as f64 / work.elapsed().as_secs_f64()
            })
            .collect();
        shares.sort_by(f64::total_cmp);
        println!(
            "share of peak, {name}, {THREADS} threads: {:.2}",
            shares[rounds / 2]
        );
    }
}

/// Returns the number of floating-point operations in the matrix products of all-MiniLM-L6-v2 for a
/// text of `n` tokens.
fn operations(n: usize) -> usize {
    const LAYERS: usize = 6;
    const WIDTH: usize = 384;
    const INTERMEDIATE: usize = 1536;
    let layer = 4 * WIDTH * WIDTH + 2 * WIDTH * INTERMEDIATE;
    let attention = 2 * n * WIDTH;
    2 * LAYERS * n * (layer + attention)
}

criterion_group!(benches, embed, share_of_peak);
criterion_main!(benches);
