//! The first part of an upgrade: the library changes its model in one commit, with mapped vectors.

use std::sync::Arc;

use super::replacement::Replacement;
use super::run::Run;
use super::source::Source;
use crate::embed::{Embed, EmbedderInfo};
use crate::library::Library;
use crate::library::change::Change;
use crate::library::embedding::TextVectors;
use crate::library::rebuild::rebuild_terms;
use crate::{Error, Result};

impl Library {
    /// Returns whether the vectors of the library can be compared with those of an embedder.
    pub(super) fn is_made_by(&self, info: &EmbedderInfo) -> bool {
        (&info.fingerprint, info.dim) == (&self.stored.fingerprint, self.stored.dim)
    }

    /// Embeds a sample of `size` papers and the openings of all texts, and in one commit changes the
    /// model and replaces all vectors: those of the sample by new ones, the others by mapped ones.
    pub(super) fn change_model(
        &mut self,
        embedder: Arc<dyn Embed>,
        size: usize,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let info = embedder.info();
        let (mut texts, mut openings) = (TextVectors::default(), TextVectors::default());
        let (native, mapped) = loop {
            let source = self.read(|snapshot| Source::read(snapshot, &self.text, size))?;
            run.embed(embedder.as_ref(), &mut texts, &source.sampled_texts())?;
            run.embed(embedder.as_ref(), &mut openings, &source.openings())?;
            let replacement =
                Replacement::compute(&source, &texts, &openings, info.dim, &self.dir)?;
            let mapped = replacement.mapped_rows();
            // If another process has committed meanwhile, the papers may have changed.
            let is_done = self.change(Some(source.generation()), |change| {
                let index_error = || Error::index(&self.dir);
                let Change { papers, writer, .. } = change;
                writer.reset(info.dim).map_err(index_error())?;
                writer
                    .append(replacement.vectors())
                    .map_err(index_error())?;
                rebuild_terms(writer, papers, &self.dir)?;
                papers.set_mapped_rows(&mapped)?;
                papers.set_embedder_info(&info)?;
                papers.forget_background_similarity()
            })?;
            if is_done {
                let mapped = usize::try_from(mapped.len()).unwrap_or(usize::MAX);
                break (replacement.vectors().nrows() - mapped, mapped);
            }
        };
        self.stored = info;
        self.embedder = Some(embedder);
        run.report.mapped = mapped;
        run.commit(native, &texts)
    }
}
