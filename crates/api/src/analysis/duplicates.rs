//! Papers that are in a library twice, or nearly so.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use cognate_index::{FlatIndex, RowId, SearchOptions};
use ndarray::Array2;
use roaring::RoaringBitmap;

use crate::library::snapshot::cancelled_or;
use crate::library::store::View;
use crate::library::vectors_dir;
use crate::query::versions::{DuplicateReason, arxiv_of, doi_of, is_telling, same_work};
use crate::{Error, Library, Paper, Result};
use cognate_papers::identifiers::title_key;

/// Two papers of a library that are one work, or nearly have one text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DuplicatePair {
    /// The one that was added first.
    pub first: Paper,
    /// The other.
    pub second: Paper,
    /// The cosine of their vectors.
    pub cosine: f32,
    /// Why they are a pair.
    pub reason: DuplicateReason,
}

/// Neighbours of each row that are looked at first. Few papers have more copies.
const FIRST_NEIGHBORS: usize = 8;

/// Rows with more neighbours than were looked at, of which more are looked for at a time.
const CROWDED_ROWS: usize = 256;

/// The rows of a pair, the lower one first.
type Rows = (RowId, RowId);

impl Library {
    /// The pairs of papers whose cosine is at least `threshold`, −1 to 1, and those that their DOI, arXiv
    /// number or title shows to be one work, whatever their cosine: the highest cosine first, and of
    /// equal ones that of the papers that were added first. 0.95 is a good threshold for copies with
    /// small changes.
    ///
    /// No pair is missed: it is found by exact search. The library can be used meanwhile; if it is changed
    /// again and again, changes wait in the end.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidOption`] for a threshold that is no cosine; [`Error::Index`], [`Error::Store`] and
    /// [`Error::Damaged`] when the library cannot be read.
    ///
    /// # Complexity
    ///
    /// O(papers² · dim), and memory for the pairs, which are many for a low threshold.
    pub fn duplicates(&self, threshold: f32) -> Result<Vec<DuplicatePair>> {
        self.duplicates_with(threshold, &mut |_, _| ControlFlow::Continue(()))
    }

    /// Does [`duplicates`](Self::duplicates), and tells `progress` how many papers of how many have been
    /// compared with all others; again from the start where the library was changed.
    ///
    /// # Errors
    ///
    /// Those of [`duplicates`](Self::duplicates), and [`Error::Cancelled`] when `progress` breaks.
    pub fn duplicates_with(
        &self,
        threshold: f32,
        progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Vec<DuplicatePair>> {
        if !(-1.0..=1.0).contains(&threshold) {
            return Err(Error::InvalidOption {
                name: "the threshold",
                found: threshold.to_string(),
                expected: "a cosine, -1 to 1",
            });
        }
        let failed = |error| Error::index(&vectors_dir(&self.dir))(error);
        self.settled(
            |index| near(index, threshold, progress).map_err(cancelled_or(failed)),
            |view, index, mut pairs| {
                for rows in named_alike(view)? {
                    if let Entry::Vacant(pair) = pairs.entry(rows) {
                        pair.insert(cosine(index, rows).map_err(failed)?);
                    }
                }
                let mut found = Vec::new();
                for ((a, b), cosine) in pairs {
                    let (first, second) = (view.at(a)?, view.at(b)?);
                    let near = (cosine >= threshold).then_some(DuplicateReason::Text);
                    if let Some(reason) = same_work(&first, &second, cosine).or(near) {
                        found.push(DuplicatePair {
                            first,
                            second,
                            cosine,
                            reason,
                        });
                    }
                }
                // Stable: rows are in order before.
                found.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
                Ok(found)
            },
        )
    }
}

/// All pairs of rows whose cosine is at least `threshold`.
fn near(
    index: &FlatIndex,
    threshold: f32,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> cognate_index::Result<BTreeMap<Rows, f32>> {
    let mut pairs = BTreeMap::new();
    let mut crowded = Vec::new();
    let mut k = FIRST_NEIGHBORS;
    let options = SearchOptions::new(k).min_score(threshold);
    for (row, hits) in index.neighbors_with(options, progress)? {
        if hits.len() == k {
            crowded.push(row);
        }
        pairs.extend(hits.iter().map(|hit| (in_order(row, hit.row), hit.score)));
    }
    while !crowded.is_empty() {
        k = k.saturating_mul(4);
        // One more, since a row finds itself; it may be not, if many are equal.
        let options = SearchOptions::new(k.saturating_add(1)).min_score(threshold);
        let mut still = Vec::new();
        for rows in crowded.chunks(CROWDED_ROWS) {
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
                    still.push(*row);
                }
                let others = hits.iter().filter(|hit| hit.row != *row);
                pairs.extend(others.map(|hit| (in_order(*row, hit.row), hit.score)));
            }
        }
        crowded = still;
    }
    Ok(pairs)
}

/// The pairs of papers that have a DOI, an arXiv number or a telling title in common.
fn named_alike(view: &View<'_>) -> Result<BTreeSet<Rows>> {
    let mut groups: BTreeMap<(u8, String), Vec<RowId>> = BTreeMap::new();
    view.for_each(|stored| {
        let paper = &stored.paper;
        let title = is_telling(&paper.title).then(|| title_key(&paper.title));
        for (sort, name) in (0..).zip([doi_of(paper), arxiv_of(paper), title]) {
            if let Some(name) = name {
                groups.entry((sort, name)).or_default().push(stored.row);
            }
        }
    })?;
    let mut pairs = BTreeSet::new();
    for rows in groups.values() {
        for (at, &a) in rows.iter().enumerate() {
            pairs.extend(rows[at + 1..].iter().map(|&b| in_order(a, b)));
        }
    }
    Ok(pairs)
}

/// The cosine of two rows, with the bits that a search gives it.
fn cosine(index: &FlatIndex, (a, b): Rows) -> cognate_index::Result<f32> {
    let only = RoaringBitmap::from_iter([b.get()]);
    let hits = match index.row(a)? {
        Some(vector) => index.search(vector, SearchOptions::new(1).filter(&only))?,
        None => Vec::new(),
    };
    Ok(hits.first().map_or(f32::NAN, |hit| hit.score))
}

fn in_order(a: RowId, b: RowId) -> Rows {
    (a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognate_index::IndexBuilder;

    /// `rows` unit vectors, of which every seventh is the same and others are near it.
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
    fn agrees_with_looking_at_all_pairs_in_crowds_too() {
        let index = index(210).with_deleted(&[3, 10].into()).unwrap();
        for threshold in [0.99, 0.999_9, 1.0, -1.0] {
            let found = near(&index, threshold, &mut |_, _| ControlFlow::Continue(())).unwrap();
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
    fn no_rows_have_no_pairs() {
        let none = IndexBuilder::new(3).unwrap().build();
        let mut go_on = |_, _| ControlFlow::Continue(());
        assert!(near(&none, 0.5, &mut go_on).unwrap().is_empty());
    }

    #[test]
    fn whoever_waits_can_break_off() {
        let mut told = Vec::new();
        let mut stop = |done, total| {
            told.push((done, total));
            ControlFlow::Break(())
        };
        let error = near(&index(20), 0.5, &mut stop).unwrap_err();
        assert!(cancelled_or(|error| unreachable!("{error}"))(error).is_cancelled());
        assert_eq!(told, [(0, 20)]);
    }
}
