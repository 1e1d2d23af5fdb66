//! The vectors of the new model, embedded or mapped, that replace those of the old one.

use std::f64::consts::FRAC_1_SQRT_2;
use std::path::Path;

use cognate_index::unit_vector;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use roaring::RoaringBitmap;

use super::source::Source;
use super::vector_map::VectorMap;
use crate::library::embedding::TextVectors;
use crate::library::store::TextHash;
use crate::{Error, Result};

/// The number of rows that are mapped at a time.
const CHUNK_ROWS: usize = 1024;

/// The vectors that replace those of a library.
pub(super) struct Replacement {
    /// The vectors in row order, `[n, dim]`.
    vectors: Array2<f32>,
    mapped: RoaringBitmap,
}

impl Replacement {
    /// Computes the vectors from those of the sampled texts and of the openings.
    pub(super) fn compute(
        source: &Source,
        texts: &TextVectors,
        openings: &TextVectors,
        dim: usize,
        dir: &Path,
    ) -> Result<Self> {
        let count = source.rows().len();
        let native = native_vectors(source, texts, dim)?;
        let mut vectors = Array2::zeros((count, dim));
        let mut mapped = RoaringBitmap::new();
        if native.nrows() < count {
            let what = || "the opening of a text".to_owned();
            for (mut to, (hash, _)) in vectors.outer_iter_mut().zip(source.openings()) {
                to.assign(&unit(openings, &hash, what)?);
            }
            map_in_place(source, &native, &mut vectors, dir)?;
            mapped.insert_range(..u32::try_from(count).unwrap_or(u32::MAX));
        }
        for (vector, paper) in native.outer_iter().zip(source.sample()) {
            // Embedding the mapped papers moves them to rows at the end, and with them the papers
            // between them. If the last row is mapped, all papers move, so they keep their order. The
            // map is learned from that paper all the same, so it does not depend on the order.
            let is_last = paper.position + 1 == count;
            if !is_last || mapped.is_empty() {
                vectors.row_mut(paper.position).assign(&vector);
                mapped.remove(u32::try_from(paper.position).unwrap_or(u32::MAX));
            }
        }
        Ok(Self { vectors, mapped })
    }

    /// Returns the vectors, in row order.
    pub(super) fn vectors(&self) -> ArrayView2<'_, f32> {
        self.vectors.view()
    }

    /// Returns the positions in row order of the papers whose vectors are mapped.
    pub(super) fn mapped_rows(&self) -> RoaringBitmap {
        self.mapped.clone()
    }
}

/// Returns the vectors of the sampled texts, in the order of the sample.
fn native_vectors(source: &Source, texts: &TextVectors, dim: usize) -> Result<Array2<f32>> {
    let mut native = Array2::zeros((source.sample().len(), dim));
    let sample = source.sample().iter().zip(source.sampled_texts());
    for (mut to, (paper, (hash, _))) in native.outer_iter_mut().zip(sample) {
        to.assign(&unit(texts, &hash, || format!("the paper `{}`", paper.id))?);
    }
    Ok(native)
}

/// Replaces the vectors of the openings of all texts by mapped ones.
fn map_in_place(
    source: &Source,
    native: &Array2<f32>,
    vectors: &mut Array2<f32>,
    dir: &Path,
) -> Result<()> {
    let sampled: Vec<usize> = source.sample().iter().map(|paper| paper.position).collect();
    let examples = features(source, vectors, &sampled).map_err(Error::index(dir))?;
    let map = VectorMap::learn(examples.view(), native.mapv(f64::from).view());
    let map = map.ok_or_else(|| Error::Embed {
        source: "no map can be learned from its vectors".into(),
    })?;
    let positions: Vec<usize> = (0..vectors.nrows()).collect();
    for chunk in positions.chunks(CHUNK_ROWS) {
        let rows = features(source, vectors, chunk).map_err(Error::index(dir))?;
        for (position, mapped) in chunk.iter().zip(map.apply(rows.view()).outer_iter()) {
            vectors.row_mut(*position).assign(&mapped);
        }
    }
    Ok(())
}

/// Returns what is known of papers without embedding their whole texts: their old vectors beside the
/// new vectors of the openings, scaled to length 1.
fn features(
    source: &Source,
    openings: &Array2<f32>,
    positions: &[usize],
) -> cognate_index::Result<Array2<f64>> {
    let (old, new) = (source.index().dim(), openings.ncols());
    let mut features = Array2::zeros((positions.len(), old + new));
    for (row, &position) in features.outer_iter_mut().zip(positions) {
        let (mut from_old, mut from_opening) = row.split_at(Axis(0), old);
        let scaled = |value: f32| f64::from(value) * FRAC_1_SQRT_2;
        if let Some(vector) = source.index().row(source.rows()[position])? {
            from_old.assign(&vector.mapv(scaled));
        }
        from_opening.assign(&openings.row(position).mapv(scaled));
    }
    Ok(features)
}

/// Returns the vector of a text, scaled to length 1.
fn unit(
    vectors: &TextVectors,
    hash: &TextHash,
    what: impl FnOnce() -> String,
) -> Result<Array1<f32>> {
    let vector = ArrayView1::from(vectors.get(hash).unwrap_or_default());
    unit_vector(vector).map_err(|flaw| Error::Embed {
        source: format!("the vector of {} {flaw}", what()).into(),
    })
}
