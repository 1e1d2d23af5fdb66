//! Hits are independent of threads, batches, segments, storage and filters.

use cognate_index::{FlatIndex, Hit, IndexWriter, RowId, SearchOptions, Storage};
use cognate_testing::Numbers;
use ndarray::{Array2, ArrayView2, Axis};
use rayon::ThreadPoolBuilder;
use roaring::RoaringBitmap;

use crate::data::{bits, crowded, index_of, scattered};

fn all_bits(hits: &[Vec<Hit>]) -> Vec<Vec<(u32, u32)>> {
    hits.iter().map(|hits| bits(hits)).collect()
}

fn one_by_one(index: &FlatIndex, queries: ArrayView2<'_, f32>, k: usize) -> Vec<Vec<Hit>> {
    queries
        .outer_iter()
        .map(|query| index.search(query, k).unwrap())
        .collect()
}

/// Returns rows and queries that are numerous enough for many blocks and several threads.
fn data() -> [(Array2<f32>, Array2<f32>); 2] {
    [
        (scattered(1, 6_000, 390), scattered(2, 130, 390)),
        (crowded(3, 6_000, 390), crowded(3, 10, 390)),
    ]
}

#[test]
fn hits_do_not_depend_on_the_size_of_a_batch() {
    for (rows, queries) in data() {
        let index = index_of(rows.view());
        let batch = index.search_batch(queries.view(), 20).unwrap();
        assert_eq!(
            all_bits(&batch),
            all_bits(&one_by_one(&index, queries.view(), 20))
        );
        for size in [1, 2, 3, 5, 64, 65] {
            let mut found = Vec::new();
            for part in queries.axis_chunks_iter(Axis(0), size) {
                found.extend(index.search_batch(part, 20).unwrap());
            }
            assert_eq!(all_bits(&found), all_bits(&batch), "{size}");
        }
    }
}

#[test]
fn hits_do_not_depend_on_the_number_of_threads() {
    for (rows, queries) in data() {
        let index = index_of(rows.view());
        let search = |threads| {
            let pool = ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| index.search_batch(queries.view(), 20).unwrap())
        };
        let expected = all_bits(&search(1));
        for threads in [2, 3, 8] {
            for _ in 0..3 {
                assert_eq!(all_bits(&search(threads)), expected, "{threads}");
            }
        }
    }
}

#[test]
fn hits_do_not_depend_on_the_number_of_segments() {
    for (rows, queries) in data() {
        let whole = index_of(rows.view());
        let expected = all_bits(&whole.search_batch(queries.view(), 20).unwrap());
        let mut grown = index_of(rows.slice(ndarray::s![..0, ..]));
        let mut numbers = Numbers::new(5);
        let mut start = 0;
        let mut max_segments = 0;
        while start < rows.nrows() {
            let end = rows.nrows().min(start + 1 + numbers.below(700) as usize);
            grown = grown
                .appended(rows.slice(ndarray::s![start..end, ..]))
                .unwrap();
            start = end;
            max_segments = max_segments.max(grown.segments());
        }
        assert!(max_segments > 1);
        assert_eq!(grown.len(), whole.len());
        let found = grown.search_batch(queries.view(), 20).unwrap();
        assert_eq!(all_bits(&found), expected);
    }
}

#[test]
fn hits_do_not_depend_on_the_storage() {
    for (rows, queries) in data() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), rows.ncols()).unwrap();
        for part in [0..3_500, 3_500..5_500, 5_500..6_000] {
            writer.append(rows.slice(ndarray::s![part, ..])).unwrap();
        }
        writer.commit().unwrap();
        let expected = index_of(rows.view())
            .search_batch(queries.view(), 20)
            .unwrap();
        for storage in [Storage::Mapped, Storage::Owned] {
            let index = FlatIndex::open_with(dir.path(), storage).unwrap();
            assert_eq!(index.segments(), 3);
            let found = index.search_batch(queries.view(), 20).unwrap();
            assert_eq!(all_bits(&found), all_bits(&expected), "{storage:?}");
        }
    }
}

#[test]
fn a_filter_does_not_change_scores() {
    for (rows, queries) in data() {
        let index = index_of(rows.view());
        let all = index.search_batch(queries.view(), rows.nrows()).unwrap();
        let mut numbers = Numbers::new(6);
        // From very few rows to nearly all, scattered and consecutive.
        for per_mille in [1, 10, 500, 999] {
            let rows_end = u32::try_from(rows.nrows()).unwrap();
            let mut filter: RoaringBitmap = (0..rows_end)
                .filter(|_| numbers.below(1000) < per_mille)
                .collect();
            filter.insert_range(2_000..2_003);
            filter.insert_range(rows_end..rows_end + 10);
            let options = SearchOptions::new(30).filter(&filter);
            let found = index.search_batch(queries.view(), options).unwrap();
            for (all, found) in all.iter().zip(&found) {
                let mut expected = all.clone();
                expected.retain(|hit| filter.contains(hit.row.get()));
                expected.truncate(30);
                assert_eq!(bits(found), bits(&expected), "{per_mille}");
            }
        }
    }
}

#[test]
fn a_deleted_row_is_never_found() {
    let (rows, queries) = (scattered(7, 3_000, 50), scattered(8, 20, 50));
    let index = index_of(rows.view());
    let mut numbers = Numbers::new(9);
    let deleted: RoaringBitmap = (0..1_000).map(|_| numbers.below(3_000)).collect();
    let left = index.with_deleted(&deleted).unwrap();
    assert_eq!(left.len(), 3_000 - usize::try_from(deleted.len()).unwrap());
    assert_eq!((left.rows(), left.segments()), (3_000, 1));
    assert_eq!(left.deleted(), &deleted);
    let others = (0..3_000).collect::<RoaringBitmap>() - &deleted;
    let options = SearchOptions::new(40).filter(&others);
    let expected = index.search_batch(queries.view(), options).unwrap();
    let found = left.search_batch(queries.view(), 40).unwrap();
    assert_eq!(all_bits(&found), all_bits(&expected));

    let first = RoaringBitmap::min(&deleted).unwrap();
    assert_eq!(left.row(RowId::new(first)).unwrap(), None);
    assert_eq!(index.row(RowId::new(first)).unwrap().unwrap().len(), 50);
    // Deleting is idempotent, and rows stay deleted when the index grows.
    let again = left
        .with_deleted(&deleted)
        .unwrap()
        .appended(rows.view())
        .unwrap();
    assert_eq!((again.len(), again.rows()), (left.len() + 3_000, 6_000));
    let error = index.with_deleted(&[3_000].into()).unwrap_err().to_string();
    assert_eq!(error, "row 3000 does not exist, the index has 3000 rows");
}

#[test]
fn threads_can_share_an_index() {
    let (rows, queries) = (scattered(10, 2_000, 64), scattered(11, 16, 64));
    let index = index_of(rows.view());
    let expected = all_bits(&index.search_batch(queries.view(), 5).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (index, queries, expected) = (index.clone(), queries.view(), &expected);
            scope.spawn(move || {
                assert_eq!(&all_bits(&one_by_one(&index, queries, 5)), expected);
            });
        }
    });
}
