//! The second part of an upgrade: mapped vectors are replaced by those of the model.

use std::time::Instant;

use cognate_index::RowId;
use ndarray::{Array2, ArrayView1, Axis};
use roaring::RoaringBitmap;

use super::run::Run;
use crate::library::Library;
use crate::library::batch_size::BatchSize;
use crate::library::embedding::{TextVectors, hash_text};
use crate::library::snapshot::Snapshot;
use crate::library::store::{StoredPaper, TextHash};
use crate::text_recipe::TextRecipe;
use crate::{Paper, Result};

/// The next papers to embed, of one commit.
struct Batch {
    generation: i64,
    papers: Vec<Moved>,
}

/// A paper that moves to a new row.
struct Moved {
    row: RowId,
    stored: StoredPaper,
    vector: Vector,
}

enum Vector {
    /// The vector of the new model, which is copied.
    Native(Vec<f32>),
    /// The vector is mapped, so this text is embedded.
    Mapped { text: String, hash: TextHash },
}

impl Library {
    /// Embeds the papers whose vectors are mapped, batch by batch.
    pub(super) fn embed_mapped(&self, run: &mut Run<'_>) -> Result<()> {
        let mut size = BatchSize::first();
        let mut embedded_any = false;
        loop {
            let start = Instant::now();
            if !self.embed_batch(size.get(), run)? {
                break;
            }
            embedded_any = true;
            size.adapt(start.elapsed());
        }
        if embedded_any {
            // Half of the rows or more are the deleted mapped ones.
            self.compact()?;
        }
        Ok(())
    }

    /// Embeds the next papers in one commit. Returns whether there were any.
    fn embed_batch(&self, size: usize, run: &mut Run<'_>) -> Result<bool> {
        let mut vectors = TextVectors::default();
        let batch = loop {
            let batch = self.read(|snapshot| Batch::next(snapshot, &self.text, size))?;
            if batch.papers.is_empty() {
                return Ok(false);
            }
            let texts = batch.papers.iter().filter_map(|moved| match &moved.vector {
                Vector::Mapped { text, hash } => Some((*hash, text.as_str())),
                Vector::Native(_) => None,
            });
            let texts: Vec<_> = texts.collect();
            run.embed(self.embedder()?.as_ref(), &mut vectors, &texts)?;
            // If another process has committed meanwhile, papers may have changed or moved.
            if self.commit_batch(&batch, &vectors)? {
                break batch;
            }
        };
        let embedded = batch.papers.iter().filter(|moved| moved.is_mapped());
        run.commit(embedded.count(), &vectors)?;
        Ok(true)
    }

    /// Moves the papers of a batch to new rows at the end, in the same order, if the library is still
    /// as the batch was read. Returns whether it was.
    fn commit_batch(&self, batch: &Batch, vectors: &TextVectors) -> Result<bool> {
        let mut matrix = Array2::zeros((batch.papers.len(), self.stored.dim));
        for (moved, mut row) in batch.papers.iter().zip(matrix.axis_iter_mut(Axis(0))) {
            let vector = match &moved.vector {
                Vector::Native(vector) => Some(vector.as_slice()),
                Vector::Mapped { hash, .. } => vectors.get(hash),
            };
            if let Some(vector) = vector {
                row.assign(&ArrayView1::from(vector));
            }
        }
        let replaced: RoaringBitmap = batch.papers.iter().map(|moved| moved.row.get()).collect();
        let papers = batch.papers.iter().map(|Moved { stored, vector, .. }| {
            let hash = match vector {
                Vector::Native(_) => stored.text_hash,
                Vector::Mapped { hash, .. } => *hash,
            };
            (hash, &stored.paper)
        });
        let papers: Vec<(TextHash, &Paper)> = papers.collect();
        self.change(Some(batch.generation), |change| {
            change.delete(&replaced)?;
            change.append(matrix.view(), &papers)?;
            if change.papers.mapped_rows()?.is_subset(&replaced) {
                change.papers.forget_background_similarity()?;
            }
            Ok(())
        })
    }
}

impl Moved {
    fn is_mapped(&self) -> bool {
        matches!(self.vector, Vector::Mapped { .. })
    }
}

impl Batch {
    /// Reads the next `size` papers with mapped vectors, in row order, and the papers between them,
    /// which move along so that papers keep their order.
    fn next(snapshot: &Snapshot<'_>, recipe: &TextRecipe, size: usize) -> Result<Self> {
        snapshot.papers.check_text_recipe(recipe)?;
        let mapped = snapshot.papers.mapped_rows()?;
        let mut rows = RoaringBitmap::new();
        let nth = u32::try_from(size.saturating_sub(1)).unwrap_or(u32::MAX);
        if let Some(last) = mapped.select(nth).or(mapped.max()) {
            rows.insert_range(..=last);
            rows -= snapshot.index.deleted();
        }
        let moved = |row: u32| {
            let row = RowId::new(row);
            let stored = snapshot.stored_at(row)?;
            let vector = if mapped.contains(row.get()) {
                let text = recipe.text(&stored.paper);
                let hash = hash_text(&text);
                Vector::Mapped { text, hash }
            } else {
                Vector::Native(snapshot.vector(row)?.to_vec())
            };
            Ok(Moved {
                row,
                stored,
                vector,
            })
        };
        Ok(Self {
            generation: snapshot.papers.generation()?,
            papers: rows.iter().map(moved).collect::<Result<_>>()?,
        })
    }
}
