//! Adding, replacing and removing papers.

use std::ops::ControlFlow;
use std::time::Instant;

use ndarray::{Array2, ArrayView1, Axis};
use roaring::RoaringBitmap;
use serde::Serialize;

use crate::library::Library;
use crate::library::add_options::AddOptions;
use crate::library::add_report::{AddRemark, AddReport};
use crate::library::batch_size::BatchSize;
use crate::library::embedding::TextVectors;
use crate::library::lock::WriteLock;
use crate::library::resolve::{Incoming, Resolution, resolve};
use crate::library::store::{ListDirectory, TextHash, WriteTxn};
use crate::library::today::today;
use crate::{BoxError, Error, Paper, Result};

/// How far [`Library::add_with`] has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AddProgress {
    /// The number of papers processed; papers being embedded count as their vectors are done.
    pub papers: usize,
    /// The number of these papers whose text was embedded.
    pub embedded: usize,
    /// The number of papers that are safely in the library.
    pub committed: usize,
}

/// The length of titles and abstracts from which on no more papers are added to a batch.
const MAX_BATCH_BYTES: usize = 32 << 20;

/// The state of [`Library::add_with`] between commits.
struct Run<'a> {
    progress: &'a mut dyn FnMut(AddProgress) -> ControlFlow<()>,
    state: AddProgress,
    report: AddReport,
    options: AddOptions,
}

impl Library {
    /// Adds papers, replacing those that have the same id ([`SameId::Replace`](crate::SameId::Replace)). Only
    /// texts that changed are embedded. A paper that is replaced comes last in the order of papers.
    ///
    /// Papers are committed every few seconds, so that little is lost if the process is stopped;
    /// adding the same papers again then continues from there.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Papers`] if a paper has no id or no text, [`Error::NoEmbedder`] without an
    /// embedder, [`Error::TextRecipeMismatch`] if the library's papers were embedded by another
    /// recipe, [`Error::Embed`] if the embedder fails, and [`Error::Io`], [`Error::Index`],
    /// [`Error::Store`] or [`Error::Locked`] if the library cannot be written. Earlier commits stay.
    pub fn add(&self, papers: impl IntoIterator<Item = Paper>) -> Result<AddReport> {
        let papers = papers.into_iter().map(Ok::<_, Error>);
        let options = AddOptions::default();
        self.add_with(papers, &options, &mut |_| ControlFlow::Continue(()))
    }

    /// Adds papers from a source that may fail, such as a [`PaperReader`](crate::PaperReader), with options,
    /// and reports progress.
    ///
    /// If `progress` breaks, the work stops soon, and the library is as it was at the last commit.
    ///
    /// The source may fail with an error of the caller's own, which comes back in
    /// [`Error::PaperSource`]:
    ///
    /// ```no_run
    /// use std::ops::ControlFlow;
    ///
    /// use cognate::{AddOptions, Error, Library, Paper};
    ///
    /// fn fetch(id: u32) -> Result<Paper, std::io::Error> {
    /// #   Ok(Paper::new(id.to_string()).title("T"))
    ///     // ...
    /// }
    ///
    /// # let library = Library::open("papers")?;
    /// let papers = (1..=100).map(fetch);
    /// let added = library.add_with(papers, &AddOptions::default(), &mut |_| ControlFlow::Continue(()));
    /// if let Err(Error::PaperSource(error)) = added {
    ///     let error: Box<std::io::Error> = error.downcast().expect("`fetch` has no other error");
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of [`add`](Self::add), [`Error::Cancelled`] if `progress` breaks, and the
    /// first error of the source: as it is if it is an [`Error`], as [`Error::Papers`] if it comes from a
    /// reader, and as [`Error::PaperSource`] otherwise.
    pub fn add_with<E: Into<BoxError>>(
        &self,
        papers: impl IntoIterator<Item = Result<Paper, E>>,
        options: &AddOptions,
        progress: &mut dyn FnMut(AddProgress) -> ControlFlow<()>,
    ) -> Result<AddReport> {
        let mut run = Run {
            progress,
            state: AddProgress::default(),
            report: AddReport::default(),
            options: *options,
        };
        run.options.added = options.added.or_else(today);
        let mut papers = papers.into_iter();
        let mut size = BatchSize::first();
        // Fail before the first text is embedded if the library cannot be written.
        drop(WriteLock::acquire(&self.dir)?);
        loop {
            let batch = next_batch(&mut papers, size.get()).map_err(Error::of_source)?;
            if batch.is_empty() {
                self.compact_if_mostly_deleted()?;
                return Ok(run.report);
            }
            let start = Instant::now();
            self.add_batch(&batch, &mut run)?;
            size.adapt(start.elapsed());
        }
    }

    /// Adds papers in one commit.
    fn add_batch(&self, papers: &[Paper], run: &mut Run<'_>) -> Result<()> {
        let count = papers.len();
        let first = run.state.papers;
        let mut vectors = TextVectors::default();
        let resolution = loop {
            let (generation, resolution) = self.read(|snapshot| {
                // On the same commit as the generation, so that another process cannot bring in
                // papers of another recipe in between.
                snapshot.papers.check_text_recipe(&self.text)?;
                let AddOptions { same_id, added, .. } = run.options;
                let resolved = resolve(papers, first, same_id, added, &self.text, snapshot)?;
                Ok((snapshot.papers.generation()?, resolved))
            })?;
            self.embed_new(&resolution.incoming, &mut vectors, run)?;
            // If another process has committed meanwhile, the stored papers may be outdated.
            if self.commit(&resolution.incoming, &vectors, generation)? {
                break resolution;
            }
        };
        let Resolution {
            incoming,
            remarks,
            repeated,
        } = resolution;
        run.report.remarks.extend(remarks);
        run.report.updated += repeated.updated;
        run.report.unchanged += repeated.unchanged;
        if run.options.lists_truncated && vectors.truncation.texts > 0 {
            run.report.remarks.extend(self.truncated(&incoming)?);
        }

        run.report.embedded += vectors.embedded;
        run.report.truncation += vectors.truncation;
        for one in &incoming {
            match &one.stored {
                None => run.report.added += 1,
                Some(_) if one.is_changed() || !one.lists.is_empty() => run.report.updated += 1,
                Some(_) => run.report.unchanged += 1,
            }
        }
        run.state.papers += count;
        run.state.committed = run.state.papers;
        run.state.embedded = run.report.embedded;
        match (run.progress)(run.state) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled {
                committed: run.state.committed,
            }),
        }
    }

    /// Embeds the texts that are neither in the library nor in `vectors`.
    fn embed_new(
        &self,
        incoming: &[Incoming],
        vectors: &mut TextVectors,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let new = incoming.iter().filter(|one| one.has_new_text());
        let mut new = new.map(|one| (one.hash, one.text.as_str())).peekable();
        if new.peek().is_none() {
            return Ok(());
        }
        let (before, embedded) = (run.state, vectors.embedded);
        let mut progress = |done| {
            (run.progress)(AddProgress {
                papers: before.papers + done,
                embedded: before.embedded + embedded + done,
                ..before
            })
        };
        let outcome = vectors.embed_missing(self.embedder()?.as_ref(), new, &mut progress);
        outcome.map_err(|error| error.with_committed(before.committed))
    }

    /// Returns a remark for each new text that is longer than the model reads.
    fn truncated(&self, incoming: &[Incoming]) -> Result<Vec<AddRemark>> {
        let embedder = self.embedder()?;
        let mut remarks = Vec::new();
        for one in incoming.iter().filter(|one| one.has_new_text()) {
            let read = embedder.text_within_limit(&one.text);
            let bytes_read = read.map_err(|source| Error::Embed { source })?.len();
            if bytes_read < one.text.len() {
                remarks.push(AddRemark::Truncated {
                    position: one.position,
                    id: one.paper.id.clone(),
                    bytes: one.text.len(),
                    bytes_read,
                });
            }
        }
        Ok(remarks)
    }

    /// Writes the papers if the library is still at `generation`. Returns whether it was.
    fn commit(
        &self,
        incoming: &[Incoming],
        vectors: &TextVectors,
        generation: i64,
    ) -> Result<bool> {
        let changed: Vec<&Incoming> = incoming.iter().filter(|one| one.is_changed()).collect();
        if changed.is_empty() {
            return self.commit_lists(incoming, generation);
        }
        let mut matrix = Array2::zeros((changed.len(), self.stored.dim));
        for (one, mut row) in changed.iter().zip(matrix.axis_iter_mut(Axis(0))) {
            if let Some(vector) = one.vector.as_deref().or_else(|| vectors.get(&one.hash)) {
                row.assign(&ArrayView1::from(vector));
            }
        }
        let rows = changed.iter().filter_map(|one| one.stored.as_ref());
        let replaced: RoaringBitmap = rows.map(|(row, _)| row.get()).collect();
        let papers: Vec<(TextHash, &Paper)> =
            changed.iter().map(|one| (one.hash, &one.paper)).collect();
        self.change(Some(generation), |change| {
            let mapped = change.papers.mapped_rows()?;
            change.delete(&replaced)?;
            let rows = change.append(matrix.view(), &papers)?;
            // A vector that moves to another row stays a mapped one.
            let rows = rows.start.get()..rows.end.get();
            let still_mapped = rows.zip(&changed).filter(|(_, one)| {
                let stored = one.vector.as_ref().and(one.stored.as_ref());
                stored.is_some_and(|(row, _)| mapped.contains(row.get()))
            });
            let still_mapped: RoaringBitmap = still_mapped.map(|(row, _)| row).collect();
            if !still_mapped.is_empty() {
                change.papers.set_mapped_rows(&(mapped | still_mapped))?;
            }
            // The recipes differ only if the library is empty.
            if change.papers.text_recipe()? != self.text.name() {
                change.papers.set_text_recipe(self.text.name())?;
            }
            let mut directory = change.papers.list_directory()?;
            if put_on_lists(change.papers, &mut directory, incoming)? {
                change.papers.set_list_directory(directory)?;
            }
            Ok(())
        })
    }

    /// Puts papers of the library on their lists if the library is still at `generation`. Returns whether it was.
    fn commit_lists(&self, incoming: &[Incoming], generation: i64) -> Result<bool> {
        if incoming.iter().all(|one| one.lists.is_empty()) {
            return Ok(true);
        }
        self.change_lists(|papers, directory| {
            if papers.generation()? != generation {
                return Ok((false, false));
            }
            let is_changed = put_on_lists(papers, directory, incoming)?;
            Ok((true, is_changed))
        })
    }
}

/// Puts papers on the lists that they came with. Returns whether anything changed.
fn put_on_lists(
    papers: &WriteTxn<'_>,
    directory: &mut ListDirectory,
    incoming: &[Incoming],
) -> Result<bool> {
    let mut is_changed = false;
    for one in incoming {
        for entry in &one.lists {
            let note = Some(entry.note.as_str()).filter(|note| !note.is_empty());
            is_changed |= papers.put_entry(directory, &entry.name, &one.paper.id, note)?;
        }
    }
    Ok(is_changed)
}

/// Takes up to `count` papers, fewer if they are long.
fn next_batch<E>(
    papers: &mut impl Iterator<Item = Result<Paper, E>>,
    count: usize,
) -> Result<Vec<Paper>, E> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < count
        && bytes < MAX_BATCH_BYTES
        && let Some(paper) = papers.next()
    {
        let paper = paper?;
        bytes += paper.title.len() + paper.abstract_text.len();
        batch.push(paper);
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_a_number_of_papers_or_fewer_long_ones() {
        let short = || Paper::new("a").title("T");
        let mut papers = (0..10).map(|_| Ok::<_, Error>(short()));
        assert_eq!(next_batch(&mut papers, 7).unwrap().len(), 7);
        assert_eq!(next_batch(&mut papers, 7).unwrap().len(), 3);
        let long = Paper::new("b").abstract_text("x".repeat(MAX_BATCH_BYTES / 3));
        let mut papers = (0..7).map(|_| Ok::<_, Error>(long.clone()));
        let mut sizes = Vec::new();
        loop {
            let batch = next_batch(&mut papers, 100).unwrap();
            if batch.is_empty() {
                break;
            }
            sizes.push(batch.len());
        }
        assert_eq!(sizes, [4, 3]);
    }
}
