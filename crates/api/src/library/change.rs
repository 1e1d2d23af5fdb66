//! Commits: how the table of papers and the vectors change together.

use cognate_index::IndexWriter;

use crate::library::background_similarity::BackgroundSimilarity;
use crate::library::lock::WriteLock;
use crate::library::store::WriteTxn;
use crate::library::{Library, State, vectors_dir};
use crate::{Error, Result};

impl Library {
    /// Makes one commit, in which `change` edits the table of papers and the vectors. Returns
    /// whether it did.
    ///
    /// If `expected` is the number of a generation and another process has committed since, nothing
    /// is changed and the result is false.
    pub(crate) fn change(
        &self,
        expected: Option<i64>,
        change: impl FnOnce(&WriteTxn<'_>, &mut IndexWriter) -> Result<()>,
    ) -> Result<bool> {
        let vectors = vectors_dir(&self.dir);
        let _lock = WriteLock::acquire(&self.dir)?;
        let mut state = self.state();
        let State {
            store,
            index,
            generation,
        } = &mut *state;
        let papers = store.write()?;
        if let Some(expected) = expected
            && papers.generation()? != expected
        {
            return Ok(false);
        }
        if papers.generation()? != *generation {
            self.check_model(&papers)?;
        }
        let mut writer = IndexWriter::with_manifest(&vectors, papers.manifest()?);
        change(&papers, &mut writer)?;
        let next = index
            .reopen(&vectors, writer.manifest())
            .map_err(Error::index(&vectors))?;
        let sampled = papers.background_similarity()?;
        if sampled.is_none_or(|sampled| sampled.is_stale(next.len())) {
            let sampled = BackgroundSimilarity::sample(&next).map_err(Error::index(&vectors))?;
            papers.set_background_similarity(&sampled)?;
        }
        *generation = papers.commit(writer.manifest())?;
        *index = next;
        // Files that could not be deleted only take space, and the next commit tries again.
        if let Err(error) = writer.collect_garbage() {
            tracing::warn!(%error, "unused files could not be deleted in `{}`", vectors.display());
        }
        Ok(true)
    }
}
