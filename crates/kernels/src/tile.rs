//! The micro-kernel of all matrix products: a tile of sums that stays in registers.

#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use std::ops::Range;
use std::sync::atomic::{Ordering, compiler_fence};

use crate::Cpu;
use crate::simd::{Integers, Kernel, LANES, Simd};

/// The largest number of rows of a tile: with [`Cpu::tile_columns`], as many sums as the registers
/// hold.
pub(crate) const TILE_ROWS: usize = 6;

/// The number of steps of a tile between two prefetches. They are unrolled, with constant offsets into
/// rows and panel.
const UNROLLED_STEPS: usize = 8;

impl Cpu {
    /// Returns the number of columns of a tile at this level, which decides the order of packed weights:
    /// levels with the same number pack them alike.
    pub fn tile_columns(self) -> usize {
        struct Columns;
        impl Kernel for Columns {
            type Output = usize;
            fn run<S: Simd>(self, _: S) -> usize {
                S::TILE_VECTORS * LANES
            }
        }
        self.run(Columns)
    }
}

/// Rows of a matrix. Rows are `stride` elements apart, and elements of a row `step`; a caller that
/// passes constants gets them as constants in the code of the tile.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, E = f32> {
    pub(crate) values: &'a [E],
    pub(crate) stride: usize,
    pub(crate) step: usize,
}

impl<E> Rows<'_, E> {
    /// Returns the rows from row `row` on.
    #[inline(always)]
    pub(crate) fn from(self, row: usize) -> Self {
        Self {
            values: &self.values[row * self.stride..],
            ..self
        }
    }
}

/// The arithmetic of a matrix product, with the instructions of `S`.
pub(crate) trait Multiply<S> {
    /// An element of a row.
    type Element: Copy;
    /// An element of a panel.
    type Weight: Copy;
    /// 16 elements, weights, or sums of their products.
    type Vector: Copy;

    fn splat(s: S, element: Self::Element) -> Self::Vector;

    /// Loads 16 weights.
    ///
    /// # Safety
    ///
    /// 16 weights must be readable from `from`, which need not be aligned.
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_at(s: S, from: *const Self::Weight) -> Self::Vector;

    fn multiply_add(s: S, sum: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector;
}

/// f32, where each sum is a chain of fused multiply-adds.
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
        // SAFETY: the caller guarantees 16 readable floats.
        unsafe { s.load_at(from) }
    }

    #[inline(always)]
    fn multiply_add(s: S, sum: S::F, a: S::F, b: S::F) -> S::F {
        s.fma(a, b, sum)
    }
}

/// Words of 8-bit codes, whose products are summed exactly.
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
        // SAFETY: the caller guarantees 16 readable words.
        unsafe { s.load_words_at(from) }
    }

    #[inline(always)]
    fn multiply_add(s: S, sum: S::I, a: S::I, b: S::I) -> S::I {
        s.dot_group(sum, a, b)
    }
}

/// Splits `rows` into the fewest tiles of at most `height` rows. The heights are nearly equal, because
/// a low tile leaves registers unused.
pub(crate) fn tiles(
    rows: Range<usize>,
    height: usize,
) -> impl ExactSizeIterator<Item = Range<usize>> {
    let count = rows.len().div_ceil(height);
    let start = move |tile: usize| rows.start + tile * rows.len() / count;
    (0..count).map(move |tile| start(tile)..start(tile + 1))
}

/// Runs `$run` with the height of a tile as the constant `$R`: at most [`TILE_ROWS`], or twice as many
/// if `$tall`, which must be a constant, is true.
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

/// Adds to `sums` the product of the first `R` rows, `depth` elements each, and a panel,
/// `[depth, V · 16]`.
///
/// Each sum is one chain in the order of `depth`, independent of all others, so that the result does
/// not depend on how the matrix is split into tiles.
///
/// The values of `prefetch` are prefetched on the way, spread over the steps.
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
    prefetch: &[f32],
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
    let mut lines = prefetch.as_chunks().0.iter();
    let rounds = depth / UNROLLED_STEPS;
    let lines_per_round = lines.len().div_ceil(rounds.max(1));
    for _ in 0..rounds {
        for line in lines.by_ref().take(lines_per_round) {
            s.prefetch(line);
        }
        for i in 0..UNROLLED_STEPS {
            // SAFETY: all rounds have at most `depth` steps in total, which rows and panel hold.
            unsafe { step::<S, M, R, V>(s, &mut sums, &a, rows.step, b, i) };
            // Without the fence the compiler loads the elements of all steps at once and spills most
            // of them.
            compiler_fence(Ordering::SeqCst);
        }
        for a in &mut a {
            *a = a.wrapping_add(UNROLLED_STEPS * rows.step);
        }
        b = b.wrapping_add(UNROLLED_STEPS * V * LANES);
    }
    for i in 0..depth % UNROLLED_STEPS {
        // SAFETY: with these steps, there are `depth`, which rows and panel hold.
        unsafe { step::<S, M, R, V>(s, &mut sums, &a, rows.step, b, i) };
    }
    sums
}

/// Adds the products of one element of each row and one row of the panel.
///
/// # Safety
///
/// Each row of `a`, whose elements are `a_step` apart, must have an element `i`, and `b` must have
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
    // SAFETY: the caller guarantees all V vectors. The first one only initializes the array.
    let mut b_row = [unsafe { M::load_at(s, b.add(i * V * LANES)) }; V];
    for (v, b_row) in b_row.iter_mut().enumerate().skip(1) {
        // SAFETY: the caller guarantees (i + 1) · V · 16 weights.
        *b_row = unsafe { M::load_at(s, b.add((i * V + v) * LANES)) };
    }
    for (a, sums) in a.iter().zip(sums) {
        // SAFETY: the caller guarantees element i of each row.
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
    fn tiles_are_few_and_of_nearly_equal_height() {
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
