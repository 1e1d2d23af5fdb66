//! How much the tests do.

/// Returns how often something is repeated: `short` times, multiplied by the variable `COGNATE_TORTURE` if it
/// is set, but at most `full` times.
pub(crate) fn repetitions(short: usize, full: usize) -> usize {
    let factor = std::env::var("COGNATE_TORTURE").ok();
    let factor = factor.map_or(1, |factor| factor.parse().unwrap());
    short.saturating_mul(factor).min(full)
}

/// Returns at most `count` of the items, evenly spaced.
pub(crate) fn evenly<T: Clone>(items: &[T], count: usize) -> Vec<T> {
    let count = count.min(items.len());
    let picked = (0..count).map(|n| items[(2 * n + 1) * items.len() / (2 * count)].clone());
    picked.collect()
}
