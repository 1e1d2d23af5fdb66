use roaring::RoaringBitmap;

use crate::{Error, Result};

/// The options of a search. A plain number converts into options with that many hits.
///
/// ```
/// use cognate_index::SearchOptions;
///
/// let rows = (0..1000).collect();
/// let options = SearchOptions::new(10).filter(&rows).min_score(0.5);
/// assert_eq!(options.k(), 10);
/// assert_eq!(SearchOptions::from(3), SearchOptions::new(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchOptions<'a> {
    k: usize,
    filter: Option<&'a RoaringBitmap>,
    min_score: Option<f32>,
}

impl<'a> SearchOptions<'a> {
    /// Asks for the `k` best rows.
    ///
    /// `k` is at least 1 and has no upper limit: a search returns fewer hits if fewer rows remain
    /// after deletions, the filter and the minimum score.
    pub const fn new(k: usize) -> Self {
        Self {
            k,
            filter: None,
            min_score: None,
        }
    }

    /// Restricts the search to `rows`. Row numbers that do not exist or are deleted are ignored.
    /// Default: all rows.
    #[must_use]
    pub const fn filter(mut self, rows: &'a RoaringBitmap) -> Self {
        self.filter = Some(rows);
        self
    }

    /// Drops hits with a score below `score`. Default: no minimum.
    #[must_use]
    pub const fn min_score(mut self, score: f32) -> Self {
        self.min_score = Some(score);
        self
    }

    /// Returns these options with another number of hits.
    pub(crate) const fn with_k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// Returns the number of hits to find.
    pub const fn k(&self) -> usize {
        self.k
    }

    pub(crate) const fn rows(&self) -> Option<&'a RoaringBitmap> {
        self.filter
    }

    /// Returns the lowest score that a hit may have.
    pub(crate) fn threshold(&self) -> f32 {
        self.min_score.unwrap_or(f32::NEG_INFINITY)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.k == 0 {
            return Err(Error::invalid_option("k", 0, "at least 1"));
        }
        match self.min_score {
            Some(score) if score.is_nan() => {
                Err(Error::invalid_option("min_score", score, "a number"))
            }
            _ => Ok(()),
        }
    }
}

impl From<usize> for SearchOptions<'_> {
    fn from(k: usize) -> Self {
        Self::new(k)
    }
}
