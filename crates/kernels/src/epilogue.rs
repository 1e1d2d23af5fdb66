#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use std::ops::Range;

use crate::elementary::{gelu, gelu_int8, gelu_tanh, relu, silu};
use crate::simd::{LANES, Simd};

/// The number of rows that go through an activation at a time, so that independent chains of
/// instructions hide each other's latency.
const ACTIVATION_ROWS: usize = 2;

/// The operation on each value of a product after the bias is added.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Epilogue<'a> {
    /// Leaves the value as it is.
    Identity,
    /// Applies GELU, defined by the error function. A layer in 8 bits computes it with an error of
    /// `2⁻¹³ · |x|`.
    Gelu,
    /// Applies the approximation of GELU by the hyperbolic tangent.
    GeluTanh,
    /// Replaces negative values by 0; NaN stays NaN.
    Relu,
    /// Applies the sigmoid linear unit, `x / (1 + e^−x)` (<https://arxiv.org/abs/1606.08415>).
    Silu,
    /// Adds the value of this matrix, which has the shape of the product.
    Add(&'a [f32]),
    /// Multiplies by the value of this matrix, which has the shape of the product: the activated gate
    /// of a gated linear unit (<https://arxiv.org/abs/2002.05202>).
    Multiply(&'a [f32]),
}

/// The matrix that a product is written to, `[n, outputs]`, and the operation on its values.
pub(crate) struct Output<'a> {
    y: &'a mut [f32],
    outputs: usize,
    epilogue: Epilogue<'a>,
}

impl<'a> Output<'a> {
    /// Checks the sizes of the matrices.
    ///
    /// # Panics
    ///
    /// Panics if `y`, or the matrix of the epilogue, is not `[rows, outputs]`.
    pub(crate) fn new(
        y: &'a mut [f32],
        rows: usize,
        outputs: usize,
        epilogue: Epilogue<'a>,
    ) -> Self {
        assert_eq!(y.len(), rows * outputs, "y must be [n, outputs]");
        if let Epilogue::Add(other) | Epilogue::Multiply(other) = epilogue {
            assert_eq!(
                other.len(),
                y.len(),
                "the matrix of the epilogue must be [n, outputs]"
            );
        }
        Self {
            y,
            outputs,
            epilogue,
        }
    }

    /// Stores a tile of values, bias included. The part of the tile past the last column is ignored.
    /// [`finish`](Self::finish) must be called afterwards.
    #[inline(always)]
    pub(crate) fn store<S: Simd, const R: usize, const V: usize>(
        &mut self,
        s: S,
        values: [[S::F; V]; R],
        row: usize,
        column: usize,
    ) {
        let columns = V * LANES;
        let live = columns.min(self.outputs - column);
        for (r, values) in values.iter().enumerate() {
            let y = &mut self.y[(row + r) * self.outputs + column..][..live];
            if live == columns {
                let (y, _) = y.as_chunks_mut::<LANES>();
                for v in 0..V {
                    s.store(values[v], &mut y[v]);
                }
            } else {
                for (value, y) in values.iter().zip(y.chunks_mut(LANES)) {
                    s.store_partial(*value, y);
                }
            }
        }
    }

    /// Applies the epilogue to a stored tile, while the tile is in the first-level cache.
    ///
    /// If `INT8`, the next layer quantizes the result to 8-bit codes, and GELU is computed with an error
    /// that is small compared to the steps of these codes.
    ///
    /// This is a separate loop, not a part of the tiles of each size, so that the code stays small.
    #[inline(always)]
    pub(crate) fn finish<S: Simd, const INT8: bool>(
        &mut self,
        s: S,
        rows: Range<usize>,
        column: usize,
        columns: usize,
    ) {
        match self.epilogue {
            Epilogue::Identity => {}
            Epilogue::Gelu if INT8 => self.activate_tile::<S, GeluInt8>(s, rows, column, columns),
            Epilogue::Gelu => self.activate_tile::<S, Gelu>(s, rows, column, columns),
            Epilogue::GeluTanh => self.activate_tile::<S, GeluTanh>(s, rows, column, columns),
            Epilogue::Relu => self.activate_tile::<S, Relu>(s, rows, column, columns),
            Epilogue::Silu => self.activate_tile::<S, Silu>(s, rows, column, columns),
            Epilogue::Add(other) => self.combine_tile::<S, Add>(s, other, rows, column, columns),
            Epilogue::Multiply(other) => {
                self.combine_tile::<S, Multiply>(s, other, rows, column, columns);
            }
        }
    }

    /// Combines a tile with the same part of another matrix.
    #[inline(always)]
    fn combine_tile<S: Simd, C: Combination>(
        &mut self,
        s: S,
        other: &[f32],
        rows: Range<usize>,
        column: usize,
        columns: usize,
    ) {
        let live = columns.min(self.outputs - column);
        for row in rows {
            let at = row * self.outputs + column;
            let (y, y_tail) = self.y[at..at + live].as_chunks_mut::<LANES>();
            let (other, other_tail) = other[at..at + live].as_chunks::<LANES>();
            for (y, other) in y.iter_mut().zip(other) {
                s.store(C::apply(s, s.load(y), s.load(other)), y);
            }
            if !y_tail.is_empty() {
                let (y, other) = (s.load_partial(y_tail, 0.0), s.load_partial(other_tail, 0.0));
                s.store_partial(C::apply(s, y, other), y_tail);
            }
        }
    }

    /// Applies an activation to a tile.
    #[inline(always)]
    fn activate_tile<S: Simd, A: Activation>(
        &mut self,
        s: S,
        rows: Range<usize>,
        column: usize,
        columns: usize,
    ) {
        let end = self.outputs.min(column + columns);
        for from in (column..end).step_by(LANES) {
            let columns = from..end.min(from + LANES);
            let mut row = rows.start;
            while row + ACTIVATION_ROWS <= rows.end {
                self.activate::<S, A, ACTIVATION_ROWS>(s, row, columns.clone());
                row += ACTIVATION_ROWS;
            }
            for row in row..rows.end {
                self.activate::<S, A, 1>(s, row, columns.clone());
            }
        }
    }

    /// Applies an activation to at most 16 columns of `N` rows.
    #[inline(always)]
    fn activate<S: Simd, A: Activation, const N: usize>(
        &mut self,
        s: S,
        row: usize,
        columns: Range<usize>,
    ) {
        let y = &mut self.y[row * self.outputs..];
        let mut values = [s.splat(0.0); N];
        for (i, value) in values.iter_mut().enumerate() {
            let y = &y[i * self.outputs..][columns.clone()];
            *value = match y.first_chunk() {
                Some(y) => s.load(y),
                None => s.load_partial(y, 0.0),
            };
        }
        let values = A::apply(s, values);
        for (i, value) in values.into_iter().enumerate() {
            let y = &mut y[i * self.outputs..][columns.clone()];
            match y.first_chunk_mut() {
                Some(y) => s.store(value, y),
                None => s.store_partial(value, y),
            }
        }
    }
}

/// An elementwise function, as a type: a function pointer would be called without the target features.
trait Activation {
    fn apply<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N];
}

struct Gelu;

impl Activation for Gelu {
    #[inline(always)]
    fn apply<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
        gelu(s, x)
    }
}

struct GeluInt8;

impl Activation for GeluInt8 {
    #[inline(always)]
    fn apply<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
        gelu_int8(s, x)
    }
}

struct GeluTanh;

impl Activation for GeluTanh {
    #[inline(always)]
    fn apply<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
        gelu_tanh(s, x)
    }
}

struct Relu;

impl Activation for Relu {
    #[inline(always)]
    fn apply<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
        relu(s, x)
    }
}

struct Silu;

impl Activation for Silu {
    #[inline(always)]
    fn apply<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
        silu(s, x)
    }
}

/// An elementwise function of two matrices, as a type like an [`Activation`].
trait Combination {
    fn apply<S: Simd>(s: S, a: S::F, b: S::F) -> S::F;
}

struct Add;

impl Combination for Add {
    #[inline(always)]
    fn apply<S: Simd>(s: S, a: S::F, b: S::F) -> S::F {
        s.add(a, b)
    }
}

struct Multiply;

impl Combination for Multiply {
    #[inline(always)]
    fn apply<S: Simd>(s: S, a: S::F, b: S::F) -> S::F {
        s.mul(a, b)
    }
}
