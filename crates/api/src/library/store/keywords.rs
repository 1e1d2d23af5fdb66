//! The keyword index: an FTS5 table of `SQLite` over the index terms of titles and abstracts.

use cognate_index::RowId;
use cognate_papers::text::index_words;
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, params};

use super::key;
use super::schema::{KEYWORD_INDEX, checksum, set_meta};
use super::transaction::{ReadTxn, WriteTxn};
use crate::{Paper, Result};

/// The weight of a word in a title, relative to 1 for a word in an abstract. On `SciFact`, Cranfield
/// and sentences of arXiv papers, weights of 1.5 to 4 are better than 1.
const TITLE_WEIGHT: f64 = 3.0;

/// The tables in which FTS5 keeps the index, with their columns.
const INDEX_TABLES: [(&str, &str); 4] = [
    ("keywords_config", "k, v"),
    ("keywords_data", "id, block"),
    ("keywords_docsize", "id, sz, origin"),
    ("keywords_idx", "segid, term, pgno"),
];

impl ReadTxn<'_> {
    /// Calls `take` with the rows that match `expression`, a query in the language of FTS5, and their
    /// BM25 scores (positive), best first, ties in ascending row order, until `take` returns false.
    ///
    /// The first call of a generation compares the index with its checksum, which reads all of it.
    pub(crate) fn keyword_hits(
        &self,
        expression: &str,
        mut take: impl FnMut(RowId, f64) -> bool,
    ) -> Result<()> {
        self.check_keywords()?;
        let mut hits = || {
            let sql = "SELECT rowid, -bm25(keywords, ?2, 1.0) AS score FROM keywords \
                       WHERE keywords MATCH ?1 ORDER BY score DESC, rowid";
            let mut select = self.transaction.prepare_cached(sql)?;
            let mut rows = select.query(params![expression, TITLE_WEIGHT])?;
            while let Some(row) = rows.next()? {
                if !take(RowId::new(row.get(0)?), row.get(1)?) {
                    break;
                }
            }
            Ok(())
        };
        hits().map_err(self.store_error())
    }

    /// Returns the number of papers that have a term.
    pub(crate) fn document_frequency(&self, term: &str) -> Result<u32> {
        self.check_keywords()?;
        let frequency = || {
            let sql = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.keyword_terms \
                       USING fts5vocab('main', 'keywords', 'row')";
            self.transaction.prepare_cached(sql)?.execute([])?;
            let sql = "SELECT doc FROM temp.keyword_terms WHERE term = ?";
            let mut select = self.transaction.prepare_cached(sql)?;
            select.query_row([term], |row| row.get(0)).optional()
        };
        let found = frequency().map_err(self.store_error())?;
        Ok(found.unwrap_or_default())
    }

    /// Compares the keyword index with its checksum, once for each generation.
    pub(crate) fn check_keywords(&self) -> Result<()> {
        let generation = Some(self.generation()?);
        if self.verified.keywords.get() == generation {
            return Ok(());
        }
        let expected: i64 = self.parse_meta(key::KEYWORDS_CHECKSUM)?;
        let found = self.keywords_checksum().map_err(self.store_error())?;
        if found != expected {
            return Err(self.damaged("its index of keywords".to_owned()));
        }
        self.verified.keywords.set(generation);
        Ok(())
    }

    /// Computes the checksum over every row of every table of the index, in the order of their keys.
    fn keywords_checksum(&self) -> rusqlite::Result<i64> {
        let mut sum: i64 = 0;
        for (table, columns) in INDEX_TABLES {
            let sql = format!("SELECT {columns} FROM {table}");
            let mut select = self.transaction.prepare_cached(&sql)?;
            let count = select.column_count();
            let mut rows = select.query([])?;
            let mut found: i64 = 0;
            while let Some(row) = rows.next()? {
                let values: Vec<ValueRef<'_>> = (0..count)
                    .map(|column| row.get_ref(column))
                    .collect::<rusqlite::Result<_>>()?;
                let values = values.into_iter().chain([ValueRef::Integer(sum)]);
                sum = checksum(values);
                found += 1;
            }
            sum = checksum([ValueRef::Integer(sum), ValueRef::Integer(found)]);
        }
        Ok(sum)
    }
}

impl WriteTxn<'_> {
    pub(super) fn add_keywords(&self, row: RowId, paper: &Paper) -> rusqlite::Result<()> {
        let sql = "INSERT INTO keywords (rowid, title, abstract) VALUES (?, ?, ?)";
        let (title, abstract_text) = (terms(&paper.title), terms(&paper.abstract_text));
        self.transaction
            .prepare_cached(sql)?
            .execute(params![row.get(), title, abstract_text])
            .map(drop)
    }

    /// Removes the entries of a paper.
    pub(super) fn remove_keywords(&self, row: RowId) -> rusqlite::Result<()> {
        let sql = "DELETE FROM keywords WHERE rowid = ?";
        self.transaction
            .prepare_cached(sql)?
            .execute([row.get()])
            .map(drop)
    }

    /// Rebuilds the keyword index from the papers.
    pub(crate) fn rebuild_keywords(&self) -> Result<()> {
        let sql = format!("DROP TABLE keywords; {KEYWORD_INDEX}");
        self.transaction
            .execute_batch(&sql)
            .map_err(self.store_error())?;
        let mut outcome = Ok(());
        self.for_each(|stored| {
            if outcome.is_ok() {
                outcome = self.add_keywords(stored.row, &stored.paper);
            }
        })?;
        outcome.map_err(self.store_error())
    }

    /// Stores the checksum of the keyword index as it is now.
    pub(super) fn store_keywords_checksum(&self) -> rusqlite::Result<()> {
        // FTS5 keeps new entries in memory; releasing a savepoint makes it write them.
        self.transaction
            .execute_batch("SAVEPOINT keywords; RELEASE keywords;")?;
        let value = self.keywords_checksum()?.to_string();
        set_meta(&self.transaction, key::KEYWORDS_CHECKSUM, &value).map(drop)
    }
}

/// Returns the index terms of a text, separated by spaces.
fn terms(text: &str) -> String {
    let mut terms = String::with_capacity(text.len());
    for term in index_words(text).iter().flat_map(|word| &word.terms) {
        terms.push_str(term);
        terms.push(' ');
    }
    terms
}
