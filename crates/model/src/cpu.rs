//! The BERT family on the CPU kernels of Cognate.

use std::fmt;

use cognate_kernels::{AlignedBuffer, Attention, Cpu, PositionBias};
use ndarray::Array2;
use rayon::prelude::*;

use crate::architecture::post_norm::PostNormConfig;
use crate::backend::Backend;
use crate::{Result, TokenBatch};

mod layer;
mod load;
mod projection;
mod scratch_pool;
mod token_embeddings;

use layer::{Layer, Norm, Scratch};
use scratch_pool::ScratchPool;
use token_embeddings::TokenEmbeddings;

/// The default batch size: enough rows for the matrix products, few enough for the caches.
const BATCH_TOKENS: usize = 256;

/// The rows of a tile of the matrix products; threads share rows in multiples of it.
const TILE_ROWS: usize = 6;

/// A transformer of the BERT family on the CPU kernels.
///
/// A batch is packed: all rows go through the matrix products together, attention goes sequence by
/// sequence, and nothing is padded.
pub(crate) struct PostNormEncoder {
    cpu: Cpu,
    config: PostNormConfig,
    token_embeddings: TokenEmbeddings,
    /// The sum of each token type embedding and each position embedding,
    /// `[types, positions, hidden_size]`.
    position_embeddings: Vec<f32>,
    embedding_norm: Norm,
    layers: Vec<Layer>,
    /// `[heads, 2 · span − 1]`, or `None` if the variant has no relative position bias.
    position_bias: Option<Vec<f32>>,
    /// Whether the layers are quantized to int8, and attention may use int8 too.
    int8: bool,
    batch_buffers: ScratchPool<BatchBuffers>,
    scratch: ScratchPool<Scratch>,
}

impl PostNormEncoder {
    /// Computes the input of the first layer, `[T, hidden_size]`.
    fn embed(&self, batch: &TokenBatch, hidden: &mut [f32]) -> Result<()> {
        let PostNormConfig {
            hidden_size: width,
            vocab_size,
            type_vocab_size,
            max_position_embeddings,
            ..
        } = self.config;
        batch.check(vocab_size, self.config.max_tokens(), type_vocab_size)?;
        let mut token_types = batch.token_types().unwrap_or_default().iter();
        let mut rows = hidden.chunks_exact_mut(width);
        for ids in batch.sequences() {
            for (&id, position) in ids.iter().zip(self.config.positions(ids)) {
                let Some(row) = rows.next() else { break };
                let token_type = token_types.next().map_or(0, |&id| id as usize);
                let index = token_type * max_position_embeddings + position;
                row.copy_from_slice(&self.position_embeddings[index * width..][..width]);
                self.token_embeddings.add(id as usize, row);
            }
        }
        self.embedding_norm.apply(self.cpu, hidden);
        Ok(())
    }

    /// Runs a layer on the current thread.
    fn run_on_one_thread(
        &self,
        layer: &Layer,
        batch: &TokenBatch,
        x: &mut [f32],
        qkv: &mut [f32],
        context: &mut [f32],
    ) {
        self.scratch
            .with(|scratch| layer.queries_keys_values(x, scratch, qkv));
        self.attend(batch, 1, qkv, context);
        self.scratch
            .with(|scratch| layer.finish(self.cpu, context, scratch, x));
    }

    /// Runs a layer with its rows divided among threads, for long texts.
    fn run_by_rows(
        &self,
        layer: &Layer,
        batch: &TokenBatch,
        threads: usize,
        x: &mut [f32],
        qkv: &mut [f32],
        context: &mut [f32],
    ) {
        let width = self.config.hidden_size;
        let rows = x.len() / width;
        let chunk = rows.div_ceil(threads).next_multiple_of(TILE_ROWS) * width;
        x.par_chunks(chunk)
            .zip(qkv.par_chunks_mut(3 * chunk))
            .for_each(|(x, qkv)| {
                self.scratch
                    .with(|scratch| layer.queries_keys_values(x, scratch, qkv));
            });
        self.attend(batch, threads, qkv, context);
        x.par_chunks_mut(chunk)
            .zip(context.par_chunks(chunk))
            .for_each(|(x, context)| {
                self.scratch
                    .with(|scratch| layer.finish(self.cpu, context, scratch, x));
            });
    }

    /// Runs a layer with the columns of each matrix product divided among threads, for one query.
    fn run_by_columns(
        &self,
        layer: &Layer,
        batch: &TokenBatch,
        threads: usize,
        x: &mut [f32],
        qkv: &mut [f32],
        context: &mut [f32],
    ) {
        self.scratch
            .with(|scratch| layer.queries_keys_values_by_columns(threads, x, scratch, qkv));
        self.attend(batch, 1, qkv, context);
        self.scratch
            .with(|scratch| layer.finish_by_columns(self.cpu, threads, context, scratch, x));
    }

    fn attention(&self) -> Attention<'_> {
        let position_bias = self.position_bias.as_deref().map(|values| PositionBias {
            values,
            span: self.config.max_tokens(),
        });
        Attention::new(self.config.num_attention_heads, self.config.head_size())
            .position_bias(position_bias)
            .int8(self.int8)
    }

    /// Computes attention of all sequences into `out`, `[T, hidden_size]`.
    ///
    /// A unit of work is a range of queries of one sequence, so that all `threads` get a similar
    /// share.
    fn attend(&self, batch: &TokenBatch, threads: usize, qkv: &[f32], out: &mut [f32]) {
        /// A minimum, because each unit packs the keys and values of its sequence again.
        const MIN_QUERIES: usize = 48;
        let width = self.config.hidden_size;
        let queries = batch.ids().len().div_ceil(threads).max(MIN_QUERIES);
        let mut units = Vec::new();
        let mut remaining = out;
        for bounds in batch.offsets().windows(2) {
            let (start, end) = (bounds[0], bounds[1]);
            let qkv = &qkv[start * 3 * width..end * 3 * width];
            let parts = (end - start).div_ceil(queries).max(1);
            let boundary = |part: usize| part * (end - start) / parts;
            for part in 0..parts {
                let queries = boundary(part)..boundary(part + 1);
                let (out, after) = remaining.split_at_mut(queries.len() * width);
                remaining = after;
                units.push((qkv, queries, out));
            }
        }
        let attention = self.attention();
        let run = |scratch: &mut Scratch, (qkv, queries, out): (&[f32], _, &mut [f32])| {
            let scratch = &mut scratch.attention;
            self.cpu
                .attention_of_queries(attention, qkv, queries, scratch, out);
        };
        if threads == 1 {
            self.scratch
                .with(|scratch| units.into_iter().for_each(|unit| run(scratch, unit)));
        } else {
            units
                .into_par_iter()
                .for_each(|unit| self.scratch.with(|scratch| run(scratch, unit)));
        }
    }
}

impl fmt::Debug for PostNormEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostNormEncoder")
            .field("cpu", &self.cpu)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Backend for PostNormEncoder {
    fn forward(&self, batch: &TokenBatch, threads: usize) -> Result<Array2<f32>> {
        let (tokens, width) = (batch.ids().len(), self.config.hidden_size);
        let mut hidden = Array2::zeros((tokens, width));
        let Some(x) = hidden.as_slice_mut().filter(|_| tokens > 0) else {
            return Ok(hidden);
        };
        self.embed(batch, x)?;
        self.batch_buffers.with(|buffers| {
            let qkv = buffers.qkv.first(3 * tokens * width);
            let context = buffers.context.first(tokens * width);
            for layer in &self.layers {
                if threads == 1 {
                    self.run_on_one_thread(layer, batch, x, qkv, context);
                } else if tokens < Layer::FEW_ROWS {
                    self.run_by_columns(layer, batch, threads, x, qkv, context);
                } else {
                    self.run_by_rows(layer, batch, threads, x, qkv, context);
                }
            }
        });
        Ok(hidden)
    }

    fn parallel_over_batches(&self) -> bool {
        true
    }

    fn batch_tokens(&self) -> usize {
        BATCH_TOKENS
    }
}

/// Buffers for the rows of one batch.
#[derive(Debug, Default)]
struct BatchBuffers {
    /// `[T, 3 · hidden_size]`
    qkv: AlignedBuffer,
    /// `[T, hidden_size]`
    context: AlignedBuffer,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::BERT_VARIANT;
    use crate::testing::fixture;
    use crate::weights::WeightsFile;

    fn load(cpu: Cpu, int8: bool) -> PostNormEncoder {
        let dir = fixture("tiny-bert");
        let config = PostNormConfig::read(&dir.join("config.json"), &BERT_VARIANT).unwrap();
        let weights = WeightsFile::open(dir.join("model.safetensors")).unwrap();
        PostNormEncoder::load(cpu, &config, weights, int8)
            .unwrap()
            .0
    }

    /// Runs the AVX2 and portable code even on a machine that has a better instruction set.
    #[test]
    fn all_instruction_sets_and_thread_counts_give_the_same_bits() {
        let sequence = |length: u32, step: u32| -> Vec<u32> {
            (0..length).map(|i| (i * step + 7) % 364).collect()
        };
        let few = [sequence(5, 3), sequence(1, 1)];
        let many = [
            sequence(48, 5),
            sequence(3, 7),
            sequence(60, 11),
            sequence(17, 2),
        ];
        for int8 in [false, true] {
            for sequences in [&few[..], &many] {
                let batch = TokenBatch::from_sequences(sequences.iter().map(Vec::as_slice));
                let expected = load(Cpu::portable(), int8).forward(&batch, 1).unwrap();
                for cpu in Cpu::available() {
                    let encoder = load(cpu, int8);
                    for threads in 1..5 {
                        let found = encoder.forward(&batch, threads).unwrap();
                        assert_eq!(found, expected, "{cpu:?} {threads}");
                    }
                }
            }
        }
    }

    #[test]
    fn refuses_tokens_and_positions_without_an_embedding() {
        let encoder = load(Cpu::detect(), false);
        let message = |ids: &[u32]| {
            let batch = TokenBatch::from_sequences([ids]);
            encoder.forward(&batch, 1).unwrap_err().to_string()
        };
        assert_eq!(
            message(&[364]),
            "token id, largest: expected 363, found 364"
        );
        assert_eq!(
            message(&[1; 65]),
            "tokens of a text, most: expected 64, found 65"
        );
    }
}
