//! Files of format version 1 can always be opened.
//!
//! `tests/data/v1` was written once and never changes. If the writer changes, the format gets a new
//! version and a new folder beside this one, and the files in this folder must still open.

use std::fs;
use std::path::Path;

use cognate_index::{FlatIndex, Hit, IndexWriter, RowId, Storage};
use ndarray::{Array2, array, s};

const FILES: [&str; 3] = [
    "manifest.json",
    "segment-00000001.vec",
    "segment-00000002.vec",
];

/// The hits found when the folder was written, confirmed by an independent computation.
const HITS: [Hit; 4] = [
    Hit::new(RowId::new(4), 0.478_936_6),
    Hit::new(RowId::new(12), 0.396_359_95),
    Hit::new(RowId::new(6), 0.328_193_9),
    Hit::new(RowId::new(0), 0.270_654_4),
];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/v1")
}

/// Returns seventeen rows of eight dimensions, integers from -9 to 9.
fn rows() -> Array2<f32> {
    Array2::from_shape_fn((17, 8), |(i, j)| {
        let number = (i * i * 7 + i * 5 + j * j * 3 + j * i * 11 + 2) % 19;
        f32::from(u8::try_from(number).unwrap_or(0)) - 9.0
    })
}

#[test]
fn version_1_opens_with_the_same_hits() {
    for storage in [Storage::Mapped, Storage::Owned] {
        let index = FlatIndex::open_with(folder(), storage).unwrap();
        index.verify().unwrap();
        assert_eq!(
            (index.dim(), index.rows(), index.len(), index.segments()),
            (8, 17, 15, 2)
        );
        assert_eq!(index.deleted().iter().collect::<Vec<_>>(), [3, 13]);
        let query = array![1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0, -8.0];
        let hits = index.search(query.view(), 4).unwrap();
        assert_eq!(hits, HITS);
    }
}

#[test]
fn the_writer_writes_the_same_bytes_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(dir.path(), 8).unwrap();
    writer.append(rows().slice(s![..12, ..])).unwrap();
    writer.append(rows().slice(s![12.., ..])).unwrap();
    writer.delete(&[3, 13].into()).unwrap();
    writer.commit().unwrap();
    // Manifests of the second version say more.
    for file in FILES.iter().filter(|file| **file != "manifest.json") {
        let (found, expected) = (
            fs::read(dir.path().join(file)),
            fs::read(folder().join(file)),
        );
        assert!(found.unwrap() == expected.unwrap(), "{file}");
    }
}
