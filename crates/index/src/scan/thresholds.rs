//! Score thresholds that threads share.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::top_k::TopK;

/// For each query of a group, a score below which no row is a hit.
///
/// Each thread keeps the best hits of a block, and all keep common ones. Sharing the worst score of these
/// lets the threads prune more rows.
pub(super) struct SharedThresholds {
    /// The scores as [`ordered_bits`].
    bits: Vec<AtomicU32>,
}

impl SharedThresholds {
    /// Returns the lowest thresholds of `m` queries.
    pub(super) fn new(m: usize) -> Self {
        let bits = (0..m).map(|_| AtomicU32::new(0)).collect();
        Self { bits }
    }

    /// Returns, for each query, the higher one of the shared threshold and that of the best hits of
    /// this thread.
    pub(super) fn with(&self, best: &[TopK]) -> impl Iterator<Item = f32> {
        self.bits.iter().zip(best).map(|(bits, best)| {
            let shared = from_ordered_bits(bits.load(Ordering::Relaxed));
            best.threshold().max(shared)
        })
    }

    /// Raises the shared thresholds to those of the best hits of this thread.
    pub(super) fn raise(&self, best: &[TopK]) {
        for (bits, best) in self.bits.iter().zip(best) {
            bits.fetch_max(ordered_bits(best.threshold()), Ordering::Relaxed);
        }
    }
}

/// Returns bits whose order as integers is that of the numbers; 0 is below all of them.
fn ordered_bits(x: f32) -> u32 {
    let bits = x.to_bits();
    if x.is_sign_negative() {
        !bits
    } else {
        bits | 1 << 31
    }
}

/// Returns the number of [`ordered_bits`], or −∞ for 0.
fn from_ordered_bits(bits: u32) -> f32 {
    match bits {
        0 => f32::NEG_INFINITY,
        _ if bits >> 31 == 1 => f32::from_bits(bits & !(1 << 31)),
        _ => f32::from_bits(!bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_have_the_order_of_the_numbers() {
        let numbers = [f32::NEG_INFINITY, -1.0, -0.5, -0.0, 0.0, 1e-40, 0.5, 1.0];
        assert!(numbers.is_sorted_by_key(|x| ordered_bits(*x)));
        for x in numbers {
            assert_eq!(from_ordered_bits(ordered_bits(x)).to_bits(), x.to_bits());
        }
        assert_eq!(from_ordered_bits(0).to_bits(), f32::NEG_INFINITY.to_bits());
    }
}
