//! The progress and the report of an upgrade.

use std::ops::ControlFlow;

use super::report::UpgradeReport;
use crate::embed::Embed;
use crate::library::embedding::TextVectors;
use crate::library::store::TextHash;
use crate::{Error, Progress, Result};

/// The state of [`Library::upgrade`](crate::Library::upgrade) between commits.
pub(super) struct Run<'a> {
    progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    pub(super) report: UpgradeReport,
    /// The number of papers that were embedded and committed.
    committed: usize,
    /// The number of texts that were embedded.
    done: usize,
    /// The number of texts to embed.
    total: usize,
}

impl<'a> Run<'a> {
    /// Starts an upgrade that embeds `total` texts.
    pub(super) fn new(
        total: usize,
        progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Self {
        Self {
            progress,
            report: UpgradeReport::default(),
            committed: 0,
            done: 0,
            total,
        }
    }

    /// Embeds the texts that have no vector yet.
    ///
    /// Returns [`Error::Cancelled`] if the progress callback breaks.
    pub(super) fn embed(
        &mut self,
        embedder: &dyn Embed,
        vectors: &mut TextVectors,
        texts: &[(TextHash, &str)],
    ) -> Result<()> {
        let (before, committed) = (self.done, self.committed);
        let outcome = vectors.embed_missing(embedder, texts.iter().copied(), &mut |done| {
            self.update(before + done)
        });
        outcome.map_err(|error| error.with_committed(committed))?;
        // Texts that papers share, or that have a vector, are done too.
        self.done = before + texts.len();
        Ok(())
    }

    /// Counts `papers` papers of a commit, whose texts `vectors` embedded.
    ///
    /// Returns [`Error::Cancelled`] if the progress callback breaks.
    pub(super) fn commit(&mut self, papers: usize, vectors: &TextVectors) -> Result<()> {
        self.committed += papers;
        self.report.embedded += vectors.embedded;
        self.report.truncation += vectors.truncation;
        match self.update(self.done) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled {
                committed: self.committed,
            }),
        }
    }

    fn update(&mut self, done: usize) -> ControlFlow<()> {
        // Papers that are added meanwhile may raise the total.
        self.total = self.total.max(done);
        (self.progress)(Progress::new(done, self.total))
    }
}
