//! Pairs of papers that are versions of one paper, or nearly have the same text.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map};
use std::ops::ControlFlow;
use std::sync::Arc;

use cognate_index::{FlatIndex, RowId, SearchOptions};
use ndarray::Array2;
use roaring::RoaringBitmap;

use crate::library::Library;
use crate::library::snapshot::Snapshot;
use crate::library::snapshot::cancelled_or;
use crate::library::vectors_dir;
use crate::progress::of_index;
use crate::query::versions::{DuplicateReason, VersionCandidate};
use crate::{Error, Paper, Progress, Result};

/// Two papers of a library that are versions of one paper, or nearly have the same text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DuplicatePair {
    /// The paper that was added first. Pairs share their papers.
    pub first: Arc<Paper>,
    /// The other paper.
    pub second: Arc<Paper>,
    /// The cosine of the vectors of the two papers.
    pub cosine: f32,
    /// The reason why the two papers are a pair.
    pub reason: DuplicateReason,
}

/// The number of neighbors of each row that are searched for first. Few papers have more duplicates.
const FIRST_NEIGHBORS: usize = 8;

/// The number of rows whose further neighbors are searched for at a time.
const ROWS_PER_SEARCH: usize = 256;

/// The rows of a pair, the lower one first.
type RowPair = (RowId, RowId);

impl Library {
    /// Returns the pairs of papers whose cosine is at least `threshold`, −1 to 1, and the pairs that
    /// are versions of one paper according to their DOI, arXiv identifier or title, whatever their
    /// cosine. A threshold of 0.95 finds copies with small changes.
    ///
    /// The pair with the highest cosine comes first, ties in the order in which the papers were added.
    /// The search is exact, so no pair is missed.
    ///
    /// The library can be used while this method runs. If it is changed, the computation starts again,
    /// at most twice; the last time, other changes wait until it is done.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidOption`] if the threshold is not a cosine, and [`Error::Index`],
    /// [`Error::Store`] or [`Error::Damaged`] if the library cannot be read.
    ///
    /// # Complexity
    ///
    /// O(papers² · dim), and memory for all pairs, which are many if the threshold is low.
    pub fn duplicates(&self, threshold: f32) -> Result<Vec<DuplicatePair>> {
        self.duplicates_with(threshold, &mut |_| ControlFlow::Continue(()))
    }

    /// Does the same as [`duplicates`](Self::duplicates), and calls `progress` with the number of
    /// papers that have been compared with all others. The number returns to 0 if the computation
    /// starts again.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`duplicates`](Self::duplicates), and [`Error::Cancelled`] if `progress`
    /// breaks.
    pub fn duplicates_with(
        &self,
        threshold: f32,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Vec<DuplicatePair>> {
        if !(-1.0..=1.0).contains(&threshold) {
            return Err(Error::InvalidOption {
                option: "threshold",
                found: threshold.to_string(),
                expected: "a cosine, -1 to 1".to_owned(),
            });
        }
        let vectors = vectors_dir(&self.dir);
        let failed = cancelled_or(|error| Error::index(&vectors)(error));
        self.read(|snapshot| {
            let near = near_pairs(snapshot.index, threshold, progress).map_err(failed)?;
            duplicates(snapshot, threshold, near)
        })
    }
}

/// Returns the duplicates among the pairs with a cosine of at least `threshold`, which are `near`, and
/// those that share an identifier.
fn duplicates(
    snapshot: &Snapshot<'_>,
    threshold: f32,
    near: BTreeMap<RowPair, f32>,
) -> Result<Vec<DuplicatePair>> {
    let mut pairs = near;
    for rows in same_identifier_pairs(snapshot)? {
        if let Entry::Vacant(pair) = pairs.entry(rows) {
            let cosine = cosine(snapshot.index, rows);
            pair.insert(cosine.map_err(Error::index(&vectors_dir(snapshot.dir)))?);
        }
    }
    // Each paper is read once, however many pairs it is in.
    let mut candidates: HashMap<RowId, VersionCandidate> = HashMap::new();
    let mut found = Vec::new();
    for ((a, b), cosine) in pairs {
        for row in [a, b] {
            if let hash_map::Entry::Vacant(entry) = candidates.entry(row) {
                entry.insert(VersionCandidate::new(snapshot.paper_at(row)?));
            }
        }
        let (first, second) = (&candidates[&a], &candidates[&b]);
        let text = (cosine >= threshold).then_some(DuplicateReason::Text);
        if let Some(reason) = first.evidence(second, cosine).or(text) {
            found.push(DuplicatePair {
                first: Arc::clone(&first.paper),
                second: Arc::clone(&second.paper),
                cosine,
                reason,
            });
        }
    }
    // The sort is stable, so ties stay in the order of the rows.
    found.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
    Ok(found)
}

/// Returns all pairs of rows whose cosine is at least `threshold`, with their cosines.
fn near_pairs(
    index: &FlatIndex,
    threshold: f32,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> cognate_index::Result<BTreeMap<RowPair, f32>> {
    let mut pairs = BTreeMap::new();
    // The rows that may have more than `k` neighbors.
    let mut incomplete = Vec::new();
    let mut k = FIRST_NEIGHBORS;
    let options = SearchOptions::new(k).min_score(threshold);
    for (row, hits) in index.neighbors_with(options, &mut |state| progress(of_index(state)))? {
        if hits.len() == k {
            incomplete.push(row);
        }
        pairs.extend(hits.iter().map(|hit| (in_order(row, hit.row), hit.score)));
    }
    while !incomplete.is_empty() {
        k = k.saturating_mul(4);
        // A row is usually among its own hits, but not always: many other rows may be equal to it.
        let options = SearchOptions::new(k.saturating_add(1)).min_score(threshold);
        let mut still_incomplete = Vec::new();
        for rows in incomplete.chunks(ROWS_PER_SEARCH) {
            let mut queries = Array2::zeros((rows.len(), index.dim()));
            for (row, mut query) in rows.iter().zip(queries.outer_iter_mut()) {
                if let Some(vector) = index.row(*row)? {
                    query.assign(&vector);
                }
            }
            for (row, hits) in rows
                .iter()
                .zip(index.search_batch(queries.view(), options)?)
            {
                if hits.len() > k {
                    still_incomplete.push(*row);
                }
                let others = hits.iter().filter(|hit| hit.row != *row);
                pairs.extend(others.map(|hit| (in_order(*row, hit.row), hit.score)));
            }
        }
        incomplete = still_incomplete;
    }
    Ok(pairs)
}

/// Returns the pairs of papers that have the same DOI, arXiv identifier or distinctive title. Other pairs may
/// be among them, because hashes are compared.
///
/// # Complexity
///
/// 16 bytes of memory for each identifier.
fn same_identifier_pairs(snapshot: &Snapshot<'_>) -> Result<BTreeSet<RowPair>> {
    let mut identifiers: Vec<(u64, RowId)> = Vec::new();
    snapshot.for_each(|row, stored| {
        let keys = VersionCandidate::new(stored.paper).keys();
        identifiers.extend(keys.iter().map(|key| (hash(key), row)));
    })?;
    identifiers.sort_unstable();
    let mut pairs = BTreeSet::new();
    for alike in identifiers.chunk_by(|a, b| a.0 == b.0) {
        for (position, &(_, a)) in alike.iter().enumerate() {
            pairs.extend(alike[position + 1..].iter().map(|&(_, b)| in_order(a, b)));
        }
    }
    Ok(pairs)
}

fn hash(key: &str) -> u64 {
    let mut bytes = [0; 8];
    blake3::Hasher::new()
        .update(key.as_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Returns the cosine of two rows, with the same bits as in a search.
fn cosine(index: &FlatIndex, (a, b): RowPair) -> cognate_index::Result<f32> {
    let only = RoaringBitmap::from_iter([b.get()]);
    let hits = match index.row(a)? {
        Some(vector) => index.search(vector, SearchOptions::new(1).filter(&only))?,
        None => Vec::new(),
    };
    Ok(hits.first().map_or(f32::NAN, |hit| hit.score))
}

fn in_order(a: RowId, b: RowId) -> RowPair {
    (a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognate_index::IndexBuilder;

    /// Returns an index of unit vectors in seven directions: those of one direction are equal or nearly
    /// so.
    fn index(rows: u16) -> FlatIndex {
        let mut builder = IndexBuilder::new(3).unwrap();
        let values = (0..rows).flat_map(|n| {
            let angle = f32::from(n % 7) * 0.1 + f32::from(n / 70) * 1e-3;
            [angle.cos(), angle.sin(), 0.0]
        });
        let values = Array2::from_shape_vec((rows.into(), 3), values.collect()).unwrap();
        builder.append(values.view()).unwrap();
        builder.build()
    }

    #[test]
    fn agrees_with_a_loop_over_all_pairs() {
        let index = index(210).with_deleted(&[3, 10].into()).unwrap();
        for threshold in [0.99, 0.999_9, 1.0, -1.0] {
            let found = near_pairs(&index, threshold, &mut |_| ControlFlow::Continue(())).unwrap();
            let mut expected = BTreeMap::new();
            for a in 0..210 {
                for b in a + 1..210 {
                    let rows = (RowId::new(a), RowId::new(b));
                    if [a, b].iter().any(|row| index.deleted().contains(*row)) {
                        continue;
                    }
                    let cosine = cosine(&index, rows).unwrap();
                    if cosine >= threshold {
                        expected.insert(rows, cosine);
                    }
                }
            }
            assert!(!expected.is_empty());
            assert_eq!(found, expected, "{threshold}");
        }
    }

    #[test]
    fn an_empty_index_has_no_pairs() {
        let empty = IndexBuilder::new(3).unwrap().build();
        let mut proceed = |_| ControlFlow::Continue(());
        assert!(near_pairs(&empty, 0.5, &mut proceed).unwrap().is_empty());
    }

    #[test]
    fn progress_can_cancel() {
        let mut calls = Vec::new();
        let mut stop = |Progress { done, total, .. }| {
            calls.push((done, total));
            ControlFlow::Break(())
        };
        let error = near_pairs(&index(20), 0.5, &mut stop).unwrap_err();
        assert!(cancelled_or(|error| unreachable!("{error}"))(error).is_cancelled());
        assert_eq!(calls, [(0, 20)]);
    }
}
