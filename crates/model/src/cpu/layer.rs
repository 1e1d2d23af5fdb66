use cognate_kernels::{AlignedBuffer, AttentionScratch, Cpu, Epilogue, QuantizedRows};

use super::projection::Projection;
use crate::config::HiddenAct;

/// The maximum number of rows that go through the feed-forward block together, so that their
/// intermediate values stay in the second-level cache.
const MAX_BLOCK_ROWS: usize = 60;

/// One layer: attention and a feed-forward block, each followed by a residual connection and a norm.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) qkv: Projection,
    pub(super) output: Projection,
    pub(super) attention_norm: Norm,
    pub(super) up: Projection,
    pub(super) hidden_act: HiddenAct,
    pub(super) down: Projection,
    pub(super) output_norm: Norm,
}

/// The scratch buffers of one thread.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) attention: AttentionScratch,
    quantized: QuantizedRows,
    /// `[rows, hidden_size]`
    hidden: AlignedBuffer,
    /// `[rows, intermediate_size]`
    intermediate: AlignedBuffer,
    /// The output of a matrix product whose columns are divided among threads, part by part.
    parts: AlignedBuffer,
}

impl Layer {
    /// The number of rows below which threads divide the columns of a matrix product rather than its
    /// rows, because the time goes into reading the weights.
    pub(super) const FEW_ROWS: usize = 48;

    fn activation(&self) -> Epilogue<'static> {
        match self.hidden_act {
            HiddenAct::Gelu => Epilogue::Gelu,
            HiddenAct::GeluTanh => Epilogue::GeluTanh,
            HiddenAct::Relu => Epilogue::Relu,
        }
    }

    /// Computes queries, keys and values, `[n, 3 · hidden_size]`, of rows `x`, `[n, hidden_size]`.
    pub(super) fn queries_keys_values(&self, x: &[f32], scratch: &mut Scratch, qkv: &mut [f32]) {
        self.qkv
            .apply(x, &mut scratch.quantized, Epilogue::Identity, qkv);
    }

    /// Computes everything after attention; `x` becomes the input of the next layer.
    pub(super) fn finish(&self, cpu: Cpu, context: &[f32], scratch: &mut Scratch, x: &mut [f32]) {
        let (rows, width) = (x.len() / self.output.outputs(), self.output.outputs());
        // Blocks of equal height: a low one would read all weights for little work.
        let blocks = rows.div_ceil(MAX_BLOCK_ROWS).max(1);
        let block = rows.div_ceil(blocks).max(1) * width;
        let quantized = &mut scratch.quantized;
        for (context, x) in context.chunks(block).zip(x.chunks_mut(block)) {
            let rows = x.len() / width;
            let attended = scratch.hidden.first(x.len());
            self.output
                .apply(context, quantized, Epilogue::Add(x), attended);
            self.attention_norm.apply(cpu, attended);
            let intermediate = scratch.intermediate.first(rows * self.up.outputs());
            self.up
                .apply(attended, quantized, self.activation(), intermediate);
            self.down
                .apply(intermediate, quantized, Epilogue::Add(attended), x);
            self.output_norm.apply(cpu, x);
        }
    }

    /// Computes the same bits as [`queries_keys_values`](Self::queries_keys_values) on several
    /// threads.
    pub(super) fn queries_keys_values_by_columns(
        &self,
        threads: usize,
        x: &[f32],
        scratch: &mut Scratch,
        qkv: &mut [f32],
    ) {
        let Scratch {
            quantized, parts, ..
        } = scratch;
        self.qkv
            .apply_by_columns(threads, x, quantized, Epilogue::Identity, parts, qkv);
    }

    /// Computes the same bits as [`finish`](Self::finish) on several threads, for a few rows.
    pub(super) fn finish_by_columns(
        &self,
        cpu: Cpu,
        threads: usize,
        context: &[f32],
        scratch: &mut Scratch,
        x: &mut [f32],
    ) {
        let Scratch {
            quantized,
            hidden,
            intermediate,
            parts,
            ..
        } = scratch;
        let rows = x.len() / self.output.outputs();
        let attended = hidden.first(x.len());
        let residual = Epilogue::Add(x);
        self.output
            .apply_by_columns(threads, context, quantized, residual, parts, attended);
        self.attention_norm.apply(cpu, attended);
        let intermediate = intermediate.first(rows * self.up.outputs());
        let activation = self.activation();
        self.up.apply_by_columns(
            threads,
            attended,
            quantized,
            activation,
            parts,
            intermediate,
        );
        let residual = Epilogue::Add(attended);
        self.down
            .apply_by_columns(threads, intermediate, quantized, residual, parts, x);
        self.output_norm.apply(cpu, x);
    }
}

/// A layer norm on the CPU kernels.
#[derive(Debug)]
pub(super) struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
    pub(super) epsilon: f32,
}

impl Norm {
    pub(super) fn apply(&self, cpu: Cpu, rows: &mut [f32]) {
        cpu.layer_norm(rows, &self.scale, &self.shift, self.epsilon);
    }
}
