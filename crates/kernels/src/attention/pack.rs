#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use super::group;
use crate::simd::{GROUP, IntegerKernel, Integers, Kernel, LANES, Simd, WHOLE};
use crate::tile::Rows;

/// Packs values, `[tokens, size]`, in groups of columns, `[tokens, group · 16]` each; behind the
/// last column lie zeros.
pub(super) struct PackValues<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) tokens: usize,
    pub(super) size: usize,
    pub(super) packed: &'a mut [f32],
}

impl Kernel for PackValues<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let mut column = 0;
        while column < self.size {
            let width = group(S::TILE_VECTORS, self.size - column) * LANES;
            let live = width.min(self.size - column);
            let packed = &mut self.packed[column * self.tokens..][..width * self.tokens];
            let rows = self.rows.values.chunks(self.rows.stride);
            for (row, to) in rows.zip(packed.chunks_exact_mut(width)) {
                let row = &row[column..][..live];
                let (chunks, tail) = row.as_chunks::<LANES>();
                let (to, behind) = to.as_chunks_mut::<LANES>().0.split_at_mut(chunks.len());
                for (to, chunk) in to.iter_mut().zip(chunks) {
                    s.store(s.load(chunk), to);
                }
                if let Some((to, behind)) = behind.split_first_mut() {
                    s.store(s.load_some(tail, 0.0), to);
                    behind.fill([0.0; LANES]);
                }
            }
            column += width;
        }
    }
}

/// Packs queries, `[count, size]`, as a panel `[padded size, vectors · 16]`; lanes without a query
/// hold the last one again, and what comes of them is not used.
pub(super) struct PackQueries<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) count: usize,
    pub(super) size: usize,
    pub(super) vectors: usize,
    pub(super) packed: &'a mut [f32],
}

impl Kernel for PackQueries<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (packed, _) = self.packed.as_chunks_mut::<LANES>();
        for vector in 0..self.vectors {
            let live = LANES.min(self.count - vector * LANES);
            for column in (0..self.size).step_by(LANES) {
                let width = LANES.min(self.size - column);
                let mut square = [s.splat(0.0); LANES];
                for (r, lanes) in square.iter_mut().enumerate() {
                    let row = vector * LANES + r.min(live - 1);
                    let row = &self.rows.values[row * self.rows.stride + column..][..width];
                    *lanes = match row.as_array() {
                        Some(row) => s.load(row),
                        None => s.load_some(row, 0.0),
                    };
                }
                let square = s.transpose(square);
                for (i, lanes) in square.into_iter().enumerate() {
                    s.store(lanes, &mut packed[(column + i) * self.vectors + vector]);
                }
            }
        }
    }
}

/// The greatest code of a key; a key's bytes hold 128 more.
const KEY_TOP: f32 = 127.0;

/// The greatest code of a query: 255 times two of them is below 2¹⁵, see [`Integers::dot_group`].
const QUERY_TOP: f32 = 64.0;

/// Writes keys, `[tokens, size]`, as words of codes, `[tokens, padded size / GROUP]`, with one scale
/// for all of them, which is the output; NaN where a value is none.
pub(super) struct QuantizeKeys<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) tokens: usize,
    pub(super) size: usize,
    pub(super) words: &'a mut [i32],
}

impl IntegerKernel for QuantizeKeys<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Integers>(self, s: S) -> f32 {
        let zero = s.splat(0.0);
        let (mut low, mut high, mut poison) = (zero, zero, zero);
        let rows = self.rows.values.chunks(self.rows.stride).take(self.tokens);
        for row in rows.clone() {
            for x in vectors(&row[..self.size]) {
                let x = load(s, x);
                low = s.min(x, low);
                high = s.max(x, high);
                // 0 for every number, NaN for what is none: the others pass over a NaN.
                poison = s.fma(x, zero, poison);
            }
        }
        let largest = s.largest(s.max(s.sub(zero, low), high));
        let scale = (largest / KEY_TOP).max(f32::MIN_POSITIVE) + s.sum(poison);
        let (inverse, shift) = (s.splat(1.0 / scale), s.splat(WHOLE + KEY_TOP + 1.0));
        let (words, _) = self.words.as_chunks_mut::<{ LANES / GROUP }>();
        let words = words.chunks_exact_mut(self.size.div_ceil(LANES));
        for (row, words) in rows.zip(words) {
            for (x, words) in vectors(&row[..self.size]).zip(words) {
                s.store_codes(s.fma(load(s, x), inverse, shift), words);
            }
        }
        scale
    }
}

/// Pieces of a row, each a vector, the last one maybe less.
#[inline(always)]
fn vectors(row: &[f32]) -> impl Iterator<Item = &[f32]> {
    row.chunks(LANES)
}

#[inline(always)]
fn load<S: Simd>(s: S, x: &[f32]) -> S::F {
    match x.as_array() {
        Some(x) => s.load(x),
        None => s.load_some(x, 0.0),
    }
}

/// Writes a panel of queries, as [`PackQueries`] leaves it, as words of codes,
/// `[padded size / GROUP, vectors · 16]`.
///
/// Each query has its own scale. `scales` get the product of it and the `key_scale`; `offsets` what the
/// 128 in the codes of the keys adds too much.
pub(super) struct QuantizeQueries<'a> {
    pub(super) packed: &'a [f32],
    pub(super) vectors: usize,
    pub(super) key_scale: f32,
    pub(super) words: &'a mut [i32],
    pub(super) scales: &'a mut [f32],
    pub(super) offsets: &'a mut [f32],
}

impl IntegerKernel for QuantizeQueries<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(self, s: S) {
        let zero = s.splat(0.0);
        let (packed, _) = self.packed.as_chunks::<LANES>();
        let (words, _) = self.words.as_chunks_mut::<LANES>();
        let (scales, _) = self.scales.as_chunks_mut::<LANES>();
        let (offsets, _) = self.offsets.as_chunks_mut::<LANES>();
        for vector in 0..self.vectors {
            let columns = packed[vector..].iter().step_by(self.vectors);
            let (mut largest, mut poison) = (zero, zero);
            for x in columns {
                let x = s.load(x);
                largest = s.max(s.max(x, s.sub(zero, x)), largest);
                poison = s.fma(x, zero, poison);
            }
            let scale = s.mul(largest, s.splat(1.0 / QUERY_TOP));
            let scale = s.add(s.max(scale, s.splat(f32::MIN_POSITIVE)), poison);
            let inverse = s.div(s.splat(1.0), scale);
            let mut sum = zero;
            for (group, words) in words[vector..].iter_mut().step_by(self.vectors).enumerate() {
                let mut codes = [zero; GROUP];
                for (i, code) in codes.iter_mut().enumerate() {
                    let x = s.load(&packed[(group * GROUP + i) * self.vectors + vector]);
                    *code = s.fma(x, inverse, s.splat(WHOLE));
                    sum = s.add(sum, s.sub(*code, s.splat(WHOLE)));
                }
                s.store_groups(codes, words);
            }
            let scale = s.mul(scale, s.splat(self.key_scale));
            let offset = s.mul(sum, s.splat(-(KEY_TOP + 1.0)));
            s.store(scale, &mut scales[vector]);
            s.store(s.mul(offset, scale), &mut offsets[vector]);
        }
    }
}
