//! The distribution of cosines between random papers of a library, against which a score is judged.

use cognate_index::{FlatIndex, RowId};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::sampling::{Random, evenly_spaced};

/// The number of histogram bins, of width 1/1000 from −1 to 1.
const BINS: usize = 2000;

/// The largest number of sampled papers. The papers vary more than the pairs of each, so that many papers
/// in few pairs each make a better sample than few papers in all their pairs.
const SAMPLE: usize = 20_000;

/// The number of pairs that are counted, if the sampled papers have as many.
const PAIRS: usize = 1_000_000;

/// A histogram of the cosines between random pairs of papers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BackgroundSimilarity {
    /// The number of papers of the library when it was sampled.
    papers: usize,
    /// The number of pairs in each bin, from −1 up.
    counts: Vec<u32>,
}

impl BackgroundSimilarity {
    /// Samples 20,000 papers, evenly spaced over the library, or all if there are fewer, and counts the
    /// cosines of a million of their pairs, or of all if there are fewer. Each paper is in as many pairs
    /// as any other.
    pub(crate) fn sample(index: &FlatIndex) -> cognate_index::Result<Self> {
        let papers = index.len();
        let rows = evenly_spaced(live_rows(index), SAMPLE);
        let size = rows.len();
        // Papers that were added together are often alike, so neighbors in the order of adding make no
        // random pairs.
        let mut order: Vec<usize> = (0..size).collect();
        Random::new(0).shuffle(&mut order);
        let mut sample = Array2::zeros((size, index.dim()));
        for (mut to, position) in sample.outer_iter_mut().zip(order) {
            if let Some(vector) = index.row(rows[position])? {
                to.assign(&vector);
            }
        }
        let mut counts = vec![0; BINS];
        let mut count = |a: usize, b: usize| {
            counts[bin(sample.row(a).dot(&sample.row(b)))] += 1;
        };
        if size * size.saturating_sub(1) / 2 <= PAIRS {
            for a in 0..size {
                (0..a).for_each(|b| count(a, b));
            }
        } else {
            // Papers at the same distance in a circle are paired. Distances below half of the circle give
            // different pairs.
            let distances = evenly_spaced((1..size.div_ceil(2)).collect(), PAIRS / size);
            for distance in distances {
                (0..size).for_each(|a| count(a, (a + distance) % size));
            }
        }
        Ok(Self { papers, counts })
    }

    fn pairs(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// Returns whether the number of papers has changed by more than a tenth since the sample was
    /// taken.
    pub(crate) fn is_stale(&self, papers: usize) -> bool {
        papers.abs_diff(self.papers) * 10 > self.papers
    }

    /// Returns the percentage of pairs below a cosine, assuming that the pairs of a bin are evenly
    /// distributed, or `None` if there is no pair.
    ///
    /// One pair more than were counted is taken to be above, so that the result is below 100: a sample
    /// of n pairs cannot tell less than one pair in n from none.
    pub(crate) fn percentile(&self, cosine: f32) -> Option<f32> {
        let total = self.pairs();
        if total == 0 {
            return None;
        }
        let at = bin(cosine);
        let below: u64 = self.counts[..at]
            .iter()
            .map(|count| u64::from(*count))
            .sum();
        let within = (bin_position(cosine) - f64::from(u32::try_from(at).unwrap_or(u32::MAX)))
            .clamp(0.0, 1.0);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "a million pairs, and a percentage of a few digits"
        )]
        let percent = (100.0 * (below as f64 + within * f64::from(self.counts[at]))
            / (total + 1) as f64) as f32;
        Some(percent)
    }

    /// Returns the cosine below which `percent` of the pairs lie, rounded up to the end of its bin, or
    /// `None` if there is no pair.
    pub(crate) fn cosine_at(&self, percent: f64) -> Option<f64> {
        let total = self.pairs();
        #[expect(clippy::cast_precision_loss, reason = "a million pairs")]
        let wanted = percent / 100.0 * total as f64;
        let mut below = 0.0;
        for (at, count) in (1_u32..).zip(&self.counts) {
            below += f64::from(*count);
            if total > 0 && below >= wanted {
                return Some(f64::from(at) / 1000.0 - 1.0);
            }
        }
        None
    }
}

/// Returns the rows that are not deleted.
pub(crate) fn live_rows(index: &FlatIndex) -> Vec<RowId> {
    let rows = 0..u32::try_from(index.rows()).unwrap_or(u32::MAX);
    let live = rows.filter(|row| !index.deleted().contains(*row));
    live.map(RowId::new).collect()
}

/// Returns the position of a cosine, in bins from −1.
fn bin_position(cosine: f32) -> f64 {
    (f64::from(cosine) + 1.0) * 1000.0
}

fn bin(cosine: f32) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the bins; rounding may put a cosine slightly above 1"
    )]
    let bin = bin_position(cosine).max(0.0) as usize;
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
        let pairs =
            BackgroundSimilarity::sample(&index(array![[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]))
                .unwrap();
        assert_eq!(pairs.counts.iter().sum::<u32>(), 3);
        let percentile = |cosine| pairs.percentile(cosine).unwrap();
        assert!((percentile(0.5) - 100.0 / 4.0).abs() < 1e-3);
        assert!((percentile(0.7) - 200.0 / 4.0).abs() < 1e-3);
        assert!((percentile(1.0) - 300.0 / 4.0).abs() < 1e-3);
        assert!(percentile(-1.0).abs() < 1e-3);
        assert!((pairs.cosine_at(60.0).unwrap() - 0.6).abs() < 2e-3);
    }

    #[test]
    fn samples_the_whole_library_without_deleted_papers() {
        let rows = Array2::from_shape_fn((2500, 2), |(row, column)| {
            // The first half points one way, the second the other.
            f32::from(u8::from((row < 1250) == (column == 0)))
        });
        let index = index(rows).with_deleted(&(0..500).collect()).unwrap();
        let pairs = BackgroundSimilarity::sample(&index).unwrap();
        // 750 of 2,000 are of the first half: 2 · 750 · 1250 / 2000² of random pairs have the cosine 0.
        let total: u32 = pairs.counts.iter().sum();
        assert_eq!(total, 1_000_000);
        let share = f64::from(pairs.counts[1000]) / f64::from(total);
        assert!((share - 0.469).abs() < 0.02, "{share}");
        assert!(!pairs.is_stale(2100) && pairs.is_stale(2300) && pairs.is_stale(1000));
        assert_eq!(
            BackgroundSimilarity::sample(&index.with_deleted(&(0..2499).collect()).unwrap())
                .unwrap()
                .percentile(0.5),
            None
        );
    }
}
