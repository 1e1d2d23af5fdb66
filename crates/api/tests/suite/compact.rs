//! Merging segments and dropping the vectors of deleted papers.

use std::fs;
use std::path::Path;

use cognate::{CompactReport, Error, Library, Mode, PaperHit, Query};
use cognate_testing::{LetterCounts, paper, papers};
use tempfile::tempdir;

use crate::undated;

/// Creates a library of two segments from which papers were removed, replaced and added.
fn changed_library(dir: &Path) -> Library {
    let library = Library::create(dir, LetterCounts::default()).unwrap();
    library.add(papers(600)).unwrap();
    library.remove(&["p0", "p1", "p300", "p599"]).unwrap();
    library.add([paper(7).title("another title")]).unwrap();
    library.add((600..610).map(paper)).unwrap();
    library
}

fn hits(library: &Library) -> Vec<(PaperHit, u32)> {
    let all = library.search(&Query::text("graph proof").k(606)).unwrap();
    let related = library.related("p7", 605).unwrap();
    let words = Query::text("galaxy title").mode(Mode::Keyword).k(100);
    let words = library.search(&words).unwrap();
    assert!(!words.is_empty());
    let all = all.into_iter().chain(related).chain(words);
    all.map(|hit| (hit.clone(), hit.score.unwrap().to_bits()))
        .collect()
}

fn numbers(report: CompactReport) -> (usize, usize, usize) {
    (report.segments_before, report.segments, report.dropped)
}

#[test]
fn drops_deleted_vectors_and_changes_no_paper_and_no_answer() {
    let dir = tempdir().unwrap();
    let library = changed_library(dir.path());
    let other = Library::open(dir.path()).unwrap();
    let other = other.with_embedder(LetterCounts::default()).unwrap();
    let (before, ids, info) = (
        hits(&library),
        library.ids().unwrap(),
        library.info().unwrap(),
    );
    assert_eq!((info.papers, info.deleted_rows), (606, 5));
    assert!(info.segments > 1);

    let report = library.compact().unwrap();
    assert_eq!(numbers(report), (info.segments, 1, 5));
    let now = library.info().unwrap();
    assert_eq!((now.papers, now.deleted_rows, now.segments), (606, 0, 1));
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
    let reopened = Library::open(dir.path()).unwrap();
    let reopened = reopened.with_embedder(LetterCounts::default()).unwrap();
    for library in [&library, &other, &reopened] {
        assert_eq!(hits(library), before);
        assert_eq!(library.ids().unwrap(), ids);
    }
    // Old files are gone.
    let vectors = fs::read_dir(dir.path().join("vectors")).unwrap().count();
    assert_eq!(vectors, 2);

    assert_eq!(numbers(library.compact().unwrap()), (1, 1, 0));
    // The library can be changed as before.
    other.remove(&["p2", "p609"]).unwrap();
    other.add([paper(0)]).unwrap();
    assert_eq!(library.ids().unwrap().last().unwrap(), "p0");
    assert_eq!(library.len().unwrap(), 605);
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
}

#[test]
fn a_library_without_papers_has_no_segment_afterwards() {
    let dir = tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    assert_eq!(numbers(library.compact().unwrap()), (0, 0, 0));
    library.add(papers(3)).unwrap();
    library.remove(&["p0", "p1", "p2"]).unwrap();
    assert_eq!(numbers(library.compact().unwrap()), (1, 0, 3));
    assert!(library.is_empty().unwrap());
    library.add(papers(2)).unwrap();
    assert_eq!(library.related("p0", 1).unwrap().len(), 1);
}

#[test]
fn adding_compacts_a_library_of_which_most_vectors_are_deleted() {
    let dir = tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    let revised = |round: usize| {
        let revise = move |n| paper(n).title(format!("title {n} in round {round}"));
        (0..600).map(revise)
    };
    for (round, deleted) in [0, 600, 0, 600, 0].into_iter().enumerate() {
        library.add(revised(round)).unwrap();
        let info = library.info().unwrap();
        assert_eq!((info.papers, info.deleted_rows), (600, deleted), "{round}");
    }
    let expected = revised(4).next().unwrap();
    assert_eq!(undated(&library, "p0"), Some(expected));
}

#[test]
fn a_damaged_segment_is_an_error_and_changes_nothing() {
    let dir = tempdir().unwrap();
    let library = changed_library(dir.path());
    let info = library.info().unwrap();
    let files = fs::read_dir(dir.path().join("vectors")).unwrap();
    let damaged = files.map(|file| file.unwrap().path()).min().unwrap();
    let mut bytes = fs::read(&damaged).unwrap();
    bytes[100] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    let error = Library::open(dir.path()).unwrap().compact().unwrap_err();
    assert!(matches!(error, Error::Index { .. }), "{error}");
    let now = Library::open(dir.path()).unwrap().info().unwrap();
    assert_eq!(
        (now.papers, now.segments, now.deleted_rows),
        (info.papers, info.segments, info.deleted_rows)
    );
}
