//! The tables of `papers.sqlite`, and how a paper and a metadata value become rows of them.

use rusqlite::types::{Type, Value, ValueRef};
use rusqlite::{Connection, Row, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::damage::damaged;
use crate::{Details, Name, Paper};

/// Marks the `SQLite` file as a Cognate library (`PRAGMA application_id`): "Cogn".
pub(super) const APPLICATION_ID: i64 = 0x436f_676e;

/// The version of the tables (`PRAGMA user_version`).
pub(super) const FORMAT_VERSION: i64 = 6;

/// The earliest version that is upgraded when a library is opened.
pub(super) const OLDEST_VERSION: i64 = 2;

/// The earliest version with files of terms beside the vectors.
pub(crate) const FIRST_WITH_TERMS: i64 = 4;

/// The earliest version with a column for bibliographic details.
pub(super) const FIRST_WITH_DETAILS: i64 = 5;

/// The size of a page of a new file in bytes. Papers of one to two kilobytes fill larger pages better than
/// pages of the default size.
pub(super) const PAGE_SIZE: i64 = 16_384;

pub(super) const META_TABLE: &str = "\
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    checksum INTEGER NOT NULL
) WITHOUT ROWID";

/// The papers. `key` is the key of the paper's row in the inverted index, which finds papers by their ids.
/// `details` is a JSON object of [`FurtherData`], or null if there is none. `added` is the day on which the paper was
/// added, or null if it is not known.
pub(super) const PAPERS_TABLE: &str = "\
CREATE TABLE papers (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
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
    checksum INTEGER NOT NULL,
    details TEXT,
    added TEXT
)";

/// The papers on lists, by the names of the lists and the ids of the papers. An id stays with a paper whose data
/// change, and a key does not.
pub(super) const LIST_ENTRIES_TABLE: &str = "\
CREATE TABLE list_entries (
    list TEXT NOT NULL,
    id TEXT NOT NULL,
    note TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (list, id)
) WITHOUT ROWID";

/// Turns the tables of formats 2 and 3 into the tables of format 4. Their keys were the numbers of the rows, and
/// an index of ids remains.
pub(super) const UPGRADE_TO_4: &str = "
    DROP TABLE keywords;
    ALTER TABLE papers RENAME COLUMN row TO key;";

/// Turns the tables of format 4 into the tables of format 5.
pub(super) const UPGRADE_TO_5: &str = "ALTER TABLE papers ADD COLUMN details TEXT;";

/// Turns the table of papers of format 5 into the table of format 6.
pub(super) const UPGRADE_TO_6: &str = "ALTER TABLE papers ADD COLUMN added TEXT;";

/// The columns that [`StoredPaper::from_row`] reads, in its order.
pub(super) const COLUMNS: &str = "key, id, title, abstract, authors, year, venue, url, categories, \
                                  doi, arxiv, cites, text_hash, checksum, details, added";

pub(super) const INSERT_PAPER: &str = "INSERT INTO papers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
                                       ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

/// Checks that the file has the tables of this format and nothing else: a trigger or a view could run
/// statements of a stranger. Returns what is unexpected.
pub(super) fn unexpected_schema(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let normalized = |sql: &str| -> String {
        let spaced = sql
            .replace(',', " , ")
            .replace('(', " ( ")
            .replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        words.join(" ").to_lowercase()
    };
    let with_id_index = PAPERS_TABLE.replace("id TEXT NOT NULL", "id TEXT NOT NULL UNIQUE");
    let expected = [META_TABLE, PAPERS_TABLE, LIST_ENTRIES_TABLE, &with_id_index].map(normalized);
    let mut select = connection.prepare("SELECT type, name, sql FROM sqlite_schema")?;
    let mut rows = select.query([])?;
    let mut tables = 0;
    while let Some(row) = rows.next()? {
        let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
        let sql: Option<String> = row.get(2)?;
        let is_expected = match (kind.as_str(), &sql) {
            // The indexes that SQLite makes for a table.
            ("index", None) => true,
            ("table", Some(sql)) => {
                tables += 1;
                expected.contains(&normalized(sql))
            }
            _ => false,
        };
        if !is_expected {
            return Ok(Some(format!("the {kind} `{name}`")));
        }
    }
    Ok((tables != 3).then(|| format!("{tables} tables")))
}

/// The number of columns before the checksum, which covers them and the columns after it up to the last one that
/// is not null.
const CHECKSUMMED: usize = 13;

/// The data of a paper in the column `details`.
#[derive(Default, Deserialize, Serialize)]
struct FurtherData {
    /// The authors, if the parts of a name cannot be inferred from the column `authors`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    author_names: Vec<Name>,
    #[serde(flatten)]
    details: Details,
}

/// The BLAKE3 hash, cut to 16 bytes, of the text that was embedded for a paper.
pub(crate) type TextHash = [u8; 16];

/// A paper as the table has it.
#[derive(Debug)]
pub(crate) struct StoredPaper {
    pub(crate) key: u64,
    pub(crate) text_hash: TextHash,
    pub(crate) paper: Paper,
}

impl StoredPaper {
    /// Reads a row of [`COLUMNS`], after comparing it with its checksum.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let columns = (0..CHECKSUMMED).map(|column| row.get_ref(column));
        let mut columns = columns.collect::<rusqlite::Result<Vec<_>>>()?;
        let details = row.get_ref(CHECKSUMMED + 1)?;
        let added = row.get_ref(CHECKSUMMED + 2)?;
        columns.extend(covered_later(details, added));
        if row.get_ref(CHECKSUMMED)?.as_i64_or_null()? != Some(checksum(columns)) {
            return Err(damaged(format!(
                "the paper with the key {}",
                row.get::<_, i64>(0)?
            )));
        }
        let mut paper = Paper::new(row.get::<_, String>(1)?);
        paper.title = row.get(2)?;
        paper.abstract_text = row.get(3)?;
        paper.authors = list_from_json(row, 4)?.into_iter().map(Name::new).collect();
        paper.year = row.get(5)?;
        paper.venue = row.get(6)?;
        paper.url = row.get(7)?;
        paper.categories = list_from_json(row, 8)?;
        paper.doi = row.get(9)?;
        paper.arxiv = row.get(10)?;
        paper.references = list_from_json(row, 11)?;
        if let Some(json) = details.as_str_or_null()? {
            let data: FurtherData = from_json(CHECKSUMMED + 1, json)?;
            paper.details = data.details;
            if data.author_names.len() == paper.authors.len() {
                paper.authors = data.author_names;
            }
        }
        if let Some(added) = added.as_str_or_null()? {
            let column = CHECKSUMMED + 2;
            let added = added.parse().map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
            });
            paper.added = Some(added?);
        }
        Ok(Self {
            key: row.get::<_, i64>(0)?.cast_unsigned(),
            paper,
            text_hash: row.get(12)?,
        })
    }
}

/// Returns the columns after the checksum that it covers.
fn covered_later<'a>(details: ValueRef<'a>, added: ValueRef<'a>) -> Vec<ValueRef<'a>> {
    let columns = [details, added];
    let is_set = |column: &ValueRef<'_>| *column != ValueRef::Null;
    let covered = columns.iter().rposition(is_set).map_or(0, |at| at + 1);
    columns[..covered].to_vec()
}

/// Returns the values of a paper's columns.
pub(super) fn column_values(key: u64, text_hash: &TextHash, paper: &Paper) -> Vec<Value> {
    let mut values: Vec<Value> = vec![
        sql_key(key).into(),
        paper.id.clone().into(),
        paper.title.clone().into(),
        paper.abstract_text.clone().into(),
        json_list(paper.authors.iter().map(Name::full)).into(),
        paper.year.into(),
        paper.venue.clone().into(),
        paper.url.clone().into(),
        json_list(paper.categories.iter().map(String::as_str)).into(),
        paper.doi.clone().into(),
        paper.arxiv.clone().into(),
        json_list(paper.references.iter().map(String::as_str)).into(),
        text_hash.to_vec().into(),
    ];
    let details = further_data(paper).unwrap_or(Value::Null);
    let added = paper
        .added
        .map_or(Value::Null, |day| day.to_string().into());
    let later = covered_later(ValueRef::from(&details), ValueRef::from(&added));
    let covered = values.iter().map(ValueRef::from).chain(later);
    values.push(checksum(covered).into());
    values.extend([details, added]);
    values
}

/// Returns the value of the column `details`, or `None` for null.
fn further_data(paper: &Paper) -> Option<Value> {
    let are_inferred = paper.authors.iter().all(Name::is_inferred);
    if are_inferred && paper.details.is_empty() {
        return None;
    }
    let data = FurtherData {
        author_names: if are_inferred {
            Vec::new()
        } else {
            paper.authors.clone()
        },
        details: paper.details.clone(),
    };
    // The fields are texts and numbers, which JSON can hold.
    serde_json::to_string(&data).ok().map(Value::from)
}

/// Converts a key to a number of `SQLite`, which has no larger ones.
pub(super) fn sql_key(key: u64) -> i64 {
    i64::try_from(key).unwrap_or(i64::MAX)
}

/// Serializes a list of strings as JSON, which `SQLite`'s own functions can read.
fn json_list<'a>(list: impl Iterator<Item = &'a str>) -> String {
    list.collect::<serde_json::Value>().to_string()
}

fn list_from_json(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    from_json(column, row.get_ref(column)?.as_str()?)
}

fn from_json<T: DeserializeOwned>(column: usize, json: &str) -> rusqlite::Result<T> {
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
