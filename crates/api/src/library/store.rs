mod keywords;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use cognate_index::{Manifest, RowId, RowMap};
use rusqlite::types::{Type, Value, ValueRef};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Row, ToSql, Transaction,
    TransactionBehavior, params, params_from_iter,
};

use crate::embed::EmbedderInfo;
use crate::library::background_similarity::PairCosines;
use crate::{Error, Paper, Result};

/// Marks the `SQLite` file as ours (`PRAGMA application_id`): "Cogn".
const APPLICATION_ID: i64 = 0x436f_676e;

/// The version of the tables (`PRAGMA user_version`).
const FORMAT_VERSION: i64 = 2;

const FILE: &str = "papers.sqlite";

const SCHEMA: &str = "
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        checksum INTEGER NOT NULL
    ) WITHOUT ROWID;
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
        doi TEXT,
        arxiv TEXT,
        cites TEXT NOT NULL,
        text_hash BLOB NOT NULL,
        checksum INTEGER NOT NULL
    );";

/// The columns of a paper, as [`StoredPaper::of`] reads them.
const COLUMNS: &str = "row, id, title, abstract, authors, year, venue, url, categories, doi, \
                       arxiv, cites, text_hash, checksum";

const INDEX_OF_IDS: &str = "its index of ids";

/// The name of the cosines of random pairs.
const PAIRS: &str = "pair_cosines";

const KEYWORDS: &str = "its index of keywords";

/// The number of those that the checksum, the last one, is made of.
const CHECKED: usize = 13;

/// What the text of a paper was when it was embedded: the start of its BLAKE3 hash.
pub(crate) type TextHash = [u8; 16];

/// The table of papers, which also holds the manifest of the vectors: whatever belongs together
/// changes in one transaction.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    connection: Connection,
    checked: Checked,
}

/// The generations at which indexes of the table, which might hide a paper where a byte of them was
/// changed, were last seen to be right.
#[derive(Debug, Default)]
struct Checked {
    ids: Cell<Option<i64>>,
    keywords: Cell<Option<i64>>,
}

/// A paper as it is stored.
#[derive(Debug)]
pub(crate) struct StoredPaper {
    pub(crate) row: RowId,
    pub(crate) text_hash: TextHash,
    pub(crate) paper: Paper,
}

impl StoredPaper {
    /// Compares a row of [`COLUMNS`] with its checksum, and reads it.
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let columns = (0..CHECKED).map(|column| row.get_ref(column));
        let columns = columns.collect::<rusqlite::Result<Vec<_>>>()?;
        if row.get_ref(CHECKED)?.as_i64_or_null()? != Some(checksum(columns)) {
            return Err(damaged(format!(
                "the paper in row {}",
                row.get::<_, i64>(0)?
            )));
        }
        let mut paper = Paper::new(row.get::<_, String>(1)?);
        paper.title = row.get(2)?;
        paper.abstract_text = row.get(3)?;
        paper.authors = list_of(row, 4)?;
        paper.year = row.get(5)?;
        paper.venue = row.get(6)?;
        paper.url = row.get(7)?;
        paper.categories = list_of(row, 8)?;
        paper.doi = row.get(9)?;
        paper.arxiv = row.get(10)?;
        paper.references = list_of(row, 11)?;
        Ok(Self {
            row: RowId::new(row.get(0)?),
            paper,
            text_hash: row.get(12)?,
        })
    }
}

/// CRC-32 of values, each with its kind and length before it, which keep them apart. `SQLite` itself
/// would not notice a changed byte.
fn checksum<'a>(values: impl IntoIterator<Item = ValueRef<'a>>) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    for value in values {
        let (kind, bytes): (u8, &[u8]) = match &value {
            ValueRef::Null => (0, &[]),
            ValueRef::Integer(number) => (1, &number.to_le_bytes()),
            ValueRef::Real(number) => (2, &number.to_le_bytes()),
            ValueRef::Text(text) => (3, text),
            ValueRef::Blob(bytes) => (4, bytes),
        };
        hasher.update(&[kind]);
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    i64::from(hasher.finalize())
}

/// A checksum that does not match; [`failed`] makes an [`Error::Damaged`] of it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Damaged(String);

fn damaged(what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(CHECKED, Type::Integer, Box::new(Damaged(what)))
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
        let store = Self::new(path, connection);
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
        let mut store = Self::new(path, connection);
        let mut write = || -> rusqlite::Result<()> {
            let transaction = store
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute_batch(SCHEMA)?;
            transaction.execute_batch(keywords::SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", FORMAT_VERSION)?;
            let dim = embedder.dim.to_string();
            for (key, value) in [
                ("model", embedder.model.as_str()),
                ("precision", &embedder.precision),
                ("fingerprint", &embedder.fingerprint),
                ("dim", &dim),
                ("manifest", &manifest.to_json()),
                ("generation", "0"),
                (PAIRS, "null"),
            ] {
                set_meta(&transaction, key, value)?;
            }
            transaction.commit()
        };
        let outcome = write();
        outcome.map_err(store.failed("write"))?;
        let view = store.write()?;
        view.commit(manifest)?;
        Ok(store)
    }

    fn new(path: PathBuf, connection: Connection) -> Self {
        Self {
            path,
            connection,
            checked: Checked::default(),
        }
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
            checked: &self.checked,
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
    move |source| match source {
        rusqlite::Error::FromSqlConversionFailure(_, _, cause) if cause.is::<Damaged>() => {
            let what = cause.to_string();
            Error::Damaged { path, what }
        }
        source => Error::Store {
            act,
            path,
            source: source.into(),
        },
    }
}

fn set_meta(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<usize> {
    let checksum = checksum([ValueRef::from(key), ValueRef::from(value)]);
    let sql = "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)";
    connection.execute(sql, params![key, value, checksum])
}

/// The table within one transaction.
pub(crate) struct View<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
    act: &'static str,
    checked: &'a Checked,
}

impl View<'_> {
    fn failed(&self) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
        failed(self.act, self.path)
    }

    /// The error that says what of the file is damaged.
    pub(crate) fn damaged(&self, what: String) -> Error {
        self.failed()(damaged(what))
    }

    /// Counts the commits.
    pub(crate) fn generation(&self) -> Result<i64> {
        self.number("generation")
    }

    /// The live vectors.
    pub(crate) fn manifest(&self) -> Result<Manifest> {
        let json: String = self.meta("manifest")?;
        let dir = self.path.parent().unwrap_or(self.path);
        Manifest::from_json(&json, self.path).map_err(Error::index(dir))
    }

    /// The embedder that made the vectors.
    pub(crate) fn embedder(&self) -> Result<EmbedderInfo> {
        Ok(EmbedderInfo {
            model: self.meta("model")?,
            precision: self.meta("precision")?,
            fingerprint: self.meta("fingerprint")?,
            dim: self.number("dim")?,
        })
    }

    /// How the cosines of random pairs of papers were spread when that was last looked at.
    pub(crate) fn pair_cosines(&self) -> Result<Option<PairCosines>> {
        let json = self.meta(PAIRS)?;
        serde_json::from_str(&json).map_err(|_| self.damaged(format!("`{PAIRS}`")))
    }

    pub(crate) fn set_pair_cosines(&self, pairs: &PairCosines) -> Result<()> {
        let json = serde_json::to_string(&Some(pairs)).unwrap_or_default();
        set_meta(&self.transaction, PAIRS, &json)
            .map(drop)
            .map_err(self.failed())
    }

    fn number<T: FromStr>(&self, key: &str) -> Result<T> {
        self.meta(key)?
            .parse()
            .map_err(|_| self.damaged(format!("`{key}`")))
    }

    fn meta(&self, key: &str) -> Result<String> {
        let meta = || {
            let sql = "SELECT key, value, checksum FROM meta WHERE key = ?";
            let mut select = self.transaction.prepare_cached(sql)?;
            select.query_row([key], |row| {
                let expected = checksum([row.get_ref(0)?, row.get_ref(1)?]);
                if row.get_ref(2)?.as_i64_or_null()? == Some(expected) {
                    row.get(1)
                } else {
                    Err(damaged(format!("`{key}`")))
                }
            })
        };
        meta().map_err(self.failed())
    }

    /// The paper with this id.
    ///
    /// The first time that there is none, it is made sure that the index of ids hides none: a
    /// changed byte in it would go unnoticed, and the paper might be added twice. That takes as long
    /// as reading all papers.
    pub(crate) fn find(&self, id: &str) -> Result<Option<StoredPaper>> {
        let found = self.one("id = ?", id)?;
        match &found {
            Some(stored) if stored.paper.id != id => Err(self.damaged(INDEX_OF_IDS.to_owned())),
            Some(_) => Ok(found),
            None => self.check_ids().map(|()| None),
        }
    }

    fn check_ids(&self) -> Result<()> {
        let generation = Some(self.generation()?);
        if self.checked.ids.get() == generation {
            return Ok(());
        }
        let mut found = 0;
        let mut check = || {
            let mut all = self
                .transaction
                .prepare("SELECT row, id FROM papers NOT INDEXED")?;
            let mut by_id = self
                .transaction
                .prepare("SELECT row FROM papers WHERE id = ?")?;
            let mut papers = all.query([])?;
            while let Some(paper) = papers.next()? {
                let id = paper.get_ref(1)?.as_str()?;
                let row: Option<i64> = by_id.query_row([id], |row| row.get(0)).optional()?;
                if row != Some(paper.get(0)?) {
                    return Err(damaged(INDEX_OF_IDS.to_owned()));
                }
                found += 1;
            }
            Ok(())
        };
        check().map_err(self.failed())?;
        self.check_count(found)?;
        self.checked.ids.set(generation);
        Ok(())
    }

    /// The paper whose vector is in this row.
    pub(crate) fn at(&self, row: RowId) -> Result<Paper> {
        let stored = self.one("row = ?", row.get())?;
        stored
            .map(|stored| stored.paper)
            .ok_or_else(|| self.damaged(format!("the paper in row {row}, which is missing")))
    }

    fn one(&self, condition: &str, value: impl ToSql) -> Result<Option<StoredPaper>> {
        let one = || {
            let sql = format!("SELECT {COLUMNS} FROM papers WHERE {condition}");
            let mut select = self.transaction.prepare_cached(&sql)?;
            select.query_row([value], StoredPaper::of).optional()
        };
        one().map_err(self.failed())
    }

    /// Calls `act` with every paper, in the order of the rows. Fails in the end if there are not as
    /// many as vectors: what damage hides is missed.
    pub(crate) fn for_each(&self, mut act: impl FnMut(StoredPaper)) -> Result<()> {
        let mut found = 0;
        let mut all = || {
            // By the table itself: an index might hide a paper.
            let sql = format!("SELECT {COLUMNS} FROM papers NOT INDEXED ORDER BY row");
            let mut select = self.transaction.prepare_cached(&sql)?;
            let mut papers = select.query([])?;
            while let Some(row) = papers.next()? {
                act(StoredPaper::of(row)?);
                found += 1;
            }
            Ok(())
        };
        all().map_err(self.failed())?;
        self.check_count(found)
    }

    /// Compares the number of papers found with that of the vectors that are not deleted.
    fn check_count(&self, found: u64) -> Result<()> {
        let manifest = self.manifest()?;
        let expected = u64::from(manifest.rows()) - manifest.deleted().len();
        if found == expected {
            return Ok(());
        }
        let what = format!("its table of papers, which has {found} of {expected}");
        Err(self.damaged(what))
    }

    /// What `SQLite` itself finds wrong with its file, in its words; nothing as a rule.
    pub(crate) fn integrity(&self) -> Result<Vec<String>> {
        let check = || -> rusqlite::Result<Vec<String>> {
            let mut select = self.transaction.prepare("PRAGMA integrity_check")?;
            let lines: Vec<String> = select
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(lines.into_iter().filter(|line| line != "ok").collect())
        };
        check().map_err(self.failed())
    }

    /// Writes a paper whose vector is in `row`; the id must be free.
    pub(crate) fn insert(&self, row: RowId, text_hash: &TextHash, paper: &Paper) -> Result<()> {
        let sql = "INSERT INTO papers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, \
                   ?12, ?13, ?14)";
        self.write(sql, row, text_hash, paper)?;
        self.add_keywords(row, paper).map_err(self.failed())
    }

    /// Writes what is known about a paper that keeps its vector.
    pub(crate) fn update(&self, row: RowId, text_hash: &TextHash, paper: &Paper) -> Result<()> {
        let before = self.at(row)?;
        let sql = "UPDATE papers SET id = ?2, title = ?3, abstract = ?4, authors = ?5, year = ?6, \
                   venue = ?7, url = ?8, categories = ?9, doi = ?10, arxiv = ?11, \
                   cites = ?12, text_hash = ?13, checksum = ?14 \
                   WHERE row = ?1";
        self.write(sql, row, text_hash, paper)?;
        if (&before.title, &before.abstract_text) == (&paper.title, &paper.abstract_text) {
            return Ok(());
        }
        self.remove_keywords(row, &before)
            .and_then(|()| self.add_keywords(row, paper))
            .map_err(self.failed())
    }

    fn write(&self, sql: &str, row: RowId, text_hash: &TextHash, paper: &Paper) -> Result<()> {
        let columns = columns(row, text_hash, paper);
        let checksum = checksum(columns.iter().map(ValueRef::from));
        let columns = columns.into_iter().chain([checksum.into()]);
        let write = || {
            let mut statement = self.transaction.prepare_cached(sql)?;
            statement.execute(params_from_iter(columns))
        };
        write().map(drop).map_err(self.failed())
    }

    /// Gives every paper the row that its vector has after a merge, and makes the index of keywords
    /// again.
    pub(crate) fn renumber(&self, map: &RowMap) -> Result<()> {
        /// Papers that are in memory at a time.
        const PAPERS: usize = 256;
        let Some(first) = map.dropped().min() else {
            return Ok(());
        };
        let expected = u64::from(map.rows() - first) - map.dropped().len();
        let mut found = 0;
        let mut renumber = || {
            let sql = format!(
                "SELECT {COLUMNS} FROM papers NOT INDEXED WHERE row >= ? ORDER BY row LIMIT {PAPERS}"
            );
            let mut select = self.transaction.prepare(&sql)?;
            let sql = "UPDATE papers SET row = ?, checksum = ? WHERE row = ?";
            let mut update = self.transaction.prepare(sql)?;
            let mut next = i64::from(first);
            loop {
                // No paper is moved while the table is read; each moves down, to a row that is free.
                let papers = select.query_map([next], StoredPaper::of)?;
                let papers = papers.collect::<rusqlite::Result<Vec<_>>>()?;
                let Some(last) = papers.last() else {
                    return Ok(());
                };
                next = i64::from(last.row.get()) + 1;
                found += papers.len() as u64;
                for StoredPaper {
                    row,
                    text_hash,
                    paper,
                } in papers
                {
                    let new = map.get(row).ok_or_else(|| {
                        damaged(format!(
                            "the paper in row {row}, of which there is no vector"
                        ))
                    })?;
                    let columns = columns(new, &text_hash, &paper);
                    let checksum = checksum(columns.iter().map(ValueRef::from));
                    update.execute([i64::from(new.get()), checksum, i64::from(row.get())])?;
                }
            }
        };
        renumber().map_err(self.failed())?;
        if found == expected {
            // Its entries have the numbers of rows.
            return self.rebuild_keywords();
        }
        let what =
            format!("its table of papers, which has {found} of {expected} from row {first} on");
        Err(self.damaged(what))
    }

    /// Takes a paper away.
    pub(crate) fn delete(&self, row: RowId) -> Result<()> {
        let paper = self.at(row)?;
        let delete = || {
            self.remove_keywords(row, &paper)?;
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
        self.seal_keywords().map_err(self.failed())?;
        let checked = self.checked;
        let transaction = self.transaction;
        let commit = || {
            set_meta(&transaction, "manifest", &manifest.to_json())?;
            set_meta(&transaction, "generation", &generation.to_string())?;
            transaction.commit()
        };
        commit().map_err(failed)?;
        // What SQLite itself adds to a sound index, it finds.
        for checked in [&checked.ids, &checked.keywords] {
            if checked.get() == Some(generation - 1) {
                checked.set(Some(generation));
            }
        }
        Ok(generation)
    }
}

/// The columns of a paper that its checksum is made of.
fn columns(row: RowId, text_hash: &TextHash, paper: &Paper) -> [Value; CHECKED] {
    [
        row.get().into(),
        paper.id.clone().into(),
        paper.title.clone().into(),
        paper.abstract_text.clone().into(),
        json_list(&paper.authors).into(),
        paper.year.into(),
        paper.venue.clone().into(),
        paper.url.clone().into(),
        json_list(&paper.categories).into(),
        paper.doi.clone().into(),
        paper.arxiv.clone().into(),
        json_list(&paper.references).into(),
        text_hash.to_vec().into(),
    ]
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
