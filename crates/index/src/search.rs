use std::ops::ControlFlow;

use ndarray::{ArrayView1, ArrayView2, Axis};

use crate::scan::{GROUP_QUERIES, scan};
use crate::unit::{check_dim, extend_with_unit_rows, invalid_query};
use crate::{Error, FlatIndex, Hit, Result, RowId, SearchOptions};

/// Products of one step of [`FlatIndex::neighbors_with`], about: a fraction of a second.
const STEP_WORK: usize = 1 << 33;

impl FlatIndex {
    /// Finds the rows nearest to a query, `[dim]`, of any length but zero: best first, rows of
    /// equal scores in ascending order.
    ///
    /// The work is spread over the threads of the current rayon pool; run it by
    /// `ThreadPool::install` to choose another. The hits and the bits of their scores are the
    /// same for any pool, alone or in a batch, and on every machine.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`] and [`Error::InvalidQuery`] for a vector that does not fit,
    /// [`Error::InvalidK`] and [`Error::InvalidMinScore`] for options that make no sense;
    /// [`Error::Corrupt`] when rows that had to be read are not as they were written.
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

    /// Finds the rows nearest to each query of `[m, dim]`: the hits of query `i` at `i`, the same
    /// as [`search`](Self::search) finds, in less time.
    ///
    /// # Errors
    ///
    /// Those of [`search`](Self::search).
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

    /// Finds, for each row that is not deleted, the rows nearest to it but for itself. A filter
    /// chooses among which rows they are looked for.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidK`] and [`Error::InvalidMinScore`]; [`Error::Corrupt`] when rows are not as
    /// they were written.
    ///
    /// # Complexity
    ///
    /// O(rows · allowed rows · dim).
    pub fn neighbors<'a>(
        &self,
        options: impl Into<SearchOptions<'a>>,
    ) -> Result<Vec<(RowId, Vec<Hit>)>> {
        self.neighbors_with(options, &mut |_, _| ControlFlow::Continue(()))
    }

    /// Does [`neighbors`](Self::neighbors), and tells `progress` how many rows are done, of how
    /// many; first none, in the end all. It is told on the thread of the caller.
    ///
    /// # Errors
    ///
    /// Those of [`neighbors`](Self::neighbors), and [`Error::Cancelled`] when `progress` breaks.
    pub fn neighbors_with<'a>(
        &self,
        options: impl Into<SearchOptions<'a>>,
        progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Vec<(RowId, Vec<Hit>)>> {
        let options = options.into();
        options.check()?;
        let k = options.k();
        // One more, in case the row itself is among them; it may be not, if many rows are equal.
        let options = options.with_k(k.saturating_add(1));
        let total = self.len();
        let step = (STEP_WORK / (self.rows() * self.dim()).max(1)).clamp(1, 4096);
        let step = step.next_multiple_of(GROUP_QUERIES);

        let mut found = Vec::with_capacity(total);
        let mut tell = |done| match progress(done, total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled { done, total }),
        };
        tell(0)?;
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
            tell(found.len())?;
        }
        Ok(found)
    }
}
