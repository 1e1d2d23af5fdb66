#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use super::column_block::column_block_vectors;
use super::pack::load_row;
use crate::simd::{GROUP, Integers, Kernel, LANES, MAX_PAIR_SUM, ROUNDING_MAGIC, Simd};
use crate::tile::Rows;

/// The largest code of a key; the bytes of a key hold its codes plus 128.
const MAX_KEY_CODE: f32 = 127.0;

/// The largest code of a query: 255 times the sum of two codes is below 2¹⁵, as
/// [`Integers::dot_group`] requires.
const MAX_QUERY_CODE: f32 = 64.0;

/// The largest code of a value.
const MAX_VALUE_CODE: f32 = 127.0;

/// Writes keys, `[tokens, size]`, as words of codes, `[tokens, padded size / GROUP]`, and returns the
/// one scale of all keys: NaN if a key has a NaN or an infinity.
pub(super) struct QuantizeKeys<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) tokens: usize,
    pub(super) size: usize,
    pub(super) words: &'a mut [i32],
}

impl Kernel for QuantizeKeys<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Integers>(self, s: S) -> f32 {
        let mut magnitude = Magnitude::zero(s);
        let rows = self.rows.values.chunks(self.rows.stride).take(self.tokens);
        for row in rows.clone() {
            for x in row[..self.size].chunks(LANES) {
                magnitude.include(s, load_row(s, x));
            }
        }
        let Magnitude { largest, poison } = magnitude;
        let scale =
            (s.reduce_max(largest) / MAX_KEY_CODE).max(f32::MIN_POSITIVE) + s.reduce_sum(poison);
        let (inverse, shift) = (
            s.splat(1.0 / scale),
            s.splat(ROUNDING_MAGIC + MAX_KEY_CODE + 1.0),
        );
        let (words, _) = self.words.as_chunks_mut::<{ LANES / GROUP }>();
        let words = words.chunks_exact_mut(self.size.div_ceil(LANES));
        for (row, words) in rows.zip(words) {
            for (x, words) in row[..self.size].chunks(LANES).zip(words) {
                s.store_codes(s.fma(load_row(s, x), inverse, shift), words);
            }
        }
        scale
    }
}

/// Writes a panel of queries, packed by [`PackQueries`](super::pack::PackQueries), as words of codes,
/// `[padded size / GROUP, vectors · 16]`.
///
/// Each query has its own scale. `scales` receives its product with the `key_scale`, and `offsets` the
/// correction for the 128 that is added to the codes of the keys.
pub(super) struct QuantizeQueries<'a> {
    pub(super) packed: &'a [f32],
    pub(super) vectors: usize,
    pub(super) key_scale: f32,
    pub(super) words: &'a mut [i32],
    pub(super) scales: &'a mut [f32],
    pub(super) offsets: &'a mut [f32],
}

impl Kernel for QuantizeQueries<'_> {
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
            let mut magnitude = Magnitude::zero(s);
            for x in columns {
                magnitude.include(s, s.load(x));
            }
            let scale = magnitude.scale(s, MAX_QUERY_CODE);
            let inverse = s.div(s.splat(1.0), scale);
            let mut sum = zero;
            for (group, words) in words[vector..].iter_mut().step_by(self.vectors).enumerate() {
                let mut codes = [zero; GROUP];
                for (i, code) in codes.iter_mut().enumerate() {
                    let x = s.load(&packed[(group * GROUP + i) * self.vectors + vector]);
                    *code = s.fma(x, inverse, s.splat(ROUNDING_MAGIC));
                    sum = s.add(sum, s.sub(*code, s.splat(ROUNDING_MAGIC)));
                }
                s.store_groups(codes, words);
            }
            let scale = s.mul(scale, s.splat(self.key_scale));
            let offset = s.mul(sum, s.splat(-(MAX_KEY_CODE + 1.0)));
            s.store(scale, &mut scales[vector]);
            s.store(s.mul(offset, scale), &mut offsets[vector]);
        }
    }
}

/// Writes values, `[tokens, size]`, as words of codes in blocks of columns,
/// `[tokens / GROUP, block vectors · 16]` each: a word holds one column of [`GROUP`] tokens.
///
/// Each column has its own scale: NaN if the column has a NaN or an infinity. Two adjacent codes of a
/// word stay within the bound of [`Integers::dot_group`].
pub(super) struct QuantizeValues<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) tokens: usize,
    pub(super) size: usize,
    pub(super) words: &'a mut [i32],
    /// `[padded size]`
    pub(super) scales: &'a mut [f32],
}

impl Kernel for QuantizeValues<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(self, s: S) {
        let groups = self.tokens.div_ceil(GROUP);
        let (words, _) = self.words.as_chunks_mut::<LANES>();
        let (scales, _) = self.scales.as_chunks_mut::<LANES>();
        let mut column = 0;
        while column < self.size {
            let vectors = column_block_vectors(S::TILE_VECTORS, self.size - column);
            let packed = &mut words[column / LANES * groups..][..vectors * groups];
            for vector in 0..vectors {
                let from = column + vector * LANES;
                let columns = from..self.size.min(from + LANES);
                let row = |token: usize| {
                    if token < self.tokens {
                        load_row(
                            s,
                            &self.rows.values[token * self.rows.stride..][columns.clone()],
                        )
                    } else {
                        s.splat(0.0)
                    }
                };
                let scale = column_scale(s, self.tokens, row);
                let inverse = s.div(s.splat(1.0), scale);
                s.store(scale, &mut scales[from / LANES]);
                for (group, words) in packed[vector..].iter_mut().step_by(vectors).enumerate() {
                    let mut codes = [s.splat(0.0); GROUP];
                    for (i, code) in codes.iter_mut().enumerate() {
                        let magic = s.splat(ROUNDING_MAGIC);
                        *code = s.sub(s.fma(row(group * GROUP + i), inverse, magic), magic);
                    }
                    for [a, b] in codes.as_chunks_mut::<2>().0 {
                        // Both codes may have been rounded away from zero from a half. Rounding the
                        // second toward zero is as accurate.
                        #[expect(clippy::cast_precision_loss, reason = "a small number")]
                        let most = s.splat(MAX_PAIR_SUM as f32);
                        let (low, high) = (s.sub(s.sub(s.splat(0.0), most), *a), s.sub(most, *a));
                        *b = s.max(s.min(*b, high), low);
                    }
                    s.store_groups(
                        codes.map(|code| s.add(code, s.splat(ROUNDING_MAGIC))),
                        words,
                    );
                }
            }
            column += vectors * LANES;
        }
    }
}

/// Returns the scales of 16 columns: the smallest at which neither a code nor the sum of two adjacent
/// codes is too large.
#[inline(always)]
fn column_scale<S: Simd>(s: S, tokens: usize, row: impl Fn(usize) -> S::F) -> S::F {
    let (mut single, mut pair) = (Magnitude::zero(s), Magnitude::zero(s));
    for token in (0..tokens).step_by(2) {
        let (a, b) = (row(token), row(token + 1));
        single.include(s, a);
        single.include(s, b);
        pair.include(s, s.add(a, b));
    }
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let pair = pair.scale(s, MAX_PAIR_SUM as f32);
    s.max(pair, single.scale(s, MAX_VALUE_CODE))
}

/// The largest absolute value of each lane.
struct Magnitude<S: Simd> {
    largest: S::F,
    /// 0, or NaN in a lane that has had a NaN or an infinity, because a maximum ignores NaN.
    poison: S::F,
}

impl<S: Simd> Magnitude<S> {
    #[inline(always)]
    fn zero(s: S) -> Self {
        let zero = s.splat(0.0);
        Self {
            largest: zero,
            poison: zero,
        }
    }

    #[inline(always)]
    fn include(&mut self, s: S, x: S::F) {
        let zero = s.splat(0.0);
        self.largest = s.max(s.max(x, s.sub(zero, x)), self.largest);
        self.poison = s.fma(x, zero, self.poison);
    }

    /// Returns the scale at which the largest value has the code `max_code`.
    #[inline(always)]
    fn scale(self, s: S, max_code: f32) -> S::F {
        let step = s.mul(self.largest, s.splat(1.0 / max_code));
        s.add(s.max(step, s.splat(f32::MIN_POSITIVE)), self.poison)
    }
}
