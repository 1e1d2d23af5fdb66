//! A changed byte in a file of a library is an error or has no effect; it never gives a wrong answer.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cognate::{Error, Filter, Library, MapOptions, Mode, PaperHit, Query, Result};
use cognate_testing::{LetterCounts, copy_dir, paper};
use tempfile::tempdir;

use crate::undated;

/// Returns the distance of the bytes that are changed: 1 if `COGNATE_EVERY_BYTE` is set, or else a
/// prime, so that every offset within a page occurs.
fn step() -> usize {
    if std::env::var_os("COGNATE_EVERY_BYTE").is_some() {
        1
    } else {
        17
    }
}

/// Creates a library of a few papers in two segments, one of them removed.
fn create_library(dir: &Path) {
    let library = Library::open_or_create(dir, LetterCounts::default()).unwrap();
    library.add((0..8).map(paper)).unwrap();
    library.add((8..10).map(paper)).unwrap();
    library.remove(&["p3"]).unwrap();
    let listed = ["p1", "p5", "p9"];
    library
        .add_to_list("liked", &listed, Some("a note"))
        .unwrap();
    library.add_to_list("mine", &["p5"], None).unwrap();
    library.map(&MapOptions::default().epochs(3)).unwrap();
}

/// Returns the answers of a library to some queries. An error is as good as a right answer.
fn answers(dir: &Path) -> Vec<Result<String>> {
    let opened = Library::open(dir);
    let library = match opened.and_then(|library| library.with_embedder(LetterCounts::default())) {
        Ok(library) => library,
        Err(error) => return vec![Err(error)],
    };
    let hits = |hits: Result<Vec<PaperHit>>| {
        let line = |hit: PaperHit| {
            format!(
                "{} {:08x} {:?}",
                hit.rank,
                hit.score.unwrap().to_bits(),
                hit.paper
            )
        };
        hits.map(|hits| hits.into_iter().map(line).collect::<Vec<_>>().join("\n"))
    };
    let filter = Filter::default().years(..2012);
    vec![
        hits(library.search(&Query::text("a text").k(5))),
        hits(library.search(&Query::text("graph proof").mode(Mode::Keyword).k(5))),
        hits(library.search(&Query::text("another").k(9).filter(filter))),
        hits(library.related("p5", 4)),
        hits(
            library.search(
                &Query::text("another")
                    .k(9)
                    .filter(Filter::default().list("liked")),
            ),
        ),
        library.lists().map(|lists| format!("{lists:?}")),
        library
            .facets(&Filter::default(), 5)
            .map(|facets| format!("{facets:?}")),
        library.ids().map(|ids| ids.join(" ")),
        library.len().map(|len| len.to_string()),
        library.stored_map().map(|map| format!("{map:?}")),
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
fn a_changed_byte_is_an_error_or_has_no_effect() {
    let dir = tempdir().unwrap();
    create_library(dir.path());
    let expected = answers(dir.path());
    let expected: Vec<String> = expected.into_iter().map(Result::unwrap).collect();
    for file in files(dir.path())
        .into_iter()
        .chain([dir.path().join("map.bin")])
    {
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
        // SQLite pages have much unused space, in small tables most of all. The files of vectors have
        // none.
        let is_table = file.ends_with("papers.sqlite");
        let min_noticed = if is_table { changed / 20 } else { changed };
        assert!(
            noticed >= min_noticed,
            "{noticed} of {changed} in {}",
            file.display()
        );
    }
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
}

#[test]
fn a_check_reports_damage_and_whether_it_is_repairable() {
    let dir = tempdir().unwrap();
    create_library(dir.path());
    let report = Library::check(dir.path()).unwrap();
    assert_eq!((report.papers, report.vectors), (9, 10));
    assert!(report.faults.is_empty());
    assert_eq!(Library::repair(dir.path()).unwrap(), 0);

    let segment = dir.path().join("vectors/segment-00000001.vec");
    let sound = fs::read(&segment).unwrap();
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
    // The papers are embedded again.
    assert!(fault.is_in_vectors);
    assert_eq!(Library::repair(dir.path()).unwrap(), 0);
    let library = Library::open(dir.path()).unwrap();
    let go_on = &mut |_: usize| ControlFlow::Continue(());
    assert!(matches!(
        library.repair_vectors(go_on),
        Err(Error::NoEmbedder)
    ));
    let library = library.with_embedder(LetterCounts::default()).unwrap();
    assert_eq!(library.repair_vectors(go_on).unwrap(), 1);
    assert_eq!(fs::read(&segment).unwrap().len(), sound.len());
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
    assert_eq!(library.related("p5", 4).unwrap().len(), 4);
}

#[test]
fn a_lost_file_of_vectors_or_terms_leaves_the_papers_readable_and_is_made_again() {
    let dir = tempdir().unwrap();
    create_library(dir.path());
    let expected: Vec<String> = answers(dir.path())
        .into_iter()
        .map(Result::unwrap)
        .collect();
    for lost in [
        &["segment-00000001.vec"][..],
        &["segment-00000002.terms"],
        &[
            "segment-00000001.vec",
            "segment-00000001.terms",
            "segment-00000002.vec",
        ],
    ] {
        for name in lost {
            fs::remove_file(dir.path().join("vectors").join(name)).unwrap();
        }
        let library = Library::open(dir.path()).unwrap();
        assert_eq!(library.info().unwrap().papers, 9);
        assert_eq!(library.ids().unwrap().len(), 9);
        assert_eq!(undated(&library, "p6"), Some(paper(6)));
        let error = library.related("p5", 2).unwrap_err();
        assert!(error.is_damage());
        assert_ne!(error.is_in_vectors(), error.is_repairable());
        let is_of_vectors =
            |name: &str| Path::new(name).extension().is_some_and(|end| end == "vec");
        assert_eq!(error.is_in_vectors(), is_of_vectors(lost[0]));
        let unusable = library.unusable_files().unwrap();
        let in_vectors = |name: &&&str| is_of_vectors(name);
        assert_eq!(unusable.len(), lost.len());
        assert_eq!(
            unusable.iter().filter(|fault| fault.is_in_vectors).count(),
            lost.iter().filter(in_vectors).count()
        );
        let faults = Library::check(dir.path()).unwrap().faults;
        assert_eq!(faults.len(), lost.len());
        let library = library.with_embedder(LetterCounts::default()).unwrap();
        let go_on = &mut |_: usize| ControlFlow::Continue(());
        assert_eq!(library.repair_vectors(go_on).unwrap(), lost.len());
        assert!(library.unusable_files().unwrap().is_empty());
        let found: Vec<String> = answers(dir.path())
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn damaged_cosines_do_not_stop_anything_and_are_sampled_again() {
    let dir = tempdir().unwrap();
    create_library(dir.path());
    let library = Library::open_or_create(dir.path(), LetterCounts::default()).unwrap();
    // Fewer than 100 papers have no percentile.
    library.add((20..130).map(paper)).unwrap();
    // A new sample may differ from the one that was taken when there were other papers.
    let context = |library: &Library| -> Vec<(String, u32, bool)> {
        let query = Query::paper("p5").score_context(true);
        let hits = library.search(&query).unwrap().into_iter();
        let percentile = |hit: &PaperHit| hit.score_context.unwrap().percentile;
        hits.map(|hit| {
            (
                hit.paper.id.clone(),
                hit.score.unwrap().to_bits(),
                percentile(&hit).is_some(),
            )
        })
        .collect()
    };
    let expected = context(&library);
    assert!(
        expected
            .iter()
            .all(|(_, _, has_percentile)| *has_percentile)
    );
    let damage = || {
        let table = rusqlite::Connection::open(dir.path().join("papers.sqlite")).unwrap();
        let sql = "UPDATE meta SET value = replace(value, '0', '1') WHERE key = 'pair_cosines'";
        assert_eq!(table.execute(sql, []).unwrap(), 1);
    };
    damage();
    assert_eq!(context(&library), expected);
    let faults = Library::check(dir.path()).unwrap().faults;
    assert!(
        matches!(faults.as_slice(), [fault] if fault.is_repairable),
        "{faults:?}"
    );
    assert_eq!(Library::repair(dir.path()).unwrap(), 1);
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
    damage();
    library.remove(&["p0"]).unwrap();
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
}

#[test]
fn a_file_of_a_sibling_library_is_refused() {
    let (one, other) = (tempdir().unwrap(), tempdir().unwrap());
    create_library(one.path());
    copy_dir(one.path(), other.path());
    for (dir, first) in [(&one, 20), (&other, 30)] {
        let library = Library::open_or_create(dir.path(), LetterCounts::default()).unwrap();
        library.add((first..first + 3).map(paper)).unwrap();
    }
    for file in files(one.path()).into_iter().skip(1) {
        let sound = fs::read(&file).unwrap();
        let sibling =
            fs::read(other.path().join("vectors").join(file.file_name().unwrap())).unwrap();
        if sound == sibling {
            continue;
        }
        fs::write(&file, sibling).unwrap();
        let error = Library::open(one.path())
            .unwrap()
            .related("p5", 2)
            .unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(
            cause.contains(name) && cause.contains("another library's"),
            "{cause}"
        );
        assert_eq!(Library::check(one.path()).unwrap().faults.len(), 1);
        fs::write(&file, sound).unwrap();
    }
    assert!(Library::check(one.path()).unwrap().faults.is_empty());
}
