//! Removing papers.

use std::ops::ControlFlow;

use cognate_index::RowId;
use roaring::RoaringBitmap;

use crate::library::Library;
use crate::{Error, Paper, Result};

impl Library {
    /// Removes papers from searches and from all lists.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownPaper`] for an id that no paper has, and then removes none;
    /// [`Error::Io`], [`Error::Index`], [`Error::Store`] or [`Error::Locked`] if the library cannot
    /// be written.
    pub fn remove<S: AsRef<str>>(&self, ids: &[S]) -> Result<()> {
        self.remove_with(ids, |_| ControlFlow::Continue(()))
            .map(drop)
    }

    /// Removes papers after `keep` has seen them, each once and in the order in which they were added, for
    /// example to write them to a file. No other process can change them in between. If `keep` breaks, none
    /// is removed. Returns the number of papers removed.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`remove`](Self::remove), and [`Error::Cancelled`] if `keep` breaks.
    ///
    /// # Complexity
    ///
    /// O(log(papers)) for each id. One paper is in memory at a time.
    pub fn remove_with<S: AsRef<str>>(
        &self,
        ids: &[S],
        keep: impl FnOnce(&mut dyn Iterator<Item = Result<Paper>>) -> ControlFlow<()>,
    ) -> Result<usize> {
        let mut removed = 0;
        self.change(None, |change| {
            let mut rows = RoaringBitmap::new();
            for id in ids {
                rows.insert(change.before.row_of(id.as_ref())?.get());
            }
            let paper = |row| change.before.paper_at(RowId::new(row));
            if keep(&mut rows.iter().map(paper)).is_break() {
                return Err(Error::Cancelled { committed: 0 });
            }
            removed = usize::try_from(rows.len()).unwrap_or(usize::MAX);
            change.delete(&rows)?;
            let ids: Vec<String> = ids.iter().map(|id| id.as_ref().to_owned()).collect();
            change.papers.delete_entries_of(&ids)
        })?;
        Ok(removed)
    }
}
