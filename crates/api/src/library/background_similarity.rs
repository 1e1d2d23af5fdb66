//! What a cosine is worth in its library: the cosines of random pairs of papers.

use cognate_index::{FlatIndex, RowId};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::sampling::spaced;

/// What the score of a hit is worth among those of its library.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Standing {
    /// The share of pairs of papers, taken at random from the library, whose cosine is lower, in per
    /// cent; nothing where the library has fewer than two papers.
    pub percentile: Option<f32>,
    /// The papers of the whole library, filters aside, that are at least as near to the query, this one
    /// included; nothing for queries that point in several directions.
    pub at_least_as_near: Option<usize>,
}

/// Bins of width 1/1000 from −1 to 1.
const BINS: usize = 2000;

/// Papers whose pairs are taken: half a million pairs.
const SAMPLE: usize = 1000;

/// How the cosines of random pairs of papers are spread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PairCosines {
    /// The papers that there were.
    papers: usize,
    /// Pairs by bin, from −1 up.
    counts: Vec<u32>,
}

impl PairCosines {
    /// All pairs of 1,000 papers, evenly spaced over the library, or of all where there are fewer.
    pub(crate) fn of(index: &FlatIndex) -> cognate_index::Result<Self> {
        let papers = index.len();
        let rows = spaced(live_rows(index), SAMPLE);
        let size = rows.len();
        let mut sample = Array2::zeros((size, index.dim()));
        for (mut to, row) in sample.outer_iter_mut().zip(rows) {
            if let Some(vector) = index.row(row)? {
                to.assign(&vector);
            }
        }
        let cosines = sample.dot(&sample.t());
        let mut counts = vec![0; BINS];
        for a in 0..size {
            for b in 0..a {
                counts[bin(cosines[(a, b)])] += 1;
            }
        }
        Ok(Self { papers, counts })
    }

    fn pairs(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// Whether so many papers came or went since that the cosines should be looked at again.
    pub(crate) fn is_stale(&self, papers: usize) -> bool {
        papers.abs_diff(self.papers) * 10 > self.papers
    }

    /// The share of pairs below a cosine, in per cent. Within a bin, evenly spread.
    pub(crate) fn percentile(&self, cosine: f32) -> Option<f32> {
        let all = self.pairs();
        if all == 0 {
            return None;
        }
        let at = bin(cosine);
        let below: u64 = self.counts[..at]
            .iter()
            .map(|count| u64::from(*count))
            .sum();
        let within =
            (place(cosine) - f64::from(u32::try_from(at).unwrap_or(u32::MAX))).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "half a million pairs, and a per cent to a few digits"
        )]
        let percent =
            (100.0 * (below as f64 + within * f64::from(self.counts[at])) / all as f64) as f32;
        Some(percent)
    }

    /// The cosine below which this share of pairs lies, in per cent; the upper end of its bin.
    pub(crate) fn cosine(&self, percent: f64) -> Option<f64> {
        let all = self.pairs();
        #[expect(clippy::cast_precision_loss, reason = "half a million pairs")]
        let wanted = percent / 100.0 * all as f64;
        let mut below = 0.0;
        for (at, count) in (1_u32..).zip(&self.counts) {
            below += f64::from(*count);
            if all > 0 && below >= wanted {
                return Some(f64::from(at) / 1000.0 - 1.0);
            }
        }
        None
    }
}

/// The rows that are not deleted.
pub(crate) fn live_rows(index: &FlatIndex) -> Vec<RowId> {
    let rows = 0..u32::try_from(index.rows()).unwrap_or(u32::MAX);
    let live = rows.filter(|row| !index.deleted().contains(*row));
    live.map(RowId::new).collect()
}

/// Where a cosine is, in bins from −1.
fn place(cosine: f32) -> f64 {
    (f64::from(cosine) + 1.0) * 1000.0
}

fn bin(cosine: f32) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "cut to the bins that there are; a cosine may be 1 and a little"
    )]
    let bin = place(cosine).max(0.0) as usize;
    bin.min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognate_index::IndexBuilder;
    use ndarray::array;

    fn index(rows: Array2<f32>) -> FlatIndex {
        let mut builder = IndexBuilder::new(rows.ncols()).unwrap();
        builder.append(rows.view()).unwrap();
        builder.build()
    }

    #[test]
    fn counts_the_pairs_below_a_cosine() {
        // Cosines of pairs: 0.6, 0 and 0.8.
        let pairs = PairCosines::of(&index(array![[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])).unwrap();
        assert_eq!(pairs.counts.iter().sum::<u32>(), 3);
        let percentile = |cosine| pairs.percentile(cosine).unwrap();
        assert!((percentile(0.5) - 100.0 / 3.0).abs() < 1e-3);
        assert!((percentile(0.7) - 200.0 / 3.0).abs() < 1e-3);
        assert!((percentile(1.0) - 100.0).abs() < 1e-3);
        assert!(percentile(-1.0).abs() < 1e-3);
        assert!((pairs.cosine(60.0).unwrap() - 0.6).abs() < 2e-3);
    }

    #[test]
    fn takes_papers_from_the_whole_library_and_leaves_deleted_ones_out() {
        let rows = Array2::from_shape_fn((2500, 2), |(row, column)| {
            // The first half points one way, the second the other.
            f32::from(u8::from((row < 1250) == (column == 0)))
        });
        let index = index(rows).with_deleted(&(0..500).collect()).unwrap();
        let pairs = PairCosines::of(&index).unwrap();
        // 375 of 1,000 are of the first half: 375 · 625 pairs have the cosine 0.
        assert_eq!(pairs.counts[1000], 375 * 625);
        assert!(!pairs.is_stale(2100) && pairs.is_stale(2300) && pairs.is_stale(1000));
        assert_eq!(
            PairCosines::of(&index.with_deleted(&(0..2499).collect()).unwrap())
                .unwrap()
                .percentile(0.5),
            None
        );
    }
}
