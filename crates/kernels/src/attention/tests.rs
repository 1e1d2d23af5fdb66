#![expect(clippy::cast_precision_loss, reason = "a head is small")]
use super::*;
use crate::testing::numbers;

/// Attention in f64, one score after the other.
fn plain(attention: &Attention<'_>, qkv: &[f32], tokens: usize) -> Vec<f64> {
    let (size, width) = (attention.head_size, attention.heads * attention.head_size);
    let at =
        |token: usize, part: usize, i: usize| f64::from(qkv[token * 3 * width + part * width + i]);
    let mut out = vec![0.0; tokens * width];
    for head in 0..attention.heads {
        for query in 0..tokens {
            let scores: Vec<f64> = (0..tokens)
                .map(|key| {
                    let product: f64 = (head * size..(head + 1) * size)
                        .map(|i| at(query, 0, i) * at(key, 1, i))
                        .sum();
                    let bias = attention.position_bias.map_or(0.0, |bias| {
                        let row = head * (2 * bias.span - 1);
                        f64::from(bias.values[row + bias.span - 1 + key - query])
                    });
                    product + bias
                })
                .collect();
            let largest = scores.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
            for i in head * size..(head + 1) * size {
                out[query * width + i] = (0..tokens)
                    .map(|key| (scores[key] - largest).exp() / sum * at(key, 2, i))
                    .sum();
            }
        }
    }
    out
}

fn run(cpu: Cpu, attention: Attention<'_>, qkv: &[f32]) -> Vec<f32> {
    let mut out = vec![f32::NAN; qkv.len() / 3];
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
                let attention = Attention {
                    heads,
                    head_size,
                    position_bias,
                    coarse: false,
                };
                let found = run(Cpu::portable(), attention, &qkv);
                for cpu in Cpu::available() {
                    assert_eq!(run(cpu, attention, &qkv), found, "{cpu:?} {tokens}");
                }
                for (found, expected) in found.iter().zip(plain(&attention, &qkv, tokens)) {
                    let error = (f64::from(*found) - expected).abs();
                    assert!(error < 1e-5, "{tokens}: {found}, expected {expected}");
                }
            }
        }
    }
}

#[test]
fn coarse_scores_are_those_of_all_levels_and_near_the_exact() {
    for (heads, head_size) in [(4, 8), (3, 32), (1, 77), (2, 64)] {
        let width = heads * head_size;
        for tokens in [1, LEAST_COARSE - 1, LEAST_COARSE, 50, 95] {
            let qkv = numbers(6, 3 * tokens * width);
            let attention = Attention {
                heads,
                head_size,
                position_bias: None,
                coarse: true,
            };
            let found = run(Cpu::portable(), attention, &qkv);
            for cpu in Cpu::available() {
                assert_eq!(run(cpu, attention, &qkv), found, "{cpu:?} {tokens}");
            }
            // Each score is off by half a step of the query's codes for each of the keys' values,
            // which are 1 at most, and by half a step of the keys' codes.
            let bound = head_size as f64 * (0.501 / 64.0 + 0.501 / 127.0) * 1.01;
            let bound = if tokens < LEAST_COARSE {
                1e-5
            } else {
                2.0 * bound.exp_m1()
            };
            for (found, expected) in found.iter().zip(plain(&attention, &qkv, tokens)) {
                let error = (f64::from(*found) - expected).abs();
                assert!(error < bound, "{tokens}: {found}, expected {expected}");
            }
        }
    }
}

#[test]
fn coarse_scores_of_whole_codes_are_exact() {
    // The largest key is 127 and that of each query 64: all steps are 1, or a power of 2.
    let (tokens, size) = (40, 16);
    let whole = |seed, top: f32| -> Vec<f32> {
        let mut x: Vec<f32> = numbers(seed, tokens * size)
            .iter()
            .map(|x| (x * top).round())
            .collect();
        x.iter_mut().step_by(size).for_each(|x| *x = top);
        x
    };
    let (queries, keys, values) = (whole(1, 64.0), whole(2, 127.0), numbers(3, tokens * size));
    let mut qkv = Vec::new();
    for token in 0..tokens {
        let row = token * size..(token + 1) * size;
        qkv.extend(queries[row.clone()].iter().map(|q| q / 65_536.0));
        qkv.extend(&keys[row.clone()]);
        qkv.extend(&values[row]);
    }
    let attention = |coarse| Attention {
        heads: 1,
        head_size: size,
        position_bias: None,
        coarse,
    };
    for cpu in Cpu::available() {
        let exact = run(cpu, attention(false), &qkv);
        for (coarse, exact) in run(cpu, attention(true), &qkv).iter().zip(exact) {
            assert!((coarse - exact).abs() < 1e-6, "{coarse} {exact}");
        }
    }
}

#[test]
fn what_is_no_number_stays_none() {
    let (tokens, size) = (40, 16);
    for (bad, coarse) in [(f32::NAN, false), (f32::NAN, true), (f32::INFINITY, true)] {
        let attention = Attention {
            heads: 1,
            head_size: size,
            position_bias: None,
            coarse,
        };
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
fn what_was_in_the_scratch_does_not_show() {
    let attention = Attention {
        heads: 2,
        head_size: 24,
        position_bias: None,
        coarse: false,
    };
    let mut scratch = AttentionScratch::default();
    for tokens in [70, 3, 33, 1] {
        let qkv = numbers(tokens as u64, 3 * tokens * 48);
        let mut out = vec![f32::NAN; tokens * 48];
        Cpu::detect().attention(attention, &qkv, &mut scratch, &mut out);
        assert_eq!(out, run(Cpu::portable(), attention, &qkv));
    }
}

#[test]
fn some_of_the_queries_get_what_all_get() {
    let attention = Attention {
        heads: 3,
        head_size: 20,
        position_bias: None,
        coarse: false,
    };
    let (tokens, width) = (50, 60);
    let qkv = numbers(9, 3 * tokens * width);
    let all = run(Cpu::detect(), attention, &qkv);
    for queries in [0..50, 0..7, 7..50, 13..14, 50..50] {
        let mut out = vec![f32::NAN; queries.len() * width];
        let mut scratch = AttentionScratch::default();
        Cpu::detect().attention_of(attention, &qkv, queries.clone(), &mut scratch, &mut out);
        assert_eq!(out, all[queries.start * width..queries.end * width]);
    }
}

#[test]
#[should_panic = "the sequence is longer than the position bias"]
fn a_sequence_beyond_the_position_bias_is_a_panic() {
    let attention = Attention {
        heads: 1,
        head_size: 1,
        position_bias: Some(PositionBias {
            values: &[0.0],
            span: 1,
        }),
        coarse: false,
    };
    run(Cpu::detect(), attention, &[0.0; 6]);
}
