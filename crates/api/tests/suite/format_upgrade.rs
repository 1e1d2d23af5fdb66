//! Libraries of format 3, which had a keyword index in `papers.sqlite` and no files of terms, and of format 4,
//! which had no bibliographic details.

use std::fs;
use std::path::Path;

use cognate::{Filter, Library, Mode, PaperHit, Query};
use cognate_testing::{LetterCounts, paper, papers};
use rusqlite::Connection;
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

/// Turns a library into one of format 3.
fn downgrade(dir: &Path) {
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
    hits.map(|hit| (hit.clone(), hit.score.unwrap().to_bits()))
        .collect()
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
    assert_eq!(version(dir.path()), 5);
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
    let table = Connection::open(dir.path().join("papers.sqlite")).unwrap();
    table
        .execute_batch("ALTER TABLE papers DROP COLUMN details; PRAGMA user_version = 4;")
        .unwrap();
    drop(table);
    let files = || {
        let files = fs::read_dir(dir.path().join("vectors")).unwrap();
        let names = files.map(|file| file.unwrap().file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let files_before = files();
    let library = open(dir.path()).unwrap();
    assert_eq!(version(dir.path()), 5);
    assert_eq!(answers(&library), expected);
    assert_eq!(files(), files_before, "vectors and terms stay as they are");
    let mut detailed = paper(7);
    detailed.details.pages = Some("1-9".to_owned());
    library.add([detailed.clone()]).unwrap();
    assert_eq!(library.get("p7").unwrap().unwrap(), detailed);
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
