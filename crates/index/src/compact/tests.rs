use std::fs;

use cognate_kernels::{Candidate, Cpu};
use proptest::prelude::*;

use super::*;
use crate::{Error, Storage};

/// Numbers between −1 and 1 (splitmix64).
fn numbers(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f32::from(u16::try_from((z ^ (z >> 31)) >> 48).unwrap()) / 32_768.0 - 1.0
    }
}

/// Kinds of rows that may defeat a bound.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Scattered,
    /// Most of the variance in a few directions.
    Flat,
    /// One coordinate is all there is, nearly.
    OneHuge,
    Equal,
    /// Few directions, with differences of 1e-7.
    NearTies,
    /// Besides one coordinate, numbers too small for a norm.
    Denormal,
}

const KINDS: [Kind; 6] = [
    Kind::Scattered,
    Kind::Flat,
    Kind::OneHuge,
    Kind::Equal,
    Kind::NearTies,
    Kind::Denormal,
];

/// Unit vectors, `[rows, dim]`.
fn rows(kind: Kind, seed: u64, rows: usize, dim: usize) -> Vec<f32> {
    let mut number = numbers(seed);
    let mut values = Vec::with_capacity(rows * dim);
    for row in 0..rows {
        let mut few = numbers(row as u64 % 5);
        let start = values.len();
        for i in 0..dim {
            let (x, place) = (number(), f32::from(u16::try_from(i + 1).unwrap()));
            values.push(match kind {
                Kind::Flat => x / place,
                Kind::OneHuge if i == row % 3 => 1e6 * x,
                Kind::Scattered | Kind::OneHuge => x,
                Kind::Equal => place,
                Kind::NearTies => few() + 1e-7 * x,
                Kind::Denormal if i == 1 => 1.0,
                Kind::Denormal => 1e-41 * x,
            });
        }
        let vector = values[start..].to_vec();
        crate::unit::write_unit(ndarray::aview1(&vector), &mut values[start..]).unwrap();
    }
    values
}

/// Checks every bound of a block, first and second, against the score it bounds; returns how many of
/// each reach the floor.
fn check(compact: &Compact, values: &[f32], queries: &[f32], floor: f32) -> [usize; 2] {
    let dim = compact.rotation.dim();
    let encoded = compact.encode(queries);
    let m = queries.len() / dim;
    let block = BLOCK_ROWS.min(compact.rows);
    let rests = compact.rests(0..block, 0..block);
    let mut reach = Vec::new();
    let panels = compact.block(0).unwrap();
    // With the lowest floor the bounds are those of all pairs.
    let mut bounds = |floor| {
        let floors = || std::iter::repeat_n(floor, m);
        let mut first = Vec::new();
        Cpu::detect().first_pass(encoded.heads(floors(), &mut reach), panels, &mut first);
        first.retain(|found| found.row < block);
        let mut second = first.clone();
        if let Some(rests) = rests {
            Cpu::detect().refine(encoded.rests(floors(), &mut reach), rests, &mut second);
        }
        [first, second]
    };
    let all = bounds(f32::NEG_INFINITY);
    for found in all.iter().flatten() {
        let (query, row) = (found.query as usize, found.row as usize);
        let (query, row) = (&queries[query * dim..][..dim], &values[row * dim..][..dim]);
        let score = Cpu::detect().dot(query, row);
        assert!(score <= found.bound, "{score} is above {}", found.bound);
        let exact: f64 = query
            .iter()
            .zip(row)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum();
        assert!(exact <= f64::from(found.bound));
    }
    assert!(all.iter().all(|all| all.len() == m * block as usize));
    let some = bounds(floor);
    // The second bound is looked at where the first reaches the floor.
    let [first, second] = all;
    let pairs = || first.iter().zip(&second);
    assert!(pairs().all(|(first, second)| (first.query, first.row) == (second.query, second.row)));
    let passes = pairs().filter(|(first, _)| first.bound >= floor);
    let (first, mut second): (Vec<Candidate>, Vec<Candidate>) = passes.unzip();
    second.retain(|found| found.bound >= floor);
    assert_eq!(some, [first, second]);
    some.map(|some| some.len())
}

fn with_head(dim: usize, values: &[f32], head: usize) -> Compact {
    let sample = sample(dim, values);
    let rotation = Rotation::learn(dim, &sample).unwrap();
    Compact::encoded(rotation, values, head)
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
        let compact = with_head(dim, &values, LeadingCodes::GROUP * groups);
        check(&compact, &values, &rows(other, seed ^ 1, 7, dim), 0.5);
        // Rows against themselves are the nearest there is.
        check(&compact, &values, &values[..dim * 5], 1.0);
    }
}

#[test]
fn what_varies_in_few_directions_is_short_and_excludes_much() {
    let (dim, count) = (96, LEAST_ROWS as usize);
    let values = rows(Kind::Flat, 3, count, dim);
    let compact = Compact::of(dim, &values).unwrap();
    assert!(compact.head < dim, "{}", compact.head);
    let queries = rows(Kind::Flat, 4, 8, dim);
    let [first, second] = check(&compact, &values, &queries, 0.9);
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
fn the_second_bound_is_close_where_the_first_leaves_most_out() {
    let (dim, count) = (128, 500);
    let values = rows(Kind::Scattered, 3, count, dim);
    let queries = rows(Kind::Scattered, 4, 8, dim);
    let compact = with_head(dim, &values, 32);
    let [first, second] = check(&compact, &values, &queries, 0.4);
    // Three quarters of the dimensions may hold anything; with them the bound is the score, nearly.
    assert!(first > 8 * count / 2 && second < 10, "{first} {second}");
}

#[test]
fn a_head_of_all_dimensions_leaves_no_rest() {
    let dim = 33;
    let values = rows(Kind::Scattered, 3, 100, dim);
    let compact = with_head(dim, &values, 36);
    assert!(compact.rests.as_slice().is_empty());
    assert!(compact.rests(0..100, 0..100).is_none());
    let [first, second] = check(&compact, &values, &values[..dim * 5], 0.9);
    assert_eq!(first, second);
}

#[test]
fn rows_that_are_too_few_or_too_narrow_have_none() {
    let few = rows(Kind::Flat, 1, 1000, 40);
    assert!(Compact::of(40, &few).is_none());
    let narrow = rows(Kind::Flat, 1, LEAST_ROWS as usize, 8);
    assert!(Compact::of(8, &narrow).is_none());
}

#[test]
fn a_file_comes_back_and_damage_to_it_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("segment-00000001.codes");
    let dim = 32;
    let values = rows(Kind::Flat, 5, 5000, dim);
    let compact = with_head(dim, &values, 16);
    compact.write(&path, 7).unwrap();
    let open = |storage| Compact::open(&path, (dim, 5000), 7, storage);
    for storage in [Storage::Mapped, Storage::Owned] {
        let found = open(storage).unwrap().unwrap();
        found.verify(&path).unwrap();
        let bits = |values: &Values| bytemuck::cast_slice::<_, u32>(values.as_slice()).to_vec();
        assert!(bits(&found.words) == bits(&compact.words));
        assert!(bits(&found.rests) == bits(&compact.rests));
        let queries = rows(Kind::Flat, 6, 3, dim);
        let (a, b) = (compact.encode(&queries), found.encode(&queries));
        assert_eq!((a.heads, a.rests), (b.heads, b.rests));
    }
    let missing = Compact::open(&dir.path().join("none"), (dim, 5000), 7, Storage::Mapped);
    assert!(missing.unwrap().is_none());
    for (rows, of) in [(4999, 7), (5000, 8)] {
        let other = Compact::open(&path, (dim, rows), of, Storage::Mapped);
        assert!(matches!(other, Err(Error::Corrupt { .. })));
    }

    let sound = fs::read(&path).unwrap();
    for at in (0..sound.len())
        .step_by(97)
        .chain(sound.len() - 20..sound.len())
    {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x40;
        fs::write(&path, &bytes).unwrap();
        let found = open(Storage::Mapped).and_then(|found| found.unwrap().verify(&path));
        assert!(found.is_err(), "byte {at}");
        // A damaged block is not used.
        if let Ok(Some(found)) = open(Storage::Mapped) {
            let blocks = [0, BLOCK_ROWS].map(|first| found.block(first).is_some());
            let rests = found.rests(0..5000, 0..5000).is_some();
            assert!(blocks != [true, true] || !rests, "byte {at}");
            // Only the rows that are wanted are looked at.
            let first = found.rests(0..5000, 0..64).is_some();
            let last = found.rests(0..5000, 4992..5000).is_some();
            assert!(first || last, "byte {at}");
        }
        assert!(open(Storage::Owned).is_err());
    }
    for len in [0, 5, 63, 64, 200, sound.len() - 1] {
        fs::write(&path, &sound[..len]).unwrap();
        assert!(open(Storage::Mapped).is_err(), "{len}");
    }
}
