use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use crate::AlignedBuffer;

/// The weights of a linear layer before it is packed.
#[derive(Clone, Debug)]
pub struct Weights<'a> {
    /// The weights, `[outputs, inputs]`.
    pub values: Cow<'a, [f32]>,
    /// The biases, `[outputs]`.
    pub bias: Cow<'a, [f32]>,
}

/// The sizes of a linear layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearShape {
    /// The number of values of a row of y.
    pub outputs: usize,
    /// The number of values of a row of x.
    pub inputs: usize,
}

impl LinearShape {
    /// Checks that weights have this shape.
    ///
    /// # Panics
    ///
    /// Panics if there are no inputs, or if the weights have other sizes.
    pub(crate) fn check(self, weights: &Weights<'_>) {
        assert_ne!(self.inputs, 0, "a linear layer needs inputs");
        assert_eq!(
            (weights.values.len(), weights.bias.len()),
            (self.outputs * self.inputs, self.outputs),
            "weights must be [outputs, inputs] and biases [outputs]"
        );
    }
}

/// Returns the arguments with which `pack_all` packs one layer: its shape, and a function that reads
/// it.
pub(crate) fn single_layer<'a>(
    weights: &'a [f32],
    bias: &'a [f32],
    inputs: usize,
) -> (
    [LinearShape; 1],
    impl FnMut(usize) -> Result<Weights<'a>, Infallible>,
) {
    let shape = LinearShape {
        outputs: bias.len(),
        inputs,
    };
    let read = move |_| {
        Ok(Weights {
            values: weights.into(),
            bias: bias.into(),
        })
    };
    ([shape], read)
}

/// The packed weights of a layer, in a buffer shared with the layers applied before and after it.
#[derive(Clone, Debug)]
pub(crate) struct PackedWeights {
    memory: Arc<AlignedBuffer>,
    start: usize,
}

impl PackedWeights {
    /// Packs layers of these sizes one after the other. `pack` writes one layer to its part of the
    /// buffer, which holds zeros.
    pub(crate) fn pack_all<const N: usize, E>(
        sizes: [usize; N],
        mut pack: impl FnMut(usize, &mut [f32]) -> Result<(), E>,
    ) -> Result<[Self; N], E> {
        let mut memory = AlignedBuffer::zeroed(sizes.iter().sum());
        let mut remaining = memory.as_mut_slice();
        for (layer, size) in sizes.into_iter().enumerate() {
            let (own, later) = remaining.split_at_mut(size);
            pack(layer, own)?;
            remaining = later;
        }
        let memory = Arc::new(memory);
        let mut end = 0;
        Ok(sizes.map(|size| {
            let start = end;
            end += size;
            Self {
                memory: Arc::clone(&memory),
                start,
            }
        }))
    }

    /// Returns the weights of this layer, followed by those of the next layers.
    pub(crate) fn as_slice(&self) -> &[f32] {
        &self.memory.as_slice()[self.start..]
    }
}
