use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use cognate_index::{IndexWriter, RowId};
use cognate_model::Truncation;
use ndarray::{Array2, Axis};
use roaring::RoaringBitmap;

use crate::embed::check_shape;
use crate::library::background_similarity::PairCosines;
use crate::library::lock::WriteLock;
use crate::library::store::{StoredPaper, TextHash, View};
use crate::library::{State, vectors_dir};
use crate::{Error, Library, Paper, Result};

/// How papers are added.
#[derive(Default)]
pub struct AddOptions<'a> {
    text: Option<Box<TextOf<'a>>>,
}

/// What makes the text of a paper.
type TextOf<'a> = dyn Fn(&Paper) -> String + 'a;

/// How far an [`add`](Library::add_with) has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddProgress {
    /// Papers that were looked at; those being embedded count as they are done.
    pub papers: usize,
    /// Papers among them whose text was embedded.
    pub embedded: usize,
    /// Papers that are safe in the library.
    pub committed: usize,
}

/// What an [`add`](Library::add) did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddReport {
    /// Papers that are new.
    pub added: usize,
    /// Papers that were there with other text or other metadata.
    pub updated: usize,
    /// Papers that were there just so.
    pub unchanged: usize,
    /// Texts that were embedded.
    pub embedded: usize,
    /// What was cut off from texts that are longer than the model reads.
    pub truncation: Truncation,
}

/// The time between commits that is aimed at: so much work is lost at most when a process dies.
const COMMIT_INTERVAL: Duration = Duration::from_secs(10);

/// The papers of one commit: at first, at least, and at most.
const FIRST_CHUNK: usize = 128;
const CHUNKS: std::ops::RangeInclusive<usize> = 64..=8192;

impl fmt::Debug for AddOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddOptions")
            .field("text", &self.text.is_some())
            .finish()
    }
}

impl<'a> AddOptions<'a> {
    /// What the embedder reads of a paper. Default: [`Paper::text`].
    ///
    /// A library keeps no note of this: use the same text for all its papers.
    #[must_use]
    pub fn text(mut self, text: impl Fn(&Paper) -> String + 'a) -> Self {
        self.text = Some(Box::new(text));
        self
    }
}

/// A paper on its way into the library.
struct Incoming {
    paper: Paper,
    text: String,
    hash: TextHash,
    stored: Option<StoredPaper>,
}

/// What [`Library::add_with`] carries from one commit to the next.
struct Run<'a> {
    options: &'a AddOptions<'a>,
    progress: &'a mut dyn FnMut(AddProgress) -> ControlFlow<()>,
    state: AddProgress,
    report: AddReport,
}

impl Library {
    /// Adds papers; one whose id is there already is replaced. Only texts that changed are
    /// embedded.
    ///
    /// Papers are committed a few seconds' work at a time, so that little is lost when the
    /// process is stopped; adding the same papers again then goes on from there.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPaper`] for a paper without id or text; [`Error::NoEmbedder`] without an
    /// embedder; [`Error::Embed`] when it fails; [`Error::Io`], [`Error::Index`],
    /// [`Error::Store`] and [`Error::Locked`] when the library cannot be written. What was
    /// committed before stays.
    pub fn add(&self, papers: impl IntoIterator<Item = Paper>) -> Result<AddReport> {
        let mut go_on = |_| ControlFlow::Continue(());
        self.add_with(
            papers.into_iter().map(Ok::<_, Error>),
            &AddOptions::default(),
            &mut go_on,
        )
    }

    /// Adds papers from a source that may fail, as a [`PaperReader`](crate::PaperReader) does,
    /// with options, telling `progress` how far it is.
    ///
    /// When the callback breaks, the work stops soon, and the library is as it was at the last
    /// commit.
    ///
    /// # Errors
    ///
    /// Those of [`add`](Self::add), the source's, and [`Error::Cancelled`] when the callback
    /// breaks.
    pub fn add_with<E: Into<Error>>(
        &self,
        papers: impl IntoIterator<Item = Result<Paper, E>>,
        options: &AddOptions<'_>,
        progress: &mut dyn FnMut(AddProgress) -> ControlFlow<()>,
    ) -> Result<AddReport> {
        let state = AddProgress {
            papers: 0,
            embedded: 0,
            committed: 0,
        };
        let mut run = Run {
            options,
            progress,
            state,
            report: AddReport::default(),
        };
        let mut papers = papers.into_iter();
        let mut size = FIRST_CHUNK;
        // A library that cannot be written says so before the first text is embedded.
        drop(WriteLock::acquire(&self.dir)?);
        loop {
            let chunk = papers.by_ref().take(size);
            let chunk = chunk.collect::<Result<Vec<_>, E>>().map_err(Into::into)?;
            if chunk.is_empty() {
                self.merge_where_most_is_deleted()?;
                return Ok(run.report);
            }
            let start = Instant::now();
            self.add_chunk(chunk, &mut run)?;
            let elapsed = start.elapsed();
            if elapsed < COMMIT_INTERVAL / 2 {
                size = (size * 2).min(*CHUNKS.end());
            } else if elapsed > COMMIT_INTERVAL * 2 {
                size = (size / 2).max(*CHUNKS.start());
            }
        }
    }

    /// Adds papers in one commit.
    fn add_chunk(&self, papers: Vec<Paper>, run: &mut Run<'_>) -> Result<()> {
        let count = papers.len();
        let mut incoming = incoming(papers, run.options)?;
        // Vectors by the hash of their text; a text that two papers share is embedded once.
        let mut vectors: HashMap<TextHash, Vec<f32>> = HashMap::new();
        loop {
            let generation = self.read(|view, _| {
                for one in &mut incoming {
                    one.stored = view.find(&one.paper.id)?;
                }
                view.generation()
            })?;
            self.embed_missing(&incoming, &mut vectors, run)?;
            // Another process that committed meanwhile may have changed what is there: look again.
            if self.commit(&incoming, &vectors, generation)? {
                break;
            }
        }

        for one in &incoming {
            match &one.stored {
                None => run.report.added += 1,
                Some(stored) if stored.paper == one.paper && !one.is_new_text() => {
                    run.report.unchanged += 1;
                }
                Some(_) => run.report.updated += 1,
            }
        }
        run.state.papers += count;
        run.state.committed = run.state.papers;
        run.state.embedded = run.report.embedded;
        self.tell(run, run.state)
    }

    fn tell(&self, run: &mut Run<'_>, state: AddProgress) -> Result<()> {
        match (run.progress)(state) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled {
                committed: state.committed,
            }),
        }
    }

    /// Embeds the texts that are neither in the library nor in `vectors`.
    fn embed_missing(
        &self,
        incoming: &[Incoming],
        vectors: &mut HashMap<TextHash, Vec<f32>>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let mut missing: Vec<&Incoming> = incoming
            .iter()
            .filter(|one| one.is_new_text() && !vectors.contains_key(&one.hash))
            .collect();
        missing.sort_by_key(|one| one.hash);
        missing.dedup_by_key(|one| one.hash);
        if missing.is_empty() {
            return Ok(());
        }
        let embedder = self.embedder.as_ref().ok_or(Error::NoEmbedder)?;
        let texts: Vec<&str> = missing.iter().map(|one| one.text.as_str()).collect();
        let before = run.state;
        let mut cancelled = false;
        let mut progress = |done: usize| {
            let (papers, embedded) = (before.papers + done, before.embedded + done);
            let answer = (run.progress)(AddProgress {
                papers,
                embedded,
                ..before
            });
            cancelled |= answer.is_break();
            answer
        };
        let embedded = embedder.embed_documents(&texts, &mut progress);
        if cancelled {
            return Err(Error::Cancelled {
                committed: before.committed,
            });
        }
        let embedded = embedded.map_err(|source| Error::Embed { source })?;
        check_shape(&embedded.rows, texts.len(), self.stored.dim)?;
        for (one, row) in missing.iter().zip(embedded.rows.outer_iter()) {
            vectors.insert(one.hash, row.to_vec());
        }
        run.report.embedded += texts.len();
        run.report.truncation += embedded.truncation;
        Ok(())
    }

    /// Writes the papers, if the library is still at `generation`; says whether it did.
    fn commit(
        &self,
        incoming: &[Incoming],
        vectors: &HashMap<TextHash, Vec<f32>>,
        generation: i64,
    ) -> Result<bool> {
        let new: Vec<&Incoming> = incoming.iter().filter(|one| one.is_new_text()).collect();
        let changed = incoming.iter().filter_map(|one| {
            let stored = one.stored.as_ref()?;
            (!one.is_new_text() && stored.paper != one.paper).then_some((stored.row, one))
        });
        let changed: Vec<_> = changed.collect();
        if new.is_empty() && changed.is_empty() {
            return Ok(true);
        }

        let mut rows = Array2::zeros((new.len(), self.stored.dim));
        for (one, mut row) in new.iter().zip(rows.axis_iter_mut(Axis(0))) {
            let vector = &vectors[&one.hash];
            row.iter_mut()
                .zip(vector)
                .for_each(|(to, value)| *to = *value);
        }
        self.change(Some(generation), |view, writer| {
            if !new.is_empty() {
                let places = writer
                    .append(rows.view())
                    .map_err(Error::index(&self.dir))?;
                let replaced: RoaringBitmap = new
                    .iter()
                    .filter_map(|one| one.stored.as_ref())
                    .map(|stored| stored.row.get())
                    .collect();
                writer.delete(&replaced).map_err(Error::index(&self.dir))?;
                for row in &replaced {
                    view.delete(RowId::new(row))?;
                }
                for (row, one) in places.zip(&new) {
                    view.insert(RowId::new(row), &one.hash, &one.paper)?;
                }
            }
            for (row, one) in &changed {
                view.update(*row, &one.hash, &one.paper)?;
            }
            Ok(())
        })
    }

    /// Makes one commit: `change` edits the table and the vectors. Where `expected` is given and
    /// another process has committed since, nothing is done, and the answer is no.
    pub(crate) fn change(
        &self,
        expected: Option<i64>,
        change: impl FnOnce(&View<'_>, &mut IndexWriter) -> Result<()>,
    ) -> Result<bool> {
        let vectors = vectors_dir(&self.dir);
        let _lock = WriteLock::acquire(&self.dir)?;
        let mut state = self.state();
        let State {
            store,
            index,
            generation,
        } = &mut *state;
        let view = store.write()?;
        if let Some(expected) = expected
            && view.generation()? != expected
        {
            return Ok(false);
        }
        let mut writer = IndexWriter::with_manifest(&vectors, view.manifest()?);
        change(&view, &mut writer)?;
        let next = index
            .reopen(&vectors, writer.manifest())
            .map_err(Error::index(&vectors))?;
        let pairs = view.pair_cosines()?;
        if pairs.is_none_or(|pairs| pairs.is_stale(next.len())) {
            let pairs = PairCosines::of(&next).map_err(Error::index(&vectors))?;
            view.set_pair_cosines(&pairs)?;
        }
        *generation = view.commit(writer.manifest())?;
        *index = next;
        // Files that are left over take space and nothing else; the next commit tries again.
        if let Err(error) = writer.sweep() {
            tracing::warn!(%error, "left-over files stay in `{}`", vectors.display());
        }
        Ok(true)
    }

    /// Removes papers; their vectors are no longer searched.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownPaper`] for an id that is not there, and then none is removed;
    /// [`Error::Io`], [`Error::Index`], [`Error::Store`] and [`Error::Locked`] when the library
    /// cannot be written.
    pub fn remove<S: AsRef<str>>(&self, ids: &[S]) -> Result<()> {
        self.change(None, |view, writer| {
            let mut rows = RoaringBitmap::new();
            for id in ids {
                let id = id.as_ref();
                let stored = view.find(id)?.ok_or_else(|| Self::unknown(view, id))?;
                rows.insert(stored.row.get());
            }
            for row in &rows {
                view.delete(RowId::new(row))?;
            }
            writer.delete(&rows).map_err(Error::index(&self.dir))
        })
        .map(drop)
    }
}

impl Incoming {
    /// Whether the library has no vector of this text under this id.
    fn is_new_text(&self) -> bool {
        self.stored
            .as_ref()
            .is_none_or(|stored| stored.text_hash != self.hash)
    }
}

/// Checks the papers; of several with one id, the last stays.
fn incoming(papers: Vec<Paper>, options: &AddOptions<'_>) -> Result<Vec<Incoming>> {
    let mut last: HashMap<String, usize> = HashMap::new();
    for (position, paper) in papers.iter().enumerate() {
        paper.check()?;
        last.insert(paper.id.clone(), position);
    }
    let kept = papers
        .into_iter()
        .enumerate()
        .filter(|(at, paper)| last[&paper.id] == *at);
    kept.map(|(_, paper)| {
        let text = options
            .text
            .as_ref()
            .map_or_else(|| paper.text(), |text| text(&paper));
        if text.trim().is_empty() {
            let reason = "there is no text to embed";
            return Err(Error::Papers(cognate_papers::Error::InvalidPaper {
                id: paper.id,
                reason,
            }));
        }
        let mut hash = TextHash::default();
        blake3::Hasher::new()
            .update(text.as_bytes())
            .finalize_xof()
            .fill(&mut hash);
        Ok(Incoming {
            paper,
            text,
            hash,
            stored: None,
        })
    })
    .collect()
}
