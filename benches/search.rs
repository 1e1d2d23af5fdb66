//! Queries a second over random rows, the hard case for any bound. The answers are compared with
//! cosines in f64 before anything is timed.
#![expect(
    clippy::unwrap_used,
    reason = "what fails in a benchmark should fail loudly"
)]

use cognate_index::{FlatIndex, IndexBuilder};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView1, s};

const DIM: usize = 384;
const QUERIES: usize = 64;

/// `[rows, DIM]`, uniform in −1 to 1, the same every time (xorshift, Marsaglia 2003).
fn random_rows(rows: usize, seed: u64) -> Array2<f32> {
    let mut state = seed;
    Array2::from_shape_simple_fn((rows, DIM), || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        #[expect(clippy::cast_precision_loss, reason = "24 bits are a whole f32")]
        let unit = (state >> 40) as f32 / 16_777_216.0;
        2.0 * unit - 1.0
    })
}

fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    let dot = |a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>| {
        a.iter()
            .zip(b)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum::<f64>()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn check(index: &FlatIndex, rows: &Array2<f32>, queries: &Array2<f32>) {
    let batch = index.search_batch(queries.view(), 10).unwrap();
    for (query, hits) in queries.outer_iter().zip(&batch).take(4) {
        assert_eq!(&index.search(query, 10).unwrap(), hits);
        let mut scores: Vec<f64> = rows.outer_iter().map(|row| cosine(query, row)).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        for (hit, score) in hits.iter().zip(scores) {
            assert!((f64::from(hit.score) - score).abs() < 1e-6);
        }
    }
}

fn search(criterion: &mut Criterion) {
    let queries = random_rows(QUERIES, 7);
    let mut group = criterion.benchmark_group("search");
    for count in [10_000, 100_000] {
        let rows = random_rows(count, 3);
        let mut builder = IndexBuilder::new(DIM).unwrap();
        builder.append(rows.view()).unwrap();
        let index = builder.build();
        check(&index, &rows, &queries);

        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("one query, k 10", count), |bencher| {
            bencher.iter(|| index.search(queries.slice(s![0, ..]), 10).unwrap());
        });
        group.throughput(Throughput::Elements(QUERIES as u64));
        group.bench_function(BenchmarkId::new("64 queries, k 10", count), |bencher| {
            bencher.iter(|| index.search_batch(queries.view(), 10).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, search);
criterion_main!(benches);
