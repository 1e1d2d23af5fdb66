//! The linear layer in f32, `y = x · Wᵀ + b`, with an activation or a sum applied to the result while
//! it is in the cache.

#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use std::ops::Range;

use crate::epilogue::{Epilogue, Output};
use crate::product::{Product, Tiles};
use crate::simd::{Kernel, LANES, Simd};
use crate::tile::{Floats, Rows, tile};
use crate::weights::{InMemory, Packing};
use crate::{Cpu, LinearShape, ReadLayers, SharedBuffer};

/// A linear layer in f32, with weights `[outputs, inputs]` and biases `[outputs]`, packed for one
/// instruction set.
///
/// The weights lie in panels of as many outputs as a tile of the product has columns, input by input,
/// so that the product reads them in order. Zeros fill the last panel.
#[derive(Clone, Debug)]
pub struct Linear {
    cpu: Cpu,
    inputs: usize,
    outputs: usize,
    /// `[panels, inputs, tile_columns]`
    panels: SharedBuffer,
    /// `[panels, tile_columns]`
    bias: SharedBuffer,
}

impl Linear {
    /// Packs `weights`, `[outputs, inputs]`, and `bias`, `[outputs]`.
    ///
    /// # Panics
    ///
    /// Panics if `inputs` is 0, or if `weights` has another size.
    pub fn new(cpu: Cpu, weights: &[f32], bias: &[f32], inputs: usize) -> Self {
        let layer = InMemory::new(weights, bias, inputs);
        let shapes = [layer.shape()];
        let Ok(packed) = Self::pack(cpu, shapes, layer);
        let [layer] = Self::from_packed(cpu, shapes, &packed);
        layer
    }

    /// Packs layers that are applied one after the other into one buffer, for
    /// [`from_packed`](Self::from_packed). The buffer may have large pages. While a layer is applied, the
    /// next one is prefetched.
    ///
    /// The weights are read in blocks, so that hardly more than the packed form is in memory.
    ///
    /// # Errors
    ///
    /// Returns the first error of `reader`.
    ///
    /// # Panics
    ///
    /// Panics if a layer has no inputs.
    pub fn pack<const N: usize, R: ReadLayers>(
        cpu: Cpu,
        shapes: [LinearShape; N],
        mut reader: R,
    ) -> Result<SharedBuffer, R::Error> {
        let columns = cpu.tile_columns();
        packing(cpu, &shapes).pack(&mut reader, |weights, block| {
            let panel_len = columns * block.shape.inputs;
            let panels = block.panels.chunks_exact_mut(panel_len);
            for (panel, rows) in panels.zip(weights.chunks(panel_len)) {
                transpose(rows, block.shape.inputs, panel, columns);
            }
        })
    }

    /// Returns the number of values of the buffer that [`pack`](Self::pack) returns.
    ///
    /// # Panics
    ///
    /// Panics if a layer has no inputs.
    pub fn packed_len<const N: usize>(cpu: Cpu, shapes: [LinearShape; N]) -> usize {
        packing(cpu, &shapes).len()
    }

    /// Returns the layers in a buffer that [`pack`](Self::pack) returned for the same shapes, in this
    /// process or another one, at a level with as many [`tile_columns`](Cpu::tile_columns).
    ///
    /// # Panics
    ///
    /// Panics if the buffer does not have [`packed_len`](Self::packed_len) values, or if a layer has no inputs.
    pub fn from_packed<const N: usize>(
        cpu: Cpu,
        shapes: [LinearShape; N],
        packed: &SharedBuffer,
    ) -> [Self; N] {
        let parts = packing(cpu, &shapes).split(packed);
        std::array::from_fn(|i| {
            let (panels, [bias]) = parts[i].clone();
            Self {
                cpu,
                inputs: shapes[i].inputs,
                outputs: shapes[i].outputs,
                panels,
                bias,
            }
        })
    }

    /// Returns the number of values of a row of x.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Returns the number of values of a row of y.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Computes `y = epilogue(x · Wᵀ + b)` for any number of rows: `x` is `[n, inputs]`, `y` is
    /// `[n, outputs]`.
    ///
    /// Each value is a chain of fused multiply-adds in the order of the inputs, starting at 0, to which
    /// the bias is added. So it depends only on its own row of x, and has the same bits on every level.
    ///
    /// # Panics
    ///
    /// Panics if the sizes do not fit.
    pub fn apply(&self, x: &[f32], epilogue: Epilogue<'_>, y: &mut [f32]) {
        self.apply_to(0..self.outputs, x, epilogue, y);
    }

    /// Splits the outputs into at most `parts` ranges of nearly equal size, for
    /// [`apply_to`](Self::apply_to).
    pub fn split_outputs(&self, parts: usize) -> Vec<Range<usize>> {
        self.cpu.split_outputs(self.outputs, parts)
    }

    /// Computes a range of the outputs that [`split_outputs`](Self::split_outputs) returned, with the
    /// same bits as [`apply`](Self::apply). `y` is `[n, outputs.len()]`.
    ///
    /// # Panics
    ///
    /// Panics if the sizes do not fit, or if the range does not consist of whole panels.
    pub fn apply_to(
        &self,
        outputs: Range<usize>,
        x: &[f32],
        epilogue: Epilogue<'_>,
        y: &mut [f32],
    ) {
        self.cpu.check_outputs(&outputs, self.outputs);
        assert_eq!(x.len() % self.inputs, 0, "x must be [n, inputs]");
        let rows = x.len() / self.inputs;
        self.cpu.run(Product {
            tiles: LinearTiles {
                inputs: self.inputs,
                panels: self.panels.as_slice(),
                bias: self.bias.as_slice(),
                x,
            },
            rows,
            depth: self.inputs,
            out: Output::new(y, rows, outputs.len(), epilogue),
            outputs,
            panels: self.panels.as_slice(),
        });
    }
}

fn packing<const N: usize>(cpu: Cpu, shapes: &[LinearShape; N]) -> Packing<'_, N> {
    Packing {
        columns: cpu.tile_columns(),
        shapes,
        depths: shapes.map(|shape| {
            assert_ne!(shape.inputs, 0, "a linear layer needs inputs");
            shape.inputs
        }),
        vectors: 1,
    }
}

/// Writes `rows`, `[at most columns, inputs]`, as the columns of `panel`, `[inputs, columns]`.
fn transpose(rows: &[f32], inputs: usize, panel: &mut [f32], columns: usize) {
    // Squares of 16 × 16 keep both sides in the first-level cache.
    for first in (0..inputs).step_by(LANES) {
        for (column, row) in rows.chunks_exact(inputs).enumerate() {
            for i in first..inputs.min(first + LANES) {
                panel[i * columns + column] = row[i];
            }
        }
    }
}

/// The slices of a layer, looked up once for all tiles.
struct LinearTiles<'a> {
    inputs: usize,
    panels: &'a [f32],
    bias: &'a [f32],
    x: &'a [f32],
}

impl Kernel for Product<'_, LinearTiles<'_>> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        self.multiply(s);
    }
}

impl<S: Simd> Tiles<S> for LinearTiles<'_> {
    const INT8: bool = false;
    const BLOCK_ELEMENTS: usize = 64 * 1024;

    #[inline(always)]
    fn tile<const V: usize, const R: usize>(
        &self,
        s: S,
        row: usize,
        panel: usize,
        prefetch: &[f32],
    ) -> [[S::F; V]; R] {
        let (inputs, columns) = (self.inputs, V * LANES);
        let x = Rows {
            values: self.x,
            stride: inputs,
            step: 1,
        };
        let weights = &self.panels[panel * columns * inputs..];
        let zeros = [[s.splat(0.0); V]; R];
        let mut sums = tile::<S, Floats, R, V>(s, zeros, x.from(row), inputs, weights, prefetch);

        let (bias, _) = self.bias[panel * columns..].as_chunks::<LANES>();
        for sums in &mut sums {
            for v in 0..V {
                sums[v] = s.add(sums[v], s.load(&bias[v]));
            }
        }
        sums
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "bits are compared")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::numbers;

    /// Computes the layer in the documented order, one element at a time.
    fn reference(weights: &[f32], bias: &[f32], x: &[f32]) -> Vec<f32> {
        let inputs = weights.len() / bias.len();
        let chain = |x: &[f32], w: &[f32]| {
            x.iter()
                .zip(w)
                .fold(0.0, |sum: f32, (x, w)| x.mul_add(*w, sum))
        };
        x.chunks(inputs)
            .flat_map(|x| {
                weights
                    .chunks(inputs)
                    .zip(bias)
                    .map(move |(w, bias)| chain(x, w) + bias)
            })
            .collect()
    }

    fn apply(layer: &Linear, x: &[f32], epilogue: Epilogue<'_>) -> Vec<f32> {
        let mut y = vec![f32::NAN; x.len() / layer.inputs() * layer.outputs()];
        layer.apply(x, epilogue, &mut y);
        y
    }

    #[test]
    fn every_level_equals_the_reference_at_every_size() {
        for (inputs, outputs) in [(1, 1), (3, 17), (32, 64), (33, 65), (48, 130), (100, 16)] {
            let (weights, bias) = (numbers(1, inputs * outputs), numbers(2, outputs));
            for rows in 0..20 {
                let x = numbers(3, rows * inputs);
                let expected = reference(&weights, &bias, &x);
                let other = numbers(4, rows * outputs);
                let sum: Vec<f32> = expected.iter().zip(&other).map(|(a, b)| a + b).collect();
                let product: Vec<f32> = expected.iter().zip(&other).map(|(a, b)| a * b).collect();
                let positive: Vec<f32> = expected.iter().map(|&y| y.max(0.0)).collect();
                for cpu in Cpu::available() {
                    let layer = Linear::new(cpu, &weights, &bias, inputs);
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
            let portable = Linear::new(Cpu::portable(), &weights, &bias, 30);
            let expected = apply(&portable, &x, epilogue);
            assert!(expected.iter().all(|&y| y > -0.28));
            for cpu in Cpu::available() {
                let layer = Linear::new(cpu, &weights, &bias, 30);
                assert_eq!(apply(&layer, &x, epilogue), expected, "{cpu:?}");
            }
        }
    }

    #[test]
    fn blocks_of_rows_do_not_change_the_result() {
        // With this many inputs, a block has a few rows, or a row exceeds a block.
        for (inputs, outputs, rows) in [(9000, 5, 40), (70_000, 2, 3)] {
            let (weights, bias) = (numbers(1, inputs * outputs), numbers(2, outputs));
            let x = numbers(3, rows * inputs);
            let layer = Linear::new(Cpu::detect(), &weights, &bias, inputs);
            assert_eq!(
                apply(&layer, &x, Epilogue::Identity),
                reference(&weights, &bias, &x)
            );
        }
    }

    #[test]
    fn ranges_of_outputs_equal_all_outputs() {
        let (inputs, outputs, rows) = (20, 150, 9);
        let (weights, bias) = (numbers(1, inputs * outputs), numbers(2, outputs));
        let x = numbers(3, rows * inputs);
        for cpu in Cpu::available() {
            let layer = Linear::new(cpu, &weights, &bias, inputs);
            let all = apply(&layer, &x, Epilogue::Gelu);
            for parts in [1, 2, 3, 100] {
                let ranges = layer.split_outputs(parts);
                let mut end = 0;
                for range in ranges {
                    assert_eq!(range.start, end);
                    end = range.end;
                    let mut y = vec![f32::NAN; rows * range.len()];
                    layer.apply_to(range.clone(), &x, Epilogue::Gelu, &mut y);
                    for (y, all) in y.chunks(range.len()).zip(all.chunks(outputs)) {
                        assert_eq!(y, &all[range.clone()]);
                    }
                }
                assert_eq!(end, outputs);
            }
        }
    }

    proptest! {
        #[test]
        fn integers_are_multiplied_exactly(
            inputs in 1usize..80, outputs in 1usize..150, rows in 0usize..15, seed: u64
        ) {
            let integers = |seed, len| -> Vec<f32> {
                numbers(seed, len).iter().map(|x| (x * 100.0).round()).collect()
            };
            let (weights, bias) = (integers(seed, inputs * outputs), integers(seed ^ 1, outputs));
            let x = integers(seed ^ 2, rows * inputs);
            for cpu in Cpu::available() {
                let y = apply(&Linear::new(cpu, &weights, &bias, inputs), &x, Epilogue::Identity);
                for (r, y) in y.chunks(outputs).enumerate() {
                    for (o, &y) in y.iter().enumerate() {
                        let exact: f64 = (0..inputs)
                            .map(|i| f64::from(x[r * inputs + i]) * f64::from(weights[o * inputs + i]))
                            .sum();
                        prop_assert_eq!(f64::from(y), exact + f64::from(bias[o]));
                    }
                }
            }
        }
    }

    /// Layers of random weights, which fail to be read from layer `fails_at` on.
    struct RandomLayers {
        shapes: [LinearShape; 3],
        fails_at: usize,
    }

    impl RandomLayers {
        fn values(&self, layer: usize) -> (Vec<f32>, Vec<f32>) {
            let LinearShape { outputs, inputs } = self.shapes[layer];
            (numbers(layer as u64, outputs * inputs), numbers(9, outputs))
        }
    }

    impl ReadLayers for &RandomLayers {
        type Error = usize;

        fn weights(
            &mut self,
            layer: usize,
            outputs: Range<usize>,
            weights: &mut [f32],
        ) -> Result<(), usize> {
            if layer == self.fails_at {
                return Err(layer);
            }
            let inputs = self.shapes[layer].inputs;
            let values = self.values(layer).0;
            weights.copy_from_slice(&values[outputs.start * inputs..outputs.end * inputs]);
            Ok(())
        }

        fn bias(&mut self, layer: usize, bias: &mut [f32]) -> Result<(), usize> {
            bias.copy_from_slice(&self.values(layer).1);
            Ok(())
        }
    }

    #[test]
    fn layers_packed_together_equal_layers_packed_alone() {
        // The last layer is read in several blocks.
        let shapes =
            [(3, 70), (70, 5), (700, 300)].map(|(inputs, outputs)| LinearShape { outputs, inputs });
        let mut random = RandomLayers {
            shapes,
            fails_at: 3,
        };
        for cpu in Cpu::available() {
            let packed = Linear::pack(cpu, shapes, &random).unwrap();
            let layers = Linear::from_packed(cpu, shapes, &packed);
            assert_eq!(packed.len(), Linear::packed_len(cpu, shapes));
            for (i, layer) in layers.iter().enumerate() {
                let (weights, bias) = random.values(i);
                let x = numbers(4, 7 * shapes[i].inputs);
                let alone = Linear::new(cpu, &weights, &bias, shapes[i].inputs);
                let [found, expected] = [layer, &alone].map(|l| apply(l, &x, Epilogue::Identity));
                assert_eq!(found, expected, "{cpu:?}");
                assert_eq!(found, reference(&weights, &bias, &x), "{cpu:?}");
            }
        }
        random.fails_at = 1;
        let error = Linear::pack(Cpu::detect(), shapes, &random).unwrap_err();
        assert_eq!(error, 1);
    }

    #[test]
    #[should_panic = "a packed buffer must have 192 values, found 191"]
    fn a_packed_buffer_of_another_length_panics() {
        let shapes = [LinearShape {
            outputs: 3,
            inputs: 11,
        }];
        let cpu = Cpu::portable();
        let packed = SharedBuffer::from(&[0.0; 192][..]);
        Linear::from_packed(cpu, shapes, &packed);
        Linear::from_packed(cpu, shapes, &packed.slice(0..191));
    }

    #[test]
    #[should_panic = "weights must be [outputs, inputs] and biases [outputs]"]
    fn weights_of_another_size_panic() {
        Linear::new(Cpu::detect(), &[1.0; 5], &[0.0; 2], 3);
    }

    #[test]
    #[should_panic = "y must be [n, outputs]"]
    fn an_output_of_another_size_panics() {
        let layer = Linear::new(Cpu::detect(), &[1.0; 6], &[0.0; 2], 3);
        layer.apply(&[1.0; 3], Epilogue::Identity, &mut [0.0; 3]);
    }
}
