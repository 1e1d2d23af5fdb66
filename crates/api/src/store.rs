use std::path::{Path, PathBuf};
use std::time::Duration;

use cognate_index::{Manifest, RowId};
use roaring::RoaringBitmap;
use rusqlite::types::Type;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior,
    params,
};

use crate::embed::EmbedderInfo;
use crate::{Error, Filter, Paper, Result};

/// Marks the `SQLite` file as ours (`PRAGMA application_id`): "Cogn".
const APPLICATION_ID: i64 = 0x436f_676e;

/// The version of the tables (`PRAGMA user_version`).
const FORMAT_VERSION: i64 = 1;

const FILE: &str = "papers.sqlite";

const SCHEMA: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
    CREATE TABLE papers (
        row INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        abstract TEXT NOT NULL,
        authors TEXT NOT NULL,
        year INTEGER,
        venue TEXT,
        url TEXT,
        categories TEXT NOT NULL,
        text_hash BLOB NOT NULL
    );
    CREATE INDEX papers_by_year ON papers (year);";

/// The fields of a paper, as [`paper_of`] reads them.
const FIELDS: &str = "id, title, abstract, authors, year, venue, url, categories";

/// What the text of a paper was when it was embedded: the start of its BLAKE3 hash.
pub(crate) type TextHash = [u8; 16];

/// The table of papers, which also holds the manifest of the vectors: whatever belongs together
/// changes in one transaction.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    connection: Connection,
}

/// A paper as it is stored.
#[derive(Debug)]
pub(crate) struct StoredPaper {
    pub(crate) row: RowId,
    pub(crate) text_hash: TextHash,
    pub(crate) paper: Paper,
}

impl Store {
    /// Whether the folder holds a file by the name of a library's table.
    pub(crate) fn exists(dir: &Path) -> bool {
        dir.join(FILE).exists()
    }

    /// Opens the table of the library in `dir`.
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
            Err(error) => return Err(failed("open", &path)(error)),
        };
        let store = Self { path, connection };
        match store.version() {
            Ok((APPLICATION_ID, FORMAT_VERSION)) => Ok(store),
            Ok((APPLICATION_ID, found)) => Err(Error::Version {
                dir: dir.to_owned(),
                found,
                expected: FORMAT_VERSION,
            }),
            Ok(_) => Err(not_a_library(format!(
                "its `{FILE}` is of another program, or empty"
            ))),
            Err(error) => Err(store.failed("read")(error)),
        }
    }

    /// Makes the table of a new library in `dir`; an empty one, left by a killed process, is used.
    pub(crate) fn create(dir: &Path, embedder: &EmbedderInfo, manifest: &Manifest) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let path = dir.join(FILE);
        let connection = connect(&path, flags).map_err(failed("create", &path))?;
        let mut store = Self { path, connection };
        let mut write = || -> rusqlite::Result<()> {
            let transaction = store
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", FORMAT_VERSION)?;
            let dim = embedder.dim.to_string();
            for (key, value) in [
                ("model", embedder.model.as_str()),
                ("precision", &embedder.precision),
                ("fingerprint", &embedder.fingerprint),
                ("dim", &dim),
                ("manifest", &manifest.to_json()),
            ] {
                transaction.execute("INSERT INTO meta VALUES (?, ?)", params![key, value])?;
            }
            transaction.execute("INSERT INTO meta VALUES ('generation', 0)", [])?;
            transaction.commit()
        };
        let outcome = write();
        outcome.map_err(store.failed("write"))?;
        Ok(store)
    }

    fn version(&self) -> rusqlite::Result<(i64, i64)> {
        let pragma = |name| {
            self.connection
                .pragma_query_value(None, name, |row| row.get(0))
        };
        Ok((pragma("application_id")?, pragma("user_version")?))
    }

    /// Starts a view of the table that no commit of another process changes.
    pub(crate) fn read(&mut self) -> Result<View<'_>> {
        self.begin(TransactionBehavior::Deferred, "read")
    }

    /// Starts a change; nothing of it happens before [`View::commit`].
    pub(crate) fn write(&mut self) -> Result<View<'_>> {
        self.begin(TransactionBehavior::Immediate, "write")
    }

    fn begin(&mut self, behavior: TransactionBehavior, act: &'static str) -> Result<View<'_>> {
        let path = &self.path;
        let transaction = self
            .connection
            .transaction_with_behavior(behavior)
            .map_err(failed(act, path))?;
        Ok(View {
            transaction,
            path,
            act,
        })
    }

    fn failed(&self, act: &'static str) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
        failed(act, &self.path)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    // A rollback journal, not a write-ahead log: the library stays one file that can be read on
    // a medium that cannot be written. `EXTRA` also syncs the folder.
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    Ok(connection)
}

fn failed(act: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::Store {
        act,
        path,
        source: source.into(),
    }
}

/// The table within one transaction.
pub(crate) struct View<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
    act: &'static str,
}

impl View<'_> {
    fn failed(&self) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
        failed(self.act, self.path)
    }

    /// Counts the commits.
    pub(crate) fn generation(&self) -> Result<i64> {
        self.meta("generation")
    }

    /// The live vectors.
    pub(crate) fn manifest(&self) -> Result<Manifest> {
        let json: String = self.meta("manifest")?;
        let dir = self.path.parent().unwrap_or(self.path);
        Manifest::from_json(&json, self.path).map_err(Error::index(dir))
    }

    /// The embedder that made the vectors.
    pub(crate) fn embedder(&self) -> Result<EmbedderInfo> {
        let dim: String = self.meta("dim")?;
        let dim = dim.parse().map_err(|error| {
            self.failed()(rusqlite::Error::FromSqlConversionFailure(
                0,
                Type::Text,
                Box::new(error),
            ))
        })?;
        Ok(EmbedderInfo {
            model: self.meta("model")?,
            precision: self.meta("precision")?,
            fingerprint: self.meta("fingerprint")?,
            dim,
        })
    }

    fn meta<T: rusqlite::types::FromSql>(&self, key: &str) -> Result<T> {
        let mut select = self
            .transaction
            .prepare_cached("SELECT value FROM meta WHERE key = ?")
            .map_err(self.failed())?;
        select
            .query_row([key], |row| row.get(0))
            .map_err(self.failed())
    }

    /// The number of papers.
    pub(crate) fn count(&self) -> Result<usize> {
        let sql = "SELECT count(*) FROM papers";
        let count: i64 = self
            .transaction
            .query_row(sql, [], |row| row.get(0))
            .map_err(self.failed())?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// The paper with this id.
    pub(crate) fn find(&self, id: &str) -> Result<Option<StoredPaper>> {
        let sql = format!("SELECT {FIELDS}, row, text_hash FROM papers WHERE id = ?");
        let mut select = self
            .transaction
            .prepare_cached(&sql)
            .map_err(self.failed())?;
        let stored = |row: &Row<'_>| {
            let text_hash = row.get("text_hash")?;
            Ok(StoredPaper {
                row: RowId::new(row.get("row")?),
                text_hash,
                paper: paper_of(row)?,
            })
        };
        select
            .query_row([id], stored)
            .optional()
            .map_err(self.failed())
    }

    /// The paper whose vector is in this row.
    pub(crate) fn at(&self, row: RowId) -> Result<Paper> {
        let sql = format!("SELECT {FIELDS} FROM papers WHERE row = ?");
        let mut select = self
            .transaction
            .prepare_cached(&sql)
            .map_err(self.failed())?;
        select
            .query_row([row.get()], paper_of)
            .map_err(self.failed())
    }

    /// All ids, in the order of the rows.
    pub(crate) fn ids(&self) -> Result<Vec<String>> {
        let ids = || -> rusqlite::Result<Vec<String>> {
            let mut select = self
                .transaction
                .prepare("SELECT id FROM papers ORDER BY row")?;
            select.query_map([], |row| row.get(0))?.collect()
        };
        ids().map_err(self.failed())
    }

    /// The rows of the papers that pass `filter`.
    pub(crate) fn rows(&self, filter: &Filter) -> Result<RoaringBitmap> {
        let rows = || -> rusqlite::Result<RoaringBitmap> {
            let by_year = if filter.years.is_some() {
                "WHERE year BETWEEN ? AND ?"
            } else {
                ""
            };
            let sql = format!("SELECT row, venue, authors, categories FROM papers {by_year}");
            let mut select = self.transaction.prepare_cached(&sql)?;
            let mut found = match filter.years {
                Some((first, last)) => select.query(params![first, last])?,
                None => select.query([])?,
            };
            let mut rows = RoaringBitmap::new();
            while let Some(row) = found.next()? {
                let venue = row.get_ref(1)?.as_str_or_null()?;
                let (authors, categories): (Vec<_>, Vec<_>) = (list_of(row, 2)?, list_of(row, 3)?);
                let authors: Vec<_> = authors.iter().map(String::as_str).collect();
                let categories: Vec<_> = categories.iter().map(String::as_str).collect();
                if filter.allows(venue, &authors, &categories) {
                    rows.insert(row.get(0)?);
                }
            }
            Ok(rows)
        };
        rows().map_err(self.failed())
    }

    /// Writes a paper whose vector is in `row`; the id must be free.
    pub(crate) fn insert(&self, row: RowId, text_hash: &TextHash, paper: &Paper) -> Result<()> {
        let sql = "INSERT INTO papers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        self.write(sql, row, text_hash, paper)
    }

    /// Writes what is known about a paper that keeps its vector.
    pub(crate) fn update(&self, row: RowId, text_hash: &TextHash, paper: &Paper) -> Result<()> {
        let sql = "UPDATE papers SET id = ?2, title = ?3, abstract = ?4, authors = ?5, year = ?6, \
                   venue = ?7, url = ?8, categories = ?9, text_hash = ?10 WHERE row = ?1";
        self.write(sql, row, text_hash, paper)
    }

    fn write(&self, sql: &str, row: RowId, text_hash: &TextHash, paper: &Paper) -> Result<()> {
        let write = || {
            self.transaction.prepare_cached(sql)?.execute(params![
                row.get(),
                paper.id,
                paper.title,
                paper.abstract_text,
                json_list(&paper.authors),
                paper.year,
                paper.venue,
                paper.url,
                json_list(&paper.categories),
                text_hash,
            ])
        };
        write().map(drop).map_err(self.failed())
    }

    /// Takes a paper away.
    pub(crate) fn delete(&self, row: RowId) -> Result<()> {
        let delete = || {
            self.transaction
                .prepare_cached("DELETE FROM papers WHERE row = ?")?
                .execute([row.get()])
        };
        delete().map(drop).map_err(self.failed())
    }

    /// Makes the change, the new manifest included, and returns the new generation.
    pub(crate) fn commit(self, manifest: &Manifest) -> Result<i64> {
        let failed = self.failed();
        let generation = self.generation()? + 1;
        let transaction = self.transaction;
        let commit = || {
            let sql = "UPDATE meta SET value = ? WHERE key = ?";
            transaction.execute(sql, params![manifest.to_json(), "manifest"])?;
            transaction.execute(sql, params![generation, "generation"])?;
            transaction.commit()
        };
        commit().map_err(failed)?;
        Ok(generation)
    }
}

fn paper_of(row: &Row<'_>) -> rusqlite::Result<Paper> {
    Ok(Paper {
        id: row.get(0)?,
        title: row.get(1)?,
        abstract_text: row.get(2)?,
        authors: list_of(row, 3)?,
        year: row.get(4)?,
        venue: row.get(5)?,
        url: row.get(6)?,
        categories: list_of(row, 7)?,
    })
}

/// A list of strings, kept as JSON so that `SQLite`'s own functions can read it.
fn json_list(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

fn list_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let json = row.get_ref(column)?.as_str()?;
    serde_json::from_str(json).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
