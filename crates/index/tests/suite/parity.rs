//! A search finds what a full sort finds, bit for bit.

use std::ops::ControlFlow;

use cognate_index::{Error, IndexBuilder, Progress, RowId, SearchOptions};
use ndarray::{Array2, ArrayView2, array, aview1};
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::data::{bits, crowded, index_of, reference_search, scattered};

/// Searches a batch and compares it with the reference implementation.
fn check(rows: ArrayView2<'_, f32>, queries: ArrayView2<'_, f32>, k: usize) {
    let index = index_of(rows);
    let batch = index.search_batch(queries, k).unwrap();
    assert_eq!(batch.len(), queries.nrows());
    for (query, found) in queries.outer_iter().zip(&batch) {
        assert_eq!(
            bits(found),
            bits(&reference_search(&index, query, k, |_| true))
        );
    }
}

#[test]
fn agrees_with_a_full_sort_at_every_shape() {
    for dim in [1, 2, 5, 63, 64, 65, 127, 384] {
        for n in [0, 1, 2, 7, 63, 64, 65, 200] {
            for k in [1, 3, 64, 1000] {
                check(scattered(1, n, dim).view(), scattered(2, 5, dim).view(), k);
                check(crowded(3, n, dim).view(), crowded(3, 2, dim).view(), k);
            }
        }
    }
}

#[test]
fn agrees_with_a_full_sort_over_many_blocks() {
    check(
        scattered(4, 20_000, 100).view(),
        scattered(5, 3, 100).view(),
        50,
    );
    check(
        crowded(6, 20_000, 100).view(),
        crowded(6, 1, 100).view(),
        5_000,
    );
    // So many dimensions that a block has few rows and a group has few queries.
    check(
        scattered(7, 70, 40_000).view(),
        scattered(8, 3, 40_000).view(),
        10,
    );
}

#[test]
fn agrees_with_a_full_sort_for_many_queries() {
    check(
        scattered(9, 2_000, 48).view(),
        scattered(10, 333, 48).view(),
        7,
    );
}

#[test]
fn a_row_finds_itself_first() {
    let rows = scattered(11, 500, 384);
    let index = index_of(rows.view());
    for (i, row) in rows.outer_iter().enumerate() {
        let hit = index.search(row, 1).unwrap()[0];
        assert_eq!(hit.row.index(), i);
        assert!((hit.score - 1.0).abs() < 1e-6);
    }
}

#[test]
fn scores_are_cosines() {
    let index = index_of(array![[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0], [3.0, 4.0]].view());
    let hits = index.search(array![10.0, 0.0].view(), 4).unwrap();
    let found: Vec<(u32, f32)> = hits.iter().map(|hit| (hit.row.get(), hit.score)).collect();
    assert_eq!(found, [(0, 1.0), (3, 0.6), (1, 0.0), (2, -1.0)]);
}

#[test]
fn invalid_queries_and_options_are_errors() {
    let index = index_of(array![[1.0, 0.0], [0.0, 1.0]].view());
    let one = |query: &[f32], options: SearchOptions<'_>| {
        index
            .search(aview1(query), options)
            .unwrap_err()
            .to_string()
    };
    let any = SearchOptions::new(1);
    assert_eq!(
        one(&[1.0], any),
        "expected a vector of 2 dimensions, found 1"
    );
    assert_eq!(
        one(&[0.0, 0.0], any),
        "query 0 has no direction: every component is 0"
    );
    let nan = one(&[0.0, f32::NAN], any);
    assert_eq!(
        nan,
        "query 0 holds `NaN` in component 1, expected finite numbers"
    );
    assert_eq!(
        one(&[1.0, 0.0], SearchOptions::new(0)),
        "`k` is 0, expected at least 1"
    );
    let nan = one(&[1.0, 0.0], any.min_score(f32::NAN));
    assert_eq!(nan, "`min_score` is NaN, expected a number");
    let batch = array![[1.0, 0.0], [0.0, 0.0]];
    let error = index.search_batch(batch.view(), 1).unwrap_err();
    assert!(matches!(error, Error::InvalidQuery { query: 1, .. }));
    assert!(
        index
            .search_batch(Array2::zeros((0, 2)).view(), 1)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn an_empty_index_finds_nothing() {
    let index = IndexBuilder::new(2).unwrap().build();
    assert!(index.is_empty());
    assert!(index.search(array![1.0, 0.0].view(), 3).unwrap().is_empty());
    assert!(index.neighbors(3).unwrap().is_empty());
    assert_eq!(index.row(RowId::new(0)).unwrap(), None);
}

#[test]
fn neighbors_are_the_hits_of_a_search_without_the_row_itself() {
    // Most crowded rows equal more than `k` others, so a row may be missing from its own hits.
    for (rows, k) in [(scattered(12, 300, 20), 5), (crowded(13, 300, 20), 5)] {
        let index = index_of(rows.view())
            .with_deleted(&[0, 7, 299].into())
            .unwrap();
        let neighbors = index.neighbors(k).unwrap();
        assert_eq!(neighbors.len(), 297);
        for (row, hits) in neighbors {
            let query = index.row(row).unwrap().unwrap();
            let expected = reference_search(&index, query, k, |other| other != row.get());
            assert_eq!(bits(&hits), bits(&expected));
        }
    }
}

#[test]
fn neighbors_respect_the_options() {
    let index = index_of(scattered(14, 100, 3).view());
    let filter: RoaringBitmap = (10..30).collect();
    let options = SearchOptions::new(50).filter(&filter).min_score(0.5);
    for (row, hits) in index.neighbors(options).unwrap() {
        let query = index.row(row).unwrap().unwrap();
        let allowed = |other| other != row.get() && filter.contains(other);
        let mut expected = reference_search(&index, query, 50, allowed);
        expected.retain(|hit| hit.score >= 0.5);
        assert_eq!(bits(&hits), bits(&expected));
    }
}

#[test]
fn neighbors_report_progress_and_can_be_cancelled() {
    let index = index_of(scattered(15, 10_000, 2).view());
    let mut reported = Vec::new();
    let all = index.neighbors_with(1, &mut |Progress { done, total, .. }| {
        reported.push((done, total));
        ControlFlow::Continue(())
    });
    assert_eq!(all.unwrap().len(), 10_000);
    assert_eq!(reported.first(), Some(&(0, 10_000)));
    assert_eq!(reported.last(), Some(&(10_000, 10_000)));
    assert!(reported.len() > 2 && reported.is_sorted());

    let error = index.neighbors_with(1, &mut |progress| {
        if progress.done > 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let error = error.unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(error.to_string(), "cancelled after 4096 of 10000 rows");
}

proptest! {
    #[test]
    fn agrees_with_a_full_sort(
        seed: u64, n in 1usize..300, dim in 1usize..80, k in 1usize..60,
        deleted in prop::collection::btree_set(0u32..300, 0..200),
        filter in prop::option::of(prop::collection::btree_set(0u32..400, 0..300)),
        min_score in prop::option::of(-1.0f32..1.0),
        crowd: bool,
    ) {
        let generate = if crowd { crowded } else { scattered };
        let (rows, queries) = (generate(seed, n, dim), generate(seed, 4, dim));
        let rows_end = u32::try_from(n).unwrap();
        let deleted: RoaringBitmap = deleted.range(..rows_end).collect();
        let filter: Option<RoaringBitmap> = filter.map(|rows| rows.into_iter().collect());
        let index = index_of(rows.view()).with_deleted(&deleted).unwrap();
        let mut options = SearchOptions::new(k);
        if let Some(filter) = &filter {
            options = options.filter(filter);
        }
        if let Some(min_score) = min_score {
            options = options.min_score(min_score);
        }
        let batch = index.search_batch(queries.view(), options).unwrap();
        for (query, found) in queries.outer_iter().zip(batch) {
            let allowed = |row| filter.as_ref().is_none_or(|filter| filter.contains(row));
            let mut expected = reference_search(&index, query, k, allowed);
            expected.retain(|hit| min_score.is_none_or(|min_score| hit.score >= min_score));
            prop_assert_eq!(bits(&found), bits(&expected));
            prop_assert_eq!(bits(&index.search(query, options).unwrap()), bits(&found));
        }
    }

    #[test]
    fn fewer_hits_are_a_prefix_of_more(seed: u64, n in 1usize..200, k in 1usize..40) {
        let rows = crowded(seed, n, 7);
        let index = index_of(rows.view());
        let fewer = index.search(rows.row(0), k).unwrap();
        let more = index.search(rows.row(0), k + 1).unwrap();
        prop_assert_eq!(bits(&fewer), &bits(&more)[..k.min(n)]);
    }
}
