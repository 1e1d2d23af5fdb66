use std::sync::Arc;

use crate::AlignedBuffer;

/// What a linear layer is packed from.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// `[outputs, inputs]`
    pub values: &'a [f32],
    /// `[outputs]`
    pub bias: &'a [f32],
    /// Values of a row of x.
    pub inputs: usize,
}

impl Weights<'_> {
    /// # Panics
    ///
    /// When `inputs` is 0 or `values` has another size.
    pub(crate) fn check(&self) {
        assert_ne!(self.inputs, 0, "a linear layer needs inputs");
        assert_eq!(
            self.values.len(),
            self.bias.len() * self.inputs,
            "weights must be [outputs, inputs]"
        );
    }

    pub(crate) fn outputs(&self) -> usize {
        self.bias.len()
    }
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
    pub(crate) fn together<const N: usize>(
        sizes: [usize; N],
        mut pack: impl FnMut(usize, &mut [f32]),
    ) -> [Self; N] {
        let mut memory = AlignedBuffer::zeroed(sizes.iter().sum());
        let mut rest = memory.as_mut_slice();
        for (layer, size) in sizes.into_iter().enumerate() {
            let (own, behind) = rest.split_at_mut(size);
            pack(layer, own);
            rest = behind;
        }
        let memory = Arc::new(memory);
        let mut end = 0;
        sizes.map(|size| {
            let start = end;
            end += size;
            Self {
                memory: Arc::clone(&memory),
                start,
            }
        })
    }

    /// The weights, and behind them those of the layers that come next.
    pub(crate) fn as_slice(&self) -> &[f32] {
        &self.memory.as_slice()[self.start..]
    }
}
