use std::fs;

use cognate_kernels::{Candidate, Cpu, LeadingCodes};
use cognate_testing::Numbers;
use proptest::prelude::*;

use super::rotation::Rotation;
use super::rows::{MIN_ROWS, sample};
use super::*;
use crate::storage::WordStorage;
use crate::{Error, Storage};

/// Returns a generator of numbers from −1 to 1.
fn numbers(seed: u64) -> impl FnMut() -> f32 {
    let mut numbers = Numbers::new(seed);
    move || numbers.signed()
}

/// Kinds of rows, some of which defeat a bound.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Directions are uniform.
    Scattered,
    /// Most of the variance is in a few directions.
    LowRank,
    /// One coordinate is much larger than all others.
    OneHuge,
    /// All rows are equal.
    Equal,
    /// There are few directions, with differences of 1e-7.
    NearTies,
    /// All coordinates but one are too small to contribute to the norm.
    Denormal,
}

const KINDS: [Kind; 6] = [
    Kind::Scattered,
    Kind::LowRank,
    Kind::OneHuge,
    Kind::Equal,
    Kind::NearTies,
    Kind::Denormal,
];

/// Returns unit vectors, `[rows, dim]`.
fn rows(kind: Kind, seed: u64, rows: usize, dim: usize) -> Vec<f32> {
    let mut number = numbers(seed);
    let mut values = Vec::with_capacity(rows * dim);
    for row in 0..rows {
        let mut few = numbers(row as u64 % 5);
        let start = values.len();
        for i in 0..dim {
            let (x, position) = (number(), f32::from(u16::try_from(i + 1).unwrap()));
            values.push(match kind {
                Kind::LowRank => x / position,
                Kind::OneHuge if i == row % 3 => 1e6 * x,
                Kind::Scattered | Kind::OneHuge => x,
                Kind::Equal => position,
                Kind::NearTies => few() + 1e-7 * x,
                Kind::Denormal if i == 1 => 1.0,
                Kind::Denormal => 1e-41 * x,
            });
        }
        let vector = values[start..].to_vec();
        crate::normalize::write_unit(ndarray::aview1(&vector), &mut values[start..]).unwrap();
    }
    values
}

/// Checks every first and second bound of a block against the score that it bounds. Returns how
/// many bounds of each kind reach the threshold.
fn check(quantized: &QuantizedRows, values: &[f32], queries: &[f32], threshold: f32) -> [usize; 2] {
    let dim = quantized.rotation.dim();
    let encoded = quantized.encode(queries);
    let m = queries.len() / dim;
    let block = BLOCK_ROWS.min(quantized.layout.rows);
    let residuals = quantized.residuals(0..block, 0..block);
    let mut scratch = Vec::new();
    let panels = quantized.panels(0).unwrap();
    let mut bounds = |threshold| {
        let thresholds = || std::iter::repeat_n(threshold, m);
        let mut first = Vec::new();
        let leading = encoded.leading(thresholds(), &mut scratch);
        Cpu::detect().first_pass(leading, panels, &mut first);
        first.retain(|candidate| candidate.row < block);
        let mut second = first.clone();
        if let Some(residuals) = residuals {
            let residual = encoded.residual(thresholds(), &mut scratch);
            Cpu::detect().refine(residual, residuals, &mut second);
        }
        [first, second]
    };
    // With the lowest threshold, all pairs of query and row pass.
    let all = bounds(f32::NEG_INFINITY);
    for candidate in all.iter().flatten() {
        let (query, row) = (candidate.query as usize, candidate.row as usize);
        let (query, row) = (&queries[query * dim..][..dim], &values[row * dim..][..dim]);
        let (score, bound) = (Cpu::detect().dot(query, row), candidate.bound);
        assert!(score <= bound, "{score} is above {bound}");
        let exact: f64 = query
            .iter()
            .zip(row)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum();
        assert!(exact <= f64::from(bound));
    }
    assert!(all.iter().all(|all| all.len() == m * block as usize));
    let passing = bounds(threshold);
    // The second bound is computed for rows whose first bound reaches the threshold.
    let [first, second] = all;
    let pairs = || first.iter().zip(&second);
    assert!(pairs().all(|(first, second)| (first.query, first.row) == (second.query, second.row)));
    let expected = pairs().filter(|(first, _)| first.bound >= threshold);
    let (first, mut second): (Vec<Candidate>, Vec<Candidate>) = expected.unzip();
    second.retain(|candidate| candidate.bound >= threshold);
    assert_eq!(passing, [first, second]);
    passing.map(|passing| passing.len())
}

fn with_leading(dim: usize, values: &[f32], leading: usize) -> QuantizedRows {
    let sample = sample(dim, values);
    let rotation = Rotation::learn(dim, &sample).unwrap();
    QuantizedRows::with_rotation(rotation, values, leading)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_score_is_above_its_bound(
        kind in prop::sample::select(&KINDS[..]),
        other in prop::sample::select(&KINDS[..]),
        seed: u64,
        dim in prop::sample::select(vec![32usize, 33, 47, 64, 100]),
        groups: usize,
    ) {
        let values = rows(kind, seed, 200, dim);
        let groups = 1 + groups % dim.div_ceil(LeadingCodes::GROUP);
        let quantized = with_leading(dim, &values, LeadingCodes::GROUP * groups);
        check(&quantized, &values, &rows(other, seed ^ 1, 7, dim), 0.5);
        // Rows used as queries have the highest scores.
        check(&quantized, &values, &values[..dim * 5], 1.0);
    }
}

#[test]
fn low_rank_rows_need_few_leading_dimensions_and_are_pruned_well() {
    let (dim, count) = (96, MIN_ROWS as usize);
    let values = rows(Kind::LowRank, 3, count, dim);
    let quantized = QuantizedRows::quantize(dim, &values).unwrap();
    assert!(
        quantized.layout.leading < dim,
        "{}",
        quantized.layout.leading
    );
    let queries = rows(Kind::LowRank, 4, 8, dim);
    let [first, second] = check(&quantized, &values, &queries, 0.9);
    assert!(first < 8 * BLOCK_ROWS as usize / 4, "{first}");
    let exact = queries.chunks(dim).map(|query| {
        let rows = values.chunks(dim).take(BLOCK_ROWS as usize);
        let scores = rows.map(|row| Cpu::detect().dot(query, row));
        scores.filter(|score| *score >= 0.9).count()
    });
    let exact = exact.sum::<usize>();
    assert!(second < 2 * exact + 8, "{second} for {exact} scores");
}

#[test]
fn the_second_bound_is_tight_with_few_leading_dimensions() {
    let (dim, count) = (128, 500);
    let values = rows(Kind::Scattered, 3, count, dim);
    let queries = rows(Kind::Scattered, 4, 8, dim);
    let quantized = with_leading(dim, &values, 32);
    let [first, second] = check(&quantized, &values, &queries, 0.4);
    // The first bound knows only the norm of three quarters of the dimensions; the second bound
    // nearly equals the score.
    assert!(first > 8 * count / 2 && second < 10, "{first} {second}");
}

#[test]
fn there_are_no_residuals_if_all_dimensions_are_leading() {
    let dim = 33;
    let values = rows(Kind::Scattered, 3, 100, dim);
    let quantized = with_leading(dim, &values, 36);
    assert!(quantized.residuals.as_slice().is_empty());
    assert!(quantized.residuals(0..100, 0..100).is_none());
    let [first, second] = check(&quantized, &values, &values[..dim * 5], 0.9);
    assert_eq!(first, second);
}

#[test]
fn few_or_short_rows_are_not_quantized() {
    let few = rows(Kind::LowRank, 1, 1000, 40);
    assert!(QuantizedRows::quantize(40, &few).is_none());
    let short = rows(Kind::LowRank, 1, MIN_ROWS as usize, 8);
    assert!(QuantizedRows::quantize(8, &short).is_none());
}

#[test]
fn a_file_round_trips_and_damage_to_it_is_detected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("segment-00000001.codes");
    let dim = 32;
    let values = rows(Kind::LowRank, 5, 5000, dim);
    let quantized = with_leading(dim, &values, 16);
    quantized.write(&path, 7).unwrap();
    let open = |storage| QuantizedRows::open(&path, (dim, 5000), 7, storage);
    for storage in [Storage::Mapped, Storage::Owned] {
        let found = open(storage).unwrap().unwrap();
        found.verify(&path).unwrap();
        let bits = |words: &WordStorage| bytemuck::cast_slice::<_, u32>(words.as_slice()).to_vec();
        assert!(bits(&found.panels) == bits(&quantized.panels));
        assert!(bits(&found.residuals) == bits(&quantized.residuals));
        let queries = rows(Kind::LowRank, 6, 3, dim);
        assert_eq!(quantized.encode(&queries), found.encode(&queries));
    }
    let missing = QuantizedRows::open(&dir.path().join("none"), (dim, 5000), 7, Storage::Mapped);
    assert!(missing.unwrap().is_none());
    for (rows, segment_checksum) in [(4999, 7), (5000, 8)] {
        let other = QuantizedRows::open(&path, (dim, rows), segment_checksum, Storage::Mapped);
        assert!(matches!(other, Err(Error::Corrupt { .. })));
    }

    let intact = fs::read(&path).unwrap();
    for at in (0..intact.len())
        .step_by(97)
        .chain(intact.len() - 20..intact.len())
    {
        let mut bytes = intact.clone();
        bytes[at] ^= 0x40;
        fs::write(&path, &bytes).unwrap();
        let found = open(Storage::Mapped).and_then(|found| found.unwrap().verify(&path));
        assert!(found.is_err(), "byte {at}");
        // A damaged block is not used.
        if let Ok(Some(found)) = open(Storage::Mapped) {
            let blocks = [0, BLOCK_ROWS].map(|first| found.panels(first).is_some());
            let residuals = found.residuals(0..5000, 0..5000).is_some();
            assert!(blocks != [true, true] || !residuals, "byte {at}");
            // Only the blocks of wanted rows are checked.
            let first = found.residuals(0..5000, 0..64).is_some();
            let last = found.residuals(0..5000, 4992..5000).is_some();
            assert!(first || last, "byte {at}");
        }
        assert!(open(Storage::Owned).is_err());
    }
    for len in [0, 5, 63, 64, 200, intact.len() - 1] {
        fs::write(&path, &intact[..len]).unwrap();
        assert!(open(Storage::Mapped).is_err(), "{len}");
    }
}
