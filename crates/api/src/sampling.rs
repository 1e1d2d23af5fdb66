//! Deterministic samples and pseudo-random numbers.

/// Returns at most `count` items of a list, evenly spaced over it.
pub(crate) fn evenly_spaced<T>(list: Vec<T>, count: usize) -> Vec<T> {
    let (total, kept) = (list.len(), list.len().min(count));
    let mut next = 0;
    let mut spaced = Vec::with_capacity(kept);
    for (position, item) in list.into_iter().enumerate() {
        if next < kept && position == next * total / kept {
            spaced.push(item);
            next += 1;
        }
    }
    spaced
}

/// A generator of pseudo-random numbers: `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014).
pub(crate) struct Random(u64);

impl Random {
    /// Creates a generator; the same seed gives the same numbers.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Returns a number below `end`, or 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or_default()
    }

    /// Shuffles a list (Fisher and Yates).
    pub(crate) fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_a_sample_over_the_whole() {
        assert_eq!(evenly_spaced((0..10).collect(), 3), [0, 3, 6]);
        assert_eq!(evenly_spaced((0..3).collect(), 9), [0, 1, 2]);
        assert!(evenly_spaced::<u8>(Vec::new(), 3).is_empty());
    }

    #[test]
    fn draws_every_number_about_as_often() {
        let mut random = Random::new(0);
        let mut counts = [0; 7];
        for _ in 0..7000 {
            counts[random.below(7)] += 1;
        }
        assert!(
            counts.iter().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
        let mut order: Vec<usize> = (0..50).collect();
        random.shuffle(&mut order);
        assert!(!order.is_sorted());
        order.sort_unstable();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
    }
}
