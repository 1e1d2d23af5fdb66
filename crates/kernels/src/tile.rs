//! The micro-kernel of all matrix products.

#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::ops::Range;
use std::sync::atomic::{Ordering, compiler_fence};

use crate::simd::{Integers, LANES, Simd};

/// Rows of a tile: with its columns, as many sums as the registers hold.
pub(crate) const TILE_ROWS: usize = 6;

/// Steps of a tile between two requests for memory: they are one piece of code, in which the
/// offsets of rows and panel are constants.
const STRETCH: usize = 8;

/// Rows of a matrix, `stride` elements from one to the next, and `step` from one element of a row to
/// the next: what is a constant here is one in the code of the tile.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, E = f32> {
    pub(crate) values: &'a [E],
    pub(crate) stride: usize,
    pub(crate) step: usize,
}

impl<E> Rows<'_, E> {
    /// Without the first `row` rows.
    #[inline(always)]
    pub(crate) fn from(self, row: usize) -> Self {
        Self {
            values: &self.values[row * self.stride..],
            ..self
        }
    }
}

/// How the elements of a product are multiplied and summed, with the instructions of `S`.
pub(crate) trait Multiply<S> {
    /// What rows are made of.
    type Element: Copy;
    /// What panels are made of.
    type Weight: Copy;
    /// 16 elements, weights, or sums of their products.
    type Vector: Copy;

    fn splat(s: S, element: Self::Element) -> Self::Vector;

    /// # Safety
    ///
    /// 16 weights can be read from `from`, which need not be aligned.
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_at(s: S, from: *const Self::Weight) -> Self::Vector;

    fn multiply_add(s: S, sum: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector;
}

/// A chain of fused multiply-adds.
pub(crate) struct Floats;

impl<S: Simd> Multiply<S> for Floats {
    type Element = f32;
    type Weight = f32;
    type Vector = S::F;

    #[inline(always)]
    fn splat(s: S, element: f32) -> S::F {
        s.splat(element)
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_at(s: S, from: *const f32) -> S::F {
        // SAFETY: the caller's.
        unsafe { s.load_at(from) }
    }

    #[inline(always)]
    fn multiply_add(s: S, sum: S::F, a: S::F, b: S::F) -> S::F {
        s.fma(a, b, sum)
    }
}

/// Groups of codes in words, summed exactly.
pub(crate) struct Codes;

impl<S: Integers> Multiply<S> for Codes {
    type Element = i32;
    type Weight = i32;
    type Vector = S::I;

    #[inline(always)]
    fn splat(s: S, element: i32) -> S::I {
        s.splat_word(element)
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_at(s: S, from: *const i32) -> S::I {
        // SAFETY: the caller's.
        unsafe { s.load_words_at(from) }
    }

    #[inline(always)]
    fn multiply_add(s: S, sum: S::I, a: S::I, b: S::I) -> S::I {
        s.dot_group(sum, a, b)
    }
}

/// Cuts `rows` into the fewest tiles of at most `height` rows, of nearly the same height: a low one
/// wastes registers.
pub(crate) fn tiles(
    rows: Range<usize>,
    height: usize,
) -> impl ExactSizeIterator<Item = Range<usize>> {
    let count = rows.len().div_ceil(height);
    let border = move |tile: usize| rows.start + tile * rows.len() / count;
    (0..count).map(move |tile| border(tile)..border(tile + 1))
}

/// Runs `$run` with the constant `$R`, the height of a tile: [`TILE_ROWS`] at most, or twice as much
/// where `$tall` is true, which must be a constant.
macro_rules! at_height {
    ($height:expr, $tall:expr, $R:ident => $run:expr) => {
        at_height!(@ $height, $tall, $R => $run; 1 2 3 4 5; 6 7 8 9 10 11; 12)
    };
    (@ $height:expr, $tall:expr, $R:ident => $run:expr;
        $($low:literal)+; $($high:literal)+; $top:literal) => {
        match $height {
            $($low => {
                const $R: usize = $low;
                $run
            })+
            $($high if $tall => {
                const $R: usize = $high;
                $run
            })+
            _ if $tall => {
                const $R: usize = $top;
                $run
            }
            _ => {
                const $R: usize = crate::tile::TILE_ROWS;
                $run
            }
        }
    };
}
pub(crate) use at_height;

/// Adds the product of the first `R` rows, `depth` elements each, and a panel, `[depth, V · 16]`.
///
/// Each sum is a chain in the order of `depth`; sums of different places do not touch each other, so
/// that the result is the same in every tile.
///
/// On the way `ahead` is asked for, spread over the steps.
#[inline(always)]
#[expect(
    unsafe_code,
    reason = "bounds are checked once, not at each of the loads"
)]
pub(crate) fn tile<S: Simd, M: Multiply<S>, const R: usize, const V: usize>(
    s: S,
    mut sums: [[M::Vector; V]; R],
    rows: Rows<'_, M::Element>,
    depth: usize,
    panel: &[M::Weight],
    ahead: &[f32],
) -> [[M::Vector; V]; R] {
    assert!(
        depth == 0 || rows.values.len() > (R - 1) * rows.stride + (depth - 1) * rows.step,
        "the rows end before the tile does"
    );
    assert!(
        panel.len() >= depth * V * LANES,
        "the panel ends before the tile does"
    );
    let mut a = [rows.values.as_ptr(); R];
    for (r, a) in a.iter_mut().enumerate() {
        *a = a.wrapping_add(r * rows.stride);
    }
    let mut b = panel.as_ptr();
    let mut lines = ahead.as_chunks().0.iter();
    let stretches = depth / STRETCH;
    let at_a_time = lines.len().div_ceil(stretches.max(1));
    for _ in 0..stretches {
        for line in lines.by_ref().take(at_a_time) {
            s.prefetch(line);
        }
        for i in 0..STRETCH {
            // SAFETY: all stretches together are at most `depth` steps, which rows and panel hold.
            unsafe { step::<S, M, R, V>(s, &mut sums, &a, rows.step, b, i) };
            // Else the compiler loads the elements of all steps at once, and spills most of them.
            compiler_fence(Ordering::SeqCst);
        }
        for a in &mut a {
            *a = a.wrapping_add(STRETCH * rows.step);
        }
        b = b.wrapping_add(STRETCH * V * LANES);
    }
    for i in 0..depth % STRETCH {
        // SAFETY: with these steps, they are `depth`.
        unsafe { step::<S, M, R, V>(s, &mut sums, &a, rows.step, b, i) };
    }
    sums
}

/// # Safety
///
/// Each row of `a`, whose elements are `a_step` apart, has an element `i`, and `b` has
/// `(i + 1) · V · 16` weights.
#[inline(always)]
#[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
unsafe fn step<S: Simd, M: Multiply<S>, const R: usize, const V: usize>(
    s: S,
    sums: &mut [[M::Vector; V]; R],
    a: &[*const M::Element; R],
    a_step: usize,
    b: *const M::Weight,
    i: usize,
) {
    // SAFETY: the caller vouches for all V vectors; the first is loaded in place of a value.
    let mut b_row = [unsafe { M::load_at(s, b.add(i * V * LANES)) }; V];
    for (v, b_row) in b_row.iter_mut().enumerate().skip(1) {
        // SAFETY: the caller vouches for (i + 1) · V · 16 weights.
        *b_row = unsafe { M::load_at(s, b.add((i * V + v) * LANES)) };
    }
    for (a, sums) in a.iter().zip(sums) {
        // SAFETY: the caller vouches for element i of each row.
        let a = M::splat(s, unsafe { *a.add(i * a_step) });
        for v in 0..V {
            sums[v] = M::multiply_add(s, sums[v], a, b_row[v]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_few_and_alike() {
        for (rows, most) in (0..100).flat_map(|rows| [(rows, TILE_ROWS), (rows, 2 * TILE_ROWS)]) {
            let tiles: Vec<_> = tiles(7..7 + rows, most).collect();
            assert_eq!(tiles.len(), rows.div_ceil(most));
            let mut end = 7;
            for tile in &tiles {
                assert_eq!(tile.start, end);
                end = tile.end;
            }
            assert_eq!(end, 7 + rows);
            let heights = tiles.iter().map(Range::len);
            let (low, high) = (heights.clone().min(), heights.max());
            assert!(high.unwrap_or(1) - low.unwrap_or(1) <= 1 && high.unwrap_or(1) <= most);
        }
    }
}
