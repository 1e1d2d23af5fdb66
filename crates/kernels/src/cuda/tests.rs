//! Compares every kernel with a reference implementation in f64.

#![expect(
    clippy::cast_precision_loss,
    clippy::float_cmp,
    clippy::many_single_char_names,
    reason = "counts are small, infinities are equal, and values in f64 are named by a letter"
)]

use candle_core::{DType, Device, Result, Tensor};

use super::*;

/// The largest allowed error. The reference computes from the rounded inputs in f64.
const BOUNDS: [(DType, f64); 3] = [(DType::F32, 1e-5), (DType::F16, 4e-3), (DType::BF16, 3e-2)];

fn gpu() -> Device {
    Device::new_cuda_with_stream(0).unwrap()
}

/// Returns pseudorandom numbers from −1 to 1, rounded to `dtype`, on the device and in f64.
fn numbers(seed: u64, shape: &[usize], dtype: DType, device: &Device) -> (Tensor, Vec<f64>) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            f32::from(u16::try_from(state >> 48).unwrap()) / 32_768.0 - 1.0
        })
        .collect();
    let rounded = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
    let rounded = rounded.to_dtype(dtype).unwrap();
    (rounded.to_device(device).unwrap(), in_f64(&rounded))
}

fn in_f64(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.to_dtype(DType::F32).unwrap().flatten_all().unwrap();
    flat.to_vec1::<f32>()
        .unwrap()
        .into_iter()
        .map(f64::from)
        .collect()
}

fn assert_near(what: &str, bound: f64, found: &Tensor, expected: &[f64]) {
    let found = in_f64(found);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(
            error <= bound * expected.abs().max(1.0),
            "{what}: value {at} is {found}, expected {expected}"
        );
    }
}

fn normalized(row: &[f64], scale: &[f64], shift: &[f64], epsilon: f64) -> Vec<f64> {
    let count = row.len() as f64;
    let mean = row.iter().sum::<f64>() / count;
    let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    let inverse = 1.0 / (variance + epsilon).sqrt();
    let affine = scale.iter().zip(shift);
    row.iter()
        .zip(affine)
        .map(|(x, (a, b))| (x - mean) * inverse * a + b)
        .collect()
}

#[test]
#[ignore = "needs an NVIDIA GPU"]
fn token_and_position_embeddings_are_added_and_normalized() -> Result<()> {
    let device = gpu();
    for (dtype, bound) in BOUNDS {
        for width in [8, 32, 384, 1000, 3072] {
            let (tokens, t) = numbers(1, &[50, width], dtype, &device);
            let (positional, p) = numbers(2, &[20, width], dtype, &device);
            let (scale, a) = numbers(3, &[width], DType::F32, &device);
            let (shift, b) = numbers(4, &[width], DType::F32, &device);
            let norm = Norm {
                scale: &scale,
                shift: &shift,
                epsilon: 1e-6,
            };
            let (ids, positions) = ([3u32, 49, 0, 7, 7], [0u32, 19, 2, 5, 6]);
            let found = embed(&tokens, &positional, &ids, &positions, norm)?;
            let expected: Vec<f64> = ids
                .iter()
                .zip(positions)
                .flat_map(|(&id, position)| {
                    let row =
                        |table: &[f64], at: u32| table[at as usize * width..][..width].to_vec();
                    let sum: Vec<f64> = row(&t, id)
                        .iter()
                        .zip(row(&p, position))
                        .map(|(x, y)| x + y)
                        .collect();
                    normalized(&sum, &a, &b, 1e-6)
                })
                .collect();
            assert_near(&format!("{width} in {dtype:?}"), bound, &found, &expected);
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs an NVIDIA GPU"]
fn product_bias_and_residual_are_added_and_normalized() -> Result<()> {
    let device = gpu();
    for (dtype, bound) in BOUNDS {
        for (rows, width) in [(1, 8), (7, 384), (130, 776)] {
            let (product, x) = numbers(1, &[rows, width], dtype, &device);
            let (bias, b) = numbers(2, &[width], dtype, &device);
            let (residual, r) = numbers(3, &[rows, width], dtype, &device);
            let (scale, a) = numbers(4, &[width], DType::F32, &device);
            let (shift, s) = numbers(5, &[width], DType::F32, &device);
            let norm = Norm {
                scale: &scale,
                shift: &shift,
                epsilon: 1e-12,
            };
            let found = add_norm(&product, &bias, &residual, norm)?;
            let sum: Vec<f64> = (0..rows * width)
                .map(|at| x[at] + b[at % width] + r[at])
                .collect();
            let expected: Vec<f64> = sum
                .chunks(width)
                .flat_map(|row| normalized(row, &a, &s, 1e-12))
                .collect();
            assert_near(
                &format!("{rows} × {width} in {dtype:?}"),
                bound,
                &found,
                &expected,
            );
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs an NVIDIA GPU"]
fn activations_agree_with_their_definitions() -> Result<()> {
    let device = gpu();
    // Φ by the series of erf, https://dlmf.nist.gov/7.6.
    let phi = |x: f64| {
        let z = x / 2f64.sqrt();
        let (mut term, mut sum) = (z, z);
        for n in 1..60 {
            term *= -z * z / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        0.5 + sum / std::f64::consts::PI.sqrt()
    };
    let tanh = |x: f64| {
        let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
        0.5 * x * (1.0 + inner.tanh())
    };
    for (dtype, bound) in BOUNDS {
        let (product, x) = numbers(1, &[37, 72], dtype, &device);
        let (bias, b) = numbers(2, &[72], dtype, &device);
        for activation in [Activation::Gelu, Activation::GeluTanh, Activation::Relu] {
            let found = bias_activation(&product, &bias, activation)?;
            let value = |at: usize| {
                let x = x[at] + b[at % 72];
                match activation {
                    Activation::Gelu => x * phi(x),
                    Activation::GeluTanh => tanh(x),
                    Activation::Relu => x.max(0.0),
                }
            };
            let expected: Vec<f64> = (0..37 * 72).map(value).collect();
            assert_near(
                &format!("{activation:?} in {dtype:?}"),
                bound,
                &found,
                &expected,
            );
        }
    }
    Ok(())
}

/// Computes attention by its definition.
fn reference_attention(
    qkv: &[f64],
    bias: &[f64],
    lengths: &[u32],
    (heads, head_size): (usize, usize),
    biases: Option<(&[f64], usize)>,
) -> Vec<f64> {
    let width = heads * head_size;
    let value = |token: usize, part: usize, head: usize, at: usize| {
        let column = part * width + head * head_size + at;
        qkv[token * 3 * width + column] + bias[column]
    };
    let mut out = Vec::new();
    let mut start = 0;
    for &length in lengths {
        let length = length as usize;
        for query in 0..length {
            for head in 0..heads {
                let weights: Vec<f64> = (0..length)
                    .map(|key| {
                        let terms = (0..head_size).map(|at| {
                            value(start + query, 0, head, at) * value(start + key, 1, head, at)
                        });
                        let score = terms.sum::<f64>() / (head_size as f64).sqrt();
                        let bias = biases.map_or(0.0, |(values, span)| {
                            values[head * (2 * span - 1) + span - 1 + key - query]
                        });
                        (score + bias).exp()
                    })
                    .collect();
                let total: f64 = weights.iter().sum();
                out.extend((0..head_size).map(|at| {
                    let terms = weights.iter().enumerate();
                    let sum: f64 = terms
                        .map(|(key, w)| w * value(start + key, 2, head, at))
                        .sum();
                    sum / total
                }));
            }
        }
        start += length;
    }
    out
}

#[test]
#[ignore = "needs an NVIDIA GPU"]
fn attention_agrees_with_its_definition() -> Result<()> {
    let device = gpu();
    let lengths = [1, 64, 0, 65, 31, 2, 200];
    let tokens = lengths.iter().sum::<u32>() as usize;
    for (dtype, bound) in BOUNDS {
        for (heads, head_size) in [
            (4, 8),
            (2, 16),
            (3, 24),
            (12, 32),
            (1, 64),
            (2, 96),
            (1, 128),
        ] {
            let columns = 3 * heads * head_size;
            let (qkv, x) = numbers(1, &[tokens, columns], dtype, &device);
            let (bias, b) = numbers(2, &[columns], dtype, &device);
            let (biases, t) = numbers(3, &[heads, 2 * 210 - 1], DType::F32, &device);
            let tiles = Tiles::new(&lengths, dtype, &device)?;
            for with_bias in [false, true] {
                let found = attention(&qkv, &bias, &tiles, heads, with_bias.then_some(&biases))?;
                let reference_bias = with_bias.then_some((t.as_slice(), 210));
                let expected =
                    reference_attention(&x, &b, &lengths, (heads, head_size), reference_bias);
                let what = format!("{heads} heads of {head_size} in {dtype:?}, bias: {with_bias}");
                assert_near(&what, bound, &found, &expected);
            }
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs an NVIDIA GPU"]
fn hidden_states_are_pooled_in_every_mode() -> Result<()> {
    let device = gpu();
    let (starts, lengths) = (vec![0u32, 5, 9], vec![5u32, 1, 300]);
    let modes = [
        PoolingMode::Cls,
        PoolingMode::Max,
        PoolingMode::Mean,
        PoolingMode::MeanSqrtLen,
        PoolingMode::WeightedMean,
        PoolingMode::LastToken,
    ];
    let width = 200;
    for (dtype, _) in BOUNDS {
        let (hidden, x) = numbers(1, &[310, width], dtype, &device);
        for skip in [0, 2] {
            let sequences = Sequences::new(starts.clone(), lengths.clone(), &device)?;
            let found = pool(&hidden, &sequences, &modes, skip)?;
            let mut expected = Vec::new();
            for (&start, &length) in starts.iter().zip(&lengths) {
                let (start, length) = (start as usize, length as usize);
                let skip = skip.min(length);
                for mode in modes {
                    expected.extend((0..width).map(|column| {
                        let state = |token: usize| x[(start + token) * width + column];
                        let sum = |weight: fn(usize) -> f64| -> (f64, f64) {
                            let terms =
                                (skip..length).map(|at| (weight(at) * state(at), weight(at)));
                            terms.fold((0.0, 0.0), |sum, term| (sum.0 + term.0, sum.1 + term.1))
                        };
                        let all = skip == length;
                        match mode {
                            PoolingMode::Cls => state(if all { 0 } else { skip }),
                            PoolingMode::LastToken if all => 0.0,
                            PoolingMode::LastToken => state(length - 1),
                            PoolingMode::Max => {
                                (skip..length).map(state).fold(f64::NEG_INFINITY, f64::max)
                            }
                            PoolingMode::Mean => {
                                let (sum, count) = sum(|_| 1.0);
                                sum / count.max(1e-9)
                            }
                            PoolingMode::MeanSqrtLen => {
                                let (sum, count) = sum(|_| 1.0);
                                sum / count.max(1e-9).sqrt()
                            }
                            PoolingMode::WeightedMean => {
                                let (sum, weights) = sum(|at| (at + 1) as f64);
                                sum / weights.max(1e-9)
                            }
                        }
                    }));
                }
            }
            let found_values = in_f64(&found);
            for (at, (found, expected)) in found_values.iter().zip(&expected).enumerate() {
                assert!(
                    found == expected || (found - expected).abs() < 1e-6 * expected.abs().max(1.0),
                    "value {at} in {dtype:?}: {found}, expected {expected}"
                );
            }
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs an NVIDIA GPU"]
fn inputs_that_do_not_fit_are_errors() -> Result<()> {
    let device = gpu();
    let (wide, _) = numbers(1, &[4, 36], DType::F32, &device);
    let (bias, _) = numbers(1, &[36], DType::F32, &device);
    let tiles = Tiles::new(&[4], DType::F32, &device)?;
    let (table, _) = numbers(1, &[5, 32], DType::F32, &device);
    let (scale, _) = numbers(1, &[32], DType::F32, &device);
    let norm = Norm {
        scale: &scale,
        shift: &scale,
        epsilon: 1e-6,
    };
    for (result, message) in [
        (
            embed(&table, &table, &[4, 5], &[0, 1], norm),
            "row 5 of a table of 5 rows",
        ),
        (
            bias_activation(&wide, &bias, Activation::Relu),
            "36 columns, expected a multiple of 8",
        ),
        (
            attention(&wide, &bias, &tiles, 2, None),
            "heads of 6, expected a multiple of 8 up to 128",
        ),
        (
            bias_activation(
                &wide.narrow(1, 0, 32)?,
                &bias.narrow(0, 0, 32)?,
                Activation::Relu,
            ),
            "a tensor is not contiguous",
        ),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    Ok(())
}
