//! The papers of a library, one by one or all of them.

use std::ops::ControlFlow;

use crate::library::Library;
use crate::{Paper, Result};

/// The number of papers that [`Library::for_each`] reads at a time.
const BATCH: usize = 256;

impl Library {
    /// Returns the number of papers.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Store`](crate::Error::Store), [`Error::Damaged`](crate::Error::Damaged) or
    /// [`Error::Index`](crate::Error::Index) if the library cannot be read, as do the methods below.
    pub fn len(&self) -> Result<usize> {
        self.read(|snapshot| Ok(snapshot.index.len()))
    }

    /// Returns whether there is no paper.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`len`](Self::len).
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Returns the paper with this id, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`len`](Self::len).
    pub fn get(&self, id: &str) -> Result<Option<Paper>> {
        self.read(|snapshot| Ok(snapshot.papers.find(id)?.map(|stored| stored.paper)))
    }

    /// Returns all ids, in the order in which their vectors were added.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`len`](Self::len).
    pub fn ids(&self) -> Result<Vec<String>> {
        self.read(|snapshot| snapshot.papers.ids())
    }

    /// Calls `act` with every paper, in the order in which their vectors were added, until `act`
    /// breaks.
    ///
    /// The library is not locked while `act` runs, so `act` may search and even change it. The papers
    /// are those that the library has when the method is called: a paper removed since then is
    /// skipped, and a paper changed since then comes as it is now.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`len`](Self::len).
    ///
    /// # Complexity
    ///
    /// Linear in the papers. All ids and 256 papers are in memory at a time.
    pub fn for_each(&self, mut act: impl FnMut(Paper) -> ControlFlow<()>) -> Result<()> {
        for ids in self.ids()?.chunks(BATCH) {
            let papers = self.read(|snapshot| {
                let papers = ids.iter().map(|id| snapshot.papers.find(id));
                papers.collect::<Result<Vec<_>>>()
            })?;
            for stored in papers.into_iter().flatten() {
                if act(stored.paper).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Returns all papers of one commit.
    pub(crate) fn all_papers(&self) -> Result<Vec<Paper>> {
        let mut papers = Vec::new();
        self.read(|snapshot| snapshot.papers.for_each(|stored| papers.push(stored.paper)))?;
        Ok(papers)
    }
}
