//! Elementary functions on vectors: polynomials evaluated by Horner's rule with fused
//! multiply-adds, in one order, so that every level gives the same bits.
//!
//! Each function takes several vectors. A polynomial is one long chain of dependent instructions, and
//! the processor works on the other chains during its latency.

#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::simd::{EXPONENT_MAGIC, Simd};

/// Computes the polynomial `c[0] + c[1]·x + c[2]·x² + …`.
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

/// Computes the same polynomial as `(c[0] + c[2]·x² + …) + x·(c[1] + c[3]·x² + …)`: two independent
/// chains of half the length.
#[inline(always)]
fn even_odd_horner<S: Simd, const N: usize, const C: usize>(
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

/// Computes `exp(x)` with an error of at most 2 units in the last place for x from −87 to 88. Outside
/// this range, the result is the value at the nearer end.
#[inline(always)]
pub(crate) fn exp<S: Simd, const N: usize>(s: S, mut x: [S::F; N]) -> [S::F; N] {
    for x in &mut x {
        *x = s.min(*x, s.splat(88.0));
    }
    exp_to_88(s, x)
}

/// Computes [`exp`] for x of at most 88.
///
/// The argument is reduced to `x = n·ln 2 + r` with an integer n and `|r| ≤ ln 2 / 2` (Cody and Waite,
/// *Software Manual for the Elementary Functions*, chapter 6). The polynomial for exp(r) is a minimax
/// fit.
#[inline(always)]
pub(crate) fn exp_to_88<S: Simd, const N: usize>(s: S, mut x: [S::F; N]) -> [S::F; N] {
    /// ln 2 in two parts. The first has so few bits that its product with n is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const Q: [f32; 5] = [
        0.499_999_94,
        0.166_665_21,
        0.041_668_39,
        0.008_368_71,
        0.001_381_461,
    ];
    let (one, exponent) = (s.splat(1.0), s.splat(EXPONENT_MAGIC));
    let (mut n, mut r) = (x, x);
    for v in 0..N {
        // `max` returns its second argument if either is NaN, so that NaN stays NaN.
        x[v] = s.max(s.splat(-87.0), x[v]);
        n[v] = s.fma(x[v], s.splat(std::f32::consts::LOG2_E), exponent);
        let integer = s.sub(n[v], exponent);
        r[v] = s.fma(integer, s.splat(-LN_2_HIGH), x[v]);
        r[v] = s.fma(integer, s.splat(-LN_2_LOW), r[v]);
    }
    let mut power = horner(s, r, Q);
    for v in 0..N {
        power[v] = s.fma(power[v], r[v], one);
        power[v] = s.mul(s.fma(power[v], r[v], one), s.exp2(n[v]));
    }
    power
}

/// Computes GELU, `x · Φ(x)`, where Φ is the distribution function of the standard normal distribution
/// (<https://arxiv.org/abs/1606.08415>). The error is below `2⁻²² · |x|`.
///
/// `erf(x/√2) / x` is even and smooth. It is approximated by a polynomial in `2x²/5.6² − 1`,
/// interpolated at Chebyshev nodes. Beyond 5.6, `erf(x/√2)` is 1 to the precision of f32.
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
    gelu_by_polynomial(s, x, END, P)
}

/// Computes [`gelu`] with fewer coefficients, from a minimax fit, for results that become 8-bit codes.
/// The error is below `2⁻¹³ · |x|`.
#[inline(always)]
pub(crate) fn gelu_int8<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
    const P: [f32; 7] = [
        0.369_497_4,
        -0.174_278_84,
        0.110_628_64,
        -0.065_964_38,
        0.039_742_03,
        -0.026_856_896,
        0.010_385_315,
    ];
    gelu_by_polynomial(s, x, 3.8, P)
}

/// Computes `x/2 · (1 + x · P(2x²/end² − 1))`, where the x in the inner product is limited to ±end.
#[inline(always)]
fn gelu_by_polynomial<S: Simd, const N: usize, const C: usize>(
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
    let ratio = even_odd_horner(s, t, coefficients);
    for (x, ratio) in x.iter_mut().zip(ratio) {
        let inside = s.min(s.max(*x, low), high);
        let half = s.mul(*x, s.splat(0.5));
        *x = s.fma(half, s.mul(inside, ratio), half);
    }
    x
}

/// Computes the approximation of GELU by the hyperbolic tangent,
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

/// Computes the sigmoid linear unit, `x / (1 + exp(−x))` (<https://arxiv.org/abs/1606.08415>).
#[inline(always)]
pub(crate) fn silu<S: Simd, const N: usize>(s: S, mut x: [S::F; N]) -> [S::F; N] {
    let (zero, one) = (s.splat(0.0), s.splat(1.0));
    let mut negative = x;
    for x in &mut negative {
        *x = s.sub(zero, *x);
    }
    let power = exp(s, negative);
    for (x, power) in x.iter_mut().zip(power) {
        *x = s.div(*x, s.add(one, power));
    }
    x
}

/// Computes the larger of x and 0; NaN stays NaN.
#[inline(always)]
pub(crate) fn relu<S: Simd, const N: usize>(s: S, mut x: [S::F; N]) -> [S::F; N] {
    for x in &mut x {
        // `max` returns its second argument if either is NaN, so that NaN stays NaN.
        *x = s.max(s.splat(0.0), *x);
    }
    x
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "the nearest f32 is wanted")]
mod tests {
    use super::*;
    use crate::Cpu;
    use crate::simd::{Kernel, LANES};

    #[derive(Clone, Copy)]
    enum Function {
        Exp,
        Gelu,
        GeluInt8,
        GeluTanh,
        Silu,
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
                Function::GeluInt8 => gelu_int8(s, x),
                Function::GeluTanh => gelu_tanh(s, x),
                Function::Silu => silu(s, x),
            };
            s.to_array(y)
        }
    }

    /// Returns the largest error of `function` over `from..=to` and near zero, divided by `unit`, and
    /// checks that every level gives the same bits. `expected` computes the function in f64.
    fn largest_error(
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

    /// Computes the error function by its series (Abramowitz and Stegun, 7.1.6), to the precision of
    /// f64 for the arguments of these tests.
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
    fn exp_is_within_two_units_in_the_last_place() {
        let error = largest_error(Function::Exp, -87.0, 88.0, f64::exp, |x| {
            x.exp() * f64::from(f32::EPSILON) / 2.0
        });
        assert!(error < 2.0, "{error}");
        let ends = Cpu::detect().run(Apply(Function::Exp, [-1000.0; LANES]));
        assert!(ends[0] > 0.0 && ends[0] < 2e-38);
    }

    #[test]
    fn gelu_and_gelu_int8_are_within_their_bounds() {
        let gelu = |x: f64| 0.5 * x * (1.0 + erf(x / 2f64.sqrt()));
        let unit = |x: f64| x.abs().max(1e-30) / f64::from(1u32 << 22);
        let error = largest_error(Function::Gelu, -20.0, 20.0, gelu, unit);
        assert!(error < 1.0, "{error}");
        let unit = |x: f64| x.abs().max(1e-30) / f64::from(1u32 << 13);
        let error = largest_error(Function::GeluInt8, -20.0, 20.0, gelu, unit);
        assert!(error < 1.0, "{error}");
    }

    #[test]
    fn silu_is_within_its_bound() {
        let silu = |x: f64| x / (1.0 + (-x).exp());
        let unit = |x: f64| x.abs().max(1e-30) / f64::from(1u32 << 22);
        let error = largest_error(Function::Silu, -20.0, 20.0, silu, unit);
        assert!(error < 1.0, "{error}");
        let ends = Cpu::detect().run(Apply(Function::Silu, [-1000.0; LANES]));
        assert!(ends[0] <= 0.0 && ends[0] > -1e-30);
    }

    #[test]
    fn gelu_tanh_is_within_its_bound() {
        let gelu = |x: f64| {
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            x / (1.0 + (-2.0 * u).exp())
        };
        let unit = |x: f64| x.abs().max(1e-30) / f64::from(1u32 << 22);
        let error = largest_error(Function::GeluTanh, -20.0, 20.0, gelu, unit);
        assert!(error < 1.0, "{error}");
    }
}
