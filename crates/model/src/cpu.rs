//! Transformers on the CPU kernels of Cognate.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use cognate_kernels::{AlignedBuffer, Attention, Cpu, PositionBias, SharedBuffer};
use ndarray::Array2;
use rayon::prelude::*;

use crate::backend::Backend;
use crate::packed::Saving;
use crate::pooling::Pooling;
use crate::{Error, Result, TokenBatch};

mod description;
mod embeddings;
mod layer;
mod linear_reader;
mod load;
mod norm;
mod pooled;
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

impl Plan<'_> {
    /// Returns how many of `rows` rows a thread takes at a time.
    fn chunk_rows(&self, rows: usize) -> usize {
        rows.div_ceil(self.row_threads).next_multiple_of(TILE_ROWS)
    }
}

/// Attention of some queries of one sequence.
struct AttentionUnit<'a> {
    /// The queries, keys and values of the sequence, `[n, qkv_width]`.
    qkv: &'a [f32],
    queries: Range<usize>,
    /// The result, `[queries, query_width]`.
    out: &'a mut [f32],
}

impl CpuTransformer {
    /// Lets the thread that writes the packed weights live no longer than the transformer.
    pub(crate) fn while_saving(mut self, saving: Saving) -> Self {
        self.saving = Some(saving);
        self
    }

    /// Refuses tokens and positions that have no embedding.
    fn check(&self, batch: &TokenBatch) -> Result<()> {
        let Description {
            vocab_size,
            max_tokens,
            token_types,
            ..
        } = self.description;
        let token_types = token_types.map_or(1, |table| table.rows);
        batch.check(vocab_size, max_tokens, token_types)
    }

    /// Returns the angles of each rotary table, for the positions of a batch.
    fn angles(&self, batch: &TokenBatch) -> Vec<Arc<Angles>> {
        let longest = batch.sequences().map(<[u32]>::len).max().unwrap_or(0);
        let tables = self.rotary_tables.iter();
        tables.map(|table| table.angles(longest)).collect()
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
    fn run_layer(&self, layer: &Layer, plan: Plan<'_>, x: &mut [f32], buffers: &mut BatchBuffers) {
        let (heads, tokens) = (self.description.heads, plan.batch.ids().len());
        let qkv = buffers.qkv.first(tokens * heads.qkv_width());
        let context = buffers.context.first(tokens * heads.query_width());
        self.project(layer, plan, x, qkv);
        self.attend(&layer.attention, plan, qkv, context);
        self.finish(layer, plan, context, x);
    }

    /// Computes the queries, keys and values of all rows.
    fn project(&self, layer: &Layer, plan: Plan<'_>, x: &[f32], qkv: &mut [f32]) {
        let width = self.description.hidden_size;
        let qkv_width = self.description.heads.qkv_width();
        let chunk = plan.chunk_rows(x.len() / width);
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
    }

    /// Computes everything after attention: rows `x` become the output of the layer.
    fn finish(&self, layer: &Layer, plan: Plan<'_>, context: &[f32], x: &mut [f32]) {
        let width = self.description.hidden_size;
        let context_width = self.description.heads.query_width();
        let chunk = plan.chunk_rows(x.len() / width);
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
        let batch = plan.batch;
        let (qkv_width, width) = (block.heads.qkv_width(), block.heads.query_width());
        let queries = batch.ids().len().div_ceil(plan.row_threads);
        let queries = match block.position_keys {
            Some(_) => queries.clamp(MIN_QUERIES, MAX_BIASED_QUERIES),
            None => queries.max(MIN_QUERIES),
        };
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
                units.push(AttentionUnit { qkv, queries, out });
            }
        }
        self.attend_units(block, plan.row_threads, units);
    }

    /// Computes attention of some queries.
    fn attend_units(&self, block: &AttentionBlock, threads: usize, units: Vec<AttentionUnit<'_>>) {
        let position_bias = self.position_bias.as_deref().map(|values| PositionBias {
            values,
            span: self.description.max_tokens,
        });
        let attention = Attention::new(block.heads.queries, block.heads.size)
            .key_heads(block.heads.keys)
            .mask(block.mask)
            .position_bias(position_bias)
            .int8(self.int8);
        self.for_each(threads, units.into_iter(), |scratch, unit| {
            let AttentionUnit { qkv, queries, out } = unit;
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
        self.check(batch)?;
        let tokens = batch.ids().len();
        let mut hidden = Array2::zeros((tokens, self.description.hidden_size));
        let Some(x) = hidden.as_slice_mut().filter(|_| tokens > 0) else {
            return Ok(hidden);
        };
        let angles = self.angles(batch);
        let plan = self.plan(batch, &angles, threads);
        self.batch_buffers.with(|buffers| {
            self.embeddings
                .embed(self.cpu, batch, self.description.hidden_size, x);
            for layer in &self.layers {
                self.run_layer(layer, plan, x, buffers);
            }
        });
        if let Some(norm) = &self.final_norm {
            norm.apply(self.cpu, x);
        }
        Ok(hidden)
    }

    fn pooled(
        &self,
        batch: &TokenBatch,
        pooling: &Pooling,
        prompt_tokens: usize,
        threads: usize,
    ) -> Result<Array2<f32>> {
        if let (Some(rows), Some((last, before))) = (
            pooling.single_rows(batch, prompt_tokens),
            self.layers.split_last(),
        ) {
            let hidden = self.forward_rows(before, last, batch, &rows, threads)?;
            let shape = (batch.len(), pooling.dim(self.description.hidden_size));
            return hidden.into_shape_with_order(shape).map_err(Error::forward);
        }
        let hidden = self.forward(batch, threads)?;
        pooling.apply(hidden.view(), batch, prompt_tokens)
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
    /// `[T, hidden_size]`
    hidden: AlignedBuffer,
    /// `[T, qkv_width]`
    qkv: AlignedBuffer,
    /// `[T, query_width]`
    context: AlignedBuffer,
}
