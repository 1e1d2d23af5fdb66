use std::ops::ControlFlow;

use ndarray::{ArrayView1, ArrayView2, Axis};

use crate::normalize::{extend_with_unit_rows, invalid_query};
use crate::scan::{GROUP_QUERIES, scan};
use crate::validate::check_dim;
use crate::{Error, FlatIndex, Hit, Progress, Result, RowId, SearchOptions};

/// The approximate number of products between two calls of the progress callback of
/// [`FlatIndex::neighbors_with`]: a fraction of a second of work.
const STEP_WORK: usize = 1 << 33;

impl FlatIndex {
    /// Finds the rows most similar to a query, `[dim]`. The query is normalized, so its norm does not
    /// matter. Hits are in descending order of their scores, rows with equal scores in ascending
    /// order.
    ///
    /// The work is distributed over the threads of the current rayon pool; call this function inside
    /// `ThreadPool::install` to use another pool. The hits and the bits of their scores are the same
    /// with any pool, alone or in a batch, and on every machine.
    ///
    /// # Errors
    ///
    /// Returns [`Error::DimensionMismatch`] if the query does not have the dimensions of the index,
    /// [`Error::InvalidQuery`] if the query cannot be normalized, [`Error::InvalidOption`] if `k` is
    /// 0 or the minimum score is NaN, and [`Error::Corrupt`] if rows that the search reads are
    /// damaged.
    ///
    /// # Complexity
    ///
    /// O(allowed rows · dim + hits · log(k)).
    pub fn search<'a>(
        &self,
        query: ArrayView1<'_, f32>,
        options: impl Into<SearchOptions<'a>>,
    ) -> Result<Vec<Hit>> {
        let hits = self.search_batch(query.insert_axis(Axis(0)), options)?;
        Ok(hits.into_iter().next().unwrap_or_default())
    }

    /// Finds the rows most similar to each query of `[m, dim]`. The hits of query `i` are at `i`.
    /// They are the same as those of [`search`](Self::search), and take less time to find.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`search`](Self::search).
    pub fn search_batch<'a>(
        &self,
        queries: ArrayView2<'_, f32>,
        options: impl Into<SearchOptions<'a>>,
    ) -> Result<Vec<Vec<Hit>>> {
        let options = options.into();
        options.check()?;
        check_dim(self.dim(), queries.ncols())?;
        let mut units = Vec::with_capacity(queries.len());
        extend_with_unit_rows(&mut units, queries).map_err(invalid_query)?;
        scan(self, &units, &options)
    }

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
    /// O(rows · allowed rows · dim).
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
        let k = options.k();
        // One more, because a row is usually among its own hits. It may be missing if more than `k`
        // rows equal it.
        let options = options.with_k(k.saturating_add(1));
        let total = self.len();
        let step = (STEP_WORK / (self.rows() * self.dim()).max(1)).clamp(1, 4096);
        let step = step.next_multiple_of(GROUP_QUERIES);

        let mut found = Vec::with_capacity(total);
        let mut report = |done| match progress(Progress { done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled { done, total }),
        };
        report(0)?;
        let live = (0..self.rows).filter(|row| !self.deleted().contains(*row));
        let live: Vec<u32> = live.collect();
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
}
