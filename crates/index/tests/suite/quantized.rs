//! Segments that are large enough for quantized codes: the hits equal those of a full sort, bit for
//! bit, on data that suits the bounds and on data that defeats them.

use std::fs;
use std::path::Path;

use cognate_index::{FlatIndex, IndexWriter, SearchOptions, Storage};
use cognate_testing::Numbers;
use ndarray::{Array2, ArrayView2, Axis, concatenate, s};
use roaring::RoaringBitmap;

use crate::data::{bits, crowded, index_of, reference_search, scattered};

/// Slightly more rows than the smallest quantized segment has, and not a multiple of a block size.
const ROWS: usize = 17_003;
const DIM: usize = 48;

/// Returns rows whose first dimensions hold most of the variance.
fn steep(seed: u64, n: usize) -> Array2<f32> {
    let mut rows = scattered(seed, n, DIM);
    let mut scale = 1.0;
    for mut column in rows.columns_mut() {
        column *= scale;
        scale *= 0.9;
    }
    rows
}

/// Returns rows of a few directions, with differences of 1e-7.
fn near_ties(seed: u64, n: usize) -> Array2<f32> {
    crowded(seed, n, DIM) + scattered(seed + 1, n, DIM) * 1e-7
}

/// Returns rows with one coordinate that is much larger than all others.
fn spikes(seed: u64, n: usize) -> Array2<f32> {
    let mut rows = scattered(seed, n, DIM);
    for (i, mut row) in rows.outer_iter_mut().enumerate() {
        row[i % 7] *= 1e6;
    }
    rows
}

/// Returns a few queries that are not rows and a few that are.
fn queries(rows: ArrayView2<'_, f32>) -> Array2<f32> {
    concatenate![
        Axis(0),
        steep(90, 3),
        scattered(91, 2, DIM),
        rows.slice(s![..;6000, ..])
    ]
}

fn check(index: &FlatIndex, queries: ArrayView2<'_, f32>, k: usize) {
    check_allowed(index, queries, k.into(), |_| true);
}

fn check_allowed(
    index: &FlatIndex,
    queries: ArrayView2<'_, f32>,
    options: SearchOptions<'_>,
    allowed: impl Fn(u32) -> bool + Copy,
) {
    let k = options.k();
    let batch = index.search_batch(queries, options).unwrap();
    for (query, found) in queries.outer_iter().zip(&batch) {
        assert_eq!(
            bits(found),
            bits(&reference_search(index, query, k, allowed))
        );
        assert_eq!(bits(&index.search(query, options).unwrap()), bits(found));
    }
}

#[test]
fn hits_equal_a_full_sort_on_any_data() {
    for rows in [
        steep(1, ROWS),
        scattered(2, ROWS, DIM),
        crowded(3, ROWS, DIM),
        near_ties(4, ROWS),
        spikes(5, ROWS),
        Array2::ones((ROWS, DIM)),
    ] {
        let index = index_of(rows.view());
        let queries = queries(rows.view());
        for k in [1, 10, 500] {
            check(&index, queries.view(), k);
        }
    }
}

#[test]
fn a_search_can_return_all_rows() {
    let rows = steep(6, ROWS);
    let index = index_of(rows.view());
    let hits = index.search(rows.row(0), usize::MAX).unwrap();
    assert_eq!(hits.len(), ROWS);
    check(&index, rows.slice(s![..1, ..]), ROWS);
}

#[test]
fn filters_deletions_and_a_minimum_score_are_respected() {
    let rows = steep(7, ROWS);
    let queries = queries(rows.view());
    let mut numbers = Numbers::new(8);
    let index = index_of(rows.view());
    for one_in in [2, 10, 40, 3000] {
        let filter: RoaringBitmap = (0..u32::try_from(ROWS).unwrap())
            .filter(|_| numbers.below(one_in) == 0)
            .collect();
        let allowed = |row| filter.contains(row);
        let options = SearchOptions::new(10).filter(&filter);
        check_allowed(&index, queries.view(), options, allowed);
        let deleted = index.with_deleted(&filter).unwrap();
        let allowed = |row| !filter.contains(row);
        check_allowed(&deleted, queries.view(), 10.into(), allowed);
    }
    for query in queries.outer_iter() {
        let all = index.search(query, ROWS).unwrap();
        for rank in [0, 3, 700] {
            let min_score = all[rank].score;
            let expected: Vec<_> = all
                .iter()
                .filter(|hit| hit.score >= min_score)
                .copied()
                .collect();
            let options = SearchOptions::new(ROWS).min_score(min_score);
            assert_eq!(
                bits(&index.search(query, options).unwrap()),
                bits(&expected)
            );
        }
    }
}

#[test]
fn fewer_hits_are_a_prefix_of_more() {
    let rows = near_ties(9, ROWS);
    let index = index_of(rows.view());
    let long = index.search(rows.row(5), 300).unwrap();
    for k in [1, 2, 50, 299] {
        assert_eq!(
            bits(&index.search(rows.row(5), k).unwrap()),
            bits(&long[..k])
        );
    }
}

fn written(dir: &Path, rows: ArrayView2<'_, f32>) -> IndexWriter {
    let mut writer = IndexWriter::create(dir, DIM).unwrap();
    writer.append(rows).unwrap();
    writer.commit().unwrap();
    writer
}

#[test]
fn files_of_codes_are_written_and_removed_with_their_segments() {
    let dir = tempfile::tempdir().unwrap();
    let rows = steep(10, ROWS);
    let mut writer = written(dir.path(), rows.view());
    let codes = dir.path().join("segment-00000001.codes");
    assert!(codes.exists());
    let bytes = fs::metadata(&codes).unwrap().len();
    assert!(bytes < (ROWS * DIM * 2) as u64, "{bytes}");
    for storage in [Storage::Mapped, Storage::Owned] {
        let index = FlatIndex::open_with(dir.path(), storage).unwrap();
        index.verify().unwrap();
        check(&index, queries(rows.view()).view(), 10);
    }
    // A few more rows become a segment of their own; many rows are merged with the first segments.
    writer.append(steep(11, 10).view()).unwrap();
    writer.commit().unwrap();
    assert!(codes.exists() && !dir.path().join("segment-00000002.codes").exists());
    let index = FlatIndex::open(dir.path()).unwrap();
    check(&index, queries(rows.view()).view(), 10);
    writer.append(steep(12, ROWS).view()).unwrap();
    writer.commit().unwrap();
    writer.collect_garbage().unwrap();
    assert!(!codes.exists() && dir.path().join("segment-00000003.codes").exists());
    let index = FlatIndex::open(dir.path()).unwrap();
    check(&index, queries(rows.view()).view(), 10);
}

#[test]
fn damaged_or_missing_codes_change_no_hits() {
    let dir = tempfile::tempdir().unwrap();
    let rows = steep(13, ROWS);
    written(dir.path(), rows.view());
    let codes = dir.path().join("segment-00000001.codes");
    let intact = fs::read(&codes).unwrap();
    let queries = queries(rows.view());
    for at in [
        3,
        9,
        30,
        100,
        intact.len() / 3,
        intact.len() / 2,
        intact.len() - 2,
    ] {
        let mut bytes = intact.clone();
        bytes[at] ^= 0xff;
        fs::write(&codes, &bytes).unwrap();
        for storage in [Storage::Mapped, Storage::Owned] {
            let index = FlatIndex::open_with(dir.path(), storage).unwrap();
            check(&index, queries.view(), 10);
            let error = index.verify().unwrap_err().to_string();
            assert!(error.contains("segment-00000001.codes"), "{error}");
        }
    }
    let check_errors = || {
        FlatIndex::check(
            dir.path(),
            IndexWriter::open(dir.path()).unwrap().manifest(),
        )
    };
    assert!(matches!(check_errors().as_slice(), [error] if error.is_rebuildable()));
    let mut writer = IndexWriter::open(dir.path()).unwrap();
    assert_eq!(writer.rebuild().unwrap(), 1);
    assert!(check_errors().is_empty() && fs::read(&codes).unwrap() == intact);
    assert_eq!(writer.rebuild().unwrap(), 0);
    fs::write(&codes, &intact[..intact.len() / 2]).unwrap();
    let index = FlatIndex::open(dir.path()).unwrap();
    check(&index, queries.view(), 10);
    assert!(index.verify().is_err());
    fs::remove_file(&codes).unwrap();
    let index = FlatIndex::open(dir.path()).unwrap();
    check(&index, queries.view(), 10);
    index.verify().unwrap();
}
