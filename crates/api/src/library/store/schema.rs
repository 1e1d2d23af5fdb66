//! The tables of `papers.sqlite`, and how a paper and a metadata value become rows of them.

use cognate_index::RowId;
use rusqlite::types::{Type, Value, ValueRef};
use rusqlite::{Connection, Row, params};

use super::damage::damaged;
use crate::Paper;

/// Marks the `SQLite` file as a Cognate library (`PRAGMA application_id`): "Cogn".
pub(super) const APPLICATION_ID: i64 = 0x436f_676e;

/// The version of the tables (`PRAGMA user_version`).
pub(super) const FORMAT_VERSION: i64 = 3;

/// The earliest version that is upgraded when a library is opened.
pub(super) const OLDEST_VERSION: i64 = 2;

pub(super) const TABLES: &str = "
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

/// The keyword index. It is given the index terms of a paper, separated by spaces, so its tokenizer has
/// nothing to do but split at spaces: every other character that a term may have counts as a letter.
pub(super) const KEYWORD_INDEX: &str = "
    CREATE VIRTUAL TABLE keywords USING fts5(
        title, abstract,
        content = '', contentless_delete = 1,
        tokenize = \"ascii tokenchars '+#'\"
    );";

/// The columns that [`StoredPaper::from_row`] reads, in its order.
pub(super) const COLUMNS: &str = "row, id, title, abstract, authors, year, venue, url, categories, \
                                  doi, arxiv, cites, text_hash, checksum";

pub(super) const INSERT_PAPER: &str = "INSERT INTO papers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
                                       ?9, ?10, ?11, ?12, ?13, ?14)";

pub(super) const UPDATE_PAPER: &str = "UPDATE papers SET id = ?2, title = ?3, abstract = ?4, authors = ?5, year = ?6, venue = ?7, \
     url = ?8, categories = ?9, doi = ?10, arxiv = ?11, cites = ?12, text_hash = ?13, \
     checksum = ?14 WHERE row = ?1";

/// The number of columns that the checksum covers; the checksum is the column after them.
const CHECKSUMMED: usize = 13;

/// The BLAKE3 hash, cut to 16 bytes, of the text that was embedded for a paper.
pub(crate) type TextHash = [u8; 16];

/// A paper with the row of its vector.
#[derive(Debug)]
pub(crate) struct StoredPaper {
    pub(crate) row: RowId,
    pub(crate) text_hash: TextHash,
    pub(crate) paper: Paper,
}

impl StoredPaper {
    /// Reads a row of [`COLUMNS`], after comparing it with its checksum.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let columns = (0..CHECKSUMMED).map(|column| row.get_ref(column));
        let columns = columns.collect::<rusqlite::Result<Vec<_>>>()?;
        if row.get_ref(CHECKSUMMED)?.as_i64_or_null()? != Some(checksum(columns)) {
            return Err(damaged(format!(
                "the paper in row {}",
                row.get::<_, i64>(0)?
            )));
        }
        let mut paper = Paper::new(row.get::<_, String>(1)?);
        paper.title = row.get(2)?;
        paper.abstract_text = row.get(3)?;
        paper.authors = list_from_json(row, 4)?;
        paper.year = row.get(5)?;
        paper.venue = row.get(6)?;
        paper.url = row.get(7)?;
        paper.categories = list_from_json(row, 8)?;
        paper.doi = row.get(9)?;
        paper.arxiv = row.get(10)?;
        paper.references = list_from_json(row, 11)?;
        Ok(Self {
            row: RowId::new(row.get(0)?),
            paper,
            text_hash: row.get(12)?,
        })
    }
}

/// Returns the values of a paper's columns, the checksum last.
pub(super) fn column_values(row: RowId, text_hash: &TextHash, paper: &Paper) -> Vec<Value> {
    let mut values: Vec<Value> = vec![
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
    ];
    values.push(checksum(values.iter().map(ValueRef::from)).into());
    values
}

/// Serializes a list of strings as JSON, which `SQLite`'s own functions can read.
fn json_list(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

fn list_from_json(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let json = row.get_ref(column)?.as_str()?;
    serde_json::from_str(json).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

/// Computes the CRC-32 of a sequence of values, each preceded by its type and its length so that two
/// different sequences never have the same bytes. `SQLite` itself does not notice a changed byte.
pub(super) fn checksum<'a>(values: impl IntoIterator<Item = ValueRef<'a>>) -> i64 {
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

/// Writes a metadata value with its checksum.
pub(super) fn set_meta(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<usize> {
    let checksum = checksum([ValueRef::from(key), ValueRef::from(value)]);
    let sql = "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)";
    connection.execute(sql, params![key, value, checksum])
}
