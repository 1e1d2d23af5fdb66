//! Whether the indexes and counts of `papers.sqlite` agree with its table of papers.

use rusqlite::OptionalExtension;

use super::damage::{ID_INDEX, damaged};
use super::transaction::ReadTxn;
use crate::Result;

impl ReadTxn<'_> {
    /// Compares the index of ids with the table of papers, once for each generation.
    pub(super) fn check_id_index(&self) -> Result<()> {
        let generation = Some(self.generation()?);
        if self.verified.ids.get() == generation {
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
                    return Err(damaged(ID_INDEX.to_owned()));
                }
                found += 1;
            }
            Ok(())
        };
        check().map_err(self.store_error())?;
        self.check_count(found)?;
        self.verified.ids.set(generation);
        Ok(())
    }

    /// Compares the number of papers found with the number of live vectors.
    pub(super) fn check_count(&self, found: u64) -> Result<()> {
        let manifest = self.manifest()?;
        let expected = u64::from(manifest.rows()) - manifest.deleted().len();
        if found == expected {
            return Ok(());
        }
        let what = format!("its table of papers, which has {found} of {expected}");
        Err(self.damaged(what))
    }

    /// Returns the faults that `SQLite` itself finds in its file, usually none.
    pub(crate) fn sqlite_faults(&self) -> Result<Vec<String>> {
        let check = || -> rusqlite::Result<Vec<String>> {
            let mut select = self.transaction.prepare("PRAGMA integrity_check")?;
            let lines: Vec<String> = select
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(lines.into_iter().filter(|line| line != "ok").collect())
        };
        check().map_err(self.store_error())
    }
}
