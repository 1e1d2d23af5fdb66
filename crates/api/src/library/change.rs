//! Commits: how papers, vectors and terms change together.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use cognate_index::{Document, IndexWriter, RowId};
use ndarray::ArrayView2;
use roaring::RoaringBitmap;

use crate::library::background_similarity::BackgroundSimilarity;
use crate::library::document::document;
use crate::library::lock::WriteLock;
use crate::library::snapshot::Snapshot;
use crate::library::state::State;
use crate::library::store::{TextHash, WriteTxn};
use crate::library::{Library, vectors_dir};
use crate::{Error, Paper, Result};

/// A change of a library that is being made.
pub(crate) struct Change<'a> {
    pub(crate) papers: &'a WriteTxn<'a>,
    pub(crate) writer: &'a mut IndexWriter,
    /// The library before the change.
    pub(crate) before: Snapshot<'a>,
}

impl Change<'_> {
    /// Appends papers with their vectors, `[n, dim]`, and the hashes of their texts. Returns their rows. No
    /// paper of the library may have the id of one of them.
    pub(crate) fn append(
        &mut self,
        vectors: ArrayView2<'_, f32>,
        papers: &[(TextHash, &Paper)],
    ) -> Result<Range<RowId>> {
        let first = self.papers.next_key()?;
        let keyed = (first..).zip(papers);
        let documents: Vec<Document> = keyed
            .clone()
            .map(|(key, (_, paper))| document(key, paper))
            .collect();
        let rows = self
            .writer
            .append_documents(vectors, &documents)
            .map_err(Error::index(self.before.dir))?;
        for (key, (hash, paper)) in keyed {
            self.papers.insert(key, hash, paper)?;
        }
        Ok(rows)
    }

    /// Deletes the papers in `rows`, which the library had before the change.
    pub(crate) fn delete(&mut self, rows: &RoaringBitmap) -> Result<()> {
        for row in rows {
            let key = self.before.key_of(RowId::new(row))?;
            self.papers.delete(key)?;
        }
        let deleted = self.writer.delete(rows);
        deleted.map_err(Error::index(self.before.dir))
    }
}

impl Library {
    /// Makes one commit. Returns whether it did.
    ///
    /// If `expected` is the number of a generation and another process has committed since, nothing
    /// is changed and the result is false.
    pub(crate) fn change(
        &self,
        expected: Option<i64>,
        change: impl FnOnce(&mut Change<'_>) -> Result<()>,
    ) -> Result<bool> {
        self.change_if(expected, |made| change(made).map(|()| true))
    }

    /// Does the same as [`change`](Self::change), except that nothing is committed and the result is false
    /// if `change` returns false.
    pub(crate) fn change_if(
        &self,
        expected: Option<i64>,
        change: impl FnOnce(&mut Change<'_>) -> Result<bool>,
    ) -> Result<bool> {
        let vectors = vectors_dir(&self.dir);
        let _lock = WriteLock::acquire(&self.dir)?;
        let connection = self.store.connect()?;
        let papers = connection.write("write")?;
        if let Some(expected) = expected
            && papers.generation()? != expected
        {
            return Ok(false);
        }
        let before = self.state_of(&papers)?;
        let mut writer = IndexWriter::with_manifest(&vectors, papers.manifest()?);
        // A change that failed, perhaps because the disk was full, may have left files.
        collect_garbage(&mut writer, &vectors);
        let is_made = change(&mut Change {
            papers: &papers,
            writer: &mut writer,
            before: Snapshot {
                papers: &papers,
                index: &before.index,
                terms: &before.terms,
                dir: &self.dir,
                list_rows: &self.list_rows,
            },
        })?;
        if !is_made {
            collect_garbage(&mut writer, &vectors);
            return Ok(false);
        }
        let index_error = || Error::index(&vectors);
        let index = before.index.reopen(&vectors, writer.manifest());
        let index = index.map_err(index_error())?;
        let terms = before.terms.reopen(&vectors, writer.manifest());
        let terms = terms.map_err(index_error())?;
        // A damaged one is replaced.
        let sampled = papers.background_similarity().unwrap_or_default();
        if sampled.is_none_or(|sampled| sampled.is_stale(index.len())) {
            let sampled = BackgroundSimilarity::sample(&index).map_err(index_error())?;
            papers.set_background_similarity(&sampled)?;
        }
        let generation = papers.commit(writer.manifest())?;
        self.set_state(&Arc::new(State {
            generation,
            index,
            terms,
        }));
        collect_garbage(&mut writer, &vectors);
        Ok(true)
    }
}

/// Deletes files that the manifest does not name. Files that cannot be deleted only take space, and the
/// next commit tries again.
pub(super) fn collect_garbage(writer: &mut IndexWriter, vectors: &Path) {
    if let Err(error) = writer.collect_garbage() {
        tracing::warn!(%error, "unused files could not be deleted in `{}`", vectors.display());
    }
}
