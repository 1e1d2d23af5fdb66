//! Elementary functions on vectors: polynomials evaluated by Horner's rule with fused
//! multiply-adds, in one order, for the same bits at every level.
//!
//! Each takes a few vectors at a time: a polynomial is one long chain, and the processor can work
//! on another while it waits.

#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use crate::simd::{EXPONENT, Simd};

/// `c[0] + c[1]·x + c[2]·x² + …`
#[inline(always)]
fn horner<S: Simd, const N: usize, const C: usize>(
    s: S,
    x: [S::F; N],
    coefficients: [f32; C],
) -> [S::F; N] {
    let mut sums = [s.splat(coefficients[C - 1]); N];
    for i in (0..C - 1).rev() {
        let coefficient = s.splat(coefficients[i]);
        for v in 0..N {
            sums[v] = s.fma(sums[v], x[v], coefficient);
        }
    }
    sums
}

/// The same polynomial as `(c[0] + c[2]·x² + …) + x·(c[1] + c[3]·x² + …)`: two chains of half the
/// length.
#[inline(always)]
fn by_halves<S: Simd, const N: usize, const C: usize>(
    s: S,
    x: [S::F; N],
    coefficients: [f32; C],
) -> [S::F; N] {
    let mut squares = x;
    for square in &mut squares {
        *square = s.mul(*square, *square);
    }
    let last = (C - 1) / 2 * 2;
    let mut even = [s.splat(coefficients[last]); N];
    let mut odd = [s.splat(coefficients[C - 1 - C % 2]); N];
    for i in (0..(C - 1) / 2).rev() {
        let coefficient = s.splat(coefficients[2 * i]);
        for v in 0..N {
            even[v] = s.fma(even[v], squares[v], coefficient);
        }
    }
    for i in (0..(C - 2) / 2).rev() {
        let coefficient = s.splat(coefficients[2 * i + 1]);
        for v in 0..N {
            odd[v] = s.fma(odd[v], squares[v], coefficient);
        }
    }
    for v in 0..N {
        even[v] = s.fma(odd[v], x[v], even[v]);
    }
    even
}

/// `exp(x)`, for x from −87 to 88 within 2 units in the last place; outside, the value at the
/// nearer end.
#[inline(always)]
pub(crate) fn exp<S: Simd, const N: usize>(s: S, mut x: [S::F; N]) -> [S::F; N] {
    for x in &mut x {
        *x = s.min(*x, s.splat(88.0));
    }
    exp_to_88(s, x)
}

/// [`exp`] for x of at most 88.
///
/// `x = n·ln 2 + r` with whole n and `|r| ≤ ln 2 / 2` (Cody and Waite, *Software Manual for the
/// Elementary Functions*, chapter 6); the polynomial for exp(r) is a minimax fit.
#[inline(always)]
pub(crate) fn exp_to_88<S: Simd, const N: usize>(s: S, mut x: [S::F; N]) -> [S::F; N] {
    /// ln 2 in two parts: the first has so few bits that its product with n is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const Q: [f32; 5] = [
        0.499_999_94,
        0.166_665_21,
        0.041_668_39,
        0.008_368_71,
        0.001_381_461,
    ];
    let (one, exponent) = (s.splat(1.0), s.splat(EXPONENT));
    let (mut n, mut r) = (x, x);
    for v in 0..N {
        // In this order, a NaN stays one.
        x[v] = s.max(s.splat(-87.0), x[v]);
        n[v] = s.fma(x[v], s.splat(std::f32::consts::LOG2_E), exponent);
        let whole = s.sub(n[v], exponent);
        r[v] = s.fma(whole, s.splat(-LN_2_HIGH), x[v]);
        r[v] = s.fma(whole, s.splat(-LN_2_LOW), r[v]);
    }
    let mut power = horner(s, r, Q);
    for v in 0..N {
        power[v] = s.fma(power[v], r[v], one);
        power[v] = s.mul(s.fma(power[v], r[v], one), s.exp2(n[v]));
    }
    power
}

/// GELU: `x · Φ(x)`, Φ the distribution function of the normal distribution
/// (<https://arxiv.org/abs/1606.08415>). The error is below `2⁻²² · |x|`.
///
/// `erf(x/√2) / x` is even and smooth: a polynomial in `2x²/5.6² − 1`, interpolated at Chebyshev's
/// nodes. Beyond 5.6 it is 1 to the precision of an f32.
#[inline(always)]
pub(crate) fn gelu<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
    const END: f32 = 5.6;
    const P: [f32; 16] = [
        0.252_519_2,
        -0.126_102_54,
        0.093_962_505,
        -0.076_692_67,
        0.063_926_46,
        -0.052_602_325,
        0.041_971_36,
        -0.031_628_445,
        0.021_698_361,
        -0.014_746_75,
        0.011_086_497,
        -0.006_224_997,
        0.001_278_336_4,
        -0.000_890_056_37,
        0.001_785_282_9,
        -0.000_768_780_53,
    ];
    gelu_by(s, x, END, P)
}

/// GELU as [`gelu`] computes it, with fewer coefficients: a minimax fit. The error is below
/// `2⁻¹³ · |x|`.
#[inline(always)]
pub(crate) fn gelu_coarse<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
    const P: [f32; 7] = [
        0.369_497_4,
        -0.174_278_84,
        0.110_628_64,
        -0.065_964_38,
        0.039_742_03,
        -0.026_856_896,
        0.010_385_315,
    ];
    gelu_by(s, x, 3.8, P)
}

/// `x/2 · (1 + x · P(2x²/end² − 1))`, with x in the product limited to ±end.
#[inline(always)]
fn gelu_by<S: Simd, const N: usize, const C: usize>(
    s: S,
    mut x: [S::F; N],
    end: f32,
    coefficients: [f32; C],
) -> [S::F; N] {
    let (low, high) = (s.splat(-end), s.splat(end));
    let mut t = x;
    for t in &mut t {
        let inside = s.min(s.max(*t, low), high);
        let square = s.mul(inside, inside);
        *t = s.fma(square, s.splat(2.0 / (end * end)), s.splat(-1.0));
    }
    let ratio = by_halves(s, t, coefficients);
    for (x, ratio) in x.iter_mut().zip(ratio) {
        let inside = s.min(s.max(*x, low), high);
        let half = s.mul(*x, s.splat(0.5));
        *x = s.fma(half, s.mul(inside, ratio), half);
    }
    x
}

/// GELU's approximation by a hyperbolic tangent,
/// `x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))) = x / (1 + exp(−2u))`.
#[inline(always)]
pub(crate) fn gelu_tanh<S: Simd, const N: usize>(s: S, mut x: [S::F; N]) -> [S::F; N] {
    /// −2 · √(2/π)
    const SCALE: f32 = -1.595_769;
    let mut u = x;
    for u in &mut u {
        let inner = s.fma(s.mul(*u, *u), s.splat(0.044_715 * SCALE), s.splat(SCALE));
        *u = s.mul(*u, inner);
    }
    let power = exp(s, u);
    let one = s.splat(1.0);
    for (x, power) in x.iter_mut().zip(power) {
        *x = s.div(*x, s.add(one, power));
    }
    x
}

/// The greater of x and 0; a NaN stays one.
#[inline(always)]
pub(crate) fn relu<S: Simd, const N: usize>(s: S, mut x: [S::F; N]) -> [S::F; N] {
    for x in &mut x {
        // In this order: where neither is greater, `max` takes its second argument.
        *x = s.max(s.splat(0.0), *x);
    }
    x
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the nearest f32 is what is wanted"
)]
mod tests {
    use super::*;
    use crate::Cpu;
    use crate::simd::{Kernel, LANES};

    #[derive(Clone, Copy)]
    enum Function {
        Exp,
        Gelu,
        GeluCoarse,
        GeluTanh,
    }

    struct Apply(Function, [f32; LANES]);

    impl Kernel for Apply {
        type Output = [f32; LANES];

        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> [f32; LANES] {
            let x = [s.load(&self.1)];
            let [y] = match self.0 {
                Function::Exp => exp(s, x),
                Function::Gelu => gelu(s, x),
                Function::GeluCoarse => gelu_coarse(s, x),
                Function::GeluTanh => gelu_tanh(s, x),
            };
            s.to_array(y)
        }
    }

    /// Compares `function` over `from..=to` and near zero with `expected`, in f64, on every level.
    /// The error is divided by `unit`.
    fn worst(
        function: Function,
        from: f64,
        to: f64,
        expected: impl Fn(f64) -> f64,
        unit: impl Fn(f64) -> f64,
    ) -> f64 {
        const STEPS: u32 = 200_000;
        let mut worst = 0.0f64;
        let mut xs: Vec<f32> = (0..=STEPS)
            .map(|i| (from + (to - from) * f64::from(i) / f64::from(STEPS)) as f32)
            .collect();
        xs.extend((0..40).map(|i| 10f32.powi(-i)));
        xs.extend((0..40).map(|i| -(10f32.powi(-i))));
        for chunk in xs.chunks(LANES) {
            let mut lanes = [0.0; LANES];
            lanes[..chunk.len()].copy_from_slice(chunk);
            let found = Cpu::portable().run(Apply(function, lanes));
            for cpu in Cpu::available() {
                let bits = |values: [f32; LANES]| values.map(f32::to_bits);
                assert_eq!(
                    bits(cpu.run(Apply(function, lanes))),
                    bits(found),
                    "{cpu:?}"
                );
            }
            for (x, found) in lanes.into_iter().zip(found) {
                let x = f64::from(x);
                worst = worst.max((f64::from(found) - expected(x)).abs() / unit(x));
            }
        }
        worst
    }

    /// The error function by its series (Abramowitz and Stegun, 7.1.6), to the precision of f64 for
    /// the arguments here.
    fn erf(z: f64) -> f64 {
        let z = z.clamp(-6.0, 6.0);
        let (mut term, mut sum, mut n) = (z, z, 0.0);
        while term.abs() > 1e-18 {
            n += 1.0;
            term *= 2.0 * z * z / (2.0 * n + 1.0);
            sum += term;
        }
        2.0 / std::f64::consts::PI.sqrt() * (-z * z).exp() * sum
    }

    #[test]
    fn exp_is_within_two_units() {
        let error = worst(Function::Exp, -87.0, 88.0, f64::exp, |x| {
            x.exp() * f64::from(f32::EPSILON) / 2.0
        });
        assert!(error < 2.0, "{error}");
        let ends = Cpu::detect().run(Apply(Function::Exp, [-1000.0; LANES]));
        assert!(ends[0] > 0.0 && ends[0] < 2e-38);
    }

    #[test]
    fn gelu_and_its_coarse_form_are_within_their_bounds() {
        let gelu = |x: f64| 0.5 * x * (1.0 + erf(x / 2f64.sqrt()));
        let unit = |x: f64| x.abs().max(1e-30) / f64::from(1u32 << 22);
        let error = worst(Function::Gelu, -20.0, 20.0, gelu, unit);
        assert!(error < 1.0, "{error}");
        let unit = |x: f64| x.abs().max(1e-30) / f64::from(1u32 << 13);
        let error = worst(Function::GeluCoarse, -20.0, 20.0, gelu, unit);
        assert!(error < 1.0, "{error}");
    }

    #[test]
    fn gelu_by_tanh_is_within_its_bound() {
        let gelu = |x: f64| {
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            x / (1.0 + (-2.0 * u).exp())
        };
        let unit = |x: f64| x.abs().max(1e-30) / f64::from(1u32 << 22);
        let error = worst(Function::GeluTanh, -20.0, 20.0, gelu, unit);
        assert!(error < 1.0, "{error}");
    }
}
