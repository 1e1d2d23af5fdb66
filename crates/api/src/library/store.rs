//! `papers.sqlite`: the papers, and the manifest of the vectors and terms, so that whatever belongs
//! together changes in one transaction.

mod damage;
mod identifiers;
mod integrity;
mod key;
mod list_cache;
mod list_directory;
mod lists;
mod mapped_rows;
mod mend_lists;
mod pool;
mod schema;
mod transaction;

use std::path::{Path, PathBuf};

use cognate_index::Manifest;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use self::damage::{leftover_log, store_error};
use self::list_cache::ListCache;
pub(crate) use self::list_directory::{ListDirectory, ListRecord};
pub(crate) use self::lists::StoredEntry;
use self::pool::{Pool, PooledConnection, is_leftover_log, log_path};
use self::schema::{
    APPLICATION_ID, FIRST_WITH_DETAILS, FORMAT_VERSION, LIST_ENTRIES_TABLE, META_TABLE,
    OLDEST_VERSION, PAGE_SIZE, PAPERS_TABLE, set_meta, unexpected_schema,
};
pub(crate) use self::schema::{FIRST_WITH_TERMS, StoredPaper, TextHash};
pub(crate) use self::transaction::{KeyOrder, ReadTxn, WriteTxn};
use crate::embed::EmbedderInfo;
use crate::{Error, Result};

/// The name of the file in the folder of a library.
const FILE: &str = "papers.sqlite";

/// An open `papers.sqlite`, which any number of threads can read while one writes.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    pool: Pool,
    lists: ListCache,
}

/// A connection with which one thread begins transactions.
pub(crate) struct StoreConnection<'a> {
    path: &'a Path,
    connection: PooledConnection<'a>,
    lists: &'a ListCache,
}

/// An opened store, by the format that it has.
pub(crate) enum OpenedStore {
    Current(Store),
    /// The store is to be upgraded before it is used.
    Earlier(Store),
}

impl Store {
    fn new(path: PathBuf, pool: Pool) -> Self {
        Self {
            path,
            pool,
            lists: ListCache::default(),
        }
    }

    /// Returns whether the folder has a file with the name of a store.
    pub(crate) fn exists(dir: &Path) -> bool {
        dir.join(FILE).exists()
    }

    /// Opens the store of the library in `dir`.
    pub(crate) fn open(dir: &Path) -> Result<OpenedStore> {
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
        let pool = match Pool::open(&path) {
            Ok(pool) => pool,
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                return Err(not_a_library(format!("its `{FILE}` is not an SQLite file")));
            }
            Err(error) if is_leftover_log(&path, &error) => {
                return Err(leftover_log(&path, log_path(&path), error));
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) => {
                // SQLite does not say why, and opening the file does.
                std::fs::File::open(&path).map_err(Error::io("open", &path))?;
                return Err(store_error("open", &path)(error));
            }
            Err(error) => return Err(store_error("open", &path)(error)),
        };
        let store = Self::new(path, pool);
        let version = {
            let connection = store.connect()?;
            version(&connection.connection).map_err(store_error("read", &store.path))?
        };
        match version {
            (APPLICATION_ID, FORMAT_VERSION) => {
                store.check_schema()?;
                Ok(OpenedStore::Current(store))
            }
            (APPLICATION_ID, OLDEST_VERSION..FORMAT_VERSION) => Ok(OpenedStore::Earlier(store)),
            (APPLICATION_ID, found) => Err(Error::Version {
                dir: dir.to_owned(),
                found,
                expected: FORMAT_VERSION,
            }),
            _ => Err(not_a_library(format!(
                "its `{FILE}` is of another program, or empty"
            ))),
        }
    }

    /// Creates the store of a new library in `dir`, in one transaction. An empty file, left by a process
    /// that was killed while creating a library, is reused.
    pub(crate) fn create(dir: &Path, embedder: &EmbedderInfo, manifest: &Manifest) -> Result<Self> {
        let path = dir.join(FILE);
        let pool = Pool::create(&path).map_err(store_error("create", &path))?;
        let store = Self::new(path, pool);
        {
            let connection = store.connect()?;
            create_tables(&connection.connection, embedder, manifest)
                .map_err(store_error("write", &store.path))?;
        }
        store.use_log()?;
        Ok(store)
    }

    /// Returns a connection that no other thread uses.
    pub(crate) fn connect(&self) -> Result<StoreConnection<'_>> {
        let connection = self.pool.get().map_err(store_error("open", &self.path))?;
        Ok(StoreConnection {
            path: &self.path,
            connection,
            lists: &self.lists,
        })
    }

    /// Makes changes go to a write-ahead log, so that readers and a writer do not wait for one another. The
    /// file remembers that.
    pub(crate) fn use_log(&self) -> Result<()> {
        let connection = self.connect()?;
        let switch = || -> rusqlite::Result<()> {
            let connection: &Connection = &connection.connection;
            if connection.is_readonly("main")? {
                return Ok(());
            }
            let mode: String =
                connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            if mode != "wal" {
                connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
            }
            Ok(())
        };
        switch().map_err(store_error("write", &self.path))
    }

    /// Returns an error unless the file has the tables of this format and nothing else.
    pub(crate) fn check_schema(&self) -> Result<()> {
        let connection = self.connect()?;
        let unexpected =
            unexpected_schema(&connection.connection).map_err(store_error("read", &self.path))?;
        match unexpected {
            None => Ok(()),
            Some(what) => Err(store_error("read", &self.path)(damage::damaged(format!(
                "its schema, which has {what}"
            )))),
        }
    }
}

impl StoreConnection<'_> {
    /// Begins a read transaction.
    pub(crate) fn read(&self) -> Result<ReadTxn<'_>> {
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)
                .map_err(store_error("read", self.path))?;
        Ok(ReadTxn::new(transaction, self.path, "read", self.lists))
    }

    /// Begins a write transaction. `act` is the word for the change in errors, such as `write`.
    pub(crate) fn write(&self, act: &'static str) -> Result<WriteTxn<'_>> {
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .map_err(store_error(act, self.path))?;
        Ok(WriteTxn::new(transaction, self.path, act, self.lists))
    }
}

impl WriteTxn<'_> {
    /// Turns the tables of an earlier format into the tables of this one. Returns the earlier format, or
    /// `None` if another process has done it.
    pub(crate) fn upgrade(&self) -> Result<Option<i64>> {
        let earlier = self.format_version()?;
        if earlier == FORMAT_VERSION {
            return Ok(None);
        }
        if earlier < FIRST_WITH_TERMS {
            self.upgrade_tables_to_4()?;
        }
        if earlier < FIRST_WITH_DETAILS {
            self.upgrade_tables_to_5()?;
        }
        self.upgrade_tables_to_6()?;
        self.set_format_version(FORMAT_VERSION)?;
        Ok(Some(earlier))
    }
}

fn version(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

fn create_tables(
    connection: &Connection,
    embedder: &EmbedderInfo,
    manifest: &Manifest,
) -> rusqlite::Result<()> {
    connection.pragma_update(None, "page_size", PAGE_SIZE)?;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    transaction.execute_batch(META_TABLE)?;
    transaction.execute_batch(PAPERS_TABLE)?;
    transaction.execute_batch(LIST_ENTRIES_TABLE)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT_VERSION)?;
    let dim = embedder.dim.to_string();
    let no_lists = serde_json::to_string(&ListDirectory::default()).unwrap_or_default();
    for (key, value) in [
        (key::MODEL, embedder.model.as_str()),
        (key::PRECISION, &embedder.precision),
        (key::FINGERPRINT, &embedder.fingerprint),
        (key::DIM, &dim),
        (key::MANIFEST, &manifest.to_json()),
        (key::GENERATION, "0"),
        (key::BACKGROUND_SIMILARITY, "null"),
        (key::LISTS, &no_lists),
    ] {
        set_meta(&transaction, key, value)?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Name, Paper, PaperKind};

    /// A store whose manifest counts no vectors, so that only single papers can be read.
    fn store(dir: &Path) -> Store {
        let info = EmbedderInfo::new("test", "f32", "1", 2);
        Store::create(dir, &info, &Manifest::empty(2).unwrap()).unwrap()
    }

    #[test]
    fn returns_a_paper_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
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
        let mut detailed = paper.clone().kind(PaperKind::Book);
        detailed.authors = vec![Name::parse("García Molina, Ana")];
        detailed.details.editors = vec![Name::organization("Ann Ada")];
        detailed.details.published = "2017-06".parse().ok();
        let hash = [7; 16];
        let connection = store.connect().unwrap();
        let txn = connection.write("write").unwrap();
        assert_eq!(txn.next_key().unwrap(), 0);
        txn.insert(3, &hash, &paper).unwrap();
        assert_eq!(txn.next_key().unwrap(), 4);
        let stored = txn.paper(3).unwrap();
        assert_eq!((stored.key, stored.text_hash), (3, hash));
        assert_eq!(stored.paper, paper);
        txn.insert(4, &hash, &detailed).unwrap();
        assert_eq!(txn.paper(4).unwrap().paper, detailed);
        txn.delete(3).unwrap();
        let error = txn.paper(3).unwrap_err().to_string();
        assert!(error.contains("the paper with the key 3"), "{error}");
    }

    #[test]
    fn drops_a_change_that_is_not_committed_and_counts_those_that_are() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let connection = store.connect().unwrap();
        let before = connection.read().unwrap().generation().unwrap();
        let txn = connection.write("write").unwrap();
        txn.insert(0, &[0; 16], &Paper::new("a").title("A"))
            .unwrap();
        drop(txn);
        assert!(connection.read().unwrap().paper(0).is_err());
        let txn = connection.write("write").unwrap();
        let generation = txn.commit(&Manifest::empty(2).unwrap()).unwrap();
        assert_eq!(generation, before + 1);
        let found = connection.read().unwrap().generation().unwrap();
        assert_eq!(found, generation);
    }

    #[test]
    fn a_reader_and_a_writer_do_not_wait_for_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let (reading, writing) = (store.connect().unwrap(), store.connect().unwrap());
        let reader = reading.read().unwrap();
        let before = reader.generation().unwrap();
        let writer = writing.write("write").unwrap();
        writer
            .insert(0, &[0; 16], &Paper::new("a").title("A"))
            .unwrap();
        let third = store.connect().unwrap();
        assert_eq!(third.read().unwrap().generation().unwrap(), before);
        writer.commit(&Manifest::empty(2).unwrap()).unwrap();
        assert_eq!(reader.generation().unwrap(), before);
        assert!(reader.paper(0).is_err());
        drop(reader);
        assert_eq!(reading.read().unwrap().generation().unwrap(), before + 1);
    }

    #[test]
    fn a_file_with_a_trigger_or_a_view_is_refused() {
        for (statement, found) in [
            (
                "CREATE TRIGGER t AFTER INSERT ON papers BEGIN DELETE FROM meta; END",
                "the trigger `t`",
            ),
            ("CREATE TABLE other (x)", "the table `other`"),
            ("CREATE INDEX i ON papers (year)", "the index `i`"),
            (
                "ALTER TABLE meta RENAME TO m; CREATE VIEW meta AS SELECT * FROM m",
                "the table `m`",
            ),
            ("DROP TABLE papers", "2 tables"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            drop(store(dir.path()));
            let connection = Connection::open(dir.path().join(FILE)).unwrap();
            connection.execute_batch(statement).unwrap();
            drop(connection);
            let error = Store::open(dir.path()).err().unwrap();
            assert!(matches!(error, Error::Damaged { .. }), "{error}");
            assert!(error.to_string().contains(found), "{error}");
        }
    }

    #[test]
    fn reports_values_that_do_not_match_their_checksum() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let connection = store.connect().unwrap();
        let txn = connection.write("write").unwrap();
        txn.insert(0, &[0; 16], &Paper::new("a").title("A"))
            .unwrap();
        txn.transaction
            .execute_batch("UPDATE papers SET title = 'B'; UPDATE meta SET value = 'other' WHERE key = 'model'")
            .unwrap();
        let is_damaged = |error: &Error, what: &str| {
            assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
            assert!(error.to_string().contains(what), "{error}");
        };
        is_damaged(&txn.paper(0).unwrap_err(), "the paper with the key 0");
        is_damaged(&txn.embedder_info().unwrap_err(), "`model`");
    }
}
