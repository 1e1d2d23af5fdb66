#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use super::group;
use super::pack::load;
use crate::simd::{GROUP, IntegerKernel, Integers, LANES, PAIR_TOP, Simd, WHOLE};
use crate::tile::Rows;

/// The greatest code of a key; a key's bytes hold 128 more.
const KEY_TOP: f32 = 127.0;

/// The greatest code of a query: 255 times two of them is below 2¹⁵, see [`Integers::dot_group`].
const QUERY_TOP: f32 = 64.0;

/// The greatest code of a value.
const VALUE_TOP: f32 = 127.0;

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
        let mut largest = Largest::none(s);
        let rows = self.rows.values.chunks(self.rows.stride).take(self.tokens);
        for row in rows.clone() {
            for x in row[..self.size].chunks(LANES) {
                largest.note(s, load(s, x));
            }
        }
        let Largest { size, poison } = largest;
        let scale = (s.largest(size) / KEY_TOP).max(f32::MIN_POSITIVE) + s.sum(poison);
        let (inverse, shift) = (s.splat(1.0 / scale), s.splat(WHOLE + KEY_TOP + 1.0));
        let (words, _) = self.words.as_chunks_mut::<{ LANES / GROUP }>();
        let words = words.chunks_exact_mut(self.size.div_ceil(LANES));
        for (row, words) in rows.zip(words) {
            for (x, words) in row[..self.size].chunks(LANES).zip(words) {
                s.store_codes(s.fma(load(s, x), inverse, shift), words);
            }
        }
        scale
    }
}

/// Writes a panel of queries, as [`PackQueries`](super::pack::PackQueries) leaves it, as words of codes,
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
            let mut largest = Largest::none(s);
            for x in columns {
                largest.note(s, s.load(x));
            }
            let scale = largest.scale(s, QUERY_TOP);
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

/// Writes values, `[tokens, size]`, as words of codes in groups of columns,
/// `[tokens / GROUP, group · 16]` each: a word is a column of some tokens.
///
/// Each column has its own scale, NaN where a value is none. Two neighbours in a word stay within the
/// bound of [`Integers::dot_group`].
pub(super) struct QuantizeValues<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) tokens: usize,
    pub(super) size: usize,
    pub(super) words: &'a mut [i32],
    /// `[padded size]`
    pub(super) scales: &'a mut [f32],
}

impl IntegerKernel for QuantizeValues<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Integers>(self, s: S) {
        let groups = self.tokens.div_ceil(GROUP);
        let (words, _) = self.words.as_chunks_mut::<LANES>();
        let (scales, _) = self.scales.as_chunks_mut::<LANES>();
        let mut column = 0;
        while column < self.size {
            let vectors = group(S::TILE_VECTORS, self.size - column);
            let packed = &mut words[column / LANES * groups..][..vectors * groups];
            for vector in 0..vectors {
                let from = column + vector * LANES;
                let columns = from..self.size.min(from + LANES);
                let row = |token: usize| {
                    if token < self.tokens {
                        load(
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
                        let whole = s.fma(row(group * GROUP + i), inverse, s.splat(WHOLE));
                        *code = s.sub(whole, s.splat(WHOLE));
                    }
                    for [a, b] in codes.as_chunks_mut::<2>().0 {
                        // Both may have been rounded up from a half: down is as near.
                        #[expect(clippy::cast_precision_loss, reason = "a small number")]
                        let top = s.splat(PAIR_TOP as f32);
                        let (low, high) = (s.sub(s.sub(s.splat(0.0), top), *a), s.sub(top, *a));
                        *b = s.max(s.min(*b, high), low);
                    }
                    s.store_groups(codes.map(|code| s.add(code, s.splat(WHOLE))), words);
                }
            }
            column += vectors * LANES;
        }
    }
}

/// The scale of 16 columns: the least at which no code and no sum of two neighbours is too large.
#[inline(always)]
fn column_scale<S: Simd>(s: S, tokens: usize, row: impl Fn(usize) -> S::F) -> S::F {
    let (mut one, mut pair) = (Largest::none(s), Largest::none(s));
    for token in (0..tokens).step_by(2) {
        let (a, b) = (row(token), row(token + 1));
        one.note(s, a);
        one.note(s, b);
        pair.note(s, s.add(a, b));
    }
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let pair = pair.scale(s, PAIR_TOP as f32);
    s.max(pair, one.scale(s, VALUE_TOP))
}

/// The largest of some values in each lane.
struct Largest<S: Simd> {
    /// Without its sign.
    size: S::F,
    /// 0, or NaN where a value was none: a maximum passes over a NaN.
    poison: S::F,
}

impl<S: Simd> Largest<S> {
    #[inline(always)]
    fn none(s: S) -> Self {
        let zero = s.splat(0.0);
        Self {
            size: zero,
            poison: zero,
        }
    }

    #[inline(always)]
    fn note(&mut self, s: S, x: S::F) {
        let zero = s.splat(0.0);
        self.size = s.max(s.max(x, s.sub(zero, x)), self.size);
        self.poison = s.fma(x, zero, self.poison);
    }

    /// What a step is worth where the largest has the code `top`.
    #[inline(always)]
    fn scale(self, s: S, top: f32) -> S::F {
        let step = s.mul(self.size, s.splat(1.0 / top));
        s.add(s.max(step, s.splat(f32::MIN_POSITIVE)), self.poison)
    }
}
