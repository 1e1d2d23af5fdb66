//! Committed changes persist, and others do not.

use std::fs;
use std::path::Path;

use cognate_index::{Damage, Error, FlatIndex, IndexWriter, Manifest, RowId, Storage};
use ndarray::{ArrayView2, Axis, array, s};
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::data::{bits, index_of, scattered};

#[test]
fn changes_take_effect_on_commit() {
    let dir = tempfile::tempdir().unwrap();
    let rows = scattered(1, 30, 8);
    let mut writer = IndexWriter::create(dir.path(), 8).unwrap();
    assert_eq!(FlatIndex::open(dir.path()).unwrap().len(), 0);
    writer.append(rows.slice(s![..20, ..])).unwrap();
    writer.commit().unwrap();
    writer.append(rows.slice(s![20.., ..])).unwrap();
    writer.delete(&[2].into()).unwrap();
    assert_eq!(FlatIndex::open(dir.path()).unwrap().len(), 20);
    drop(writer);

    let mut writer = IndexWriter::open(dir.path()).unwrap();
    assert_eq!(writer.manifest().rows(), 20);
    let appended = writer.append(rows.slice(s![20.., ..])).unwrap();
    assert_eq!(appended, RowId::new(20)..RowId::new(30));
    writer.delete(&[2].into()).unwrap();
    writer.commit().unwrap();
    let index = FlatIndex::open(dir.path()).unwrap();
    assert_eq!((index.len(), index.rows()), (29, 30));
    assert_eq!(index.row(RowId::new(2)).unwrap(), None);
}

#[test]
fn an_index_opens_after_a_crash_at_every_step() {
    // A commit writes files in a fixed order; a crash leaves a prefix of them.
    let rows = scattered(2, 12, 4);
    let done = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(done.path(), 4).unwrap();
    writer.append(rows.slice(s![..5, ..])).unwrap();
    writer.commit().unwrap();
    let before = fs::read(done.path().join("manifest.json")).unwrap();
    writer.append(rows.slice(s![5.., ..])).unwrap();
    writer.commit().unwrap();
    let after = fs::read(done.path().join("manifest.json")).unwrap();
    let new = fs::read(done.path().join("segment-00000002.vec")).unwrap();

    let crashed = |leftovers: &[(&str, &[u8])]| {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(
            done.path().join("segment-00000001.vec"),
            dir.path().join("segment-00000001.vec"),
        )
        .unwrap();
        fs::write(dir.path().join("manifest.json"), &before).unwrap();
        for (name, bytes) in leftovers {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        let index = FlatIndex::open(dir.path()).unwrap();
        index.verify().unwrap();
        // The next writer can continue.
        let mut writer = IndexWriter::open(dir.path()).unwrap();
        writer.append(rows.slice(s![5.., ..])).unwrap();
        writer.commit().unwrap();
        writer.collect_garbage().unwrap();
        FlatIndex::open(dir.path()).unwrap().verify().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        index.len()
    };
    assert_eq!(crashed(&[]), 5);
    for len in [0, 10, 64, new.len() - 1] {
        assert_eq!(crashed(&[(".writing-x.tmp", &new[..len])]), 5);
    }
    assert_eq!(crashed(&[("segment-00000002.vec", &new)]), 5);
    assert_eq!(
        crashed(&[
            ("segment-00000002.vec", &new),
            (".writing-y.tmp", &after[..20])
        ]),
        5
    );
}

#[test]
fn an_index_opens_after_a_crash_at_every_step_of_compacting() {
    let rows = scattered(2, 18_000, 32);
    let deleted: RoaringBitmap = (0..18_000).step_by(17).collect();
    let done = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(done.path(), 32).unwrap();
    writer.append(rows.slice(s![..17_990, ..])).unwrap();
    writer.append(rows.slice(s![17_990.., ..])).unwrap();
    writer.delete(&deleted).unwrap();
    writer.commit().unwrap();
    let names = |dir: &Path| {
        let files = fs::read_dir(dir).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    let old = names(done.path());
    let before = fs::read(done.path().join("manifest.json")).unwrap();
    writer.compact().unwrap();
    writer.commit().unwrap();
    let after = fs::read(done.path().join("manifest.json")).unwrap();
    let compacted = "segment-00000003.vec";
    let whole = fs::read(done.path().join(compacted)).unwrap();

    // Compacting writes files in a fixed order; a crash leaves a prefix of them, and the last one may
    // be incomplete. Then the manifest is replaced, and the old files are removed one by one.
    let crashed = |leftovers: &[(&str, &[u8])], manifest: &[u8], removed: usize| {
        let dir = tempfile::tempdir().unwrap();
        for name in old
            .iter()
            .filter(|name| name.starts_with("segment"))
            .skip(removed)
        {
            fs::copy(done.path().join(name), dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join("manifest.json"), manifest).unwrap();
        for (name, bytes) in leftovers {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        let index = FlatIndex::open(dir.path()).unwrap();
        index.verify().unwrap();
        let hits = index.search(rows.row(5), 10).unwrap();
        let seen = index.rows();
        // The next writer can continue.
        let mut writer = IndexWriter::open(dir.path()).unwrap();
        writer.compact().unwrap();
        writer.commit().unwrap();
        writer.collect_garbage().unwrap();
        let left = names(dir.path());
        assert!(left.len() <= 3 && left[0] == "manifest.json", "{left:?}");
        let index = FlatIndex::open(dir.path()).unwrap();
        index.verify().unwrap();
        assert_eq!(index.rows() as u64, 18_000 - deleted.len());
        let scores = |hits: &[cognate_index::Hit]| -> Vec<u32> {
            hits.iter().map(|hit| hit.score.to_bits()).collect()
        };
        assert_eq!(
            scores(&index.search(rows.row(5), 10).unwrap()),
            scores(&hits)
        );
        seen
    };
    let live = live_rows(&deleted);
    assert_eq!(crashed(&[], &before, 0), 18_000);
    for len in [0, 64, whole.len() / 2, whole.len() - 1] {
        let incomplete: &[u8] = &whole[..len];
        assert_eq!(
            crashed(&[(".writing-x.tmp", incomplete)], &before, 0),
            18_000
        );
    }
    assert_eq!(crashed(&[(compacted, &whole)], &before, 0), 18_000);
    let part = &after[..30];
    let leftovers: [(&str, &[u8]); 2] = [(compacted, &whole), (".writing-y.tmp", part)];
    assert_eq!(crashed(&leftovers, &before, 0), 18_000);
    for removed in 0..old.len() {
        assert_eq!(crashed(&[(compacted, &whole)], &after, removed), live);
    }
}

fn live_rows(deleted: &RoaringBitmap) -> usize {
    18_000 - usize::try_from(deleted.len()).unwrap()
}

#[test]
fn a_manifest_can_be_stored_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let rows = scattered(3, 10, 4);
    let mut writer = IndexWriter::with_manifest(dir.path(), Manifest::empty(4).unwrap());
    writer.append(rows.view()).unwrap();
    let stored = writer.manifest().to_json();
    writer.delete(&[0].into()).unwrap();
    assert!(!dir.path().join("manifest.json").exists());

    let manifest = Manifest::from_json(&stored, Path::new("table")).unwrap();
    let index = FlatIndex::open_manifest(dir.path(), &manifest).unwrap();
    assert_eq!(index.len(), 10);
    let newer = index.reopen(dir.path(), writer.manifest()).unwrap();
    assert_eq!((index.len(), newer.len()), (10, 9));
}

#[test]
fn reopening_reads_only_new_files() {
    let dir = tempfile::tempdir().unwrap();
    let rows = scattered(4, 30, 4);
    let mut writer = IndexWriter::create(dir.path(), 4).unwrap();
    writer.append(rows.slice(s![..20, ..])).unwrap();
    let old = FlatIndex::open_manifest(dir.path(), writer.manifest()).unwrap();
    writer.append(rows.slice(s![20.., ..])).unwrap();
    // The first file is removed; an index that has it open does not need the file.
    fs::remove_file(dir.path().join("segment-00000001.vec")).unwrap();
    let new = old.reopen(dir.path(), writer.manifest()).unwrap();
    assert_eq!((old.len(), new.len(), new.segments()), (20, 30, 2));
    let query = rows.row(3);
    let expected = index_of(rows.view()).search(query, 30).unwrap();
    assert_eq!(bits(&new.search(query, 30).unwrap()), bits(&expected));

    let error = FlatIndex::open_manifest(dir.path(), writer.manifest()).unwrap_err();
    assert_eq!(error.io_kind(), Some(std::io::ErrorKind::NotFound));
    let path = dir.path().join("segment-00000001.vec");
    assert_eq!(
        error.to_string(),
        format!("cannot open `{}`", path.display())
    );
}

#[test]
fn files_that_contradict_the_manifest_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(dir.path(), 4).unwrap();
    writer.append(scattered(5, 10, 4).view()).unwrap();
    for (rows, dim, expected) in [
        (11, 4, "holds 10 rows, the manifest says 11"),
        (10, 5, "holds 4 dimensions, the manifest says 5"),
    ] {
        let other = tempfile::tempdir().unwrap();
        let mut other = IndexWriter::create(other.path(), dim).unwrap();
        other.append(scattered(6, rows, dim).view()).unwrap();
        let manifest = other.manifest().clone();
        let error = FlatIndex::open_manifest(dir.path(), &manifest)
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with(&format!("segment-00000001.vec` {expected}")),
            "{error}"
        );
    }
    fs::write(dir.path().join("manifest.json"), "not JSON").unwrap();
    let error = FlatIndex::open(dir.path()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Corrupt {
                damage: Damage::Manifest { .. },
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn unit_vectors_round_trip_through_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(dir.path(), 2).unwrap();
    // The first row is a unit vector within the tolerance and is kept bit for bit.
    let rows = array![[1.000_000_5, 0.0], [3.0, 4.0]];
    writer.append(rows.view()).unwrap();
    writer.commit().unwrap();
    for storage in [Storage::Mapped, Storage::Owned] {
        let index = FlatIndex::open_with(dir.path(), storage).unwrap();
        assert_eq!(index.row(RowId::new(0)).unwrap(), Some(rows.row(0)));
        assert_eq!(index.row(RowId::new(1)).unwrap().unwrap(), array![0.6, 0.8]);
    }
}

/// An operation on an index.
#[derive(Clone, Debug)]
enum Step {
    Append(u8),
    Delete(u32),
    Compact,
    Commit,
    Abandon,
    CollectGarbage,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0u8..20).prop_map(Step::Append),
        3 => (0u32..60).prop_map(Step::Delete),
        1 => Just(Step::Compact),
        2 => Just(Step::Commit),
        1 => Just(Step::Abandon),
        1 => Just(Step::CollectGarbage),
    ];
    prop::collection::vec(step, 1..30)
}

/// The expected content of an index: for each row its position in the list of all vectors, and the
/// deleted rows.
#[derive(Clone, Default)]
struct Model {
    origins: Vec<usize>,
    deleted: RoaringBitmap,
}

impl Model {
    /// Drops the deleted rows. Returns the new number of each row, or `None` if it was dropped.
    fn compact(&mut self) -> Vec<Option<RowId>> {
        let mut kept = Vec::new();
        let mut new_rows = Vec::new();
        for (row, origin) in (0..).zip(&self.origins) {
            if self.deleted.contains(row) {
                new_rows.push(None);
            } else {
                new_rows.push(Some(RowId::new(u32::try_from(kept.len()).unwrap())));
                kept.push(*origin);
            }
        }
        (self.origins, self.deleted) = (kept, RoaringBitmap::new());
        new_rows
    }

    fn check(&self, index: &FlatIndex, rows: ArrayView2<'_, f32>) {
        assert_eq!(index.rows(), self.origins.len());
        assert_eq!(index.deleted(), &self.deleted);
        if !self.origins.is_empty() {
            let expected = index_of(rows.select(Axis(0), &self.origins).view());
            let expected = expected.with_deleted(&self.deleted).unwrap();
            let query = rows.row(0);
            let found = index.search(query, 10).unwrap();
            assert_eq!(bits(&found), bits(&expected.search(query, 10).unwrap()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_index_on_disk_behaves_like_a_list_in_memory(steps in steps(), seed: u64) {
        let dir = tempfile::tempdir().unwrap();
        let rows = scattered(seed, 600, 3);
        let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
        let mut taken = 0;
        let mut committed = Model::default();
        let mut current = committed.clone();
        // The readers that opened the index after each step, and the content they saw.
        let mut readers: Vec<(FlatIndex, Model)> = Vec::new();
        for step in steps {
            match step {
                Step::Append(n) => {
                    let new = taken..taken + usize::from(n);
                    let range = writer.append(rows.slice(s![new.clone(), ..])).unwrap();
                    prop_assert_eq!(range.start.index(), current.origins.len());
                    taken = new.end;
                    current.origins.extend(new);
                    prop_assert_eq!(range.end.index(), current.origins.len());
                }
                Step::Delete(row) => {
                    let exists = (row as usize) < current.origins.len();
                    prop_assert_eq!(writer.delete(&[row].into()).is_ok(), exists);
                    if exists {
                        current.deleted.insert(row);
                    }
                }
                Step::Compact => {
                    let map = writer.compact().unwrap();
                    let new_rows = current.compact();
                    prop_assert_eq!(map.rows() as usize, new_rows.len());
                    for (row, new_row) in (0..).zip(new_rows) {
                        prop_assert_eq!(map.get(RowId::new(row)), new_row);
                    }
                    prop_assert!(writer.manifest().files().len() <= 1);
                }
                Step::Commit => {
                    writer.commit().unwrap();
                    committed = current.clone();
                }
                Step::Abandon => {
                    writer = IndexWriter::open(dir.path()).unwrap();
                    current = committed.clone();
                }
                // Files of the committed manifest remain, even before the next commit.
                Step::CollectGarbage => {
                    writer.collect_garbage().unwrap();
                }
            }
            let index = FlatIndex::open(dir.path()).unwrap();
            committed.check(&index, rows.view());
            readers.push((index, committed.clone()));
        }
        for (index, seen) in &readers {
            seen.check(index, rows.view());
        }
    }
}

#[test]
fn a_saved_index_has_the_same_rows_and_answers() {
    let rows = scattered(5, 300, 8);
    let built = index_of(rows.slice(s![..200, ..]));
    let grown = built.appended(rows.slice(s![200.., ..])).unwrap();
    let index = grown.with_deleted(&[0, 7, 199, 200, 299].into()).unwrap();
    let queries = scattered(6, 10, 8);
    let expected = index.search_batch(queries.view(), 20).unwrap();

    let dir = tempfile::tempdir().unwrap();
    let first = dir.path().join("new/first");
    index.save(&first).unwrap();
    // An index on disk, of several segments, is saved like one in memory.
    let mut writer = IndexWriter::open(&first).unwrap();
    writer.append(rows.slice(s![..1, ..])).unwrap();
    writer.delete(&[300].into()).unwrap();
    writer.commit().unwrap();
    let second = dir.path().join("second");
    let longer = FlatIndex::open(&first).unwrap();
    assert_eq!(longer.segments(), 2);
    longer.save(&second).unwrap();

    for (folder, count) in [(&first, 301), (&second, 301)] {
        for storage in [Storage::Mapped, Storage::Owned] {
            let saved = FlatIndex::open_with(folder, storage).unwrap();
            saved.verify().unwrap();
            assert_eq!((saved.rows(), saved.len()), (count, 295));
            assert_eq!(saved.deleted(), longer.deleted());
            let found = saved.search_batch(queries.view(), 20).unwrap();
            assert_eq!(found, expected);
            for row in (0..300).map(RowId::new) {
                let (saved, built) = (saved.row(row).unwrap(), index.row(row).unwrap());
                assert_eq!(saved, built);
            }
        }
    }
    assert_eq!(FlatIndex::open(&second).unwrap().segments(), 1);
}

#[test]
fn saving_replaces_no_index() {
    let dir = tempfile::tempdir().unwrap();
    index_of(scattered(1, 0, 8).view())
        .save(dir.path())
        .unwrap();
    assert!(FlatIndex::open(dir.path()).unwrap().is_empty());
    let index = index_of(scattered(1, 50, 8).view());
    let error = index.save(dir.path()).unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error}");
    assert!(FlatIndex::open(dir.path()).unwrap().is_empty());
}

/// Without mapping, the damage is found on opening.
#[cfg(feature = "mmap")]
#[test]
fn saving_damaged_rows_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let index = index_of(scattered(1, 50, 8).view());
    let full = dir.path().join("full");
    index.save(&full).unwrap();
    let path = full.join("segment-00000001.vec");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let damaged = FlatIndex::open(&full).unwrap();
    let target = dir.path().join("target");
    let error = damaged.save(&target).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
    index.save(&target).unwrap();
}
