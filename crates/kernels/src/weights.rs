use std::convert::Infallible;
use std::ops::Range;

use crate::{AlignedBuffer, SharedBuffer};

/// The number of weights that are read at a time: they fit in the second-level cache, together with
/// their packed form.
const BLOCK_VALUES: usize = 64 * 1024;

/// The sizes of a linear layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearShape {
    /// The number of values of a row of y.
    pub outputs: usize,
    /// The number of values of a row of x.
    pub inputs: usize,
}

/// Reads the weights of layers that are being packed.
///
/// Layers are read one after the other. The weights of a layer are read in blocks of outputs, in order
/// and each once, and then its biases.
pub trait ReadLayers {
    /// The error of a failed read.
    type Error;

    /// Reads the weights of a range of the outputs of a layer into `weights`,
    /// `[outputs.len(), inputs]`.
    ///
    /// # Errors
    ///
    /// Returns the error with which packing should end.
    fn weights(
        &mut self,
        layer: usize,
        outputs: Range<usize>,
        weights: &mut [f32],
    ) -> Result<(), Self::Error>;

    /// Reads the biases of a layer into `bias`, `[outputs]`, which holds zeros.
    ///
    /// # Errors
    ///
    /// Returns the error with which packing should end.
    fn bias(&mut self, layer: usize, bias: &mut [f32]) -> Result<(), Self::Error>;
}

/// A single layer in memory.
pub(crate) struct InMemory<'a> {
    weights: &'a [f32],
    bias: &'a [f32],
    shape: LinearShape,
}

impl<'a> InMemory<'a> {
    /// # Panics
    ///
    /// Panics if there are no inputs, or if the weights are not `[outputs, inputs]`.
    pub(crate) fn new(weights: &'a [f32], bias: &'a [f32], inputs: usize) -> Self {
        assert_ne!(inputs, 0, "a linear layer needs inputs");
        assert_eq!(
            weights.len(),
            bias.len() * inputs,
            "weights must be [outputs, inputs] and biases [outputs]"
        );
        let shape = LinearShape {
            outputs: bias.len(),
            inputs,
        };
        Self {
            weights,
            bias,
            shape,
        }
    }

    pub(crate) fn shape(&self) -> LinearShape {
        self.shape
    }
}

impl ReadLayers for InMemory<'_> {
    type Error = Infallible;

    fn weights(
        &mut self,
        _: usize,
        outputs: Range<usize>,
        weights: &mut [f32],
    ) -> Result<(), Infallible> {
        let inputs = self.shape.inputs;
        weights.copy_from_slice(&self.weights[outputs.start * inputs..outputs.end * inputs]);
        Ok(())
    }

    fn bias(&mut self, _: usize, bias: &mut [f32]) -> Result<(), Infallible> {
        bias.copy_from_slice(self.bias);
        Ok(())
    }
}

/// The packed form of a kind of layer.
///
/// Layers that are applied one after the other lie in one buffer: first the panels of all layers, so
/// that the first panel of the next layer follows the last panel of a layer, then the vectors of each
/// layer, such as its biases, each as long as the outputs of all panels.
pub(crate) struct Packing<'a, const N: usize> {
    /// The number of outputs of a panel.
    pub(crate) columns: usize,
    pub(crate) shapes: &'a [LinearShape; N],
    /// The number of words of 32 bits that hold the weights of an output.
    pub(crate) depths: [usize; N],
    /// The number of vectors of each layer.
    pub(crate) vectors: usize,
}

/// The packed form of a block of outputs of one layer.
pub(crate) struct PackedBlock<'a> {
    pub(crate) shape: LinearShape,
    /// The first output of the block, which starts a panel.
    pub(crate) first: usize,
    /// `[panels, depth, columns]` of the outputs of this block, at first zeros.
    pub(crate) panels: &'a mut [f32],
    /// The vectors of the layer, `[vectors, padded outputs]`.
    pub(crate) vectors: &'a mut [f32],
}

impl<const N: usize> Packing<'_, N> {
    /// Returns the number of outputs of all panels of a layer.
    fn padded(&self, layer: usize) -> usize {
        self.shapes[layer].outputs.next_multiple_of(self.columns)
    }

    fn panels_len(&self, layer: usize) -> usize {
        self.padded(layer) * self.depths[layer]
    }

    /// Returns the number of values of the buffer.
    pub(crate) fn len(&self) -> usize {
        (0..N)
            .map(|layer| self.panels_len(layer) + self.vectors * self.padded(layer))
            .sum()
    }

    /// Returns a buffer with the packed form of what `reader` reads: `pack` packs a block of weights,
    /// and the biases become the first vector of a layer.
    pub(crate) fn pack<R: ReadLayers>(
        &self,
        reader: &mut R,
        mut pack: impl FnMut(&[f32], PackedBlock<'_>),
    ) -> Result<SharedBuffer, R::Error> {
        let mut memory = AlignedBuffer::zeroed(self.len());
        let panels_len = (0..N).map(|layer| self.panels_len(layer)).sum();
        let (mut panels, mut vectors) = memory.as_mut_slice().split_at_mut(panels_len);
        let mut block = Vec::new();
        for (layer, &shape) in self.shapes.iter().enumerate() {
            let (own_panels, later) = panels.split_at_mut(self.panels_len(layer));
            panels = later;
            let (own_vectors, later) = vectors.split_at_mut(self.vectors * self.padded(layer));
            vectors = later;
            let rows = (BLOCK_VALUES / shape.inputs / self.columns).max(1) * self.columns;
            let blocks = own_panels.chunks_mut(rows * self.depths[layer]);
            for (first, panels) in (0..shape.outputs).step_by(rows).zip(blocks) {
                let outputs = first..shape.outputs.min(first + rows);
                block.resize(outputs.len() * shape.inputs, 0.0);
                reader.weights(layer, outputs, &mut block)?;
                let packed = PackedBlock {
                    shape,
                    first,
                    panels,
                    vectors: &mut *own_vectors,
                };
                pack(&block, packed);
            }
            reader.bias(layer, &mut own_vectors[..shape.outputs])?;
        }
        Ok(memory.into())
    }

    /// Returns the weights of each layer in a packed buffer, and its vectors. The weights of a layer
    /// come with the weights of all later layers, so that the next layer can be prefetched.
    ///
    /// # Panics
    ///
    /// Panics if the buffer does not have [`len`](Self::len) values.
    pub(crate) fn split<const V: usize>(
        &self,
        memory: &SharedBuffer,
    ) -> [(SharedBuffer, [SharedBuffer; V]); N] {
        assert_eq!(
            memory.len(),
            self.len(),
            "a packed buffer must have {} values, found {}",
            self.len(),
            memory.len()
        );
        let panels_end = (0..N).map(|layer| self.panels_len(layer)).sum();
        let (mut panels, mut vectors) = (0, panels_end);
        std::array::from_fn(|layer| {
            let own_panels = memory.slice(panels..panels_end);
            panels += self.panels_len(layer);
            let own_vectors = std::array::from_fn(|_| {
                let start = vectors;
                vectors += self.padded(layer);
                memory.slice(start..vectors)
            });
            (own_panels, own_vectors)
        })
    }
}
