//! The nearest neighbors of all rows.

mod all_pairs;

use std::ops::ControlFlow;

use self::all_pairs::AllPairs;
use crate::scan::{GROUP_QUERIES, scan};
use crate::{Error, FlatIndex, Hit, Progress, Result, RowId, SearchOptions};

/// The approximate number of products between two calls of the progress callback of
/// [`FlatIndex::neighbors_with`]: a fraction of a second of work.
const STEP_WORK: usize = 1 << 33;

impl FlatIndex {
    /// Finds, for each row that is not deleted, the other rows most similar to it. A filter restricts
    /// the rows that are found, not the rows whose neighbors are searched.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidOption`] if `k` is 0 or the minimum score is NaN, and
    /// [`Error::Corrupt`] if rows are damaged.
    ///
    /// # Complexity
    ///
    /// O(rows · allowed rows · dim). Without quantized codes and without a filter, each pair of rows is
    /// scored once, for both.
    pub fn neighbors<'a>(
        &self,
        options: impl Into<SearchOptions<'a>>,
    ) -> Result<Vec<(RowId, Vec<Hit>)>> {
        self.neighbors_with(options, &mut |_| ControlFlow::Continue(()))
    }

    /// Finds the same as [`neighbors`](Self::neighbors) and reports the number of rows processed to
    /// `progress`: first 0, in the end all. The callback is called on the calling thread and can
    /// cancel the work.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`neighbors`](Self::neighbors), and [`Error::Cancelled`] if `progress`
    /// returns [`ControlFlow::Break`].
    pub fn neighbors_with<'a>(
        &self,
        options: impl Into<SearchOptions<'a>>,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Vec<(RowId, Vec<Hit>)>> {
        let options = options.into();
        options.check()?;
        let total = self.len();
        let mut report = |done| match progress(Progress { done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled { done, total }),
        };
        report(0)?;
        let live = (0..self.rows).filter(|row| !self.deleted().contains(*row));
        let live: Vec<u32> = live.collect();
        let step = (STEP_WORK / (self.rows() * self.dim()).max(1)).clamp(1, 4096);
        let step = step.next_multiple_of(GROUP_QUERIES);
        // Bounds by quantized codes save more than half of the products.
        if options.rows().is_none() && !self.is_quantized() {
            self.neighbors_by_pairs(&live, step, &options, &mut report)
        } else {
            self.neighbors_by_scan(&live, step, &options, &mut report)
        }
    }

    fn is_quantized(&self) -> bool {
        let mut segments = self.segments_at().iter();
        segments.any(|at| at.segment.quantized().is_some())
    }

    /// Searches for each row of `live` in turn, `step` rows at a time.
    fn neighbors_by_scan(
        &self,
        live: &[u32],
        step: usize,
        options: &SearchOptions<'_>,
        report: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Vec<(RowId, Vec<Hit>)>> {
        let k = options.k();
        // One more, because a row is usually among its own hits. It may be missing if more than `k`
        // rows equal it.
        let options = options.with_k(k.saturating_add(1));
        let mut found = Vec::with_capacity(live.len());
        let mut queries = Vec::new();
        for rows in live.chunks(step) {
            queries.clear();
            for row in rows {
                queries.extend_from_slice(self.values(*row)?);
            }
            for (row, mut hits) in rows.iter().zip(scan(self, &queries, &options)?) {
                hits.retain(|hit| hit.row.get() != *row);
                hits.truncate(k);
                found.push((RowId::new(*row), hits));
            }
            report(found.len())?;
        }
        Ok(found)
    }

    /// Scores each pair of rows of `live` once, `step` rows at a time with all later ones. `step` is a
    /// multiple of [`GROUP_QUERIES`].
    fn neighbors_by_pairs(
        &self,
        live: &[u32],
        step: usize,
        options: &SearchOptions<'_>,
        report: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Vec<(RowId, Vec<Hit>)>> {
        let mut found = Vec::with_capacity(live.len());
        let mut pairs = AllPairs::new(self, live, options)?;
        while found.len() < live.len() {
            let rows = found.len()..live.len().min(found.len() + step);
            found.extend(pairs.score(rows));
            report(found.len())?;
        }
        Ok(found)
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "numbers are small")]
mod tests {
    use ndarray::Array2;
    use roaring::RoaringBitmap;

    use super::*;
    use crate::IndexBuilder;

    /// Returns an index of two segments in which every seventh row is deleted. Many rows are equal.
    fn index(n: usize, dim: usize) -> FlatIndex {
        let value = |(i, j): (usize, usize)| ((i % 97 * 31 + j * 17) % 101) as f32 - 50.0;
        let rows = Array2::from_shape_fn((n, dim), value);
        let mut builder = IndexBuilder::new(dim).unwrap();
        builder.append(rows.view()).unwrap();
        let more = Array2::from_shape_fn((n / 3, dim), |(i, j)| value((i * 5 + 2, j)));
        let index = builder.build().appended(more.view()).unwrap();
        let deleted: RoaringBitmap = (0..index.rows).step_by(7).collect();
        index.with_deleted(&deleted).unwrap()
    }

    #[test]
    fn pairs_scored_once_have_the_hits_of_a_search_for_each_row() {
        // One group, several groups, and groups of few rows.
        for (n, dim) in [(1, 3), (60, 5), (900, 20), (70, 9000)] {
            let index = index(n, dim);
            let live: Vec<u32> = (0..index.rows).filter(|row| row % 7 > 0).collect();
            for options in [
                SearchOptions::new(1),
                SearchOptions::new(7),
                SearchOptions::new(2000),
                SearchOptions::new(7).min_score(0.6),
            ] {
                for step in [GROUP_QUERIES, 3 * GROUP_QUERIES] {
                    let mut counts = [vec![], vec![]];
                    let [by_pairs, by_scan] = &mut counts;
                    let pairs = index.neighbors_by_pairs(&live, step, &options, &mut |done| {
                        by_pairs.push(done);
                        Ok(())
                    });
                    let scan = index.neighbors_by_scan(&live, step, &options, &mut |done| {
                        by_scan.push(done);
                        Ok(())
                    });
                    let bits = |found: Vec<(RowId, Vec<Hit>)>| -> Vec<(u32, Vec<(u32, u32)>)> {
                        let bits = |hit: &Hit| (hit.row.get(), hit.score.to_bits());
                        found
                            .iter()
                            .map(|(row, hits)| (row.get(), hits.iter().map(bits).collect()))
                            .collect()
                    };
                    assert_eq!(
                        bits(pairs.unwrap()),
                        bits(scan.unwrap()),
                        "{n} {dim} {step}"
                    );
                    assert_eq!(by_pairs, by_scan);
                }
            }
        }
    }
}
