#![expect(
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "counts are small, and bits are compared"
)]

use proptest::prelude::*;

use super::tile::SUMS;
use crate::Cpu;
use crate::testing::numbers;

/// Computes a dot product in the documented order of summation, one element at a time.
fn reference(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; SUMS];
    for i in 0..a.len() {
        sums[i % SUMS] = a[i].mul_add(b[i], sums[i % SUMS]);
    }
    for half in [32, 16, 8, 4, 2, 1] {
        for l in 0..half {
            sums[l] += sums[l + half];
        }
    }
    sums[0]
}

/// Returns whether two floats have the same bits or are both NaN.
fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[test]
fn every_level_equals_the_reference_at_every_length() {
    for cpu in Cpu::available() {
        for len in 0..=300 {
            for seed in 0..8u64 {
                let (a, b) = (numbers(seed, len), numbers(seed + 100, len));
                let (expected, found) = (reference(&a, &b), cpu.dot(&a, &b));
                assert!(
                    same(expected, found),
                    "{cpu:?} {len} {seed}: {expected} {found}"
                );
            }
        }
    }
}

#[test]
fn alignment_does_not_matter() {
    let (a, b) = (numbers(1, 600), numbers(2, 600));
    for cpu in Cpu::available() {
        for start in 0..20 {
            for len in [0, 1, 15, 16, 17, 63, 64, 65, 100, 128, 384, 500] {
                let (a, b) = (&a[start..start + len], &b[19 - start..19 - start + len]);
                assert!(
                    same(reference(a, b), cpu.dot(a, b)),
                    "{cpu:?} {start} {len}"
                );
            }
        }
    }
}

#[test]
fn special_values_give_the_same_bits_on_every_level() {
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f32::MIN_POSITIVE,
        -f32::MIN_POSITIVE,
        f32::from_bits(1),
        -f32::from_bits(1),
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        1e-30,
        -1e-30,
    ];
    for cpu in Cpu::available() {
        for len in [1, 2, 7, 16, 33, 64, 65, 90, 129] {
            for (i, x) in special.into_iter().enumerate() {
                for y in special {
                    let (mut a, mut b) = (vec![-0.0; len], vec![1e-30; len]);
                    (a[len - 1], b[len - 1]) = (x, y);
                    (a[i % len], b[i % len]) = (y, x);
                    let (expected, found) = (reference(&a, &b), cpu.dot(&a, &b));
                    assert!(
                        same(expected, found),
                        "{cpu:?} {len} {x} {y}: {expected} {found}"
                    );
                }
            }
        }
    }
}

#[test]
fn sums_without_an_element_of_the_tail_keep_their_sign() {
    // Every sum underflows to -0.0 in the first chunk. Adding 0 × 0 from a padded lane of the tail
    // would make a sum, and with it the result, +0.0.
    let tiny = f32::from_bits(1);
    for tail in 0..SUMS {
        let (mut a, mut b) = (vec![tiny; SUMS], vec![-tiny; SUMS]);
        a.extend(vec![tiny; tail]);
        b.extend(vec![-tiny; tail]);
        for cpu in Cpu::available() {
            assert_eq!(
                cpu.dot(&a, &b).to_bits(),
                (-0.0f32).to_bits(),
                "{cpu:?} {tail}"
            );
        }
    }
}

#[test]
fn blocks_of_every_shape_equal_single_dot_products() {
    for dim in [1, 3, 63, 64, 65, 100, 384] {
        for m in 0..=8 {
            for n in 0..=19 {
                let (queries, rows) = (numbers(3, m * dim), numbers(4, n * dim));
                for cpu in Cpu::available() {
                    let mut out = vec![f32::NAN; m * n];
                    cpu.dot_block(&queries, &rows, dim, &mut out);
                    let slices: Vec<&[f32]> = rows.chunks(dim).collect();
                    let mut gathered = vec![f32::NAN; m * n];
                    cpu.dot_gather(&queries, &slices, dim, &mut gathered);
                    assert_eq!(out, gathered);
                    let pairs = queries
                        .chunks(dim)
                        .flat_map(|query| rows.chunks(dim).map(move |row| (query, row)));
                    for ((query, row), found) in pairs.zip(&out) {
                        let expected = reference(query, row);
                        assert!(same(expected, *found), "{cpu:?} {dim} {m} {n}");
                    }
                }
            }
        }
    }
}

#[test]
fn empty_vectors_give_zero() {
    for cpu in Cpu::available() {
        assert_eq!(cpu.dot(&[], &[]).to_bits(), 0);
        let mut out = [1.0; 3];
        cpu.dot_rows(&[], &[], &mut out);
        assert_eq!(out, [0.0; 3]);
    }
}

#[test]
#[should_panic = "both vectors must be [dim]"]
fn slices_of_different_lengths_panic() {
    Cpu::detect().dot(&[1.0, 2.0], &[1.0]);
}

#[test]
#[should_panic = "every row must be [dim]"]
fn gathered_rows_of_different_lengths_panic() {
    Cpu::detect().dot_gather(&[1.0, 2.0], &[&[1.0, 2.0], &[1.0]], 2, &mut [0.0; 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_level_gives_the_same_bits(
        pairs in prop::collection::vec((any::<f32>(), any::<f32>()), 0..400)
    ) {
        let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
        let expected = reference(&a, &b);
        for cpu in Cpu::available() {
            let found = cpu.dot(&a, &b);
            prop_assert!(same(expected, found), "{cpu:?}: {expected} {found}");
        }
    }

    #[test]
    fn the_error_is_within_the_bound(
        pairs in prop::collection::vec((-1e3f32..1e3, -1e3f32..1e3), 1..1000)
    ) {
        let (a, b): (Vec<f32>, Vec<f32>) = pairs.iter().copied().unzip();
        // Products of f32 are exact in f64, and the rounding errors of these sums are negligible.
        let products = pairs.iter().map(|(a, b)| f64::from(*a) * f64::from(*b));
        let exact: f64 = products.clone().sum();
        let magnitude: f64 = products.map(f64::abs).sum();
        let k_eps = pairs.len() as f64 * f64::from(f32::EPSILON) / 2.0;
        let bound = k_eps / (1.0 - k_eps) * magnitude;
        for cpu in Cpu::available() {
            let error = (f64::from(cpu.dot(&a, &b)) - exact).abs();
            prop_assert!(error <= bound, "{cpu:?}: {error} > {bound}");
        }
    }
}
