//! Helpers for the tests of several files.

use cognate_testing::Numbers;

/// Returns pseudorandom numbers from −1 to 1.
pub(crate) fn numbers(seed: u64, len: usize) -> Vec<f32> {
    let mut numbers = Numbers::new(seed);
    (0..len).map(|_| numbers.signed()).collect()
}

/// Sums values in the order of a vector kernel: element `i` into lane `i mod 16`, then as a tree.
pub(crate) fn lane_sum(values: impl Iterator<Item = f32>, add: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; 16];
    for (i, value) in values.enumerate() {
        lanes[i % 16] = add(lanes[i % 16], value);
    }
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            lanes[l] += lanes[l + half];
        }
    }
    lanes[0]
}
