//! Creating and opening libraries.

use std::fs;

use cognate::{Error, Library, Query};
use cognate_testing::{LetterCounts, paper, papers};
use tempfile::tempdir;

use crate::undated;

#[test]
fn reads_back_what_it_wrote() {
    let dir = tempdir().unwrap();
    let dir = dir.path().join("deep/library");
    let query = Query::text("galaxy syntax 7").k(40);
    let written = {
        let library = Library::create(&dir, LetterCounts::default()).unwrap();
        library.add(papers(40)).unwrap();
        library.search(&query).unwrap()
    };
    let library = Library::open(&dir).unwrap();
    assert_eq!(
        library.ids().unwrap(),
        papers(40).into_iter().map(|p| p.id).collect::<Vec<_>>()
    );
    assert_eq!(undated(&library, "p11"), Some(paper(11)));
    assert_eq!(library.get("nobody").unwrap(), None);
    // Without an embedder, papers can be compared, but texts cannot be embedded.
    assert_eq!(library.related("p1", 5).unwrap().len(), 5);
    assert!(matches!(library.search(&query), Err(Error::NoEmbedder)));
    assert!(matches!(library.add([paper(99)]), Err(Error::NoEmbedder)));
    // Changes that need no new vector can be written.
    library.add([paper(3).venue("Elsewhere")]).unwrap();
    library.add([paper(3)]).unwrap();

    let library = library.with_embedder(LetterCounts::default()).unwrap();
    assert_eq!(library.search(&query).unwrap(), written);
    let info = library.info().unwrap();
    // The two changes moved the paper, with its vector, to another row.
    assert_eq!((info.papers, info.deleted_rows), (40, 2));
    assert_eq!(info.embedder.model, "letter-counts");
    assert!(info.bytes > 40 * 16 * 4);
}

#[test]
fn refuses_another_model() {
    let dir = tempdir().unwrap();
    let dir = dir.path().join("library");
    Library::create(&dir, LetterCounts::default())
        .unwrap()
        .add(papers(3))
        .unwrap();
    let other = || LetterCounts {
        version: 2,
        ..LetterCounts::default()
    };
    let expected = format!(
        "`{}` was made by the model `letter-counts (f32, fingerprint version-0)`, found \
         `letter-counts (f32, fingerprint version-2)`; use that model, or upgrade the \
         library",
        dir.display()
    );
    let error = Library::open(&dir)
        .unwrap()
        .with_embedder(other())
        .unwrap_err();
    assert_eq!(error.to_string(), expected);
    let error = Library::open_or_create(&dir, other()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(Library::open(&dir).unwrap().len().unwrap(), 3);
}

#[test]
fn reports_what_a_folder_is_instead_of_a_library() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let error = |name: &str| Library::open(dir.join(name)).unwrap_err().to_string();
    let start = |name: &str| format!("`{}` is not a library: ", dir.join(name).display());

    assert_eq!(
        error("missing"),
        start("missing") + "it has no `papers.sqlite`"
    );
    fs::write(dir.join("file"), "text").unwrap();
    assert_eq!(
        error("file"),
        start("file") + "found a file, expected a folder"
    );
    fs::create_dir(dir.join("text")).unwrap();
    fs::write(
        dir.join("text/papers.sqlite"),
        "this is no table, but it is long enough",
    )
    .unwrap();
    assert_eq!(
        error("text"),
        start("text") + "its `papers.sqlite` is not an SQLite file"
    );
    fs::create_dir(dir.join("empty")).unwrap();
    fs::write(dir.join("empty/papers.sqlite"), "").unwrap();
    let expected = "its `papers.sqlite` is of another program, or empty";
    assert_eq!(error("empty"), start("empty") + expected);

    // A process that is killed while creating a library may leave an empty file.
    let library = Library::open_or_create(dir.join("empty"), LetterCounts::default()).unwrap();
    library.add(papers(2)).unwrap();
}

#[test]
fn creates_a_library_only_in_an_empty_or_missing_folder() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let error = |name: &str| {
        let error = Library::create(dir.join(name), LetterCounts::default()).unwrap_err();
        (
            error.to_string(),
            format!(
                "cannot create a library in `{}`: ",
                dir.join(name).display()
            ),
        )
    };
    Library::create(dir.join("there"), LetterCounts::default()).unwrap();
    let (found, start) = error("there");
    assert_eq!(found, start + "a library is there already");
    fs::write(dir.join("file"), "text").unwrap();
    let (found, start) = error("file");
    assert_eq!(found, start + "it is a file");
    fs::create_dir(dir.join("thesis")).unwrap();
    fs::write(dir.join("thesis/chapter-1.tex"), "text").unwrap();
    let (found, start) = error("thesis");
    assert_eq!(found, start + "it holds other files");
    assert_eq!(fs::read_dir(dir.join("thesis")).unwrap().count(), 1);
}

#[test]
fn refuses_the_format_of_another_release() {
    let dir = tempdir().unwrap();
    Library::create(dir.path(), LetterCounts::default()).unwrap();
    let table = rusqlite::Connection::open(dir.path().join("papers.sqlite")).unwrap();
    table.pragma_update(None, "user_version", 7).unwrap();
    assert_eq!(
        Library::open(dir.path()).unwrap_err().to_string(),
        format!(
            "`{}` has format version 7, this release reads 6",
            dir.path().display()
        )
    );
}

#[test]
fn names_the_damaged_file_of_vectors() {
    let dir = tempdir().unwrap();
    Library::create(dir.path(), LetterCounts::default())
        .unwrap()
        .add(papers(9))
        .unwrap();
    let vectors = dir.path().join("vectors");
    let segment = vectors.join("segment-00000001.vec");
    let bytes = fs::read(&segment).unwrap();
    fs::write(&segment, &bytes[..bytes.len() / 2]).unwrap();
    let library = Library::open(dir.path()).unwrap();
    let error = library.related("p1", 3).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the vectors in `{}` failed", vectors.display())
    );
    assert!(error.is_damage());
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains(segment.to_str().unwrap()), "{cause}");
    // The papers can still be read.
    assert_eq!(library.info().unwrap().papers, 9);
    assert_eq!(library.ids().unwrap().len(), 9);
    assert_eq!(undated(&library, "p3"), Some(paper(3)));
    assert_eq!(library.get("nobody").unwrap(), None);
}
