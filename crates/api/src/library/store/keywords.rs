//! The keyword index: words of titles and abstracts, in an FTS5 table of `SQLite`.

use cognate_index::RowId;
use rusqlite::params;
use rusqlite::types::ValueRef;

use super::{View, checksum, set_meta};
use crate::{Paper, Result};

/// The words are those of Unicode without accents, cut back by Porter's rules. The texts stay in the
/// table of papers alone.
pub(super) const SCHEMA: &str = "
    CREATE VIRTUAL TABLE keywords USING fts5(
        title, abstract,
        content = 'papers', content_rowid = 'row',
        tokenize = 'porter unicode61 remove_diacritics 2'
    );";

/// What one word counts in a title, if it counts 1 in an abstract.
const TITLE_WEIGHT: f64 = 1.0;

const CHECKSUM: &str = "keywords";

/// The tables that FTS5 keeps the index in, with their columns.
const TABLES: [(&str, &str); 4] = [
    ("keywords_config", "k, v"),
    ("keywords_data", "id, block"),
    ("keywords_docsize", "id, sz"),
    ("keywords_idx", "segid, term, pgno"),
];

impl View<'_> {
    /// The rows that have any of the words of `expression`, in FTS5's query language, with BM25, a
    /// positive number, best first, ties by ascending row; as long as `take` answers with yes.
    ///
    /// The first time, the index is compared with its checksum, which reads all of it.
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
        hits().map_err(self.failed())
    }

    pub(super) fn add_keywords(&self, row: RowId, paper: &Paper) -> rusqlite::Result<()> {
        let sql = "INSERT INTO keywords (rowid, title, abstract) VALUES (?, ?, ?)";
        self.transaction
            .prepare_cached(sql)?
            .execute(params![row.get(), paper.title, paper.abstract_text])
            .map(drop)
    }

    /// `paper` is what was added: FTS5 finds by it what to take away.
    pub(super) fn remove_keywords(&self, row: RowId, paper: &Paper) -> rusqlite::Result<()> {
        let sql = "INSERT INTO keywords (keywords, rowid, title, abstract) \
                   VALUES ('delete', ?, ?, ?)";
        self.transaction
            .prepare_cached(sql)?
            .execute(params![row.get(), paper.title, paper.abstract_text])
            .map(drop)
    }

    /// Makes the index from the papers.
    pub(crate) fn rebuild_keywords(&self) -> Result<()> {
        let sql = format!(
            "DROP TABLE keywords; {SCHEMA} INSERT INTO keywords (keywords) VALUES ('rebuild');"
        );
        self.transaction.execute_batch(&sql).map_err(self.failed())
    }

    /// Writes the checksum of the index as it is now.
    pub(super) fn seal_keywords(&self) -> rusqlite::Result<()> {
        // FTS5 keeps what is new in memory; a savepoint makes it write.
        self.transaction
            .execute_batch("SAVEPOINT keywords; RELEASE keywords;")?;
        let value = self.keywords_checksum()?.to_string();
        set_meta(&self.transaction, CHECKSUM, &value).map(drop)
    }

    /// Compares the index with its checksum, once for each commit that is read.
    pub(crate) fn check_keywords(&self) -> Result<()> {
        let generation = Some(self.generation()?);
        if self.checked.keywords.get() == generation {
            return Ok(());
        }
        let expected: i64 = self.number(CHECKSUM)?;
        let found = self.keywords_checksum().map_err(self.failed())?;
        if found != expected {
            return Err(self.damaged(super::KEYWORDS.to_owned()));
        }
        self.checked.keywords.set(generation);
        Ok(())
    }

    /// Over every row of every table of the index, in the order of their keys.
    fn keywords_checksum(&self) -> rusqlite::Result<i64> {
        let mut sum: i64 = 0;
        for (table, columns) in TABLES {
            // By the table itself, in the order that it is stored in.
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
