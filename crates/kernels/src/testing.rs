//! Helpers for the tests of several files.

#![expect(clippy::cast_precision_loss, reason = "24 bits fit in an f32")]

/// Returns pseudorandom numbers from −1 to 1 (`SplitMix64`).
pub(crate) fn numbers(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..len)
        .map(|_| (next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0)
        .collect()
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
