//! Adding, replacing and removing papers.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Instant;

use cognate_index::RowId;
use cognate_model::Truncation;
use ndarray::{Array2, ArrayView1, Axis};
use roaring::RoaringBitmap;

use crate::library::Library;
use crate::library::batch_size::BatchSize;
use crate::library::embedding::{TextVectors, hash_text};
use crate::library::lock::WriteLock;
use crate::library::snapshot::unknown_paper;
use crate::library::store::{StoredPaper, TextHash};
use crate::text_recipe::TextRecipe;
use crate::{Error, Paper, Result};

/// How far [`Library::add_with`] has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddProgress {
    /// The number of papers processed; papers being embedded count as their vectors are done.
    pub papers: usize,
    /// The number of these papers whose text was embedded.
    pub embedded: usize,
    /// The number of papers that are safely in the library.
    pub committed: usize,
}

/// The outcome of [`Library::add`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddReport {
    /// The number of new papers.
    pub added: usize,
    /// The number of papers that were there with another text or other metadata.
    pub updated: usize,
    /// The number of papers that were there unchanged.
    pub unchanged: usize,
    /// The number of texts that were embedded.
    pub embedded: usize,
    /// The number of texts longer than the model reads, and the tokens that were cut off.
    pub truncation: Truncation,
}

/// A paper on its way into the library.
struct Incoming {
    paper: Paper,
    text: String,
    hash: TextHash,
    stored: Option<StoredPaper>,
}

/// The state of [`Library::add_with`] between commits.
struct Run<'a> {
    progress: &'a mut dyn FnMut(AddProgress) -> ControlFlow<()>,
    state: AddProgress,
    report: AddReport,
}

impl Library {
    /// Adds papers, replacing those that have the same id. Only texts that changed are embedded.
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
        self.add_with(papers, &mut |_| ControlFlow::Continue(()))
    }

    /// Adds papers from a source that may fail, such as a [`PaperReader`](crate::PaperReader), and
    /// reports progress.
    ///
    /// If `progress` breaks, the work stops soon, and the library is as it was at the last commit.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`add`](Self::add), the first error of the source, and
    /// [`Error::Cancelled`] if `progress` breaks.
    pub fn add_with<E: Into<Error>>(
        &self,
        papers: impl IntoIterator<Item = Result<Paper, E>>,
        progress: &mut dyn FnMut(AddProgress) -> ControlFlow<()>,
    ) -> Result<AddReport> {
        let mut run = Run {
            progress,
            state: AddProgress::default(),
            report: AddReport::default(),
        };
        let mut papers = papers.into_iter();
        let mut size = BatchSize::first();
        // Fail before the first text is embedded if the library cannot be written.
        drop(WriteLock::acquire(&self.dir)?);
        loop {
            let batch = papers.by_ref().take(size.get());
            let batch = batch.collect::<Result<Vec<_>, E>>().map_err(Into::into)?;
            if batch.is_empty() {
                self.compact_if_mostly_deleted()?;
                return Ok(run.report);
            }
            let start = Instant::now();
            self.add_batch(batch, &mut run)?;
            size.adapt(start.elapsed());
        }
    }

    /// Adds papers in one commit.
    fn add_batch(&self, papers: Vec<Paper>, run: &mut Run<'_>) -> Result<()> {
        let count = papers.len();
        let mut incoming = incoming(papers, &self.text)?;
        let mut vectors = TextVectors::default();
        loop {
            let generation = self.read(|snapshot| {
                // On the same commit as the generation, so that another process cannot bring in
                // papers of another recipe in between.
                snapshot.check_text_recipe(&self.text)?;
                for one in &mut incoming {
                    one.stored = snapshot.papers.find(&one.paper.id)?;
                }
                snapshot.papers.generation()
            })?;
            self.embed_new(&incoming, &mut vectors, run)?;
            // If another process has committed meanwhile, the stored papers may be outdated.
            if self.commit(&incoming, &vectors, generation)? {
                break;
            }
        }

        run.report.embedded += vectors.embedded;
        run.report.truncation += vectors.truncation;
        for one in &incoming {
            match &one.stored {
                None => run.report.added += 1,
                Some(stored) if stored.paper == one.paper && !one.has_new_text() => {
                    run.report.unchanged += 1;
                }
                Some(_) => run.report.updated += 1,
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

    /// Writes the papers if the library is still at `generation`. Returns whether it was.
    fn commit(
        &self,
        incoming: &[Incoming],
        vectors: &TextVectors,
        generation: i64,
    ) -> Result<bool> {
        let new: Vec<&Incoming> = incoming.iter().filter(|one| one.has_new_text()).collect();
        let changed = incoming.iter().filter_map(|one| {
            let stored = one.stored.as_ref()?;
            (!one.has_new_text() && stored.paper != one.paper).then_some((stored.row, one))
        });
        let changed: Vec<_> = changed.collect();
        if new.is_empty() && changed.is_empty() {
            return Ok(true);
        }

        let mut matrix = Array2::zeros((new.len(), self.stored.dim));
        for (one, mut row) in new.iter().zip(matrix.axis_iter_mut(Axis(0))) {
            if let Some(vector) = vectors.get(&one.hash) {
                row.assign(&ArrayView1::from(vector));
            }
        }
        self.change(Some(generation), |papers, writer| {
            if !new.is_empty() {
                let rows = writer
                    .append(matrix.view())
                    .map_err(Error::index(&self.dir))?;
                let replaced: RoaringBitmap = new
                    .iter()
                    .filter_map(|one| one.stored.as_ref())
                    .map(|stored| stored.row.get())
                    .collect();
                writer.delete(&replaced).map_err(Error::index(&self.dir))?;
                for row in &replaced {
                    papers.delete(RowId::new(row))?;
                }
                for (row, one) in rows.zip(&new) {
                    papers.insert(RowId::new(row), &one.hash, &one.paper)?;
                }
                // The recipes differ only if the library is empty.
                if papers.text_recipe()? != self.text.name() {
                    papers.set_text_recipe(self.text.name())?;
                }
            }
            for (row, one) in &changed {
                papers.update(*row, &one.hash, &one.paper)?;
            }
            Ok(())
        })
    }

    /// Removes papers; their vectors are no longer searched.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownPaper`] for an id that no paper has, and then removes none;
    /// [`Error::Io`], [`Error::Index`], [`Error::Store`] or [`Error::Locked`] if the library cannot
    /// be written.
    pub fn remove<S: AsRef<str>>(&self, ids: &[S]) -> Result<()> {
        self.change(None, |papers, writer| {
            let mut rows = RoaringBitmap::new();
            for id in ids {
                let id = id.as_ref();
                let stored = papers.find(id)?.ok_or_else(|| unknown_paper(papers, id))?;
                rows.insert(stored.row.get());
            }
            for row in &rows {
                papers.delete(RowId::new(row))?;
            }
            writer.delete(&rows).map_err(Error::index(&self.dir))
        })
        .map(drop)
    }
}

impl Incoming {
    /// Returns whether the library has no vector of this text under this id.
    fn has_new_text(&self) -> bool {
        self.stored
            .as_ref()
            .is_none_or(|stored| stored.text_hash != self.hash)
    }
}

/// Checks the papers and makes their texts. Of several papers with one id, the last one is kept.
fn incoming(papers: Vec<Paper>, recipe: &TextRecipe) -> Result<Vec<Incoming>> {
    let mut last: HashMap<String, usize> = HashMap::new();
    for (position, paper) in papers.iter().enumerate() {
        paper.check()?;
        last.insert(paper.id.clone(), position);
    }
    let kept = papers
        .into_iter()
        .enumerate()
        .filter(|(position, paper)| last[&paper.id] == *position);
    kept.map(|(_, paper)| {
        let text = recipe.text(&paper);
        if text.trim().is_empty() {
            return Err(Error::Papers(cognate_papers::Error::InvalidPaper {
                id: paper.id,
                reason: "there is no text to embed",
            }));
        }
        Ok(Incoming {
            paper,
            hash: hash_text(&text),
            text,
            stored: None,
        })
    })
    .collect()
}
