//! Reading the identifiers or the titles of all papers, without their texts.

use rusqlite::{Row, params_from_iter};

use super::transaction::ReadTxn;
use crate::{Paper, Result};

/// The largest number of parts that `SQLite` searches the identifiers for. With more, all papers are read.
const MAX_PARTS: usize = 8;

impl ReadTxn<'_> {
    /// Calls `take` with the key and the identifiers of each paper: its id, its URL, its DOI and its arXiv
    /// identifier. The papers have no other fields. They are not compared with their checksums.
    ///
    /// Papers of which no identifier contains one of `parts`, whatever the case of ASCII letters, may be left
    /// out. A part must consist of letters and digits.
    pub(crate) fn for_each_identified(
        &self,
        parts: &[&str],
        mut take: impl FnMut(u64, Paper),
    ) -> Result<()> {
        let parts = if parts.len() > MAX_PARTS { &[] } else { parts };
        let conditions = (1..=parts.len()).map(|n| {
            let contains = |column| format!("{column} LIKE ?{n}");
            ["id", "url", "doi", "arxiv"].map(contains).join(" OR ")
        });
        let conditions: Vec<String> = conditions.collect();
        let condition = if conditions.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", conditions.join(" OR "))
        };
        let mut read_all = || {
            let sql = format!(
                "SELECT key, id, url, doi, arxiv FROM papers NOT INDEXED {condition} ORDER BY key"
            );
            let mut select = self.transaction.prepare_cached(&sql)?;
            let patterns = parts.iter().map(|part| format!("%{part}%"));
            let mut rows = select.query(params_from_iter(patterns))?;
            while let Some(row) = rows.next()? {
                let mut paper = Paper::new(row.get::<_, String>(1)?);
                paper.url = row.get(2)?;
                paper.doi = row.get(3)?;
                paper.arxiv = row.get(4)?;
                take(key(row)?, paper);
            }
            Ok(())
        };
        read_all().map_err(self.store_error())
    }

    /// Calls `take` with the key and the title of each paper, which is not compared with its checksum.
    pub(crate) fn for_each_title(&self, mut take: impl FnMut(u64, &str)) -> Result<()> {
        let mut read_all = || {
            let sql = "SELECT key, title FROM papers NOT INDEXED ORDER BY key";
            let mut select = self.transaction.prepare_cached(sql)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                take(key(row)?, row.get_ref(1)?.as_str()?);
            }
            Ok(())
        };
        read_all().map_err(self.store_error())
    }
}

fn key(row: &Row<'_>) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(0)?.cast_unsigned())
}
