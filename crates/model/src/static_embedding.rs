use std::path::{Path, PathBuf};

use cognate_kernels::Cpu;
use ndarray::Array2;
use safetensors::Dtype;

use crate::weights::Weights;
use crate::{Error, Result, TokenBatch};

/// The name of the table in a file of sentence-transformers.
const TABLE: &str = "embedding.weight";

/// The names of the tensors in a file of model2vec.
const ROWS: &str = "embeddings";
const MAPPING: &str = "mapping";
const WEIGHTS: &str = "weights";

/// A table with a row for each token: the embedding of a text is the mean of the rows of its tokens.
///
/// In a table with a quantized vocabulary, tokens share rows.
#[derive(Debug)]
pub(crate) struct StaticEmbedding {
    /// `[rows, dim]`, row-major.
    rows: Vec<f32>,
    dim: usize,
    /// The number of the row of each token, or `None` if token t has row t.
    mapping: Option<Vec<u32>>,
    /// What the row of each token is multiplied by, or `None` for 1.
    weights: Option<Vec<f32>>,
    cpu: Cpu,
}

/// Returns what a user should know about the number format of the table in a file, if it can be read.
pub(crate) fn note_on_format(path: &Path) -> Option<String> {
    let weights = Weights::open_file(path).ok()?;
    let (dtype, _) = weights.shape(TABLE).or_else(|| weights.shape(ROWS))?;
    let format = match dtype {
        Dtype::F16 => "float16",
        Dtype::BF16 => "bfloat16",
        _ => return None,
    };
    Some(format!(
        "`{}`: the table is in {format}, in which sentence-transformers computes unless it is told \
         otherwise; the embeddings here are those that it gives in float32",
        path.display()
    ))
}

impl StaticEmbedding {
    /// Loads the table from its safetensors file, as sentence-transformers or model2vec writes it.
    ///
    /// Returns the table together with the digest of its tensors, for the fingerprint.
    pub(crate) fn load(path: PathBuf) -> Result<(Self, Vec<u8>)> {
        let weights = Weights::open_file(&path)?;
        let name = if weights.has(TABLE) {
            weights.only(&[TABLE])?;
            TABLE
        } else {
            weights.only(&[ROWS, MAPPING, WEIGHTS])?;
            ROWS
        };
        let wrong = |tensor: &str, found: String, expected: &str| Error::Tensor {
            path: path.clone(),
            tensor: tensor.to_owned(),
            found,
            expected: expected.to_owned(),
        };
        let Some((dtype, shape)) = weights.shape(name) else {
            let expected = "a table of token embeddings, `embedding.weight` or `embeddings`";
            return Err(wrong(TABLE, "nothing".to_owned(), expected));
        };
        let (count, dim) = match shape[..] {
            [count, dim] if count > 0 && dim > 0 => (count, dim),
            _ => {
                let found = format!("shape {shape:?}");
                return Err(wrong(name, found, "shape [tokens, dimensions]"));
            }
        };
        let rows = if dtype == Dtype::I8 {
            let bytes = weights.bytes(name)?;
            bytes
                .iter()
                .map(|&byte| f32::from(byte.cast_signed()))
                .collect()
        } else {
            weights.tensor(name, &shape)?
        };
        let mapping = match weights.shape(MAPPING) {
            None => None,
            Some((dtype, shape)) => {
                let found = format!("type `{dtype:?}` and shape {shape:?}");
                let numbers = integers(dtype, &weights.bytes(MAPPING)?)
                    .filter(|_| shape.len() == 1)
                    .ok_or_else(|| wrong(MAPPING, found, "a list of integers"))?;
                let row = |number: i64| {
                    let row = u32::try_from(number).ok();
                    row.filter(|&row| (row as usize) < count).ok_or_else(|| {
                        let expected = format!("a row of the table, 0 to {}", count - 1);
                        wrong(MAPPING, number.to_string(), &expected)
                    })
                };
                Some(numbers.into_iter().map(row).collect::<Result<Vec<_>>>()?)
            }
        };
        let tokens = mapping.as_ref().map_or(count, Vec::len);
        let token_weights = if weights.has(WEIGHTS) {
            Some(weights.tensor(WEIGHTS, &[tokens])?)
        } else {
            None
        };
        let table = Self {
            rows,
            dim,
            mapping,
            weights: token_weights,
            cpu: Cpu::detect(),
        };
        Ok((table, weights.digest()))
    }
}

impl StaticEmbedding {
    /// Returns the number of values of a row.
    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// Returns the number of tokens that have a row.
    pub(crate) fn vocab_size(&self) -> usize {
        let count = self.rows.len() / self.dim;
        self.mapping.as_ref().map_or(count, Vec::len)
    }

    /// Writes the mean of the rows of `tokens`, which are in the vocabulary, to `mean`, `[dim]`; zeros if
    /// there are none.
    pub(crate) fn mean(&self, tokens: &[u32], mean: &mut [f32]) {
        let factors = self.weights.as_ref().map(|weights| -> Vec<f32> {
            let tokens = tokens.iter();
            tokens.map(|&token| weights[token as usize]).collect()
        });
        let mapped = self.mapping.as_ref().map(|rows| -> Vec<u32> {
            let tokens = tokens.iter();
            tokens.map(|&token| rows[token as usize]).collect()
        });
        let rows = mapped.as_deref().unwrap_or(tokens);
        self.cpu
            .sum_rows(&self.rows, rows, factors.as_deref(), mean);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^24")]
        let count = tokens.len().max(1) as f32;
        for sum in mean {
            *sum /= count;
        }
    }

    /// Returns the row of each token of a batch, `[T, dim]`.
    pub(crate) fn rows(&self, batch: &TokenBatch) -> Result<Array2<f32>> {
        batch.check(self.vocab_size(), usize::MAX, 0)?;
        let mut rows = Array2::zeros((batch.ids().len(), self.dim));
        let all = rows.as_slice_mut().unwrap_or_default();
        for (token, row) in batch.ids().chunks(1).zip(all.chunks_exact_mut(self.dim)) {
            self.mean(token, row);
        }
        Ok(rows)
    }
}

/// Reads little-endian integers, or returns `None` if they are of another type.
fn integers(dtype: Dtype, bytes: &[u8]) -> Option<Vec<i64>> {
    fn read<const N: usize>(bytes: &[u8], number: fn([u8; N]) -> i64) -> Vec<i64> {
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| number(bytes))
            .collect()
    }
    Some(match dtype {
        Dtype::I64 => read(bytes, i64::from_le_bytes),
        Dtype::I32 => read(bytes, |bytes| i32::from_le_bytes(bytes).into()),
        Dtype::U32 => read(bytes, |bytes| u32::from_le_bytes(bytes).into()),
        Dtype::I16 => read(bytes, |bytes| i16::from_le_bytes(bytes).into()),
        Dtype::U16 => read(bytes, |bytes| u16::from_le_bytes(bytes).into()),
        Dtype::U8 => read(bytes, |[byte]| byte.into()),
        _ => return None,
    })
}
