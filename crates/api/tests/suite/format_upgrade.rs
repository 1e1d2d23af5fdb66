//! Libraries of format 3, which had a keyword index in `papers.sqlite` and no files of terms, of format 4, which had
//! no bibliographic details, and of format 5, which had no lists and no days of adding.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cognate::{Filter, Library, ListEntry, Mode, PaperHit, PartialDate, Query};
use cognate_testing::{LetterCounts, copy_dir, paper, papers};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::Value;
use tempfile::tempdir;

fn open(dir: &Path) -> cognate::Result<Library> {
    Library::open(dir)?.with_embedder(LetterCounts::default())
}

/// Creates a library of two segments whose papers have the numbers of their rows as keys.
fn create(dir: &Path) -> Library {
    let library = Library::create(dir, LetterCounts::default()).unwrap();
    library.add(papers(40)).unwrap();
    library.add((40..50).map(paper)).unwrap();
    library.remove(&["p3", "p41"]).unwrap();
    library
}

/// Turns the tables of a library into the tables of format 5. Its papers have no day of adding.
fn downgrade_to_5(dir: &Path) {
    let table = Connection::open(dir.join("papers.sqlite")).unwrap();
    table
        .execute_batch(
            "ALTER TABLE papers DROP COLUMN added;
             DROP TABLE list_entries;
             DELETE FROM meta WHERE key = 'lists';
             PRAGMA user_version = 5;",
        )
        .unwrap();
    // The checksum of a paper covers the columns before it, and the details if there are any.
    let mut select = table.prepare("SELECT * FROM papers").unwrap();
    let mut rows = select.query([]).unwrap();
    let mut checksums = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let details = (row.get_ref(14).unwrap() != ValueRef::Null).then_some(14);
        let values = (0..13)
            .chain(details)
            .map(|column| row.get_ref(column).unwrap());
        let mut hasher = crc32fast::Hasher::new();
        for value in values {
            let number;
            let (kind, bytes): (u8, &[u8]) = match value {
                ValueRef::Null => (0, &[]),
                ValueRef::Integer(integer) => {
                    number = integer.to_le_bytes();
                    (1, &number)
                }
                ValueRef::Text(text) => (3, text),
                ValueRef::Blob(bytes) => (4, bytes),
                ValueRef::Real(_) => unreachable!("no column of papers has such numbers"),
            };
            hasher.update(&[kind]);
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        checksums.push((row.get::<_, i64>(0).unwrap(), hasher.finalize()));
    }
    for (key, checksum) in checksums {
        let sql = "UPDATE papers SET checksum = ? WHERE key = ?";
        table.execute(sql, (checksum, key)).unwrap();
    }
}

/// Turns a library into one of format 3.
fn downgrade(dir: &Path) {
    downgrade_to_5(dir);
    let table = Connection::open(dir.join("papers.sqlite")).unwrap();
    table
        .pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))
        .unwrap();
    table
        .execute_batch(
            "ALTER TABLE papers DROP COLUMN details;
             ALTER TABLE papers RENAME COLUMN key TO row;
             CREATE VIRTUAL TABLE keywords USING fts5(
                 title, abstract, content = '', contentless_delete = 1
             );
             INSERT INTO meta VALUES ('keywords', '0', 0);
             PRAGMA user_version = 3;",
        )
        .unwrap();
    let sql = "SELECT value FROM meta WHERE key = 'manifest'";
    let manifest: String = table.query_row(sql, [], |row| row.get(0)).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let segment =
        |entry: &Value| format!(r#"{{"file":{},"rows":{}}}"#, entry["file"], entry["rows"]);
    let segments = manifest["segments"].as_array().unwrap().iter().map(segment);
    let fields = format!(
        r#""format":1,"dim":{},"segments":[{}],"deleted":{}"#,
        manifest["dim"],
        segments.collect::<Vec<_>>().join(","),
        manifest["deleted"]
    );
    let checksum = crc32fast::hash(fields.as_bytes());
    let manifest = format!(r#"{{{fields},"crc32":"{checksum:08x}"}}"#);
    let mut hasher = crc32fast::Hasher::new();
    for text in ["manifest", &manifest] {
        hasher.update(&[3]);
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    let sql = "UPDATE meta SET value = ?, checksum = ? WHERE key = 'manifest'";
    table.execute(sql, (manifest, hasher.finalize())).unwrap();
    for file in fs::read_dir(dir.join("vectors")).unwrap() {
        let path = file.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "terms")
        {
            fs::remove_file(path).unwrap();
        }
    }
}

fn version(dir: &Path) -> i64 {
    let table = Connection::open(dir.join("papers.sqlite")).unwrap();
    table
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

fn answers(library: &Library) -> Vec<(PaperHit, u32)> {
    let text = |mode| Query::text("graph enzyme title").mode(mode).k(48);
    let early = Filter::default().years(..2010);
    let queries = [
        text(Mode::Vector),
        text(Mode::Keyword),
        text(Mode::Hybrid).filter(early),
        Query::paper("p7").k(20),
    ];
    let hits = queries
        .iter()
        .flat_map(|query| library.search(query).unwrap());
    let comparable = |mut hit: PaperHit| {
        // Earlier formats do not have the day.
        hit.paper.added = None;
        let score = hit.score.unwrap().to_bits();
        (hit, score)
    };
    hits.map(comparable).collect()
}

/// Returns the files of vectors and terms with their contents.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(dir.join("vectors")).unwrap();
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let content = fs::read(&path).unwrap();
        (path, content)
    };
    files.map(file).collect()
}

#[test]
fn a_library_of_format_3_is_upgraded_when_it_is_opened() {
    let dir = tempdir().unwrap();
    let library = create(dir.path());
    let (expected, ids) = (answers(&library), library.ids().unwrap());
    drop(library);
    downgrade(dir.path());
    assert_eq!(version(dir.path()), 3);
    // Two processes may open it at the same time.
    let libraries: Vec<Library> = std::thread::scope(|scope| {
        let both = [(), ()].map(|()| scope.spawn(|| open(dir.path()).unwrap()));
        both.map(|one| one.join().unwrap()).into()
    });
    for library in &libraries {
        assert_eq!(answers(library), expected);
        assert_eq!(library.ids().unwrap(), ids);
    }
    assert_eq!(version(dir.path()), 6);
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
    libraries[0]
        .add([paper(60), paper(7).title("another")])
        .unwrap();
    libraries[1].compact().unwrap();
    assert_eq!(libraries[0].len().unwrap(), 49);
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
}

#[test]
fn a_library_of_format_4_is_upgraded_when_it_is_opened() {
    let dir = tempdir().unwrap();
    let library = create(dir.path());
    let expected = answers(&library);
    drop(library);
    downgrade_to_5(dir.path());
    let table = Connection::open(dir.path().join("papers.sqlite")).unwrap();
    table
        .execute_batch("ALTER TABLE papers DROP COLUMN details; PRAGMA user_version = 4;")
        .unwrap();
    drop(table);
    let vectors = || {
        let files = files(dir.path()).into_iter();
        let vectors = files.filter(|(name, _)| name.extension().is_some_and(|end| end == "vec"));
        vectors.map(|(_, content)| content).collect::<Vec<_>>()
    };
    let vectors_before = vectors();
    let library = open(dir.path()).unwrap();
    assert_eq!(version(dir.path()), 6);
    assert_eq!(answers(&library), expected);
    assert_eq!(vectors(), vectors_before, "vectors stay as they are");
    let mut detailed = paper(7);
    detailed.details.pages = Some("1-9".to_owned());
    library.add([detailed.clone()]).unwrap();
    assert_eq!(
        library.get("p7").unwrap().unwrap(),
        detailed,
        "the day is not known"
    );
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
}

#[test]
fn an_upgrade_that_fails_leaves_the_library_as_it_was() {
    let dir = tempdir().unwrap();
    drop(create(dir.path()));
    downgrade(dir.path());
    let path = dir.path().join("papers.sqlite");
    let table = Connection::open(&path).unwrap();
    table
        .execute_batch("UPDATE papers SET title = 'X' WHERE row = 30")
        .unwrap();
    drop(table);
    let error = open(dir.path()).unwrap_err();
    assert!(error.is_damage(), "{error}");
    assert_eq!(version(dir.path()), 3);
    // Files of an upgrade that did not end are replaced by the next one.
    let table = Connection::open(&path).unwrap();
    let title = paper(30).title;
    table
        .execute("UPDATE papers SET title = ? WHERE row = 30", [title])
        .unwrap();
    drop(table);
    fs::write(dir.path().join("vectors/segment-00000001.terms"), "x").unwrap();
    assert_eq!(open(dir.path()).unwrap().len().unwrap(), 48);
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
}

/// Copies the library that a release with format 5 wrote: 50 papers in two segments, of which `p3` and `p44` were
/// removed. `p40` and `p41` have a date of publication.
fn library_of_format_5(dir: &Path) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-5");
    copy_dir(&fixture, dir);
    fs::remove_file(dir.join("answers.tsv")).unwrap();
}

#[test]
fn a_library_of_format_5_gives_the_answers_of_its_time_and_has_lists_and_dates() {
    let dir = tempdir().unwrap();
    library_of_format_5(dir.path());
    assert_eq!(version(dir.path()), 5);
    let before = files(dir.path());
    let library = open(dir.path()).unwrap();
    assert_eq!(version(dir.path()), 6);
    let text = |text: &str| Query::text(text).k(12);
    let mut found = String::new();
    for (name, query) in [
        ("vector", text("graph enzyme title").mode(Mode::Vector)),
        ("keyword", text("graph enzyme title").mode(Mode::Keyword)),
        (
            "hybrid until 2010",
            text("graph enzyme title").filter(Filter::default().years(..2010)),
        ),
        ("like p7", Query::paper("p7").k(12)),
        (
            "venue",
            Query::text("graph").filter(Filter::default().venue("physics")),
        ),
    ] {
        for hit in library.search(&query).unwrap() {
            let score = hit.score.unwrap().to_bits();
            writeln!(found, "{name}\t{}\t{score:08x}", hit.paper.id).unwrap();
        }
    }
    assert_eq!(found, include_str!("../fixtures/format-5/answers.tsv"));
    assert_eq!(library.len().unwrap(), 48);
    let paper = library.get("p40").unwrap().unwrap();
    assert_eq!(paper.details.pages.as_deref(), Some("1-9"));
    assert_eq!(paper.added, None);
    let since = |date: &str| {
        let filter = Filter::default().published_since(date.parse().unwrap());
        library.facets(&filter, 9).unwrap()
    };
    let mut venues = since("2017-06-12").venues.into_iter();
    assert!(venues.any(|venue| (venue.name.as_str(), venue.papers) == ("Nature Physics", 1)));
    for date in ["2016-12", "2017-06-12", "2017-06-13"] {
        let first: PartialDate = date.parse().unwrap();
        let mut expected = 0;
        let counted = library.for_each(|paper| {
            let published = paper.publication_date().unwrap().first_day();
            expected += usize::from(published >= first.first_day());
            ControlFlow::Continue(())
        });
        counted.unwrap();
        assert_eq!(since(date).papers, expected);
    }
    library.add_to_list("liked", &["p40"], Some("N")).unwrap();
    let paper = library.get("p40").unwrap().unwrap();
    assert_eq!(paper.lists, [ListEntry::new("liked").note("N")]);
    // The files have new names, and the vectors the same content.
    let after = files(dir.path());
    assert_eq!(before.len(), after.len());
    assert!(before.keys().all(|path| !after.contains_key(path)));
    for (path, content) in &before {
        if path.extension().is_some_and(|end| end == "vec") {
            assert!(after.values().any(|other| other == content));
        }
    }
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
    drop(library);
    let again = open(dir.path()).unwrap();
    assert_eq!(files(dir.path()), after);
    assert_eq!(again.lists().unwrap()[0].papers, 1);
}

#[test]
fn an_upgrade_from_format_5_that_fails_or_is_killed_changes_no_file_of_the_library() {
    let dir = tempdir().unwrap();
    library_of_format_5(dir.path());
    let before = files(dir.path());
    let path = dir.path().join("papers.sqlite");
    let set_title = |title: &str| {
        let table = Connection::open(&path).unwrap();
        let sql = "UPDATE papers SET title = ? WHERE id = 'p30'";
        table.execute(sql, [title]).unwrap();
    };
    set_title("X");
    let error = open(dir.path()).unwrap_err();
    assert!(error.is_damage(), "{error}");
    assert_eq!(version(dir.path()), 5);
    assert_eq!(files(dir.path()), before);
    set_title(&paper(30).title);
    // What an upgrade leaves that is killed before its commit: files with new names.
    let vectors = dir.path().join("vectors");
    let link = |from: &str, to: &str| fs::hard_link(vectors.join(from), vectors.join(to)).unwrap();
    link("segment-00000001.vec", "segment-00000003.vec");
    fs::write(vectors.join("segment-00000003.terms"), "x").unwrap();
    link("segment-00000002.vec", "segment-00000004.vec");
    let library = open(dir.path()).unwrap();
    assert_eq!(library.len().unwrap(), 48);
    // They are gone.
    assert_eq!(files(dir.path()).len(), before.len());
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
}
