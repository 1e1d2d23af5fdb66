//! A byte of a file that changed is an error, or changes nothing; it is never a wrong answer.

use std::fs;
use std::path::{Path, PathBuf};

use cognate::{Filter, Library, Mode, PaperHit, Query, Result};
use tempfile::tempdir;

use cognate_testing::{LetterCounts, paper};

/// One byte in so many is changed, and all with `COGNATE_EVERY_BYTE=1`: a prime, so that all
/// places of a page are met.
fn step() -> usize {
    if std::env::var_os("COGNATE_EVERY_BYTE").is_some() {
        1
    } else {
        17
    }
}

/// A library of a few papers in two segments, one paper removed.
fn library(dir: &Path) {
    let library = Library::open_or_create(dir, LetterCounts::default()).unwrap();
    library.add((0..8).map(paper)).unwrap();
    library.add((8..10).map(paper)).unwrap();
    library.remove(&["p3"]).unwrap();
}

/// What a library answers; an error takes the place of an answer, and is as good.
fn answers(dir: &Path) -> Vec<Result<String>> {
    let opened = Library::open(dir);
    let library = match opened.and_then(|library| library.with_embedder(LetterCounts::default())) {
        Ok(library) => library,
        Err(error) => return vec![Err(error)],
    };
    let hits = |hits: Result<Vec<PaperHit>>| {
        let line =
            |hit: PaperHit| format!("{} {:08x} {:?}", hit.rank, hit.score.to_bits(), hit.paper);
        hits.map(|hits| hits.into_iter().map(line).collect::<Vec<_>>().join("\n"))
    };
    let filter = Filter::default().years(..2012);
    vec![
        hits(library.search(&Query::text("a text").k(5))),
        hits(library.search(&Query::text("graph proof").mode(Mode::Keyword).k(5))),
        hits(library.search(&Query::text("another").k(9).filter(filter))),
        hits(library.related("p5", 4)),
        library.ids().map(|ids| ids.join(" ")),
        library.len().map(|len| len.to_string()),
        library.get("p0").map(|paper| format!("{paper:?}")),
        library.get("p9").map(|paper| format!("{paper:?}")),
        library.get("p3").map(|paper| format!("{paper:?}")),
    ]
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = vec![dir.join("papers.sqlite")];
    let vectors = fs::read_dir(dir.join("vectors")).unwrap();
    files.extend(vectors.map(|entry| entry.unwrap().path()));
    files
}

#[test]
fn a_changed_byte_is_an_error_or_changes_nothing() {
    let dir = tempdir().unwrap();
    library(dir.path());
    let expected = answers(dir.path());
    let expected: Vec<String> = expected.into_iter().map(Result::unwrap).collect();
    for file in files(dir.path()) {
        let (mut changed, mut noticed) = (0, 0);
        let sound = fs::read(&file).unwrap();
        for at in (0..sound.len()).step_by(step()) {
            let mut bytes = sound.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&file, &bytes).unwrap();
            for (found, expected) in answers(dir.path()).iter().zip(&expected) {
                if let Ok(found) = found {
                    assert_eq!(found, expected, "byte {at} of {}", file.display());
                }
            }
            changed += 1;
            let report = Library::check(dir.path());
            noticed += usize::from(!report.is_ok_and(|report| report.faults.is_empty()));
        }
        fs::write(&file, &sound).unwrap();
        // In pages of SQLite there is much space that nothing is in, more in small tables; in vectors
        // there is none.
        let is_table = file.ends_with("papers.sqlite");
        let least = if is_table { changed / 20 } else { changed };
        assert!(
            noticed >= least,
            "{noticed} of {changed} in {}",
            file.display()
        );
    }
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
}

#[test]
fn a_check_says_what_is_wrong_and_what_can_be_mended() {
    let dir = tempdir().unwrap();
    library(dir.path());
    let report = Library::check(dir.path()).unwrap();
    assert_eq!((report.papers, report.vectors), (9, 10));
    assert!(report.faults.is_empty());
    assert_eq!(Library::repair(dir.path()).unwrap(), 0);

    let segment = files(dir.path()).pop().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[70] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let faults = Library::check(dir.path()).unwrap().faults;
    let [fault] = faults.as_slice() else {
        panic!("{faults:?}");
    };
    assert!(!fault.is_repairable);
    let cause = std::error::Error::source(&fault.error).unwrap().to_string();
    assert!(cause.contains("is damaged in rows 0 to "), "{cause}");
}
