use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use crate::AlignedBuffer;

/// What a linear layer is packed from.
#[derive(Clone, Debug)]
pub struct Weights<'a> {
    /// `[outputs, inputs]`
    pub values: Cow<'a, [f32]>,
    /// `[outputs]`
    pub bias: Cow<'a, [f32]>,
}

/// The sizes of a linear layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearShape {
    /// Values of a row of y.
    pub outputs: usize,
    /// Values of a row of x.
    pub inputs: usize,
}

impl LinearShape {
    /// # Panics
    ///
    /// When there are no inputs, or the weights have other sizes.
    pub(crate) fn check(self, weights: &Weights<'_>) {
        assert_ne!(self.inputs, 0, "a linear layer needs inputs");
        assert_eq!(
            (weights.values.len(), weights.bias.len()),
            (self.outputs * self.inputs, self.outputs),
            "weights must be [outputs, inputs] and biases [outputs]"
        );
    }
}

/// What packs one layer alone: its shape, and what reads it.
pub(crate) fn alone<'a>(
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

/// The packed weights of a layer, in memory that it shares with layers that come before and after it.
#[derive(Clone, Debug)]
pub(crate) struct PackedWeights {
    memory: Arc<AlignedBuffer>,
    start: usize,
}

impl PackedWeights {
    /// Packs layers of these sizes, one behind the other; `pack` fills the memory of one of them,
    /// which holds zeros.
    pub(crate) fn together<const N: usize, E>(
        sizes: [usize; N],
        mut pack: impl FnMut(usize, &mut [f32]) -> Result<(), E>,
    ) -> Result<[Self; N], E> {
        let mut memory = AlignedBuffer::zeroed(sizes.iter().sum());
        let mut rest = memory.as_mut_slice();
        for (layer, size) in sizes.into_iter().enumerate() {
            let (own, behind) = rest.split_at_mut(size);
            pack(layer, own)?;
            rest = behind;
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

    /// The weights, and behind them those of the layers that come next.
    pub(crate) fn as_slice(&self) -> &[f32] {
        &self.memory.as_slice()[self.start..]
    }
}
