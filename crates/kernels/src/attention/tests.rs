#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    reason = "a head is small, and bits are compared"
)]

use proptest::prelude::*;

use super::column_block::column_block_vectors;
use super::pack::PackQueries;
use super::panel::PANEL_VECTORS;
use super::quantize::{QuantizeKeys, QuantizeQueries, QuantizeValues};
use super::*;
use crate::simd::{GROUP, LANES};
use crate::testing::numbers;
use crate::tile::Rows;

/// Computes attention in f64, one score after the other.
fn reference(attention: &Attention<'_>, qkv: &[f32], tokens: usize) -> Vec<f64> {
    let Attention {
        heads, key_heads, ..
    } = *attention;
    let (size, width) = (attention.head_size, heads * attention.head_size);
    // The value `i` of a head of all queries, keys and values.
    let at = |token: usize, head: usize, i: usize| {
        f64::from(qkv[(token * (heads + 2 * key_heads) + head) * size + i])
    };
    let allowed = |query: usize, key: usize| match attention.mask {
        AttentionMask::All => true,
        AttentionMask::Causal => key <= query,
        AttentionMask::Window(distance) => key.abs_diff(query) <= distance,
        AttentionMask::CausalWindow(distance) => key <= query && query - key <= distance,
    };
    let mut out = vec![0.0; tokens * width];
    for head in 0..heads {
        let key_head = heads + head / (heads / key_heads);
        for query in 0..tokens {
            let scores: Vec<f64> = (0..tokens)
                .map(|key| {
                    if !allowed(query, key) {
                        return f64::NEG_INFINITY;
                    }
                    let product: f64 = (0..size)
                        .map(|i| at(query, head, i) * at(key, key_head, i))
                        .sum();
                    let bias = attention.position_bias.map_or(0.0, |bias| {
                        let row = head * (2 * bias.span - 1);
                        f64::from(bias.values[row + bias.span - 1 + key - query])
                    });
                    let pair_bias = attention.pair_bias.map_or(0.0, |bias| {
                        let row = (head * tokens + key) * bias.stride;
                        f64::from(bias.values[row + query])
                    });
                    product + bias + pair_bias
                })
                .collect();
            let largest = scores.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
            for i in 0..size {
                out[query * width + head * size + i] = (0..tokens)
                    .map(|key| {
                        (scores[key] - largest).exp() / sum * at(key, key_head + key_heads, i)
                    })
                    .sum();
            }
        }
    }
    out
}

fn run(cpu: Cpu, attention: Attention<'_>, qkv: &[f32]) -> Vec<f32> {
    let mut out = vec![f32::NAN; qkv.len() / attention.row_width() * attention.width()];
    cpu.attention(attention, qkv, &mut AttentionScratch::default(), &mut out);
    out
}

#[test]
fn every_level_equals_attention_in_f64_at_every_length() {
    for (heads, head_size) in [
        (4, 8),
        (2, 16),
        (3, 32),
        (1, 48),
        (2, 64),
        (1, 77),
        (1, 128),
    ] {
        let width = heads * head_size;
        let span = 90;
        let bias = numbers(5, heads * (2 * span - 1));
        let position_bias = Some(PositionBias {
            values: &bias,
            span,
        });
        for tokens in (0..40).chain([63, 64, 65, 90]) {
            let qkv: Vec<f32> = numbers(6, 3 * tokens * width)
                .iter()
                .map(|x| x * 8.0 / (head_size as f32).sqrt())
                .collect();
            for position_bias in [None, position_bias] {
                let attention = Attention::new(heads, head_size).position_bias(position_bias);
                let found = run(Cpu::portable(), attention, &qkv);
                for cpu in Cpu::available() {
                    assert_eq!(run(cpu, attention, &qkv), found, "{cpu:?} {tokens}");
                }
                for (found, expected) in found.iter().zip(reference(&attention, &qkv, tokens)) {
                    let error = (f64::from(*found) - expected).abs();
                    assert!(error < 1e-5, "{tokens}: {found}, expected {expected}");
                }
            }
        }
    }
}

/// Returns queries and keys whose scores are from −`scores` to `scores`, and values from −1 to 1.
fn random_qkv(attention: &Attention<'_>, seed: u64, tokens: usize, scores: f32) -> Vec<f32> {
    let width = attention.row_width();
    let mut qkv = numbers(seed, tokens * width);
    let factor = (scores / attention.head_size as f32).sqrt();
    let scaled = (attention.heads + attention.key_heads) * attention.head_size;
    for row in qkv.chunks_mut(width) {
        row[..scaled].iter_mut().for_each(|x| *x *= factor);
    }
    qkv
}

fn any_mask() -> impl Strategy<Value = AttentionMask> {
    let distance = || prop_oneof![0usize..6, 6usize..80, Just(usize::MAX)];
    prop_oneof![
        Just(AttentionMask::All),
        Just(AttentionMask::Causal),
        distance().prop_map(AttentionMask::Window),
        distance().prop_map(AttentionMask::CausalWindow),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn masked_and_grouped_attention_equals_the_reference(
        mask in any_mask(),
        (key_heads, group) in (1usize..4, 1usize..4),
        head_size in prop_oneof![Just(64usize), Just(96), Just(128), Just(256), 1usize..80],
        tokens in prop_oneof![1usize..40, 40usize..150],
        (biased, paired, int8) in (any::<bool>(), any::<bool>(), any::<bool>()),
        cuts in [0usize..150, 0usize..150],
        seed: u64,
    ) {
        let heads = key_heads * group;
        let bias = numbers(seed ^ 1, heads * (2 * 150 - 1));
        let bias = PositionBias { values: &bias, span: 150 };
        let attention = Attention::new(heads, head_size)
            .key_heads(key_heads)
            .mask(mask)
            .position_bias((biased && !paired).then_some(bias))
            .int8(int8);
        let pairs = numbers(seed ^ 2, heads * tokens * tokens + PairBias::PADDING);
        let pair_bias = |values| PairBias { values, stride: tokens };
        let attention = attention.pair_bias(paired.then(|| pair_bias(&pairs)));
        let qkv = random_qkv(&attention, seed, tokens, 1.0);
        let found = run(Cpu::portable(), attention, &qkv);
        // As in `int8_attention_has_the_same_bits_on_every_level_and_is_near_f64`, with scores up to 2.
        let bound = if int8 && tokens >= MIN_INT8_TOKENS { 0.5 } else { 1e-5 };
        let mut squares = 0.0;
        for (found, expected) in found.iter().zip(reference(&attention, &qkv, tokens)) {
            let error = (f64::from(*found) - expected).abs();
            prop_assert!(error < bound, "{found}, expected {expected}");
            squares += error * error;
        }
        prop_assert!((squares / found.len() as f64).sqrt() < 0.01);
        let [from, to] = cuts.map(|cut| cut.min(tokens));
        let queries = from.min(to)..from.max(to);
        for cpu in Cpu::available() {
            prop_assert!(run(cpu, attention, &qkv) == found, "{cpu:?}");
            let mut part = vec![f32::NAN; queries.len() * attention.width()];
            let mut scratch = AttentionScratch::default();
            // The bias of these queries only.
            let stride = queries.len() + 3;
            let mut of_part = vec![f32::NAN; heads * tokens * stride + PairBias::PADDING];
            let rows = pairs.chunks_exact(tokens).take(heads * tokens);
            for (row, all) in of_part.chunks_mut(stride).zip(rows) {
                row[..queries.len()].copy_from_slice(&all[queries.clone()]);
            }
            let of_part = PairBias { values: &of_part, stride };
            let attention = attention.pair_bias(paired.then_some(of_part));
            cpu.attention_of_queries(attention, &qkv, queries.clone(), &mut scratch, &mut part);
            let all = queries.start * attention.width()..queries.end * attention.width();
            prop_assert!(part == found[all], "{cpu:?} {queries:?}");
        }
    }
}

#[test]
fn a_mask_that_allows_all_keys_changes_no_bit() {
    for (tokens, int8) in [(1, false), (20, false), (90, false), (90, true)] {
        let attention = Attention::new(2, 24).int8(int8);
        let qkv = random_qkv(&attention, 3, tokens, 3.0);
        let all = run(Cpu::detect(), attention, &qkv);
        let window = attention.mask(AttentionMask::Window(tokens - 1));
        assert_eq!(run(Cpu::detect(), window, &qkv), all);
        // The last query of a decoder may attend to all keys.
        let causal = run(Cpu::detect(), attention.mask(AttentionMask::Causal), &qkv);
        assert_eq!(causal[(tokens - 1) * 48..], all[(tokens - 1) * 48..]);
    }
}

#[test]
fn keys_out_of_reach_do_not_matter() {
    let (tokens, distance) = (200, 10);
    let attention = Attention::new(1, 16).mask(AttentionMask::Window(distance));
    for cpu in Cpu::available() {
        let mut qkv = random_qkv(&attention, 4, tokens, 3.0);
        let expected = run(cpu, attention, &qkv);
        // Scores of masked keys that would dominate all others.
        for row in qkv[150 * 48..].chunks_mut(48) {
            row[16..32].iter_mut().for_each(|x| *x *= 1e6);
        }
        let found = run(cpu, attention, &qkv);
        let unaffected = (150 - distance) * 16;
        assert_eq!(found[..unaffected], expected[..unaffected]);
        assert_ne!(found[unaffected..], expected[unaffected..]);
    }
}

#[test]
fn a_nan_reaches_the_same_queries_however_they_are_divided() {
    let attention = Attention::new(1, 16).mask(AttentionMask::CausalWindow(7));
    let mut qkv = random_qkv(&attention, 5, 100, 1.0);
    qkv[41 * 48 + 40] = f32::NAN;
    let bits = |x: &[f32]| -> Vec<u32> {
        let nan_or_bits = |x: &f32| if x.is_nan() { u32::MAX } else { x.to_bits() };
        x.iter().map(nan_or_bits).collect()
    };
    let all = bits(&run(Cpu::portable(), attention, &qkv));
    assert!(all[41 * 16 + 8] == u32::MAX && all[64 * 16..].iter().all(|x| *x != u32::MAX));
    for cpu in Cpu::available() {
        assert_eq!(bits(&run(cpu, attention, &qkv)), all);
        for queries in [0..39, 39..60, 42..43, 42..100] {
            let mut out = vec![0.0; queries.len() * 16];
            let mut scratch = AttentionScratch::default();
            cpu.attention_of_queries(attention, &qkv, queries.clone(), &mut scratch, &mut out);
            assert_eq!(bits(&out), all[queries.start * 16..queries.end * 16]);
        }
    }
}

#[test]
fn int8_attention_has_the_same_bits_on_every_level_and_is_near_f64() {
    for (heads, head_size) in [(4, 8), (3, 32), (1, 77), (2, 64)] {
        let width = heads * head_size;
        for tokens in [1, MIN_INT8_TOKENS - 1, MIN_INT8_TOKENS, 50, 95] {
            // Scores are from -1 to 1.
            let factor = 1.0 / (head_size as f32).sqrt();
            let mut qkv = numbers(6, 3 * tokens * width);
            for row in qkv.chunks_mut(3 * width) {
                row[..2 * width].iter_mut().for_each(|x| *x *= factor);
            }
            let attention = Attention::new(heads, head_size).int8(true);
            let found = run(Cpu::portable(), attention, &qkv);
            for cpu in Cpu::available() {
                assert_eq!(run(cpu, attention, &qkv), found, "{cpu:?} {tokens}");
            }
            let bound = if tokens < MIN_INT8_TOKENS {
                1e-5
            } else {
                // The errors of the scores, which are sums of products with an error of half a step
                // in either factor; of the weights, which are off by 1 and at least exp(-2) of 254;
                // and of the values.
                let scores = 0.501 / 64.0 + 0.501 / 127.0;
                2.0 * f64::exp_m1(2.0 * scores) + f64::exp(2.0) / 254.0 + 0.501 / 64.0
            };
            let mut squares = 0.0;
            for (found, expected) in found.iter().zip(reference(&attention, &qkv, tokens)) {
                let error = (f64::from(*found) - expected).abs();
                assert!(error < bound, "{tokens}: {found}, expected {expected}");
                squares += error * error;
            }
            let mean = (squares / found.len() as f64).sqrt();
            assert!(mean < 2e-3, "{tokens}: {mean}");
        }
    }
}

/// Returns the nearest code, ties to even.
fn code(x: f32, scale: f32) -> f32 {
    // One rounding: the product is exact in f64.
    (f64::from(x) * f64::from(1.0 / scale)).round_ties_even() as f32
}

#[test]
fn codes_of_keys_and_queries_equal_the_reference() {
    for size in [1usize, 8, 16, 33, 64] {
        let (tokens, words) = (35, size.next_multiple_of(LANES) / GROUP);
        let x: Vec<f32> = numbers(size as u64, tokens * size);
        let rows = Rows {
            values: &x,
            stride: size,
            step: 1,
        };
        let largest = |x: &[f32]| x.iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
        for cpu in Cpu::available() {
            let mut keys = vec![0; tokens * words];
            let key_scale = cpu.run(QuantizeKeys {
                rows,
                tokens,
                size,
                words: &mut keys,
            });
            assert_eq!(key_scale, largest(&x) / 127.0);
            for (row, words) in x.chunks(size).zip(keys.chunks(words)) {
                for (i, x) in row.iter().enumerate() {
                    let found = f32::from(words[i / GROUP].to_le_bytes()[i % GROUP]);
                    assert_eq!(found, code(*x, key_scale) + 128.0, "{cpu:?}");
                }
            }
            let vectors = cpu.panel_vectors(29);
            let count = 29.min(vectors * LANES);
            let mut packed = vec![0.0; 4 * words * vectors * LANES];
            cpu.run(PackQueries {
                rows,
                count,
                size,
                vectors,
                packed: &mut packed,
            });
            let mut codes = vec![0; words * vectors * LANES];
            let [mut scales, mut offsets] = [[0.0; LANES * PANEL_VECTORS]; 2];
            cpu.run(QuantizeQueries {
                packed: &packed,
                vectors,
                key_scale,
                words: &mut codes,
                scales: &mut scales,
                offsets: &mut offsets,
            });
            for (query, row) in x.chunks(size).take(count).enumerate() {
                let scale = largest(row) / 64.0;
                assert_eq!(scales[query], scale * key_scale);
                let mut sum = 0.0;
                for (i, x) in row.iter().enumerate() {
                    let word = codes[i / GROUP * vectors * LANES + query];
                    let found = f32::from(word.to_le_bytes()[i % GROUP].cast_signed());
                    assert_eq!(found, code(*x, scale), "{cpu:?}");
                    sum += found;
                }
                assert_eq!(offsets[query], -128.0 * sum * scales[query]);
            }
        }
    }
}

#[test]
fn codes_of_values_are_accurate_and_no_pair_sum_is_too_large() {
    for (tokens, size) in [(32usize, 8usize), (33, 32), (50, 77), (35, 64)] {
        let mut x = numbers(tokens as u64, tokens * size);
        // A column of the largest values, and one whose adjacent values have opposite signs.
        for (token, row) in x.chunks_mut(size).enumerate() {
            row[0] = 1.0;
            row[1] = if token % 2 == 0 { 1.0 } else { -1.0 };
        }
        let rows = Rows {
            values: &x,
            stride: size,
            step: 1,
        };
        let (padded, groups) = (size.next_multiple_of(LANES), tokens.div_ceil(GROUP));
        for cpu in Cpu::available() {
            let mut words = vec![0; groups * padded];
            let mut scales = vec![0.0; padded];
            cpu.run(QuantizeValues {
                rows,
                tokens,
                size,
                words: &mut words,
                scales: &mut scales,
            });
            assert_eq!((scales[0], scales[1]), (1.0 / 64.0, 1.0 / 127.0));
            let mut column = 0;
            while column < size {
                let width = column_block_vectors(cpu.tile_columns() / LANES, size - column) * LANES;
                for i in column..size.min(column + width) {
                    let codes = (0..groups).flat_map(|g| {
                        let word = words[column * groups + g * width + i - column];
                        word.to_le_bytes().map(|byte| i32::from(byte.cast_signed()))
                    });
                    let codes: Vec<i32> = codes.collect();
                    for pair in codes.chunks(2) {
                        assert!((pair[0] + pair[1]).abs() <= 128 && pair[0].abs() <= 127);
                    }
                    for (token, code) in codes.into_iter().enumerate() {
                        let x = x.get(token * size + i).copied().unwrap_or(0.0);
                        let error = (x - code as f32 * scales[i]).abs();
                        assert!(error <= 0.501 * scales[i], "{cpu:?} {x} {code}");
                    }
                }
                column += width;
            }
        }
    }
}

#[test]
fn nan_and_infinity_make_the_result_nan() {
    let (tokens, size) = (40, 16);
    for (bad, int8) in [(f32::NAN, false), (f32::NAN, true), (f32::INFINITY, true)] {
        let attention = Attention::new(1, size).int8(int8);
        for cpu in Cpu::available() {
            let mut qkv = numbers(1, 3 * tokens * size);
            qkv[7 * 3 * size + 3] = bad;
            let rows = run(cpu, attention, &qkv);
            for (token, row) in rows.chunks(size).enumerate() {
                assert_eq!(row.iter().all(|x| x.is_nan()), token == 7, "a query");
            }
            let mut qkv = numbers(1, 3 * tokens * size);
            qkv[7 * 3 * size + size + 3] = bad;
            assert!(
                run(cpu, attention, &qkv).iter().all(|x| x.is_nan()),
                "a key"
            );
        }
    }
}

#[test]
fn the_previous_contents_of_the_scratch_do_not_matter() {
    let attention = Attention::new(2, 24);
    let mut scratch = AttentionScratch::default();
    for tokens in [70, 3, 33, 1] {
        let qkv = numbers(tokens as u64, 3 * tokens * 48);
        let mut out = vec![f32::NAN; tokens * 48];
        Cpu::detect().attention(attention, &qkv, &mut scratch, &mut out);
        assert_eq!(out, run(Cpu::portable(), attention, &qkv));
    }
}

#[test]
fn a_subset_of_the_queries_has_the_results_of_all_queries() {
    let attention = Attention::new(3, 20);
    let (tokens, width) = (50, 60);
    let qkv = numbers(9, 3 * tokens * width);
    let all = run(Cpu::detect(), attention, &qkv);
    for queries in [0..50, 0..7, 7..50, 13..14, 50..50] {
        let mut out = vec![f32::NAN; queries.len() * width];
        let mut scratch = AttentionScratch::default();
        Cpu::detect().attention_of_queries(
            attention,
            &qkv,
            queries.clone(),
            &mut scratch,
            &mut out,
        );
        assert_eq!(out, all[queries.start * width..queries.end * width]);
    }
}

#[test]
#[should_panic = "key_heads must divide the number of heads"]
fn heads_that_cannot_share_keys_panic() {
    run(Cpu::detect(), Attention::new(3, 1).key_heads(2), &[0.0; 7]);
}

#[test]
#[should_panic = "the sequence is longer than the position bias"]
fn a_sequence_longer_than_the_position_bias_panics() {
    let attention = Attention::new(1, 1).position_bias(Some(PositionBias {
        values: &[0.0],
        span: 1,
    }));
    run(Cpu::detect(), attention, &[0.0; 6]);
}
