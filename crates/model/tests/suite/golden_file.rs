use std::fs;
use std::path::Path;

use cognate_model::TokenBatch;
use ndarray::Array2;
use safetensors::{Dtype, SafeTensors};

/// A file of golden numbers.
pub(crate) struct GoldenFile(Vec<u8>);

impl GoldenFile {
    pub(crate) fn read(path: impl AsRef<Path>) -> Self {
        Self(fs::read(path).unwrap())
    }

    /// Reads a matrix of f32.
    pub(crate) fn rows(&self, name: &str) -> Array2<f32> {
        let (shape, values) = self.numbers(name, &[Dtype::F32], f32::from_le_bytes);
        Array2::from_shape_vec((shape[0], shape[1]), values).unwrap()
    }

    /// Reads the packed `ids` and `offsets`.
    pub(crate) fn tokens(&self) -> TokenBatch {
        let (_, ids) = self.numbers("ids", &[Dtype::I32, Dtype::U32], u32::from_le_bytes);
        let (_, offsets) = self.numbers("offsets", &[Dtype::I64, Dtype::U64], u64::from_le_bytes);
        let offsets = offsets.into_iter().map(|at| at.try_into().unwrap());
        TokenBatch::new(ids, offsets.collect()).unwrap()
    }

    /// Reads the shape and the numbers of a tensor, which must have one of the `dtypes`.
    pub(crate) fn numbers<T, const N: usize>(
        &self,
        name: &str,
        dtypes: &[Dtype],
        number: fn([u8; N]) -> T,
    ) -> (Vec<usize>, Vec<T>) {
        let tensors = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = tensors.tensor(name).unwrap();
        assert!(dtypes.contains(&tensor.dtype()), "{name}");
        let numbers = tensor
            .data()
            .as_chunks::<N>()
            .0
            .iter()
            .map(|&bytes| number(bytes));
        (tensor.shape().to_vec(), numbers.collect())
    }
}
