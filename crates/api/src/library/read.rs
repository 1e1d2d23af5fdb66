//! Reading: how a call gets one commit, the newest one when it begins.

use std::sync::{Arc, PoisonError};

use crate::library::Library;
use crate::library::snapshot::Snapshot;
use crate::library::state::State;
use crate::library::store::ReadTxn;
use crate::{Error, Result};

/// The number of commits that are tried, if each is replaced by a newer one before its files are open.
pub(super) const ATTEMPTS: usize = 10;

impl Library {
    /// Runs `read` on the papers, vectors and terms of the newest commit. No other call waits for it.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Snapshot<'_>) -> Result<T>) -> Result<T> {
        let connection = self.store.connect()?;
        let mut attempt = 1;
        loop {
            let papers = connection.read()?;
            match self.state_of(&papers) {
                Ok(state) => {
                    return read(&Snapshot {
                        papers: &papers,
                        index: &state.index,
                        terms: &state.terms,
                        dir: &self.dir,
                        list_rows: &self.list_rows,
                    });
                }
                Err(error) => {
                    let generation = papers.generation()?;
                    drop(papers);
                    let is_replaced = connection.read()?.generation()? != generation;
                    if !is_replaced || attempt == ATTEMPTS {
                        return Err(error);
                    }
                    attempt += 1;
                }
            }
        }
    }

    /// Runs `read` on the papers of the newest commit, which can be read even if vectors or terms are
    /// damaged.
    pub(crate) fn read_papers<T>(&self, read: impl FnOnce(&ReadTxn<'_>) -> Result<T>) -> Result<T> {
        let connection = self.store.connect()?;
        read(&connection.read()?)
    }

    /// Runs `read` on the papers of the newest commit, and on its vectors and terms if they can be opened.
    pub(crate) fn read_papers_and_terms<T>(
        &self,
        read: impl FnOnce(&ReadTxn<'_>, Option<&Snapshot<'_>>) -> Result<T>,
    ) -> Result<T> {
        let connection = self.store.connect()?;
        let papers = connection.read()?;
        // If the reason is in `papers.sqlite`, reading the papers fails too.
        let state = self.state_of(&papers).ok();
        let snapshot = state.as_ref().map(|state| Snapshot {
            papers: &papers,
            index: &state.index,
            terms: &state.terms,
            dir: &self.dir,
            list_rows: &self.list_rows,
        });
        read(&papers, snapshot.as_ref())
    }

    /// Returns the vectors and terms of the commit that a transaction reads.
    pub(super) fn state_of(&self, papers: &ReadTxn<'_>) -> Result<Arc<State>> {
        let generation = papers.generation()?;
        let known = self.state();
        if let Some(known) = &known
            && known.generation == generation
        {
            return Ok(Arc::clone(known));
        }
        self.check_model(papers)?;
        let opened = Arc::new(State::open(&self.dir, papers, known.as_deref())?);
        self.set_state(&opened);
        Ok(opened)
    }

    /// Keeps a commit for later calls, unless a newer one is known.
    pub(super) fn set_state(&self, newest: &Arc<State>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state
            .as_ref()
            .is_none_or(|state| state.generation < newest.generation)
        {
            *state = Some(Arc::clone(newest));
        }
    }

    fn state(&self) -> Option<Arc<State>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    /// Returns [`Error::ModelMismatch`] if the library was upgraded to another model since this handle
    /// was opened.
    fn check_model(&self, papers: &ReadTxn<'_>) -> Result<()> {
        let now = papers.embedder_info()?;
        if (&now.fingerprint, now.dim) == (&self.stored.fingerprint, self.stored.dim) {
            return Ok(());
        }
        Err(Error::ModelMismatch {
            dir: self.dir.clone(),
            expected: now.label(),
            found: self.stored.label(),
        })
    }
}
