#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use std::ops::Range;

use super::panel::{PANEL_LANES, Panel};
use crate::simd::{GROUP, LANES, Simd};

/// The keys that a query may attend to, by their distance from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttentionMask {
    /// All keys, as in an encoder.
    #[default]
    All,
    /// The key at the query's own position and the keys before it, as in a decoder
    /// (<https://arxiv.org/abs/1706.03762>, section 3.2.3).
    Causal,
    /// The keys at most this many positions before or after the query
    /// (<https://arxiv.org/abs/2004.05150>).
    Window(usize),
    /// The key at the query's own position and the keys at most this many positions before it
    /// (<https://arxiv.org/abs/2310.06825>).
    CausalWindow(usize),
}

impl AttentionMask {
    /// Returns how many positions before and after a query its keys may be.
    fn reach(self) -> (usize, usize) {
        match self {
            Self::All => (usize::MAX, usize::MAX),
            Self::Causal => (usize::MAX, 0),
            Self::Window(distance) => (distance, distance),
            Self::CausalWindow(distance) => (distance, 0),
        }
    }

    /// Returns the keys of a panel of queries in a sequence of `tokens` tokens.
    pub(super) fn keys_of(self, panel: &Panel, tokens: usize) -> PanelKeys {
        let (before, after) = self.reach();
        let Panel { first, count, .. } = *panel;
        // The range depends on the cell of the panel, not on its queries. So it is the same however
        // the queries of a sequence are divided, on every level, and so is the effect of a NaN in it.
        let cell = first / PANEL_LANES * PANEL_LANES;
        let start = cell.saturating_sub(before) / GROUP * GROUP;
        let end = (cell + PANEL_LANES).saturating_add(after).min(tokens);
        let last = first + count - 1;
        let full_end = first.saturating_add(after).saturating_add(1).min(end);
        let full_start = last.saturating_sub(before).min(full_end);
        PanelKeys {
            range: start..end,
            full: full_start..full_end,
            edges: Edges {
                first,
                before,
                after,
            },
        }
    }
}

/// The keys that the queries of a panel may attend to.
pub(super) struct PanelKeys {
    /// The keys that are scored. The first one is a multiple of [`GROUP`].
    pub(super) range: Range<usize>,
    /// The keys that all queries may attend to.
    pub(super) full: Range<usize>,
    /// The mask of all other keys.
    pub(super) edges: Edges,
}

impl PanelKeys {
    /// Returns whether a query must not attend to a key in the range.
    pub(super) fn is_masked(&self) -> bool {
        self.full != self.range
    }
}

/// The mask of a panel whose first query is `first`.
#[derive(Clone, Copy)]
pub(super) struct Edges {
    first: usize,
    before: usize,
    after: usize,
}

/// Zeros, then as many times −∞: read from one place on, the lanes from some lane on are masked.
const LAST_MASKED: [f32; 2 * PANEL_LANES] = step([0.0, f32::NEG_INFINITY]);

/// −∞, then as many zeros: read from one place on, the lanes before some lane are masked.
const FIRST_MASKED: [f32; 2 * PANEL_LANES] = step([f32::NEG_INFINITY, 0.0]);

const fn step([first, second]: [f32; 2]) -> [f32; 2 * PANEL_LANES] {
    let mut values = [second; 2 * PANEL_LANES];
    let mut i = 0;
    while i < PANEL_LANES {
        values[i] = first;
        i += 1;
    }
    values
}

impl Edges {
    /// Adds −∞ to the scores of the queries that must not attend to `key`.
    #[inline(always)]
    pub(super) fn mask<S: Simd, const V: usize>(self, s: S, key: usize, scores: &mut [S::F; V]) {
        // Lane l may attend to the key if l ≤ key + before − first and l ≥ key − after − first.
        let last = (self.first + PANEL_LANES - 1).saturating_sub(key.saturating_add(self.before));
        let first = key.saturating_sub(self.first.saturating_add(self.after));
        let last = &LAST_MASKED[last.min(PANEL_LANES)..];
        let first = &FIRST_MASKED[PANEL_LANES - first.min(PANEL_LANES)..];
        let ((last, _), (first, _)) = (last.as_chunks::<LANES>(), first.as_chunks::<LANES>());
        for v in 0..V {
            scores[v] = s.add(scores[v], s.add(s.load(&last[v]), s.load(&first[v])));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_panel_are_those_that_its_queries_may_attend_to() {
        let masks = [0, 1, 5, 31, 32, 40, 100, usize::MAX]
            .into_iter()
            .flat_map(|w| [AttentionMask::Window(w), AttentionMask::CausalWindow(w)])
            .chain([AttentionMask::All, AttentionMask::Causal]);
        for mask in masks {
            let (before, after) = mask.reach();
            let tokens = 75;
            for (first, count) in [(0, 32), (0, 3), (32, 16), (40, 7), (64, 11)] {
                let panel = Panel {
                    first,
                    count,
                    vectors: count.div_ceil(LANES),
                };
                let keys = mask.keys_of(&panel, tokens);
                assert!(keys.range.start.is_multiple_of(GROUP) && keys.range.end <= tokens);
                for key in 0..tokens {
                    let allowed = (first..first + count)
                        .filter(|query| {
                            query.saturating_sub(key) <= before
                                && key.saturating_sub(*query) <= after
                        })
                        .count();
                    assert!(allowed == 0 || keys.range.contains(&key), "{mask:?} {key}");
                    assert_eq!(keys.full.contains(&key), allowed == count, "{mask:?} {key}");
                }
            }
        }
    }
}
