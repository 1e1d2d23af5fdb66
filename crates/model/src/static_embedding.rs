use std::path::PathBuf;

use ndarray::{Array2, ArrayViewMut1};
use safetensors::Dtype;

use crate::backend::Backend;
use crate::pooling::Pooling;
use crate::weights::WeightsFile;
use crate::{Error, Result, TokenBatch};

/// The name of the table in a file of sentence-transformers.
const TABLE: &str = "embedding.weight";

/// The names of the tensors in a file of model2vec.
const ROWS: &str = "embeddings";
const MAPPING: &str = "mapping";
const WEIGHTS: &str = "weights";

/// The default batch size in tokens: enough work for a thread, few enough texts for regular reports
/// of progress.
const BATCH_TOKENS: usize = 8192;

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
}

impl StaticEmbedding {
    /// Loads the table from its safetensors file, as sentence-transformers or model2vec writes it.
    ///
    /// Returns the table together with the digest of its tensors, for the fingerprint.
    pub(crate) fn load(path: PathBuf) -> Result<(Self, Vec<u8>)> {
        let weights = WeightsFile::open(path.clone())?;
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
    fn vocab_size(&self) -> usize {
        let count = self.rows.len() / self.dim;
        self.mapping.as_ref().map_or(count, Vec::len)
    }

    /// Calls `consume` with each value of the row of a token, which is in the vocabulary.
    fn for_each_value(&self, token: u32, mut consume: impl FnMut(usize, f32)) {
        let token = token as usize;
        let row = self
            .mapping
            .as_ref()
            .map_or(token, |rows| rows[token] as usize);
        let row = &self.rows[row * self.dim..][..self.dim];
        match &self.weights {
            None => row
                .iter()
                .enumerate()
                .for_each(|(i, &value)| consume(i, value)),
            Some(weights) => {
                let weight = weights[token];
                row.iter()
                    .enumerate()
                    .for_each(|(i, &value)| consume(i, value * weight));
            }
        }
    }

    /// Writes the mean of the rows of `tokens` to `mean`, or zeros if there are none.
    ///
    /// The sums are in f64, so that their rounding errors do not show in the f32 result.
    fn mean(&self, tokens: &[u32], sums: &mut [f64], mean: ArrayViewMut1<'_, f32>) {
        sums.fill(0.0);
        for &token in tokens {
            self.for_each_value(token, |i, value| sums[i] += f64::from(value));
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let count = tokens.len().max(1) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the result is f32, rounded once"
        )]
        mean.into_iter()
            .zip(sums)
            .for_each(|(mean, sum)| *mean = (*sum / count) as f32);
    }
}

impl Backend for StaticEmbedding {
    /// Returns the row of each token.
    fn forward(&self, batch: &TokenBatch, _threads: usize) -> Result<Array2<f32>> {
        batch.check(self.vocab_size(), usize::MAX, 0)?;
        let mut rows = Array2::zeros((batch.ids().len(), self.dim));
        for (&token, mut row) in batch.ids().iter().zip(rows.outer_iter_mut()) {
            self.for_each_value(token, |i, value| row[i] = value);
        }
        Ok(rows)
    }

    /// Returns the mean of the rows of each text.
    fn pooled(
        &self,
        batch: &TokenBatch,
        _pooling: &Pooling,
        _prompt_tokens: usize,
        _threads: usize,
    ) -> Result<Array2<f32>> {
        batch.check(self.vocab_size(), usize::MAX, 0)?;
        let mut rows = Array2::zeros((batch.len(), self.dim));
        let mut sums = vec![0.0; self.dim];
        for (tokens, row) in batch.sequences().zip(rows.outer_iter_mut()) {
            self.mean(tokens, &mut sums, row);
        }
        Ok(rows)
    }

    fn parallel_over_batches(&self) -> bool {
        true
    }

    fn batch_tokens(&self) -> usize {
        BATCH_TOKENS
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
