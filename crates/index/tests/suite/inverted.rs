//! The inverted index against a computation that reads every document.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the numbers of a test are small"
)]

use std::collections::BTreeMap;
use std::fs;
use std::ops::{Bound, ControlFlow};

use cognate_index::{Document, FlatIndex, IndexWriter, InvertedIndex, Manifest, Phrase, RowId};
use ndarray::Array2;
use roaring::RoaringBitmap;

const WEIGHTS: [f64; 2] = [3.0, 1.0];

/// A document as a test knows it.
#[derive(Clone)]
struct Plain {
    key: u64,
    fields: [Vec<String>; 2],
    tags: Vec<(String, u32)>,
}

impl Plain {
    fn document(&self) -> Document {
        let mut document = Document::new(self.key);
        for (field, terms) in self.fields.iter().enumerate() {
            document = document.text(field, terms.clone());
        }
        for (tag, value) in &self.tags {
            document = document.tag(tag.as_str(), *value);
        }
        document
    }

    /// Returns the number of places in each field where the terms follow one another.
    fn frequencies(&self, terms: &[String]) -> [usize; 2] {
        let count = |field: &Vec<String>| {
            let places = field.windows(terms.len().max(1));
            places
                .filter(|window| !terms.is_empty() && *window == terms)
                .count()
        };
        [count(&self.fields[0]), count(&self.fields[1])]
    }
}

/// Pseudo-random numbers by a multiplicative congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// Makes documents of words of which a few are frequent and most are rare.
fn documents(count: u64, seed: u64) -> Vec<Plain> {
    let mut random = Random(seed);
    let word = |random: &mut Random| {
        let range = [8, 60, 2000][random.below(3) as usize];
        format!("w{}", random.below(range))
    };
    (0..count)
        .map(|number| {
            let mut words = |most: u64| -> Vec<String> {
                let len = random.below(most + 1);
                (0..len).map(|_| word(&mut random)).collect()
            };
            let fields = [words(6), words(30)];
            let year = format!("y{}", 1990 + random.below(30));
            Plain {
                key: 1_000_000_007 * number,
                fields,
                tags: vec![(year, number as u32 % 5), (format!("id{number}"), 0)],
            }
        })
        .collect()
}

fn vectors(count: usize) -> Array2<f32> {
    Array2::from_shape_fn((count, 3), |(row, column)| {
        1.0 + ((row * 7 + column * 3) % 11) as f32
    })
}

/// The rows of an index as a test knows them, with `None` for deleted ones.
type Rows = Vec<Option<Plain>>;

/// Computes BM25 over every document that is not deleted.
fn expected(rows: &Rows, phrases: &[Phrase]) -> BTreeMap<u32, f64> {
    let live: Vec<(u32, &Plain)> = (0..)
        .zip(rows)
        .filter_map(|(row, plain)| Some((row, plain.as_ref()?)))
        .collect();
    let length = |plain: &Plain| (plain.fields[0].len() + plain.fields[1].len()) as f64;
    let average = live.iter().map(|(_, plain)| length(plain)).sum::<f64>() / live.len() as f64;
    let mut scores = BTreeMap::new();
    for phrase in phrases {
        let found: Vec<(u32, &Plain, [usize; 2])> = live
            .iter()
            .map(|(row, plain)| (*row, *plain, plain.frequencies(phrase.terms())))
            .filter(|(.., frequencies)| *frequencies != [0, 0])
            .collect();
        let (n, df) = (live.len() as f64, found.len() as f64);
        let idf = ((n - df + 0.5) / (df + 0.5)).ln().max(1e-6);
        for (row, plain, frequencies) in found {
            let f = WEIGHTS[0] * frequencies[0] as f64 + WEIGHTS[1] * frequencies[1] as f64;
            let norm = 1.2 * (0.25 + 0.75 * length(plain) / average);
            let score = f64::from(phrase.times()) * idf * f * 2.2 / (f + norm);
            *scores.entry(row).or_insert(0.0) += score;
        }
    }
    scores
}

fn queries() -> Vec<Vec<Phrase>> {
    let one = |word: &str| Phrase::new([word], 1);
    vec![
        vec![one("w1")],
        vec![one("w1"), one("w2"), one("w3"), one("w77"), one("w1999")],
        vec![Phrase::new(["w1", "w2"], 2), one("w500"), one("w40")],
        vec![Phrase::new(["w3", "w3"], 1)],
        vec![Phrase::new(["w1", "w2", "w3"], 1), one("w5")],
        vec![one("missing"), Phrase::new(["w1", "missing"], 1)],
        (0..40)
            .map(|i| Phrase::new([format!("w{}", i * 3)], 1 + i % 2))
            .collect(),
        vec![Phrase::new(Vec::<String>::new(), 1)],
    ]
}

fn check(index: &InvertedIndex, rows: &Rows) {
    let live = rows.iter().flatten().count();
    for (number, phrases) in queries().iter().enumerate() {
        let mut expected: Vec<(u32, f64)> = expected(rows, phrases).into_iter().collect();
        expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let all = index.search(phrases, WEIGHTS, rows.len(), None).unwrap();
        assert_eq!(all.len(), expected.len(), "query {number}");
        let scores: BTreeMap<u32, f64> = expected.into_iter().collect();
        for hit in &all {
            let (row, score) = (hit.row.get(), scores[&hit.row.get()]);
            let plain = &rows[row as usize];
            let fields = plain.as_ref().map(|plain| &plain.fields);
            assert!(
                (hit.score - score).abs() < 1e-7,
                "query {number}: {hit:?} {score} {fields:?}"
            );
        }
        let in_order = |a: &cognate_index::TextHit, b: &cognate_index::TextHit| {
            a.score > b.score || (a.score.to_bits() == b.score.to_bits() && a.row < b.row)
        };
        assert!(all.is_sorted_by(in_order));
        // Fewer hits and a filter leave out rows, and change nothing else.
        for k in [1, 3, 20] {
            let best = index.search(phrases, WEIGHTS, k, None).unwrap();
            assert_eq!(best, all[..k.min(all.len())]);
        }
        let filter: RoaringBitmap = (0..rows.len() as u32).filter(|row| row % 7 == 1).collect();
        let filtered = index.search(phrases, WEIGHTS, 25, Some(&filter)).unwrap();
        let passing = all.iter().filter(|hit| filter.contains(hit.row.get()));
        assert_eq!(filtered, passing.take(25).copied().collect::<Vec<_>>());
        for phrase in phrases.iter().filter(|phrase| phrase.terms().len() == 1) {
            let of_phrase = rows
                .iter()
                .flatten()
                .filter(|plain| plain.frequencies(phrase.terms()) != [0, 0]);
            let found = index.document_frequency(&phrase.terms()[0]).unwrap();
            assert_eq!(found, of_phrase.count() as u64);
        }
    }
    let with_tag = |matches: &dyn Fn(&str) -> bool| -> Vec<u32> {
        let has = |plain: &Plain| plain.tags.iter().any(|(tag, _)| matches(tag));
        let numbered = (0..).zip(rows);
        numbered
            .filter(|(_, plain)| plain.as_ref().is_some_and(has))
            .map(|(row, _)| row)
            .collect()
    };
    let found = index.rows_with_tag(b"y2001").unwrap();
    assert_eq!(
        found.iter().collect::<Vec<_>>(),
        with_tag(&|tag| tag == "y2001")
    );
    let found = index
        .rows_with_tags(b"y2001", Bound::Excluded(b"y2010"))
        .unwrap();
    let expected = with_tag(&|tag| ("y2001".."y2010").contains(&tag));
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    let found = index
        .rows_with_tags(b"y2001", Bound::Included(b"y2010"))
        .unwrap();
    let expected = with_tag(&|tag| ("y2001"..="y2010").contains(&tag));
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    for (row, plain) in (0..).zip(rows) {
        let key = index.key(RowId::new(row)).unwrap();
        assert_eq!(key, plain.as_ref().map(|plain| plain.key));
    }
    for (row, value) in index.values_of_tag(b"y1995").unwrap() {
        let plain = rows[row.get() as usize].as_ref().unwrap();
        assert_eq!(plain.tags[0], ("y1995".to_owned(), value));
    }
    let mut ids = 0;
    index
        .for_each_tag(b"id", Bound::Excluded(b"ie"), |tag| {
            assert!(tag.starts_with(b"id"));
            ids += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(ids >= live);
    let mut taken = 0;
    index
        .for_each_tag(b"id", Bound::Excluded(b"ie"), |_| {
            taken += 1;
            if taken == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
    assert_eq!(taken, ids.min(2));
}

fn append(writer: &mut IndexWriter, rows: &mut Rows, new: &[Plain]) {
    let documents: Vec<Document> = new.iter().map(Plain::document).collect();
    let vectors = vectors(new.len());
    writer.append_documents(vectors.view(), &documents).unwrap();
    rows.extend(new.iter().cloned().map(Some));
}

fn delete(writer: &mut IndexWriter, rows: &mut Rows, deleted: &RoaringBitmap) {
    writer.delete(deleted).unwrap();
    for row in deleted {
        rows[row as usize] = None;
    }
}

fn open(dir: &std::path::Path, manifest: &Manifest) -> InvertedIndex {
    InvertedIndex::open_manifest(dir, manifest).unwrap()
}

#[test]
fn agrees_with_a_computation_over_all_documents_through_every_change() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
    let mut rows = Rows::new();
    let all = documents(5200, 1);
    let mut rest = all.as_slice();
    for count in [1, 2, 500, 40, 1, 1, 700, 3, 2000, 9] {
        let (new, later) = rest.split_at(count);
        append(&mut writer, &mut rows, new);
        rest = later;
    }
    check(&open(dir.path(), writer.manifest()), &rows);
    let some = (0..rows.len() as u32).filter(|row| row % 97 == 5).collect();
    delete(&mut writer, &mut rows, &some);
    check(&open(dir.path(), writer.manifest()), &rows);
    let many = (0..rows.len() as u32).filter(|row| row % 3 == 1).collect();
    delete(&mut writer, &mut rows, &many);
    let index = open(dir.path(), writer.manifest());
    check(&index, &rows);

    // Rows are appended and deleted while the index is compacted.
    let compaction = writer.prepare_compaction().unwrap().unwrap();
    let compacted = rows.len();
    append(&mut writer, &mut rows, &rest[..1200]);
    append(&mut writer, &mut rows, &rest[1200..1205]);
    delete(
        &mut writer,
        &mut rows,
        &[0, 2, 8, compacted as u32 + 3].into(),
    );
    check(&index.reopen(dir.path(), writer.manifest()).unwrap(), &rows);
    let map = writer.apply_compaction(compaction).unwrap().unwrap();
    let mut renumbered: Rows = Vec::new();
    for (old, plain) in (0..).zip(&rows) {
        if let Some(new) = map.get(RowId::new(old)) {
            assert_eq!(new.get() as usize, renumbered.len());
            renumbered.push(plain.clone());
        }
    }
    assert!(renumbered.iter().filter(|row| row.is_none()).count() == 4);
    check(&open(dir.path(), writer.manifest()), &renumbered);
    let flat = FlatIndex::open_manifest(dir.path(), writer.manifest()).unwrap();
    assert_eq!(flat.rows(), renumbered.len());
    assert!(FlatIndex::check(dir.path(), writer.manifest()).is_empty());
    assert!(InvertedIndex::check(dir.path(), writer.manifest()).is_empty());
    writer.compact().unwrap();
    let rows: Rows = renumbered.into_iter().flatten().map(Some).collect();
    check(&open(dir.path(), writer.manifest()), &rows);
    writer.commit().unwrap();
    writer.collect_garbage().unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[test]
fn a_compaction_of_renumbered_rows_does_not_apply() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
    let mut rows = Rows::new();
    append(&mut writer, &mut rows, &documents(20, 2));
    delete(&mut writer, &mut rows, &[3].into());
    let compaction = writer.prepare_compaction().unwrap().unwrap();
    writer.compact().unwrap();
    let manifest = writer.manifest().clone();
    assert!(writer.apply_compaction(compaction).unwrap().is_none());
    assert_eq!(writer.manifest(), &manifest);
    // Its folder is removed, and so is the one of a compaction that was killed.
    let killed = dir.path().join("compacting-abc");
    fs::create_dir(&killed).unwrap();
    fs::write(killed.join("lock"), "").unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    let folder = fs::File::open(&killed).unwrap();
    folder.set_modified(long_ago).unwrap();
    let alive = {
        delete(&mut writer, &mut rows, &[4].into());
        writer.prepare_compaction().unwrap().unwrap()
    };
    let folders = || {
        let names = fs::read_dir(dir.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("compacting-")).count()
    };
    assert_eq!(folders(), 2);
    writer.collect_garbage().unwrap();
    assert_eq!(folders(), 1);
    writer.apply_compaction(alive).unwrap().unwrap();
    assert_eq!(folders(), 0);
}

#[test]
fn every_flipped_byte_of_a_file_of_terms_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
    let mut rows = Rows::new();
    append(&mut writer, &mut rows, &documents(150, 3));
    let path = dir.path().join("segment-00000001.terms");
    let intact = fs::read(&path).unwrap();
    let query = queries().remove(1);
    for at in (0..intact.len())
        .step_by(11)
        .chain(0..200)
        .chain(intact.len() - 100..intact.len())
    {
        let mut bytes = intact.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).unwrap();
        assert_eq!(
            InvertedIndex::check(dir.path(), writer.manifest()).len(),
            1,
            "byte {at}"
        );
        let found = InvertedIndex::open_manifest(dir.path(), writer.manifest())
            .and_then(|index| index.search(&query, WEIGHTS, 10, None));
        // Whatever an answer depends on has a checksum.
        if let Err(error) = found {
            assert!(error.concerns_terms(), "{error}");
        }
    }
    for len in [0, 10, 64, 100, intact.len() - 1] {
        fs::write(&path, &intact[..len]).unwrap();
        assert!(InvertedIndex::open_manifest(dir.path(), writer.manifest()).is_err());
    }
}

#[test]
fn a_file_of_another_index_is_refused() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut manifests = Vec::new();
    for (dir, seed) in [(&one, 4), (&other, 5)] {
        let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
        let rows: Vec<Document> = documents(40, seed).iter().map(Plain::document).collect();
        let mut random = Random(seed);
        let vectors = Array2::from_shape_simple_fn((40, 3), || 1.0 + random.below(9) as f32);
        writer.append_documents(vectors.view(), &rows).unwrap();
        manifests.push(writer.manifest().clone());
    }
    for name in ["segment-00000001.terms", "segment-00000001.vec"] {
        let kept = fs::read(one.path().join(name)).unwrap();
        fs::copy(other.path().join(name), one.path().join(name)).unwrap();
        let errors = [
            FlatIndex::open_manifest(one.path(), &manifests[0]).err(),
            InvertedIndex::open_manifest(one.path(), &manifests[0]).err(),
        ];
        let errors: Vec<String> = errors
            .into_iter()
            .flatten()
            .map(|e| e.to_string())
            .collect();
        assert_eq!(errors.len(), 1, "{name}");
        assert!(
            errors[0].contains("it is another library's, or older or newer"),
            "{errors:?}"
        );
        fs::write(one.path().join(name), kept).unwrap();
    }
}

#[test]
fn terms_that_are_missing_or_damaged_are_rebuilt_from_documents() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
    let mut rows = Rows::new();
    append(&mut writer, &mut rows, &documents(300, 6));
    append(&mut writer, &mut rows, &documents(20, 7));
    delete(&mut writer, &mut rows, &[17, 305].into());
    let unchanged = |_| -> cognate_index::Result<Vec<Document>> { panic!("nothing to rebuild") };
    assert_eq!(writer.rebuild_terms(unchanged).unwrap(), 0);
    fs::remove_file(dir.path().join("segment-00000001.terms")).unwrap();
    let document = |row: u32| match &rows[row as usize] {
        Some(plain) => plain.document(),
        None => Document::new(0),
    };
    let documents = |range: std::ops::Range<RowId>| -> cognate_index::Result<_> {
        assert_eq!(range, RowId::new(0)..RowId::new(300));
        Ok((range.start.get()..range.end.get()).map(document).collect())
    };
    assert_eq!(writer.rebuild_terms(documents).unwrap(), 1);
    check(&open(dir.path(), writer.manifest()), &rows);
}

#[test]
fn rows_have_documents_all_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
    let one = vectors(1);
    let document = [Document::new(1)];
    assert!(writer.append_documents(one.view(), &[]).is_err());
    writer.append_documents(one.view(), &document).unwrap();
    let error = writer.append(one.view()).unwrap_err().to_string();
    assert!(error.starts_with("`documents` is 0, expected 1"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
    writer.append(one.view()).unwrap();
    assert!(writer.append_documents(one.view(), &document).is_err());
    let error = InvertedIndex::open_manifest(dir.path(), writer.manifest()).unwrap_err();
    assert!(error.concerns_terms(), "{error}");
}

#[test]
fn rows_that_are_missing_or_damaged_are_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::create(dir.path(), 3).unwrap();
    let mut rows = Rows::new();
    append(&mut writer, &mut rows, &documents(3000, 8));
    append(&mut writer, &mut rows, &documents(20, 9));
    delete(&mut writer, &mut rows, &[17].into());
    let search = |manifest: &Manifest| {
        let index = FlatIndex::open_manifest(dir.path(), manifest).unwrap();
        index
            .search(ndarray::array![1.0, 0.2, 0.4].view(), 3000)
            .unwrap()
    };
    let before = search(writer.manifest());
    fs::remove_file(dir.path().join("segment-00000001.vec")).unwrap();
    assert!(FlatIndex::open_manifest(dir.path(), writer.manifest()).is_err());
    let all = vectors(3000);
    let mut asked = RowId::new(0);
    let rebuilt = writer.rebuild_rows(|range| -> cognate_index::Result<_> {
        assert_eq!(range.start, asked);
        asked = range.end;
        let rows = range.start.index()..range.end.index();
        Ok(all.slice(ndarray::s![rows, ..]).to_owned())
    });
    assert_eq!((rebuilt.unwrap(), asked), (1, RowId::new(3000)));
    assert_eq!(search(writer.manifest()), before);
    check(&open(dir.path(), writer.manifest()), &rows);
    let error = |found: Array2<f32>| {
        let mut writer = IndexWriter::with_manifest(dir.path(), writer.manifest().clone());
        fs::write(dir.path().join("segment-00000001.vec"), "x").unwrap();
        let rebuilt = writer.rebuild_rows(|_| -> cognate_index::Result<_> { Ok(found.clone()) });
        rebuilt.unwrap_err().to_string()
    };
    assert_eq!(error(vectors(3)), "`vectors` is 3, expected 1024");
    assert!(error(Array2::zeros((1024, 2))).contains("expected a vector of 3 dimensions"));
    assert!(error(Array2::zeros((1024, 3))).contains("row 0 has no direction"));
}
