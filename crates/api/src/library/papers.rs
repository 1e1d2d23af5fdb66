//! The papers of a library, one by one or all of them.

use std::ops::ControlFlow;

use crate::library::Library;
use crate::library::snapshot::Snapshot;
use crate::{Error, Paper, Result};

impl Library {
    /// Returns the number of papers.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Store`](crate::Error::Store), [`Error::Damaged`](crate::Error::Damaged) or
    /// [`Error::Index`](crate::Error::Index) if the library cannot be read, as do the methods below.
    pub fn len(&self) -> Result<usize> {
        self.read_papers(|papers| Ok(usize::try_from(papers.count()?).unwrap_or(usize::MAX)))
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
        let find = |snapshot: &Snapshot<'_>| {
            let found = snapshot.find(id)?.map(|(_, stored)| stored.paper);
            found
                .map(|paper| snapshot.papers.with_lists(paper))
                .transpose()
        };
        match self.read(find) {
            // Papers can be read without their vectors and terms, though not as fast.
            Err(Error::Index { .. }) => self.read_papers(|papers| {
                let found = papers.find_by_reading_all(id)?;
                found.map(|paper| papers.with_lists(paper)).transpose()
            }),
            found => found,
        }
    }

    /// Returns the unit vector of the paper with this id, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`len`](Self::len).
    pub fn vector(&self, id: &str) -> Result<Option<Vec<f32>>> {
        self.read(|snapshot| match snapshot.find(id)? {
            Some((row, _)) => Ok(Some(snapshot.vector(row)?.to_vec())),
            None => Ok(None),
        })
    }

    /// Returns all ids, in the order in which their vectors were added.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`len`](Self::len).
    pub fn ids(&self) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        self.for_each(|paper| {
            ids.push(paper.id);
            ControlFlow::Continue(())
        })?;
        Ok(ids)
    }

    /// Calls `act` with every paper, in the order in which their vectors were added, until `act`
    /// breaks.
    ///
    /// The library is not locked while `act` runs, so `act` may take its time, search the library and even
    /// change it. The papers are those that the library has when the method is called.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`len`](Self::len).
    ///
    /// # Complexity
    ///
    /// Linear in the papers, of which one is in memory at a time.
    pub fn for_each(&self, mut act: impl FnMut(Paper) -> ControlFlow<()>) -> Result<()> {
        self.read_papers(|papers| {
            let lists = papers.all_lists()?;
            papers.for_each(|stored| act(lists.complete(stored.paper)))
        })
    }
}
