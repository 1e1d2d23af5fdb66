//! `papers.sqlite`: the papers, the keyword index, and the manifest of the vectors, so that whatever
//! belongs together changes in one transaction.

mod damage;
mod integrity;
mod key;
mod keywords;
mod mapped_rows;
mod schema;
mod transaction;

use std::path::{Path, PathBuf};
use std::time::Duration;

use cognate_index::Manifest;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use self::damage::store_error;
use self::schema::{
    APPLICATION_ID, FORMAT_VERSION, KEYWORD_INDEX, OLDEST_VERSION, TABLES, set_meta,
};
pub(crate) use self::schema::{StoredPaper, TextHash};
use self::transaction::VerifiedIndexes;
pub(crate) use self::transaction::{ReadTxn, WriteTxn};
use crate::embed::EmbedderInfo;
use crate::{Error, Result};

/// The name of the file in the folder of a library.
const FILE: &str = "papers.sqlite";

/// The longest time to wait for another process that writes the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// An open `papers.sqlite`.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    connection: Connection,
    verified: VerifiedIndexes,
}

impl Store {
    /// Returns whether the folder has a file with the name of a store.
    pub(crate) fn exists(dir: &Path) -> bool {
        dir.join(FILE).exists()
    }

    /// Opens the store of the library in `dir`, after bringing it to the format of this release.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let not_a_library = |found: String| Error::NotALibrary {
            dir: dir.to_owned(),
            found,
        };
        if dir.is_file() {
            return Err(not_a_library("found a file, expected a folder".to_owned()));
        }
        let path = dir.join(FILE);
        if !path.is_file() {
            return Err(not_a_library(format!("it has no `{FILE}`")));
        }
        let connection = match connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE) {
            Ok(connection) => connection,
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                return Err(not_a_library(format!("its `{FILE}` is not an SQLite file")));
            }
            Err(error) => return Err(store_error("open", &path)(error)),
        };
        let mut store = Self::new(path, connection);
        match store.version() {
            Ok((APPLICATION_ID, FORMAT_VERSION)) => Ok(store),
            Ok((APPLICATION_ID, OLDEST_VERSION..FORMAT_VERSION)) => {
                store.upgrade()?;
                Ok(store)
            }
            Ok((APPLICATION_ID, found)) => Err(Error::Version {
                dir: dir.to_owned(),
                found,
                expected: FORMAT_VERSION,
            }),
            Ok(_) => Err(not_a_library(format!(
                "its `{FILE}` is of another program, or empty"
            ))),
            Err(error) => Err(store_error("read", &store.path)(error)),
        }
    }

    /// Creates the store of a new library in `dir`. An empty file, left by a process that was killed
    /// while creating a library, is reused.
    pub(crate) fn create(dir: &Path, embedder: &EmbedderInfo, manifest: &Manifest) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let path = dir.join(FILE);
        let connection = connect(&path, flags).map_err(store_error("create", &path))?;
        let mut store = Self::new(path, connection);
        store
            .create_tables(embedder, manifest)
            .map_err(store_error("write", &store.path))?;
        store.write()?.commit(manifest)?;
        Ok(store)
    }

    fn create_tables(
        &mut self,
        embedder: &EmbedderInfo,
        manifest: &Manifest,
    ) -> rusqlite::Result<()> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(TABLES)?;
        transaction.execute_batch(KEYWORD_INDEX)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", FORMAT_VERSION)?;
        let dim = embedder.dim.to_string();
        for (key, value) in [
            (key::MODEL, embedder.model.as_str()),
            (key::PRECISION, &embedder.precision),
            (key::FINGERPRINT, &embedder.fingerprint),
            (key::DIM, &dim),
            (key::MANIFEST, &manifest.to_json()),
            (key::GENERATION, "0"),
            (key::BACKGROUND_SIMILARITY, "null"),
        ] {
            set_meta(&transaction, key, value)?;
        }
        transaction.commit()
    }

    /// Upgrades a store of an earlier format, in one transaction. Only the keyword index differs between
    /// the formats; it is rebuilt from the papers.
    fn upgrade(&mut self) -> Result<()> {
        let papers = self.begin("upgrade")?;
        // Another process may have upgraded it meanwhile.
        if papers.format_version()? == FORMAT_VERSION {
            return Ok(());
        }
        papers.rebuild_keywords()?;
        papers.set_format_version(FORMAT_VERSION)?;
        let manifest = papers.manifest()?;
        papers.commit(&manifest).map(drop)
    }

    fn new(path: PathBuf, connection: Connection) -> Self {
        Self {
            path,
            connection,
            verified: VerifiedIndexes::default(),
        }
    }

    fn version(&self) -> rusqlite::Result<(i64, i64)> {
        let pragma = |name| {
            self.connection
                .pragma_query_value(None, name, |row| row.get(0))
        };
        Ok((pragma("application_id")?, pragma("user_version")?))
    }

    /// Begins a read transaction.
    pub(crate) fn read(&mut self) -> Result<ReadTxn<'_>> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Deferred)
            .map_err(store_error("read", &self.path))?;
        Ok(ReadTxn::new(transaction, &self.path, &self.verified))
    }

    /// Begins a write transaction, which waits for that of another process.
    pub(crate) fn write(&mut self) -> Result<WriteTxn<'_>> {
        self.begin("write")
    }

    fn begin(&mut self, act: &'static str) -> Result<WriteTxn<'_>> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(store_error(act, &self.path))?;
        Ok(WriteTxn::new(transaction, &self.path, act, &self.verified))
    }
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // The default rollback journal, not a write-ahead log, so that a library on a read-only medium
    // can be read. `EXTRA` also syncs the folder.
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use cognate_index::RowId;

    use super::*;
    use crate::Paper;

    /// A store whose manifest counts no vectors, so that only single papers can be read.
    fn store(dir: &Path) -> Store {
        let info = EmbedderInfo::new("test", "f32", "1", 2);
        Store::create(dir, &info, &Manifest::empty(2).unwrap()).unwrap()
    }

    fn row(number: u32) -> RowId {
        RowId::new(number)
    }

    #[test]
    fn returns_a_paper_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(dir.path());
        let paper = Paper::new("a; \"b\"")
            .title("T")
            .abstract_text("A\n")
            .authors(["X, Y", "Z"])
            .year(-3)
            .venue("V")
            .url("U")
            .categories(["c"])
            .doi("10.1/x")
            .arxiv("1706.03762")
            .references(["r"]);
        let hash = [7; 16];
        let txn = store.write().unwrap();
        txn.insert(row(3), &hash, &paper).unwrap();
        let stored = txn.find(&paper.id).unwrap().unwrap();
        assert_eq!((stored.row, stored.text_hash), (row(3), hash));
        assert_eq!(stored.paper, paper);
        assert_eq!(txn.paper_at(row(3)).unwrap(), paper);

        let renamed = paper.clone().title("Renamed");
        txn.update(row(3), &hash, &renamed).unwrap();
        assert_eq!(txn.paper_at(row(3)).unwrap(), renamed);
        txn.delete(row(3)).unwrap();
        let error = txn.paper_at(row(3)).unwrap_err();
        assert!(error.to_string().contains("the paper in row 3"), "{error}");
    }

    #[test]
    fn drops_a_change_that_is_not_committed_and_counts_those_that_are() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(dir.path());
        let before = store.read().unwrap().generation().unwrap();
        let txn = store.write().unwrap();
        txn.insert(row(0), &[0; 16], &Paper::new("a").title("A"))
            .unwrap();
        drop(txn);
        assert!(store.read().unwrap().find("a").unwrap().is_none());
        let generation = store
            .write()
            .unwrap()
            .commit(&Manifest::empty(2).unwrap())
            .unwrap();
        assert_eq!(generation, before + 1);
        assert_eq!(store.read().unwrap().generation().unwrap(), generation);
    }

    #[test]
    fn finds_words_in_any_form_and_keeps_the_index_in_step() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(dir.path());
        let txn = store.write().unwrap();
        let rows = |word: &str| {
            // Committing stores the checksum that a search compares; here it is stored directly.
            txn.store_keywords_checksum().unwrap();
            let mut rows = Vec::new();
            txn.keyword_hits(word, |row, score| {
                assert!(score > 0.0);
                rows.push(row.get());
                true
            })
            .unwrap();
            rows
        };
        // BM25 is positive only for words that fewer than half of the papers have.
        for (number, title) in (0..).zip(["Schrödinger learned", "b", "c", "d", "e"]) {
            let paper = Paper::new(title).title(title);
            txn.insert(row(number), &[0; 16], &paper).unwrap();
        }
        assert_eq!(rows("learn"), [0]);
        assert_eq!(rows("schroding"), [0]);
        assert_eq!(txn.document_frequency("learn").unwrap(), 1);
        assert_eq!(txn.document_frequency("learned").unwrap(), 0);
        txn.update(row(0), &[0; 16], &Paper::new("x").title("other"))
            .unwrap();
        assert!(rows("learn").is_empty());
        assert_eq!(txn.document_frequency("learn").unwrap(), 0);
        assert_eq!(rows("other"), [0]);
        txn.delete(row(0)).unwrap();
        assert!(rows("other").is_empty());
    }

    #[test]
    fn a_store_of_format_2_is_upgraded_when_it_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(dir.path());
        store
            .connection
            .execute_batch(
                "DROP TABLE keywords;
                 CREATE VIRTUAL TABLE keywords USING fts5(
                     title, abstract, content = 'papers', content_rowid = 'row',
                     tokenize = 'porter unicode61 remove_diacritics 2'
                 );
                 PRAGMA user_version = 2;",
            )
            .unwrap();
        let generation = store.read().unwrap().generation().unwrap();
        // A medium that cannot be written.
        store
            .connection
            .pragma_update(None, "query_only", true)
            .unwrap();
        let error = store.upgrade().unwrap_err().to_string();
        assert!(error.starts_with("cannot upgrade `"), "{error}");
        drop(store);
        let mut store = Store::open(dir.path()).unwrap();
        assert_eq!(store.version().unwrap(), (APPLICATION_ID, FORMAT_VERSION));
        let papers = store.read().unwrap();
        assert_eq!(papers.generation().unwrap(), generation + 1);
        papers.check_keywords().unwrap();
        drop(papers);
        store
            .connection
            .execute_batch("PRAGMA user_version = 1")
            .unwrap();
        drop(store);
        let error = Store::open(dir.path()).unwrap_err();
        assert!(matches!(error, Error::Version { found: 1, .. }), "{error}");
    }

    #[test]
    fn reports_values_that_do_not_match_their_checksum() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(dir.path());
        let txn = store.write().unwrap();
        txn.insert(row(0), &[0; 16], &Paper::new("a").title("A"))
            .unwrap();
        txn.transaction
            .execute_batch("UPDATE papers SET title = 'B'; UPDATE meta SET value = 'other' WHERE key = 'model'")
            .unwrap();
        let is_damaged = |error: &Error, what: &str| {
            assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
            assert!(error.to_string().contains(what), "{error}");
        };
        is_damaged(&txn.find("a").unwrap_err(), "the paper in row 0");
        is_damaged(&txn.embedder_info().unwrap_err(), "`model`");
    }
}
