use cognate_kernels::{AlignedBuffer, AttentionScratch, Cpu, Epilogue, QuantizedRows};

use super::projection::Projection;
use crate::config::HiddenAct;

/// The most rows that go through the feed-forward part together: what they become on the way stays
/// in a second-level cache.
const BLOCK_ROWS: usize = 60;

/// One layer: attention, and a feed-forward part.
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

/// Memory for the work of one thread.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) attention: AttentionScratch,
    quantized: QuantizedRows,
    /// `[rows, hidden_size]`
    narrow: AlignedBuffer,
    /// `[rows, intermediate_size]`
    wide: AlignedBuffer,
    /// Outputs of a product that threads share, part by part.
    parts: AlignedBuffer,
}

impl Layer {
    /// Below this number of rows, threads share the columns of a product rather than its rows,
    /// because reading the weights is what takes the time.
    pub(super) const FEW_ROWS: usize = 48;

    fn activation(&self) -> Epilogue<'static> {
        match self.hidden_act {
            HiddenAct::Gelu => Epilogue::Gelu,
            HiddenAct::GeluTanh => Epilogue::GeluTanh,
            HiddenAct::Relu => Epilogue::Relu,
        }
    }

    /// What attention works on, `[n, 3 · hidden_size]`, for rows `x`, `[n, hidden_size]`.
    pub(super) fn queries_keys_values(&self, x: &[f32], scratch: &mut Scratch, qkv: &mut [f32]) {
        self.qkv
            .apply(x, &mut scratch.quantized, Epilogue::Identity, qkv);
    }

    /// All that follows attention, row by row: `x` becomes the input of the next layer.
    pub(super) fn finish(&self, cpu: Cpu, context: &[f32], scratch: &mut Scratch, x: &mut [f32]) {
        let (rows, width) = (x.len() / self.output.outputs(), self.output.outputs());
        // Blocks alike: a low one reads the weights for little work.
        let blocks = rows.div_ceil(BLOCK_ROWS).max(1);
        let block = rows.div_ceil(blocks).max(1) * width;
        let quantized = &mut scratch.quantized;
        for (context, x) in context.chunks(block).zip(x.chunks_mut(block)) {
            let rows = x.len() / width;
            let attended = scratch.narrow.first(x.len());
            self.output
                .apply(context, quantized, Epilogue::Add(x), attended);
            self.attention_norm.apply(cpu, attended);
            let wide = scratch.wide.first(rows * self.up.outputs());
            self.up.apply(attended, quantized, self.activation(), wide);
            self.down.apply(wide, quantized, Epilogue::Add(attended), x);
            self.output_norm.apply(cpu, x);
        }
    }

    /// [`queries_keys_values`](Self::queries_keys_values) by several threads: the same bits.
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

    /// [`finish`](Self::finish) by several threads, for a few rows: the same bits.
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
            narrow,
            wide,
            parts,
            ..
        } = scratch;
        let rows = x.len() / self.output.outputs();
        let attended = narrow.first(x.len());
        let residual = Epilogue::Add(x);
        self.output
            .apply_by_columns(threads, context, quantized, residual, parts, attended);
        self.attention_norm.apply(cpu, attended);
        let wide = wide.first(rows * self.up.outputs());
        let activation = self.activation();
        self.up
            .apply_by_columns(threads, attended, quantized, activation, parts, wide);
        let residual = Epilogue::Add(attended);
        self.down
            .apply_by_columns(threads, wide, quantized, residual, parts, x);
        self.output_norm.apply(cpu, x);
    }
}

/// A layer norm.
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
