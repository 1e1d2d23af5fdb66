#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::ops::Range;

use crate::elementary::{gelu, gelu_coarse, gelu_tanh, relu};
use crate::simd::{LANES, Simd};

/// Vectors that go through an activation together, each in another row.
const TOGETHER: usize = 2;

/// What is done with each value of a product after the bias is added.
#[derive(Clone, Copy, Debug)]
pub enum Epilogue<'a> {
    /// Nothing.
    Plain,
    /// GELU, by the error function. A layer in 8 bits computes it to `2⁻¹³ · |x|`.
    Gelu,
    /// GELU, by the hyperbolic tangent.
    GeluTanh,
    /// The greater of the value and 0; a NaN stays one.
    Relu,
    /// The value of this matrix, of the shape of the product, is added.
    Add(&'a [f32]),
}

/// The matrix that a product goes to, `[n, outputs]`, and what is done on the way.
pub(crate) struct Output<'a> {
    y: &'a mut [f32],
    outputs: usize,
    epilogue: Epilogue<'a>,
}

impl<'a> Output<'a> {
    /// # Panics
    ///
    /// When `y`, or the matrix that is added, is not `[rows, outputs]`.
    pub(crate) fn new(
        y: &'a mut [f32],
        rows: usize,
        outputs: usize,
        epilogue: Epilogue<'a>,
    ) -> Self {
        assert_eq!(y.len(), rows * outputs, "y must be [n, outputs]");
        if let Epilogue::Add(other) = epilogue {
            assert_eq!(other.len(), y.len(), "what is added must be [n, outputs]");
        }
        Self {
            y,
            outputs,
            epilogue,
        }
    }

    /// Stores what belongs to the matrix of a tile of values, bias included: the tile may reach
    /// beyond the last column. [`finish`](Self::finish) comes afterwards.
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
                    s.store_some(*value, y);
                }
            }
        }
    }

    /// Applies the epilogue to a tile that was stored, while it is in the first-level cache.
    ///
    /// What goes on in 8 bits may be `COARSE`: GELU with an error that no such code shows.
    ///
    /// This is a loop of its own, not a part of each tile of another size: the code stays small.
    #[inline(always)]
    pub(crate) fn finish<S: Simd, const COARSE: bool>(
        &mut self,
        s: S,
        rows: Range<usize>,
        column: usize,
        columns: usize,
    ) {
        match self.epilogue {
            Epilogue::Plain => {}
            Epilogue::Gelu if COARSE => self.each::<S, GeluCoarse>(s, rows, column, columns),
            Epilogue::Gelu => self.each::<S, Gelu>(s, rows, column, columns),
            Epilogue::GeluTanh => self.each::<S, GeluTanh>(s, rows, column, columns),
            Epilogue::Relu => self.each::<S, Relu>(s, rows, column, columns),
            Epilogue::Add(other) => {
                let live = columns.min(self.outputs - column);
                for row in rows {
                    let at = row * self.outputs + column;
                    let (y, y_tail) = self.y[at..at + live].as_chunks_mut::<LANES>();
                    let (added, added_tail) = other[at..at + live].as_chunks::<LANES>();
                    for (y, added) in y.iter_mut().zip(added) {
                        s.store(s.add(s.load(y), s.load(added)), y);
                    }
                    if !y_tail.is_empty() {
                        let added = s.load_some(added_tail, 0.0);
                        s.store_some(s.add(s.load_some(y_tail, 0.0), added), y_tail);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn each<S: Simd, A: Activation>(
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
            while row + TOGETHER <= rows.end {
                self.some::<S, A, TOGETHER>(s, row, columns.clone());
                row += TOGETHER;
            }
            for row in row..rows.end {
                self.some::<S, A, 1>(s, row, columns.clone());
            }
        }
    }

    /// Applies an activation to at most 16 columns of `N` rows.
    #[inline(always)]
    fn some<S: Simd, A: Activation, const N: usize>(
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
                None => s.load_some(y, 0.0),
            };
        }
        let values = A::of(s, values);
        for (i, value) in values.into_iter().enumerate() {
            let y = &mut y[i * self.outputs..][columns.clone()];
            match y.first_chunk_mut() {
                Some(y) => s.store(value, y),
                None => s.store_some(value, y),
            }
        }
    }
}

/// A function of one value. A pointer to it would be called without the target features.
trait Activation {
    fn of<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N];
}

struct Gelu;

impl Activation for Gelu {
    #[inline(always)]
    fn of<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
        gelu(s, x)
    }
}

struct GeluCoarse;

impl Activation for GeluCoarse {
    #[inline(always)]
    fn of<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
        gelu_coarse(s, x)
    }
}

struct GeluTanh;

impl Activation for GeluTanh {
    #[inline(always)]
    fn of<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
        gelu_tanh(s, x)
    }
}

struct Relu;

impl Activation for Relu {
    #[inline(always)]
    fn of<S: Simd, const N: usize>(s: S, x: [S::F; N]) -> [S::F; N] {
        relu(s, x)
    }
}
