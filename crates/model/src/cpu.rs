//! Transformers on the CPU kernels of Cognate.

use std::fmt;
use std::sync::Arc;

use cognate_kernels::{AlignedBuffer, Attention, Cpu, PositionBias, SharedBuffer};
use ndarray::Array2;
use rayon::prelude::*;

use crate::backend::Backend;
use crate::packed::Saving;
use crate::{Result, TokenBatch};

mod description;
mod embeddings;
mod layer;
mod linear_reader;
mod load;
mod norm;
mod position_keys;
mod projection;
mod rotary;
mod scratch_pool;
mod token_embeddings;

pub(crate) use description::{
    BlockNorms, Description, HeadNormTensors, Heads, LayerDescription, LinearTensors, NormKind,
    NormTensors, PositionBiasTensor, PositionProjections, PositionTable, RelativeBias,
    RelativePositions, RotaryFrequencies, Table, TensorRows,
};
use embeddings::Embeddings;
use layer::{AttentionBlock, Layer, Run, Scratch, TILE_ROWS};
use norm::Norm;
use rotary::{Angles, RotaryTable, Rotation};
use scratch_pool::ScratchPool;

/// The default batch size: enough rows for the matrix products, few enough for the caches.
const BATCH_TOKENS: usize = 256;

/// A transformer on the CPU kernels, as a [`Description`] describes it.
///
/// A batch is packed: all rows go through the matrix products together, attention goes sequence by
/// sequence, and nothing is padded.
pub(crate) struct CpuTransformer {
    cpu: Cpu,
    description: Description,
    embeddings: Embeddings,
    rotary_tables: Vec<RotaryTable>,
    layers: Vec<Layer>,
    final_norm: Option<Norm>,
    /// `[heads, 2 · max_tokens − 1]`, or `None` without a relative position bias.
    position_bias: Option<SharedBuffer>,
    /// Whether the layers are quantized to int8, and attention may use int8 too.
    int8: bool,
    batch_buffers: ScratchPool<BatchBuffers>,
    scratch: ScratchPool<Scratch>,
    /// The thread that writes the packed weights to a cache.
    saving: Option<Saving>,
}

/// A batch, and how threads share its work.
#[derive(Clone, Copy)]
struct Plan<'a> {
    batch: &'a TokenBatch,
    /// The angles of each rotary table, for the positions of the batch.
    angles: &'a [Arc<Angles>],
    /// The number of threads that share the rows, and the sequences.
    row_threads: usize,
    run: Run,
}

impl CpuTransformer {
    /// Lets the thread that writes the packed weights live no longer than the transformer.
    pub(crate) fn while_saving(mut self, saving: Saving) -> Self {
        self.saving = Some(saving);
        self
    }

    /// Divides the work on a batch among `threads`: by rows, or by the columns of each product if
    /// there are few rows, as in a query.
    fn plan<'a>(
        &self,
        batch: &'a TokenBatch,
        angles: &'a [Arc<Angles>],
        threads: usize,
    ) -> Plan<'a> {
        let (row_threads, column_threads) = if batch.ids().len() < Layer::FEW_ROWS {
            (1, threads)
        } else {
            (threads, 1)
        };
        Plan {
            batch,
            angles,
            row_threads,
            run: Run {
                cpu: self.cpu,
                threads: column_threads,
            },
        }
    }

    /// Runs a layer: `x`, `[T, hidden_size]`, becomes the input of the next one.
    fn run_layer(
        &self,
        layer: &Layer,
        plan: Plan<'_>,
        x: &mut [f32],
        qkv: &mut [f32],
        context: &mut [f32],
    ) {
        let width = self.description.hidden_size;
        let (qkv_width, context_width) = (
            self.description.heads.qkv_width(),
            self.description.heads.query_width(),
        );
        let rows = x.len() / width;
        let chunk = rows.div_ceil(plan.row_threads).next_multiple_of(TILE_ROWS);
        let chunks = x
            .chunks(chunk * width)
            .zip(qkv.chunks_mut(chunk * qkv_width));
        let rotation = layer.attention.rotary.map(|table| Rotation {
            angles: &plan.angles[table],
            offsets: plan.batch.offsets(),
        });
        self.for_each(plan.row_threads, chunks.enumerate(), |scratch, work| {
            let (index, (x, qkv)) = work;
            let first_row = index * chunk;
            layer
                .attention
                .queries_keys_values(plan.run, rotation, first_row, x, scratch, qkv);
        });
        self.attend(&layer.attention, plan, qkv, context);
        let chunks = x
            .chunks_mut(chunk * width)
            .zip(context.chunks(chunk * context_width));
        self.for_each(plan.row_threads, chunks, |scratch, (x, context)| {
            layer.finish(plan.run, context, scratch, x);
        });
    }

    /// Computes attention of all sequences into `out`, `[T, query_width]`.
    ///
    /// A unit of work is a range of queries of one sequence, so that all threads get a similar
    /// share.
    fn attend(&self, block: &AttentionBlock, plan: Plan<'_>, qkv: &[f32], out: &mut [f32]) {
        /// A minimum, because each unit packs the keys and values of its sequence again.
        const MIN_QUERIES: usize = 48;
        /// A maximum for queries that have a bias for each key, so that the memory is linear in the
        /// number of tokens.
        const MAX_BIASED_QUERIES: usize = 256;
        let Plan {
            batch, row_threads, ..
        } = plan;
        let (qkv_width, width) = (block.heads.qkv_width(), block.heads.query_width());
        let mut queries = batch.ids().len().div_ceil(row_threads).max(MIN_QUERIES);
        if block.position_keys.is_some() {
            queries = queries.min(MAX_BIASED_QUERIES);
        }
        let mut units = Vec::new();
        let mut remaining = out;
        for bounds in batch.offsets().windows(2) {
            let (start, end) = (bounds[0], bounds[1]);
            let qkv = &qkv[start * qkv_width..end * qkv_width];
            let parts = (end - start).div_ceil(queries).max(1);
            let boundary = |part: usize| part * (end - start) / parts;
            for part in 0..parts {
                let queries = boundary(part)..boundary(part + 1);
                let (out, after) = remaining.split_at_mut(queries.len() * width);
                remaining = after;
                units.push((qkv, queries, out));
            }
        }
        let position_bias = self.position_bias.as_deref().map(|values| PositionBias {
            values,
            span: self.description.max_tokens,
        });
        let attention = Attention::new(block.heads.queries, block.heads.size)
            .key_heads(block.heads.keys)
            .mask(block.mask)
            .position_bias(position_bias)
            .int8(self.int8);
        self.for_each(row_threads, units.into_iter(), |scratch, unit| {
            let (qkv, queries, out) = unit;
            let pair_bias = block.position_keys.as_ref().map(|keys| {
                let scratch = &mut scratch.position_keys;
                keys.bias(block.heads, qkv, queries.clone(), scratch)
            });
            let attention = attention.pair_bias(pair_bias);
            let scratch = &mut scratch.attention;
            self.cpu
                .attention_of_queries(attention, qkv, queries, scratch, out);
        });
    }

    /// Runs `work` for each of `items`, on `threads` of the current thread pool.
    fn for_each<T: Send>(
        &self,
        threads: usize,
        items: impl Iterator<Item = T>,
        work: impl Fn(&mut Scratch, T) + Sync,
    ) {
        if threads == 1 {
            self.scratch
                .with(|scratch| items.for_each(|item| work(scratch, item)));
        } else {
            items
                .collect::<Vec<_>>()
                .into_par_iter()
                .for_each(|item| self.scratch.with(|scratch| work(scratch, item)));
        }
    }
}

impl fmt::Debug for CpuTransformer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CpuTransformer")
            .field("cpu", &self.cpu)
            .field("description", &self.description)
            .finish_non_exhaustive()
    }
}

impl Backend for CpuTransformer {
    fn forward(&self, batch: &TokenBatch, threads: usize) -> Result<Array2<f32>> {
        let Description {
            hidden_size: width,
            heads,
            vocab_size,
            max_tokens,
            token_types,
            ..
        } = self.description;
        batch.check(
            vocab_size,
            max_tokens,
            token_types.map_or(1, |table| table.rows),
        )?;
        let tokens = batch.ids().len();
        let mut hidden = Array2::zeros((tokens, width));
        let Some(x) = hidden.as_slice_mut().filter(|_| tokens > 0) else {
            return Ok(hidden);
        };
        self.embeddings.embed(self.cpu, batch, width, x);
        let longest = batch.sequences().map(<[u32]>::len).max().unwrap_or(0);
        let angles: Vec<_> = self
            .rotary_tables
            .iter()
            .map(|table| table.angles(longest))
            .collect();
        let plan = self.plan(batch, &angles, threads);
        self.batch_buffers.with(|buffers| {
            for layer in &self.layers {
                let qkv = buffers.qkv.first(tokens * heads.qkv_width());
                let context = buffers.context.first(tokens * heads.query_width());
                self.run_layer(layer, plan, x, qkv, context);
            }
        });
        if let Some(norm) = &self.final_norm {
            norm.apply(self.cpu, x);
        }
        Ok(hidden)
    }

    fn parallel_over_batches(&self) -> bool {
        true
    }

    fn batch_tokens(&self) -> usize {
        BATCH_TOKENS
    }

    fn wait_for_weights_cache(&self) {
        if let Some(saving) = &self.saving {
            saving.wait();
        }
    }
}

/// Buffers for the rows of one batch.
#[derive(Debug, Default)]
struct BatchBuffers {
    /// `[T, qkv_width]`
    qkv: AlignedBuffer,
    /// `[T, query_width]`
    context: AlignedBuffer,
}
