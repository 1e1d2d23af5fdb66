use cognate_kernels::{
    AlignedBuffer, AttentionMask, AttentionScratch, Cpu, Epilogue, QuantizedRows,
};

use super::description::Heads;
use super::norm::{HeadNorm, Norm, normalized};
use super::position_keys::{PositionKeys, PositionScratch};
use super::projection::{Input, Projection};
use super::rotary::Rotation;

/// The rows of a tile of the matrix products; blocks of rows, and the shares of threads, are multiples
/// of it.
pub(super) const TILE_ROWS: usize = 6;

/// The maximum number of rows that are projected to queries, keys and values together: about as many as
/// a batch has, so that the scratch buffers of a long text stay small.
const MAX_QKV_ROWS: usize = 44 * TILE_ROWS;

/// The maximum number of rows that go through the feed-forward block together, so that their
/// intermediate values stay in the second-level cache.
const MAX_BLOCK_ROWS: usize = 10 * TILE_ROWS;

/// One layer: attention and a feed-forward block, each with a residual connection.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) attention: AttentionBlock,
    pub(super) feed_forward: FeedForwardBlock,
}

#[derive(Debug)]
pub(super) struct AttentionBlock {
    pub(super) input_norm: Option<Norm>,
    pub(super) heads: Heads,
    pub(super) qkv: Projection,
    pub(super) query_norm: Option<HeadNorm>,
    pub(super) key_norm: Option<HeadNorm>,
    /// The norms of the queries of all heads together, and of the keys.
    pub(super) joint_norms: Option<[Norm; 2]>,
    pub(super) position_keys: Option<PositionKeys>,
    /// The index of the rotary table.
    pub(super) rotary: Option<usize>,
    pub(super) mask: AttentionMask,
    pub(super) output: Projection,
    pub(super) result_norm: Option<Norm>,
    pub(super) sum_norm: Option<Norm>,
}

#[derive(Debug)]
pub(super) struct FeedForwardBlock {
    pub(super) input_norm: Option<Norm>,
    pub(super) gate: Option<Projection>,
    pub(super) up: Projection,
    pub(super) activation: Epilogue<'static>,
    pub(super) down: Projection,
    pub(super) result_norm: Option<Norm>,
    pub(super) sum_norm: Option<Norm>,
}

/// The scratch buffers of one thread.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) attention: AttentionScratch,
    pub(super) position_keys: PositionScratch,
    /// The result of the attention block, `[rows, hidden_size]`.
    attended: AlignedBuffer,
    block: BlockScratch,
}

/// The scratch buffers within a block.
#[derive(Debug, Default)]
struct BlockScratch {
    quantized: QuantizedRows,
    /// The normalized input, `[rows, hidden_size]`.
    normed: AlignedBuffer,
    /// `[rows, intermediate_size]`
    gate: AlignedBuffer,
    /// `[rows, intermediate_size]`
    intermediate: AlignedBuffer,
    /// The output of a matrix product whose columns are divided among threads, part by part.
    parts: AlignedBuffer,
}

/// How a layer runs some rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) cpu: Cpu,
    /// The number of threads that share the columns of each matrix product.
    pub(super) threads: usize,
}

impl Layer {
    /// The number of rows below which threads divide the columns of a matrix product rather than its
    /// rows, because the time goes into reading the weights.
    pub(super) const FEW_ROWS: usize = 48;

    /// Computes everything after attention of rows `x`, `[n, hidden_size]`, which become the input of
    /// the next layer; `context` is the result of the heads.
    pub(super) fn finish(&self, run: Run, context: &[f32], scratch: &mut Scratch, x: &mut [f32]) {
        let (attention, feed_forward) = (&self.attention, &self.feed_forward);
        let (width, context_width) = (attention.output.outputs(), attention.heads.query_width());
        let block = block_rows(x.len() / width, MAX_BLOCK_ROWS);
        let blocks = context.chunks(block * context_width);
        for (context, x) in blocks.zip(x.chunks_mut(block * width)) {
            let attended = scratch.attended.first(x.len());
            attention.finish(run, context, x, &mut scratch.block, attended);
            feed_forward.apply(run, attended, &mut scratch.block, x);
        }
    }
}

impl AttentionBlock {
    /// Computes queries, keys and values, `[n, qkv_width]`, of rows `x`, `[n, hidden_size]`, which
    /// are the rows of the batch from `first_row` on.
    pub(super) fn queries_keys_values(
        &self,
        run: Run,
        rotation: Option<Rotation<'_>>,
        first_row: usize,
        x: &[f32],
        scratch: &mut Scratch,
        qkv: &mut [f32],
    ) {
        let BlockScratch {
            quantized,
            normed,
            parts,
            ..
        } = &mut scratch.block;
        let qkv_width = self.qkv.outputs();
        let rows = qkv.len() / qkv_width;
        let width = x.len() / rows;
        let block = block_rows(rows, MAX_QKV_ROWS);
        let blocks = x
            .chunks(block * width)
            .zip(qkv.chunks_mut(block * qkv_width));
        for (index, (x, qkv)) in blocks.enumerate() {
            let x = normalized(self.input_norm.as_ref(), run.cpu, x, normed);
            let input = self.qkv.input(x, quantized);
            self.qkv
                .apply(run.threads, input, Epilogue::Identity, parts, qkv);
            if let Some(norms) = &self.joint_norms {
                self.normalize_jointly(norms, run.cpu, qkv, normed);
            }
            self.place(run.cpu, rotation, first_row + index * block, qkv);
        }
    }

    /// Normalizes the queries of all heads together, and the keys, by a norm each; `buffer` is a
    /// scratch buffer.
    fn normalize_jointly(
        &self,
        norms: &[Norm; 2],
        cpu: Cpu,
        qkv: &mut [f32],
        buffer: &mut AlignedBuffer,
    ) {
        let stride = self.heads.qkv_width();
        let widths = [self.heads.query_width(), self.heads.key_width()];
        let rows = qkv.len() / stride;
        for (norm, (first, width)) in norms.iter().zip([0, widths[0]].into_iter().zip(widths)) {
            let part = buffer.first(rows * width);
            for (part, row) in part.chunks_exact_mut(width).zip(qkv.chunks_exact(stride)) {
                part.copy_from_slice(&row[first..first + width]);
            }
            norm.apply(cpu, part);
            for (part, row) in part.chunks_exact(width).zip(qkv.chunks_exact_mut(stride)) {
                row[first..first + width].copy_from_slice(part);
            }
        }
    }

    /// Normalizes and rotates the queries and keys of some rows.
    fn place(&self, cpu: Cpu, rotation: Option<Rotation<'_>>, first_row: usize, qkv: &mut [f32]) {
        let (heads, stride) = (self.heads, self.heads.qkv_width());
        if let Some(norm) = &self.query_norm {
            norm.apply(cpu, qkv, stride, heads.queries);
        }
        if let Some(norm) = &self.key_norm {
            let keys = &mut qkv[heads.query_width()..];
            norm.apply(cpu, keys, stride, heads.keys);
        }
        if let Some(rotation) = rotation {
            let heads = heads.queries + heads.keys;
            rotation.apply(cpu, first_row, qkv, stride, heads);
        }
    }

    /// Computes the result of the block from the results of the heads, `[rows, query_width]`, and from
    /// its input `x`, `[rows, hidden_size]`.
    fn finish(
        &self,
        run: Run,
        context: &[f32],
        x: &[f32],
        scratch: &mut BlockScratch,
        result: &mut [f32],
    ) {
        let input = self.output.input(context, &mut scratch.quantized);
        let (norm, parts) = (self.result_norm.as_ref(), &mut scratch.parts);
        project_onto(x, &self.output, norm, run, input, parts, result);
        if let Some(norm) = &self.sum_norm {
            norm.apply(run.cpu, result);
        }
    }
}

impl FeedForwardBlock {
    /// Computes the result of the block from its input `x`, both `[rows, hidden_size]`.
    fn apply(&self, run: Run, x: &[f32], scratch: &mut BlockScratch, result: &mut [f32]) {
        let BlockScratch {
            quantized,
            normed,
            gate,
            intermediate,
            parts,
        } = scratch;
        let (cpu, threads) = (run.cpu, run.threads);
        let rows = x.len() / self.down.outputs();
        let intermediate = intermediate.first(rows * self.up.outputs());
        let input = normalized(self.input_norm.as_ref(), cpu, x, normed);
        let input = self.up.input(input, quantized);
        let epilogue = match &self.gate {
            None => self.activation,
            Some(projection) => {
                let gate = gate.first(intermediate.len());
                projection.apply(threads, input, self.activation, parts, gate);
                Epilogue::Multiply(gate)
            }
        };
        self.up.apply(threads, input, epilogue, parts, intermediate);
        let input = self.down.input(intermediate, quantized);
        let norm = self.result_norm.as_ref();
        project_onto(x, &self.down, norm, run, input, parts, result);
        if let Some(norm) = &self.sum_norm {
            norm.apply(cpu, result);
        }
    }
}

/// Computes `x` plus the projection of `input`, normalized by `norm` if there is one, into `result`;
/// `parts` is a scratch buffer.
fn project_onto(
    x: &[f32],
    projection: &Projection,
    norm: Option<&Norm>,
    run: Run,
    input: Input<'_>,
    parts: &mut AlignedBuffer,
    result: &mut [f32],
) {
    let Some(norm) = norm else {
        return projection.apply(run.threads, input, Epilogue::Add(x), parts, result);
    };
    projection.apply(run.threads, input, Epilogue::Identity, parts, result);
    norm.apply(run.cpu, result);
    for (result, x) in result.iter_mut().zip(x) {
        *result += x;
    }
}

/// Returns the height of blocks of at most `max` rows that divide `rows` evenly, because a low block
/// would read all weights for little work, and into whole tiles. `max` must be a multiple of
/// [`TILE_ROWS`].
fn block_rows(rows: usize, max: usize) -> usize {
    let blocks = rows.div_ceil(max).max(1);
    let block = rows.div_ceil(blocks).max(1);
    block.next_multiple_of(TILE_ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_even_and_of_whole_tiles() {
        let found = [1, 6, 60, 61, 120, 256].map(|rows| block_rows(rows, 60));
        assert_eq!(found, [6, 6, 60, 36, 60, 54]);
    }
}
