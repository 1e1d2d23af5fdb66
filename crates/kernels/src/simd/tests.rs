#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    clippy::inline_always,
    reason = "bits are compared, and kernels are compiled as all others are"
)]

use super::*;
use crate::Cpu;
use crate::testing::numbers;

/// Runs every operation on two vectors.
struct Operations<'a>(&'a [f32; LANES], &'a [f32; LANES]);

impl Kernel for Operations<'_> {
    type Output = Vec<[f32; LANES]>;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Output {
        let (a, b) = (s.load(self.0), s.load(self.1));
        let exponent = s.fma(a, s.splat(100.0), s.splat(EXPONENT_MAGIC));
        let mut stored = [0.0; LANES];
        s.store_partial(s.load_partial(&self.0[..5], 7.0), &mut stored[..11]);
        [
            s.add(a, b),
            s.sub(a, b),
            s.mul(a, b),
            s.div(a, b),
            s.fma(a, b, s.splat(0.1)),
            s.max(a, b),
            s.min(a, b),
            s.exp2(exponent),
            s.splat(s.reduce_sum(a)),
            s.splat(s.reduce_max(a)),
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
fn every_level_transposes_alike() {
    let rows: [[f32; LANES]; LANES] =
        std::array::from_fn(|r| std::array::from_fn(|l| (100 * r + l) as f32));
    let expected = std::array::from_fn(|r| std::array::from_fn(|l| rows[l][r]));
    for cpu in Cpu::available() {
        assert_eq!(cpu.run(Transpose(&rows)), expected, "{cpu:?}");
    }
}

/// Runs the fused multiply-adds that a dot product is made of.
struct DotSteps<'a>(&'a [f32; LANES], &'a [f32; LANES], usize);

impl Kernel for DotSteps<'_> {
    type Output = [[f32; LANES]; 7];

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Output {
        let zero = s.splat(-0.0);
        let first = s.fma_first(s.load(self.0), s.load(self.1), zero, self.2);
        let mut sums = [[zero; 2]; 3];
        s.fma_pairs([self.0, self.1, self.0], [self.1, self.0], &mut sums);
        let mut steps = [first; 7];
        steps[1..].copy_from_slice(sums.as_flattened());
        steps.map(|step| s.to_array(step))
    }
}

#[test]
fn every_level_multiplies_pairs_and_the_first_lanes() {
    for lanes in 0..=LANES {
        let a: [f32; LANES] = numbers(lanes as u64, LANES).try_into().unwrap();
        let b: [f32; LANES] = numbers(lanes as u64 + 1000, LANES).try_into().unwrap();
        let product = |a: [f32; LANES], b: [f32; LANES]| std::array::from_fn(|l| a[l] * b[l]);
        let first = std::array::from_fn(|l| if l < lanes { a[l] * b[l] } else { -0.0 });
        let [ab, aa, bb] = [product(a, b), product(a, a), product(b, b)];
        for cpu in Cpu::available() {
            let found = cpu.run(DotSteps(&a, &b, lanes));
            let bits = |rows: [[f32; LANES]; 7]| rows.map(|row| row.map(f32::to_bits));
            let expected = [first, ab, aa, bb, ab, ab, aa];
            assert_eq!(bits(found), bits(expected), "{cpu:?} {lanes}");
        }
    }
}

/// Loads the floats of a slice, and stores as many lanes.
struct Partial<'a>(&'a [f32], f32);

impl Kernel for Partial<'_> {
    type Output = ([f32; LANES], Vec<f32>);

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Output {
        let loaded = s.load_partial(self.0, self.1);
        let mut stored = vec![0.0; self.0.len()];
        s.store_partial(loaded, &mut stored);
        (s.to_array(loaded), stored)
    }
}

#[test]
fn every_level_loads_and_stores_the_first_lanes() {
    for lanes in 0..=LANES {
        for fill in [0.0, -0.0, 7.0, f32::INFINITY] {
            let from = numbers(lanes as u64, lanes);
            let expected: [f32; LANES] =
                std::array::from_fn(|l| from.get(l).copied().unwrap_or(fill));
            for cpu in Cpu::available() {
                let (loaded, stored) = cpu.run(Partial(&from, fill));
                let bits = |lanes: [f32; LANES]| lanes.map(f32::to_bits);
                assert_eq!(bits(loaded), bits(expected), "{cpu:?} {lanes}");
                assert_eq!(stored, from, "{cpu:?}");
            }
        }
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
fn every_level_gives_the_same_float_results() {
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

/// Runs every operation on words and floats.
struct IntegerOperations<'a>(&'a [i32; LANES], &'a [i32; LANES], &'a [f32; LANES]);

impl Kernel for IntegerOperations<'_> {
    type Output = (
        [[i32; LANES]; 4],
        [f32; LANES],
        [i32; LANES / GROUP],
        [i32; LANES],
    );

    #[inline(always)]
    fn run<S: Integers>(self, s: S) -> Self::Output {
        let (a, b) = (s.load_words(self.0), s.load_words(self.1));
        let pairs = s.dot_pairs(s.splat_word(-7), a, b);
        let group = s.dot_group(s.splat_word(9), a, b);
        let mut codes = [0; LANES / GROUP];
        s.store_codes(s.load(self.2), &mut codes);
        let mut groups = [0; LANES];
        let code = |more: f32| s.add(s.load(self.2), s.splat(more));
        s.store_groups([0.0, 1.0, -1.0, 2.0].map(code), &mut groups);
        (
            [a, b, pairs, group].map(|words| s.to_words(words)),
            s.to_array(s.to_float(pairs)),
            codes,
            groups,
        )
    }
}

/// Returns weights that are valid for all codes, among them pairs with the largest sum allowed.
fn weights(seed: u64) -> [i32; LANES] {
    let mut words = numbers(seed, 2 * LANES).into_iter().map(|x| {
        let first = (x * 127.0).round() as i32;
        let remaining = MAX_PAIR_SUM - first.abs();
        let even = seed.is_multiple_of(2);
        let second = if even { remaining } else { 127 };
        let second = if (first < 0) == even { -second } else { second };
        (first & 0xff) | (second.clamp(-127, 127) & 0xff) << 8
    });
    std::array::from_fn(|_| words.next().unwrap() | words.next().unwrap() << 16)
}

#[test]
fn every_level_gives_the_same_integer_results() {
    for seed in 0..400 {
        let numbers_a = numbers(seed, LANES);
        let a = std::array::from_fn(|l| match seed % 5 {
            0 => -1, // four codes of 255
            _ => (f64::from(numbers_a[l]) * 2f64.powi(31)) as i32,
        });
        let b = weights(seed + 1000);
        let codes = numbers(seed + 2000, LANES);
        let codes = std::array::from_fn(|l| ((codes[l] + 1.0) * 127.5).round());
        let shifted = codes.map(|code: f32| code + ROUNDING_MAGIC);
        let expected = Cpu::portable().run(IntegerOperations(&a, &b, &shifted));
        for cpu in Cpu::available() {
            let found = cpu.run(IntegerOperations(&a, &b, &shifted));
            assert_eq!(found, expected, "{cpu:?}");
        }
        for l in 0..LANES {
            let half = |word: i32, i: u32| i64::from((word >> (16 * i)) as i16);
            let sum = half(a[l], 0) * half(b[l], 0) + half(a[l], 1) * half(b[l], 1) - 7;
            assert_eq!(expected.0[2][l], sum as i32);
            let (a, b) = (a[l].to_le_bytes(), b[l].to_le_bytes());
            let products = a
                .iter()
                .zip(b)
                .map(|(&a, b)| i32::from(a) * i32::from(b as i8));
            assert_eq!(expected.0[3][l], products.sum::<i32>() + 9);
            assert_eq!(f32::from(expected.2[l / 4].to_le_bytes()[l % 4]), codes[l]);
            let bytes = [0, 1, -1, 2].map(|more| (codes[l] as i32 + more).to_le_bytes()[0]);
            assert_eq!(expected.3[l].to_le_bytes(), bytes);
        }
    }
}
