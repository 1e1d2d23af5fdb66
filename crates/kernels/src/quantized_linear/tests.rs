#![expect(clippy::float_cmp, reason = "bits are compared")]

use super::*;
use crate::testing::numbers;

/// Computes the layer with sums in i64, one product after the other.
#[expect(clippy::cast_precision_loss, reason = "the kernel rounds alike")]
fn reference(weights: &[f32], bias: &[f32], x: &QuantizedRows) -> Vec<f32> {
    let mut y = Vec::new();
    for row in 0..x.rows() {
        let zero_point = i64::from(x.zero_point(row));
        for (weights, bias) in weights.chunks(x.dim()).zip(bias) {
            let mut codes = vec![0; x.dim()];
            let scale = quantize_weights(weights, &mut codes);
            let sum: i64 = x
                .codes(row)
                .zip(&codes)
                .map(|(x, &w)| (i64::from(x) - zero_point) * i64::from(w))
                .sum();
            y.push((sum as f32).mul_add(x.scales()[row] * scale, *bias));
        }
    }
    y
}

fn quantized(cpu: Cpu, x: &[f32], dim: usize) -> QuantizedRows {
    let mut rows = QuantizedRows::new();
    cpu.quantize(x, dim, &mut rows);
    rows
}

fn apply(layer: &QuantizedLinear, x: &QuantizedRows, epilogue: Epilogue<'_>) -> Vec<f32> {
    let mut y = vec![-1.0; x.rows() * layer.outputs()];
    layer.apply(x, epilogue, &mut y);
    y
}

#[test]
fn every_level_equals_the_reference_at_every_size() {
    let shapes = (1..=9).map(|inputs| (inputs, 20 - inputs));
    for (inputs, outputs) in shapes.chain([(31, 1), (32, 64), (33, 65), (50, 130), (100, 16)]) {
        let (weights, bias) = (numbers(1, inputs * outputs), numbers(2, outputs));
        for n in 0..15 {
            let x = numbers(3, n * inputs);
            let other = numbers(4, n * outputs);
            let expected = reference(&weights, &bias, &quantized(Cpu::portable(), &x, inputs));
            let sum: Vec<f32> = expected.iter().zip(&other).map(|(a, b)| a + b).collect();
            let product: Vec<f32> = expected.iter().zip(&other).map(|(a, b)| a * b).collect();
            let positive: Vec<f32> = expected.iter().map(|&y| y.max(0.0)).collect();
            for cpu in Cpu::available() {
                let layer = QuantizedLinear::new(cpu, &weights, &bias, inputs);
                let x = quantized(cpu, &x, inputs);
                assert_eq!(apply(&layer, &x, Epilogue::Identity), expected, "{cpu:?}");
                assert_eq!(apply(&layer, &x, Epilogue::Add(&other)), sum, "{cpu:?}");
                let multiply = Epilogue::Multiply(&other);
                assert_eq!(apply(&layer, &x, multiply), product, "{cpu:?}");
                assert_eq!(apply(&layer, &x, Epilogue::Relu), positive, "{cpu:?}");
            }
        }
    }
}

#[test]
fn activations_have_the_same_bits_on_every_level() {
    let (weights, bias) = (numbers(1, 30 * 70), numbers(2, 70));
    let x: Vec<f32> = numbers(3, 13 * 30).iter().map(|x| 4.0 * x).collect();
    for epilogue in [Epilogue::Gelu, Epilogue::GeluTanh, Epilogue::Silu] {
        let run = |cpu| {
            let layer = QuantizedLinear::new(cpu, &weights, &bias, 30);
            apply(&layer, &quantized(cpu, &x, 30), epilogue)
        };
        let expected = run(Cpu::portable());
        for cpu in Cpu::available() {
            assert_eq!(run(cpu), expected, "{cpu:?}");
        }
    }
}

#[test]
fn blocks_of_rows_do_not_change_the_result() {
    // With this many inputs, a block has a few rows.
    let (inputs, outputs, n) = (9001, 5, 40);
    let (weights, bias) = (numbers(1, inputs * outputs), numbers(2, outputs));
    let x = numbers(3, n * inputs);
    for cpu in Cpu::available() {
        let layer = QuantizedLinear::new(cpu, &weights, &bias, inputs);
        let x = quantized(cpu, &x, inputs);
        let expected = reference(&weights, &bias, &x);
        assert_eq!(apply(&layer, &x, Epilogue::Identity), expected, "{cpu:?}");
    }
}

#[test]
fn integers_are_multiplied_exactly() {
    for inputs in [2, 7, 64, 383] {
        let outputs = 37;
        // The largest weight of each output makes its scale 1.
        let mut weights: Vec<f32> = numbers(1, inputs * outputs)
            .iter()
            .map(|w| (w * 127.0).round())
            .collect();
        for weights in weights.chunks_mut(inputs) {
            for pair in weights.chunks_mut(2) {
                // The absolute values sum to 127 at most.
                pair[0] = (pair[0] / 2.0).trunc();
                pair[pair.len() - 1] = (pair[pair.len() - 1] / 2.0).trunc();
            }
            (weights[0], weights[1]) = (-127.0, 127.0);
        }
        let mut x: Vec<f32> = numbers(2, 8 * inputs)
            .iter()
            .map(|x| (x * 127.0).round() + 64.0)
            .collect();
        for x in x.chunks_mut(inputs) {
            (x[0], x[1]) = (-63.0, 192.0);
        }
        let bias = vec![0.5; outputs];
        for cpu in Cpu::available() {
            let layer = QuantizedLinear::new(cpu, &weights, &bias, inputs);
            let y = apply(&layer, &quantized(cpu, &x, inputs), Epilogue::Identity);
            for (i, y) in y.iter().enumerate() {
                let x = &x[i / outputs * inputs..][..inputs];
                let w = &weights[i % outputs * inputs..][..inputs];
                let exact: f32 = x.iter().zip(w).map(|(x, w)| x * w).sum();
                assert_eq!(*y, exact + 0.5, "{cpu:?}");
            }
        }
    }
}

#[test]
fn sums_of_adjacent_codes_stay_within_the_limit() {
    for round in 0..300 {
        let mut weights = numbers(round as u64, 41);
        let pairs = [
            [1.0, 1.0],
            [-1.0, -0.9],
            [1.0, -1.0],
            [0.5, 1.3],
            [-127.0, -129.0],
        ];
        weights[6..8].copy_from_slice(&pairs[round % 5]);
        let mut codes = vec![0; 41];
        let scale = quantize_weights(&weights, &mut codes);
        for pair in codes.chunks(2) {
            let sum: i32 = pair.iter().map(|&code| i32::from(code)).sum();
            assert!(
                sum.abs() <= MAX_PAIR_SUM && !pair.contains(&-128),
                "{pair:?}"
            );
        }
        for (weight, code) in weights.iter().zip(codes) {
            let error = f64::from(*weight) - f64::from(scale) * f64::from(code);
            assert!(error.abs() <= 0.501 * f64::from(scale), "{weight}");
        }
    }
}

/// Covers codes of 0 and 255, the largest weights, and zero points at both ends and in between.
#[test]
fn the_largest_sums_do_not_overflow() {
    for inputs in [4096, QuantizedLinear::MAX_INPUTS] {
        let signs = |seed: u64| -> Vec<f32> {
            let number = numbers(seed, inputs);
            number.iter().map(|x| x.signum()).collect()
        };
        let ones = vec![1.0; inputs];
        let minus: Vec<f32> = ones.iter().map(|x| -x).collect();
        let mixed = signs(1);
        let alternating: Vec<f32> = (0..inputs).map(|i| [1.0, -1.0][i % 2]).collect();
        // 127 and 1 have the same sum as 64 and 64.
        let lopsided: Vec<f32> = (0..inputs).map(|i| [127.0, 1.0][i % 2]).collect();
        let kinds = [&ones, &minus, &mixed, &alternating, &lopsided];
        let weights: Vec<f32> = kinds.iter().flat_map(|kind| kind.iter()).copied().collect();
        let x: Vec<f32> = weights.iter().map(|w| 3.0 * w).collect();
        for cpu in Cpu::available() {
            let layer = QuantizedLinear::new(cpu, &weights, &[0.0; 5], inputs);
            let x = quantized(cpu, &x, inputs);
            assert!(x.codes(0).all(|code| code == 255));
            assert!(x.codes(1).all(|code| code == 0));
            let y = apply(&layer, &x, Epilogue::Identity);
            assert_eq!(y, reference(&weights, &[0.0; 5], &x), "{cpu:?}");
        }
    }
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn the_error_is_within_its_bound() {
    let (inputs, outputs, n) = (384, 50, 9);
    let (weights, bias) = (numbers(1, inputs * outputs), numbers(2, outputs));
    let x: Vec<f32> = numbers(3, n * inputs)
        .iter()
        .map(|x| x.powi(3) + 0.1)
        .collect();
    let cpu = Cpu::detect();
    let rows = quantized(cpu, &x, inputs);
    let y = apply(
        &QuantizedLinear::new(cpu, &weights, &bias, inputs),
        &rows,
        Epilogue::Identity,
    );
    let mut worst = 0.0f64;
    for (i, y) in y.iter().enumerate() {
        let (row, output) = (i / outputs, i % outputs);
        let x = &x[row * inputs..][..inputs];
        let w = &weights[output * inputs..][..inputs];
        let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            let pairs = x.iter().zip(w);
            pairs.map(|(&x, &w)| f(f64::from(x), f64::from(w))).sum()
        };
        let exact = sum(&|x, w| x * w) + f64::from(bias[output]);
        let scale = f64::from(rows.scales()[row]);
        let weight_scale = f64::from(quantize_weights(w, &mut vec![0; inputs]));
        let bound = 0.501 * (scale * sum(&|_, w| w.abs()) + weight_scale * sum(&|x, _| x.abs()))
            + 0.252 * inputs as f64 * scale * weight_scale;
        worst = worst.max((f64::from(*y) - exact).abs() / bound);
    }
    // The errors of codes cancel each other, so that the result stays far below the bound.
    assert!(worst < 0.2, "{worst}");
}

#[test]
fn nan_and_infinity_make_the_result_nan() {
    let (weights, bias) = (numbers(1, 40 * 20), numbers(2, 20));
    for bad in [f32::NAN, f32::INFINITY] {
        let mut x = numbers(3, 3 * 40);
        x[40 + 39] = bad;
        let mut bad_weights = weights.clone();
        bad_weights[7 * 40 + 3] = bad;
        let epilogues = [
            Epilogue::Identity,
            Epilogue::Gelu,
            Epilogue::GeluTanh,
            Epilogue::Relu,
            Epilogue::Silu,
        ];
        for epilogue in epilogues {
            for cpu in Cpu::available() {
                let rows = quantized(cpu, &x, 40);
                let y = apply(
                    &QuantizedLinear::new(cpu, &weights, &bias, 40),
                    &rows,
                    epilogue,
                );
                for (i, y) in y.iter().enumerate() {
                    assert_eq!(y.is_nan(), i / 20 == 1, "{cpu:?} {epilogue:?}");
                }
                let layer = QuantizedLinear::new(cpu, &bad_weights, &bias, 40);
                for (i, y) in apply(&layer, &rows, epilogue).iter().enumerate() {
                    assert_eq!(y.is_nan(), i / 20 == 1 || i % 20 == 7, "{cpu:?}");
                }
            }
        }
    }
}

#[test]
#[should_panic = "sums are exact up to 32768 inputs"]
fn too_many_inputs_panic() {
    QuantizedLinear::new(Cpu::detect(), &vec![1.0; 32_769], &[0.0], 32_769);
}

#[test]
#[should_panic = "x must be [n, inputs]"]
fn rows_of_another_size_panic() {
    let layer = QuantizedLinear::new(Cpu::detect(), &[1.0; 6], &[0.0; 2], 3);
    layer.apply(
        &quantized(Cpu::detect(), &[1.0; 4], 4),
        Epilogue::Identity,
        &mut [0.0; 2],
    );
}

#[test]
#[should_panic = "y must be [n, outputs]"]
fn an_output_of_another_size_panics() {
    let layer = QuantizedLinear::new(Cpu::detect(), &[1.0; 6], &[0.0; 2], 3);
    layer.apply(
        &quantized(Cpu::detect(), &[1.0; 3], 3),
        Epilogue::Identity,
        &mut [0.0; 3],
    );
}

#[test]
fn ranges_of_outputs_equal_all_outputs() {
    let (inputs, outputs, rows) = (20, 150, 9);
    let (weights, bias) = (numbers(1, inputs * outputs), numbers(2, outputs));
    for cpu in Cpu::available() {
        let x = quantized(cpu, &numbers(3, rows * inputs), inputs);
        let layer = QuantizedLinear::new(cpu, &weights, &bias, inputs);
        let all = apply(&layer, &x, Epilogue::Gelu);
        for parts in [1, 2, 3, 100] {
            for range in layer.split_outputs(parts) {
                let mut y = vec![f32::NAN; rows * range.len()];
                layer.apply_to(range.clone(), &x, Epilogue::Gelu, &mut y);
                for (y, all) in y.chunks(range.len()).zip(all.chunks(outputs)) {
                    assert_eq!(y, &all[range.clone()], "{cpu:?}");
                }
            }
        }
    }
}
