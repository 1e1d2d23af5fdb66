//! Exact search: one query and a batch, with and without a filter, over random rows, which are the
//! hard case for any bound, and over real rows if the environment names a file of them:
//!
//! ```sh
//! COGNATE_ROWS=rows.npy cargo bench --bench search
//! ```
//!
//! The file is `[n, dim]` of f32, as `cognate embed` writes it; its last 256 rows are the queries.
//! Hits are compared with cosines in f64 before anything is timed.
#![expect(
    clippy::unwrap_used,
    reason = "a failure of a benchmark should be loud"
)]

use std::hint::black_box;

use cognate_index::{FlatIndex, IndexWriter, SearchOptions};
use cognate_testing::Numbers;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView1, ArrayView2, s};
use ndarray_npy::read_npy;

const DIM: usize = 384;
const QUERIES: usize = 256;

/// Returns `[rows, DIM]`, approximately normally distributed (the sum of four uniform numbers), the
/// same in every run.
fn random_rows(rows: usize) -> Array2<f32> {
    let mut numbers = Numbers::new(3);
    Array2::from_shape_simple_fn((rows, DIM), || (0..4).map(|_| numbers.signed() / 2.0).sum())
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

/// Compares the hits of a few queries with cosines in f64.
fn check(index: &FlatIndex, rows: ArrayView2<'_, f32>, queries: ArrayView2<'_, f32>) {
    let batch = index.search_batch(queries, 10).unwrap();
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
    let random = random_rows(100_000 + QUERIES);
    bench_rows(criterion, "random", random.view(), &[10_000, 100_000]);
    if let Some(path) = std::env::var_os("COGNATE_ROWS") {
        let rows: Array2<f32> = read_npy(path).unwrap();
        bench_rows(
            criterion,
            "real",
            rows.view(),
            &[10_000, 100_000, 1_000_000],
        );
    }
}

fn bench_rows(criterion: &mut Criterion, kind: &str, all: ArrayView2<'_, f32>, sizes: &[usize]) {
    let (all, queries) = all.split_at(ndarray::Axis(0), all.nrows() - QUERIES);
    let query = queries.row(0);
    for &count in sizes.iter().filter(|&&count| count <= all.nrows()) {
        let rows = all.slice(s![..count, ..]);
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), rows.ncols()).unwrap();
        writer.append(rows).unwrap();
        writer.commit().unwrap();
        let index = FlatIndex::open(dir.path()).unwrap();
        check(&index, rows, queries);

        let mut group = criterion.benchmark_group(format!("{kind} rows"));
        group.sample_size(if count > 10_000 { 20 } else { 100 });
        let id = |what: &str| BenchmarkId::new(what, count);
        group.throughput(Throughput::Elements(1));
        for k in [10, 100] {
            group.bench_function(id(&format!("one query, k {k}")), |bencher| {
                bencher.iter(|| index.search(query, k).unwrap());
            });
        }
        for one_in in [100, 2] {
            let rows = (0..u32::try_from(count).unwrap()).step_by(one_in).collect();
            let options = SearchOptions::new(10).filter(&rows);
            let what = format!("one query among one row in {one_in}");
            group.bench_function(id(&what), |bencher| {
                bencher.iter(|| index.search(query, options).unwrap());
            });
        }
        group.bench_function(id("open"), |bencher| {
            bencher.iter(|| black_box(FlatIndex::open(dir.path()).unwrap()));
        });
        group.bench_function(id("append 100 rows and commit"), |bencher| {
            let manifest = writer.manifest().clone();
            // Each iteration starts from the same index, without the rows of the one before.
            let writer = || {
                let mut writer = IndexWriter::with_manifest(dir.path(), manifest.clone());
                writer.commit().unwrap();
                writer.collect_garbage().unwrap();
                writer
            };
            let append = |mut writer: IndexWriter| {
                writer.append(queries.slice(s![..100, ..])).unwrap();
                writer.commit().unwrap();
            };
            bencher.iter_batched(writer, append, BatchSize::PerIteration);
            writer();
        });
        group.sample_size(10);
        group.throughput(Throughput::Elements(QUERIES as u64));
        group.bench_function(id("256 queries, k 10"), |bencher| {
            bencher.iter(|| index.search_batch(queries, 10).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, search);
criterion_main!(benches);
