#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

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

    /// Applies the epilogue to a tile of values, bias included, and stores what belongs to the
    /// matrix: the tile may reach beyond its last column.
    #[inline(always)]
    pub(crate) fn store<S: Simd, const R: usize, const V: usize>(
        &mut self,
        s: S,
        mut values: [[S::F; V]; R],
        row: usize,
        column: usize,
    ) {
        match self.epilogue {
            Epilogue::Plain | Epilogue::Add(_) => {}
            Epilogue::Gelu => {
                for value in values.as_flattened_mut() {
                    *value = gelu(s, *value);
                }
            }
            Epilogue::GeluTanh => {
                for value in values.as_flattened_mut() {
                    *value = gelu_tanh(s, *value);
                }
            }
            Epilogue::Relu => {
                for value in values.as_flattened_mut() {
                    *value = relu(s, *value);
                }
            }
        }

        let columns = V * LANES;
        let live = columns.min(self.outputs - column);
        for (r, values) in values.iter().enumerate() {
            let at = (row + r) * self.outputs + column;
            let y = &mut self.y[at..at + live];
            let added = match self.epilogue {
                Epilogue::Add(other) => Some(&other[at..at + live]),
                _ => None,
            };
            if live == columns {
                let (y, _) = y.as_chunks_mut::<LANES>();
                match added {
                    Some(added) => {
                        let (added, _) = added.as_chunks::<LANES>();
                        for v in 0..V {
                            s.store(s.add(values[v], s.load(&added[v])), &mut y[v]);
                        }
                    }
                    None => {
                        for v in 0..V {
                            s.store(values[v], &mut y[v]);
                        }
                    }
                }
            } else {
                for (v, y) in y.chunks_mut(LANES).enumerate() {
                    let mut value = values[v];
                    if let Some(added) = added {
                        let added = &added[v * LANES..][..y.len()];
                        value = s.add(value, s.load_some(added, 0.0));
                    }
                    s.store_some(value, y);
                }
            }
        }
    }
}
