use std::fmt;

use cognate_kernels::{AlignedBuffer, Attention, Cpu, PositionBias};
use ndarray::Array2;
use rayon::prelude::*;

use crate::architecture::Architecture;
use crate::config::PostNormConfig;
use crate::{Result, TokenBatch};

mod layer;
mod load;
mod pool;
pub(crate) mod position_bias;
mod projection;
mod words;

use layer::{Layer, Norm, Scratch};
use pool::Pool;
use words::WordTable;

/// Tokens of a batch: enough rows for the products, few enough for the caches.
const BATCH_TOKENS: usize = 256;

/// Rows of a tile of the products: shares of rows are multiples of it.
const TILE_ROWS: usize = 6;

/// A transformer of the BERT family on the kernels of this library.
///
/// A batch is packed: all rows go through the products together, attention goes sequence by
/// sequence, and nothing is ever padded.
pub(crate) struct PostNormEncoder {
    cpu: Cpu,
    config: PostNormConfig,
    words: WordTable,
    /// Token type and position in one, `[types, positions, hidden_size]`.
    positions: Vec<f32>,
    embedding_norm: Norm,
    layers: Vec<Layer>,
    /// `[heads, 2 · span − 1]`, where the family has one.
    position_bias: Option<Vec<f32>>,
    /// Layers are in 8 bits, and so may attention be.
    int8: bool,
    batches: Pool<WholeBatch>,
    scratch: Pool<Scratch>,
}

impl PostNormEncoder {
    /// The vectors of the tokens before the first layer, `[T, hidden_size]`.
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
                let place = token_type * max_position_embeddings + position;
                row.copy_from_slice(&self.positions[place * width..][..width]);
                self.words.add(id as usize, row);
            }
        }
        self.embedding_norm.apply(self.cpu, hidden);
        Ok(())
    }

    fn run_alone(
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

    /// The rows shared out between threads: for long texts.
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
        let part = rows.div_ceil(threads).next_multiple_of(TILE_ROWS) * width;
        x.par_chunks(part)
            .zip(qkv.par_chunks_mut(3 * part))
            .for_each(|(x, qkv)| {
                self.scratch
                    .with(|scratch| layer.queries_keys_values(x, scratch, qkv));
            });
        self.attend(batch, threads, qkv, context);
        x.par_chunks_mut(part)
            .zip(context.par_chunks(part))
            .for_each(|(x, context)| {
                self.scratch
                    .with(|scratch| layer.finish(self.cpu, context, scratch, x));
            });
    }

    /// The columns of each product shared out between threads: for one query.
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

    /// Attention of all sequences, in units of some queries of one of them, so that `threads` have
    /// work alike. `out` is `[T, hidden_size]`.
    fn attend(&self, batch: &TokenBatch, threads: usize, qkv: &[f32], out: &mut [f32]) {
        /// Packing keys and values is repeated for each unit.
        const LEAST_QUERIES: usize = 48;
        let width = self.config.hidden_size;
        let queries = batch.ids().len().div_ceil(threads).max(LEAST_QUERIES);
        let mut units = Vec::new();
        let mut rest = out;
        for bounds in batch.offsets().windows(2) {
            let (start, end) = (bounds[0], bounds[1]);
            let qkv = &qkv[start * 3 * width..end * 3 * width];
            let parts = (end - start).div_ceil(queries).max(1);
            let border = |part: usize| part * (end - start) / parts;
            for part in 0..parts {
                let queries = border(part)..border(part + 1);
                let (out, behind) = rest.split_at_mut(queries.len() * width);
                rest = behind;
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

impl Architecture for PostNormEncoder {
    fn forward(&self, batch: &TokenBatch, threads: usize) -> Result<Array2<f32>> {
        let (tokens, width) = (batch.ids().len(), self.config.hidden_size);
        let mut hidden = Array2::zeros((tokens, width));
        let Some(x) = hidden.as_slice_mut().filter(|_| tokens > 0) else {
            return Ok(hidden);
        };
        self.embed(batch, x)?;
        self.batches.with(|memory| {
            let qkv = memory.qkv.first(3 * tokens * width);
            let context = memory.context.first(tokens * width);
            for layer in &self.layers {
                if threads == 1 {
                    self.run_alone(layer, batch, x, qkv, context);
                } else if tokens < Layer::FEW_ROWS {
                    self.run_by_columns(layer, batch, threads, x, qkv, context);
                } else {
                    self.run_by_rows(layer, batch, threads, x, qkv, context);
                }
            }
        });
        Ok(hidden)
    }

    fn one_batch_a_thread(&self) -> bool {
        true
    }

    fn batch_tokens(&self) -> usize {
        BATCH_TOKENS
    }
}

/// Memory for the rows of a whole batch.
#[derive(Debug, Default)]
struct WholeBatch {
    /// `[T, 3 · hidden_size]`
    qkv: AlignedBuffer,
    /// `[T, hidden_size]`
    context: AlignedBuffer,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::config::TransformerConfig;
    use crate::testing::fixture;
    use crate::weights::WeightsFile;

    /// Every way of sharing the work between threads, at every level of the processor, gives the
    /// bits of one thread on the plain level. This is also what runs the AVX2 and the portable code
    /// of a machine that has better.
    #[test]
    fn levels_and_threads_do_not_show() {
        let checkpoint = Checkpoint::open(fixture("tiny-bert")).unwrap();
        let TransformerConfig::PostNorm(config) = &checkpoint.transformer else {
            unreachable!("a BERT")
        };
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
            let load = |cpu| {
                let weights = WeightsFile::open(checkpoint.weights_path()).unwrap();
                PostNormEncoder::load(cpu, config, weights, int8).unwrap().0
            };
            for sequences in [&few[..], &many] {
                let batch = TokenBatch::from_sequences(sequences.iter().map(Vec::as_slice));
                let expected = load(Cpu::portable()).forward(&batch, 1).unwrap();
                for cpu in Cpu::available() {
                    let encoder = load(cpu);
                    for threads in 1..5 {
                        let found = encoder.forward(&batch, threads).unwrap();
                        assert_eq!(found, expected, "{cpu:?} {threads}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_the_model_cannot_read_is_an_error() {
        let checkpoint = Checkpoint::open(fixture("tiny-bert")).unwrap();
        let TransformerConfig::PostNorm(config) = &checkpoint.transformer else {
            unreachable!("a BERT")
        };
        let weights = WeightsFile::open(checkpoint.weights_path()).unwrap();
        let (encoder, _) = PostNormEncoder::load(Cpu::detect(), config, weights, false).unwrap();
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
