//! One way to write a kernel for all instruction sets: over [`Simd`], vectors of 16 lanes.
//!
//! A kernel is a [`Kernel`]; [`Cpu::run`] compiles it once for each level and calls the one that
//! this machine has. Every operation of [`Simd`] is exactly rounded, fused where it says so, and
//! sums over lanes have one order; so all levels give the same bits.

#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use crate::Cpu;
use crate::cpu::Level;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod integers;
mod portable;

pub(crate) use integers::{GROUP, IntegerKernel, Integers, PAIR_TOP, WHOLE};

/// Lanes of a vector.
pub(crate) const LANES: usize = 16;

/// What makes of a small whole number n, when added to it, an f32 whose lowest bits are those of the
/// exponent of 2ⁿ. The sum of it and any number is rounded to the nearest such, ties to even.
pub(crate) const EXPONENT: f32 = WHOLE + 127.0;

/// The operations of an instruction set. A value is a proof that the machine has it.
pub(crate) trait Simd: Copy {
    /// 16 lanes of f32.
    type F: Copy;

    /// Vectors side by side in the tile of a matrix product: as many as the registers allow.
    const TILE_VECTORS: usize;

    fn splat(self, value: f32) -> Self::F;
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a · b + c`, rounded once.
    fn fma(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// The lane of `a` where it is greater, else that of `b`.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// The lane of `a` where it is smaller, else that of `b`.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    /// 2ⁿ for each lane `n + `[`EXPONENT`], n a whole number from −127 to 127; 2⁻¹²⁷ comes out as 0.
    fn exp2(self, a: Self::F) -> Self::F;
    fn to_array(self, a: Self::F) -> [f32; LANES];

    /// Loads 16 floats.
    ///
    /// # Safety
    ///
    /// 16 floats can be read from `from`, which need not be aligned.
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_at(self, from: *const f32) -> Self::F;

    fn load(self, from: &[f32; LANES]) -> Self::F;
    fn store(self, value: Self::F, to: &mut [f32; LANES]);

    /// Asks for a line of the cache that will be needed soon, into the second level.
    fn prefetch(self, line: &[f32; LANES]);

    /// Lane `l` of row `r` becomes lane `r` of row `l`.
    fn transpose(self, rows: [Self::F; LANES]) -> [Self::F; LANES];

    /// Loads up to 16 floats; the lanes behind them are `fill`.
    #[inline(always)]
    fn load_some(self, from: &[f32], fill: f32) -> Self::F {
        let mut lanes = [fill; LANES];
        lanes[..from.len()].copy_from_slice(from);
        self.load(&lanes)
    }

    /// Stores the first lanes, as many as `to` is long.
    #[inline(always)]
    fn store_some(self, value: Self::F, to: &mut [f32]) {
        to.copy_from_slice(&self.to_array(value)[..to.len()]);
    }

    /// The sum of the lanes, as a tree: lane `l` += lane `l + 8`, then `l + 4`, 2, 1.
    #[inline(always)]
    fn sum(self, a: Self::F) -> f32 {
        let mut lanes = self.to_array(a);
        let mut half = LANES / 2;
        while half > 0 {
            for l in 0..half {
                lanes[l] += lanes[l + half];
            }
            half /= 2;
        }
        lanes[0]
    }

    /// Which lanes are at least so much, the first in the lowest bit; one that is NaN is not.
    fn at_least(self, a: Self::F, least: f32) -> u16;

    /// The largest lane.
    #[inline(always)]
    fn largest(self, a: Self::F) -> f32 {
        let mut lanes = self.to_array(a);
        let mut half = LANES / 2;
        while half > 0 {
            for l in 0..half {
                // Not `f32::max`, which is several instructions for the sake of NaN.
                lanes[l] = if lanes[l] > lanes[l + half] {
                    lanes[l]
                } else {
                    lanes[l + half]
                };
            }
            half /= 2;
        }
        lanes[0]
    }
}

/// Work over the vectors of one instruction set.
///
/// Implement `run` with `#[inline(always)]`, and so everything it calls in a loop.
pub(crate) trait Kernel {
    type Output;

    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

impl Cpu {
    /// Runs `kernel` with the instructions of this level.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[expect(
        unsafe_code,
        reason = "functions with target features are called from ordinary code"
    )]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.level() {
            Level::Portable => kernel.run(portable::Portable),
            // SAFETY: a `Cpu` of this level is made only where AVX2 and FMA were detected.
            Level::Avx2 => unsafe { avx2::run(kernel) },
            // SAFETY: a `Cpu` of these levels is made only where AVX-512F was detected.
            Level::Avx512 | Level::Avx512Vnni => unsafe { avx512::run(kernel) },
        }
    }

    /// Runs `kernel` with the instructions of this level.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.level() {
            Level::Portable => kernel.run(portable::Portable),
        }
    }

    /// Columns that a tile of a matrix product has at this level.
    pub(crate) fn tile_columns(self) -> usize {
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

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "bits are what is compared, and they are those of an f32"
)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// Every operation on two vectors, one after the other.
    struct Operations<'a>(&'a [f32; LANES], &'a [f32; LANES]);

    impl Kernel for Operations<'_> {
        type Output = Vec<[f32; LANES]>;

        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> Self::Output {
            let (a, b) = (s.load(self.0), s.load(self.1));
            let exponent = s.fma(a, s.splat(100.0), s.splat(EXPONENT));
            let mut stored = [0.0; LANES];
            s.store_some(s.load_some(&self.0[..5], 7.0), &mut stored[..11]);
            [
                s.add(a, b),
                s.sub(a, b),
                s.mul(a, b),
                s.div(a, b),
                s.fma(a, b, s.splat(0.1)),
                s.max(a, b),
                s.min(a, b),
                s.exp2(exponent),
                s.splat(s.sum(a)),
                s.splat(s.largest(a)),
                s.load(&stored),
            ]
            .map(|v| s.to_array(v))
            .to_vec()
        }
    }

    struct Transpose<'a>(&'a [[f32; LANES]; LANES]);

    impl Kernel for Transpose<'_> {
        type Output = [[f32; LANES]; LANES];

        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> Self::Output {
            s.transpose(self.0.each_ref().map(|row| s.load(row)))
                .map(|row| s.to_array(row))
        }
    }

    #[test]
    fn every_level_transposes() {
        let rows: [[f32; LANES]; LANES] =
            std::array::from_fn(|r| std::array::from_fn(|l| (100 * r + l) as f32));
        let expected = std::array::from_fn(|r| std::array::from_fn(|l| rows[l][r]));
        for cpu in Cpu::available() {
            assert_eq!(cpu.run(Transpose(&rows)), expected, "{cpu:?}");
        }
    }

    struct AtLeast<'a>(&'a [f32; LANES], f32);

    impl Kernel for AtLeast<'_> {
        type Output = u16;

        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> u16 {
            s.at_least(s.load(self.0), self.1)
        }
    }

    #[test]
    fn every_level_has_the_same_operations() {
        for seed in 0..200 {
            let a: [f32; LANES] = numbers(seed, LANES).try_into().unwrap();
            let b: [f32; LANES] = numbers(seed + 1000, LANES).try_into().unwrap();
            let expected = Cpu::portable().run(Operations(&a, &b));
            for cpu in Cpu::available() {
                assert_eq!(cpu.run(Operations(&a, &b)), expected, "{cpu:?}");
            }
            assert_eq!(expected[0], std::array::from_fn(|l| a[l] + b[l]));
            for cpu in Cpu::available() {
                for lane in 0..LANES {
                    let mut one = [-2.0; LANES];
                    one[lane] = a[lane];
                    let above = [a[lane], a[lane].next_up()].map(|x| cpu.run(AtLeast(&one, x)));
                    assert_eq!(above, [1 << lane, 0], "{cpu:?}");
                    one[lane] = f32::NAN;
                    assert_eq!(cpu.run(AtLeast(&one, -1.0)), 0, "{cpu:?}");
                }
            }
            assert_eq!(
                expected[4],
                std::array::from_fn(|l| a[l].mul_add(b[l], 0.1))
            );
            let power = |a: f32| (f64::from(a) * 100.0).round_ties_even().exp2() as f32;
            assert_eq!(expected[7], a.map(power));
        }
    }
}
