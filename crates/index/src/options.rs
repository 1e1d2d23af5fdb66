use roaring::RoaringBitmap;

use crate::{Error, Result};

/// What a search looks for. A plain number is such options too: that many hits.
#[derive(Clone, Copy, Debug)]
pub struct SearchOptions<'a> {
    k: usize,
    filter: Option<&'a RoaringBitmap>,
    min_score: Option<f32>,
}

impl<'a> SearchOptions<'a> {
    /// The `k` best rows. There are fewer when fewer are left by deletion, the filter and the
    /// minimum score; so any `k` but 0 is right.
    pub const fn new(k: usize) -> Self {
        Self {
            k,
            filter: None,
            min_score: None,
        }
    }

    /// Looks at these rows only. Numbers of rows that do not exist, or are deleted, are ignored.
    /// Default: all rows.
    #[must_use]
    pub const fn filter(mut self, rows: &'a RoaringBitmap) -> Self {
        self.filter = Some(rows);
        self
    }

    /// Leaves out hits of a lower score. Default: none is left out.
    #[must_use]
    pub const fn min_score(mut self, score: f32) -> Self {
        self.min_score = Some(score);
        self
    }

    /// The same, but for the number of hits.
    pub(crate) const fn with_k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// The number of hits wanted.
    pub const fn k(&self) -> usize {
        self.k
    }

    pub(crate) const fn rows(&self) -> Option<&'a RoaringBitmap> {
        self.filter
    }

    pub(crate) fn floor(&self) -> f32 {
        self.min_score.unwrap_or(f32::NEG_INFINITY)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.k == 0 {
            return Err(Error::InvalidK);
        }
        if self.min_score.is_some_and(f32::is_nan) {
            return Err(Error::InvalidMinScore);
        }
        Ok(())
    }
}

impl From<usize> for SearchOptions<'_> {
    fn from(k: usize) -> Self {
        Self::new(k)
    }
}
