use ndarray::{ArrayView1, ArrayView2, Axis};

use crate::normalize::{extend_with_unit_rows, invalid_query};
use crate::scan::scan;
use crate::validate::check_dim;
use crate::{FlatIndex, Hit, Result, SearchOptions};

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
    /// Returns [`Error::DimensionMismatch`](crate::Error::DimensionMismatch) if the query does not
    /// have the dimensions of the index, [`Error::InvalidQuery`](crate::Error::InvalidQuery) if the
    /// query cannot be normalized, [`Error::InvalidOption`](crate::Error::InvalidOption) if `k` is 0
    /// or the minimum score is NaN, and [`Error::Corrupt`](crate::Error::Corrupt) if rows that the
    /// search reads are damaged.
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
}
