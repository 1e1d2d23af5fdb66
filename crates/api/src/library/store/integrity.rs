//! Whether `papers.sqlite` is sound.

use super::transaction::ReadTxn;
use crate::Result;

impl ReadTxn<'_> {
    /// Compares the number of papers found with the number of live vectors.
    pub(super) fn check_count(&self, found: u64) -> Result<()> {
        let expected = self.count()?;
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
