//! The first part of an upgrade: the library changes its model in one commit, with mapped vectors.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use cognate_index::{FlatIndex, IndexWriter, RowId, unit_vector};
use ndarray::{Array1, Array2, ArrayView1, Axis, stack};
use roaring::RoaringBitmap;

use super::embed_mapped::Run;
use super::linear_map::LinearMap;
use crate::embed::{Embed, EmbedderInfo};
use crate::library::Library;
use crate::library::embedding::{TextVectors, hash_text};
use crate::library::snapshot::Snapshot;
use crate::library::store::TextHash;
use crate::sampling::evenly_spaced;
use crate::text_recipe::TextRecipe;
use crate::{Error, Result};

/// The number of rows that are mapped at a time.
const CHUNK_ROWS: usize = 65_536;

impl Library {
    /// Returns whether the vectors of the library can be compared with those of an embedder.
    pub(super) fn is_made_by(&self, info: &EmbedderInfo) -> bool {
        (&info.fingerprint, info.dim) == (&self.stored.fingerprint, self.stored.dim)
    }

    /// Embeds a sample of the papers, and in one commit changes the model and replaces all vectors:
    /// those of the sample by new ones, the others by mapped ones.
    pub(super) fn change_model(
        &mut self,
        embedder: Arc<dyn Embed>,
        size: usize,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let info = embedder.info();
        let mut vectors = TextVectors::default();
        let (sampled, mapped) = loop {
            let sample = self.read(|snapshot| Sample::draw(snapshot, &self.text, size))?;
            let texts = sample
                .papers
                .iter()
                .map(|paper| (paper.hash, paper.text.as_str()));
            vectors
                .embed_missing(embedder.as_ref(), texts, &mut |done| run.update(done))
                .map_err(|error| run.error(error))?;
            let replacement = Replacement::prepare(&sample, &vectors, &self.dir)?;
            // If another process has committed meanwhile, the papers may have changed.
            let is_done = self.change(Some(sample.generation), |papers, writer| {
                let map = writer.reset(info.dim).map_err(Error::index(&self.dir))?;
                replacement
                    .append_to(writer)
                    .map_err(Error::index(&self.dir))?;
                papers.renumber(&map)?;
                papers.set_mapped_rows(&replacement.mapped_rows())?;
                papers.set_embedder_info(&info)?;
                papers.forget_background_similarity()
            })?;
            if is_done {
                break (sample.papers.len(), replacement.mapped_rows().len());
            }
        };
        self.stored = info;
        self.embedder = Some(embedder);
        run.report.mapped = usize::try_from(mapped).unwrap_or(usize::MAX);
        run.commit(sampled, &vectors)
    }
}

/// The papers of one commit that are embedded before the library changes its model.
struct Sample {
    generation: i64,
    index: FlatIndex,
    /// Sorted by id, so that the map does not depend on the order in which papers were added.
    papers: Vec<SampledPaper>,
}

struct SampledPaper {
    id: String,
    row: RowId,
    text: String,
    hash: TextHash,
}

impl Sample {
    /// Draws `size` papers, evenly spaced over the papers by id, or all if there are no more.
    fn draw(snapshot: &Snapshot<'_>, recipe: &TextRecipe, size: usize) -> Result<Self> {
        snapshot.check_text_recipe(recipe)?;
        let mut papers = Vec::new();
        snapshot
            .papers
            .for_each(|stored| papers.push((stored.paper.id, stored.row)))?;
        papers.sort_unstable();
        let read = |(id, row): (String, RowId)| {
            let text = recipe.text(&snapshot.papers.paper_at(row)?);
            let hash = hash_text(&text);
            Ok(SampledPaper {
                id,
                row,
                text,
                hash,
            })
        };
        Ok(Self {
            generation: snapshot.papers.generation()?,
            index: snapshot.index.clone(),
            papers: evenly_spaced(papers, size)
                .into_iter()
                .map(read)
                .collect::<Result<_>>()?,
        })
    }
}

/// The vectors that replace those of an index.
struct Replacement<'a> {
    index: &'a FlatIndex,
    /// The rows of the index that are not deleted.
    live: RoaringBitmap,
    /// The vectors of the sample by row, of length 1.
    native: HashMap<u32, Array1<f32>>,
    /// `None` if the sample has all papers.
    map: Option<LinearMap>,
}

impl<'a> Replacement<'a> {
    fn prepare(sample: &'a Sample, vectors: &TextVectors, dir: &Path) -> Result<Self> {
        let index = &sample.index;
        let mut live = RoaringBitmap::new();
        live.insert_range(..u32::try_from(index.rows()).unwrap_or(u32::MAX));
        live -= index.deleted();
        let mut native = HashMap::new();
        for SampledPaper { id, row, hash, .. } in &sample.papers {
            let vector = ArrayView1::from(vectors.get(hash).unwrap_or_default());
            let vector = unit_vector(vector).map_err(|flaw| Error::Embed {
                source: format!("the vector of the paper `{id}` {flaw}").into(),
            })?;
            native.insert(row.get(), vector);
        }
        let mut replacement = Self {
            index,
            live,
            native,
            map: None,
        };
        if replacement.native.len() < index.len() {
            replacement.map = Some(replacement.learn(sample, dir)?);
            // Embedding the mapped papers moves them to rows at the end, and with them the papers
            // between them. If the last row is mapped, all papers move, so they keep their order. The
            // map is learned from that paper all the same, so it does not depend on the order.
            if let Some(last) = replacement.live.max() {
                replacement.native.remove(&last);
            }
        }
        Ok(replacement)
    }

    /// Learns the map from the old vectors of the sample to the new ones, in the order of the sample.
    fn learn(&self, sample: &Sample, dir: &Path) -> Result<LinearMap> {
        let rows: Vec<RowId> = sample.papers.iter().map(|paper| paper.row).collect();
        let from = self.old_vectors(&rows).map_err(Error::index(dir))?;
        let new = rows.iter().filter_map(|row| self.native.get(&row.get()));
        let new: Vec<ArrayView1<'_, f32>> = new.map(|vector| vector.view()).collect();
        let map = stack(Axis(0), &new).ok().and_then(|to| {
            let to = to.mapv(f64::from);
            LinearMap::learn(from.view(), to.view())
        });
        map.ok_or_else(|| Error::Embed {
            source: "no map can be learned from its vectors".into(),
        })
    }

    /// Returns the old vectors in these rows, `[n, dim]`.
    fn old_vectors(&self, rows: &[RowId]) -> cognate_index::Result<Array2<f64>> {
        let mut vectors = Array2::zeros((rows.len(), self.index.dim()));
        for (mut to, row) in vectors.outer_iter_mut().zip(rows) {
            if let Some(vector) = self.index.row(*row)? {
                to.assign(&vector.mapv(f64::from));
            }
        }
        Ok(vectors)
    }

    /// Returns the new numbers of the rows whose vectors are mapped.
    fn mapped_rows(&self) -> RoaringBitmap {
        let rows = (0..).zip(&self.live);
        let mapped = rows.filter(|(_, old)| !self.native.contains_key(old));
        mapped.map(|(new, _)| new).collect()
    }

    /// Appends the new vectors, in the order of the old rows.
    fn append_to(&self, writer: &mut IndexWriter) -> cognate_index::Result<()> {
        let dim = writer.manifest().dim();
        let rows: Vec<RowId> = self.live.iter().map(RowId::new).collect();
        for rows in rows.chunks(CHUNK_ROWS) {
            let mut vectors = match &self.map {
                Some(map) => map.apply(self.old_vectors(rows)?.view()),
                None => Array2::zeros((rows.len(), dim)),
            };
            for (mut vector, row) in vectors.outer_iter_mut().zip(rows) {
                if let Some(native) = self.native.get(&row.get()) {
                    vector.assign(native);
                }
            }
            writer.append(vectors.view())?;
        }
        Ok(())
    }
}
