#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::ops::Range;

use crate::elementary::{gelu, gelu_tanh, relu};
use crate::simd::{LANES, Simd};

/// What is done with each value of a product after the bias is added.
#[derive(Clone, Copy, Debug)]
pub enum Epilogue<'a> {
    /// Nothing.
    Plain,
    /// GELU, by the error function.
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
    /// This is a loop of its own, not a part of each tile of another size: the code stays small.
    #[inline(always)]
    pub(crate) fn finish<S: Simd>(
        &mut self,
        s: S,
        rows: Range<usize>,
        column: usize,
        columns: usize,
    ) {
        match self.epilogue {
            Epilogue::Plain => {}
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
        let live = columns.min(self.outputs - column);
        for row in rows {
            let (y, tail) = self.y[row * self.outputs + column..][..live].as_chunks_mut::<LANES>();
            for y in y {
                s.store(A::of(s, s.load(y)), y);
            }
            if !tail.is_empty() {
                s.store_some(A::of(s, s.load_some(tail, 0.0)), tail);
            }
        }
    }
}

/// A function of one value. A pointer to it would be called without the target features.
trait Activation {
    fn of<S: Simd>(s: S, x: S::F) -> S::F;
}

struct Gelu;

impl Activation for Gelu {
    #[inline(always)]
    fn of<S: Simd>(s: S, x: S::F) -> S::F {
        gelu(s, x)
    }
}

struct GeluTanh;

impl Activation for GeluTanh {
    #[inline(always)]
    fn of<S: Simd>(s: S, x: S::F) -> S::F {
        gelu_tanh(s, x)
    }
}

struct Relu;

impl Activation for Relu {
    #[inline(always)]
    fn of<S: Simd>(s: S, x: S::F) -> S::F {
        relu(s, x)
    }
}
