use cognate_kernels::{AlignedBuffer, Cpu, SharedBuffer};

/// A norm on the CPU kernels.
#[derive(Debug)]
pub(super) enum Norm {
    Layer {
        scale: SharedBuffer,
        shift: SharedBuffer,
        epsilon: f32,
    },
    RootMeanSquare {
        scale: SharedBuffer,
        epsilon: f32,
    },
}

impl Norm {
    /// Multiplies the normalized values by `factor`.
    pub(super) fn multiply(&mut self, factor: f32) {
        let multiplied = |values: &SharedBuffer| -> SharedBuffer {
            let values: Vec<f32> = values.iter().map(|value| value * factor).collect();
            values[..].into()
        };
        match self {
            Self::Layer { scale, shift, .. } => {
                *scale = multiplied(scale);
                *shift = multiplied(shift);
            }
            Self::RootMeanSquare { scale, .. } => *scale = multiplied(scale),
        }
    }

    /// Normalizes each row of `rows`.
    pub(super) fn apply(&self, cpu: Cpu, rows: &mut [f32]) {
        match self {
            Self::Layer {
                scale,
                shift,
                epsilon,
            } => cpu.layer_norm(rows, scale, shift, *epsilon),
            Self::RootMeanSquare { scale, epsilon } => cpu.rms_norm(rows, scale, *epsilon),
        }
    }

    /// Computes each row of `x`, normalized, into `out`.
    fn apply_to(&self, cpu: Cpu, x: &[f32], out: &mut [f32]) {
        match self {
            Self::Layer {
                scale,
                shift,
                epsilon,
            } => cpu.layer_norm_to(x, scale, shift, *epsilon, out),
            Self::RootMeanSquare { scale, epsilon } => cpu.rms_norm_to(x, scale, *epsilon, out),
        }
    }
}

/// Returns `x` normalized by `norm` in a `buffer`, or `x` itself without a norm.
pub(super) fn normalized<'a>(
    norm: Option<&Norm>,
    cpu: Cpu,
    x: &'a [f32],
    buffer: &'a mut AlignedBuffer,
) -> &'a [f32] {
    let Some(norm) = norm else { return x };
    let rows = buffer.first(x.len());
    norm.apply_to(cpu, x, rows);
    rows
}

/// The root mean square norm of the queries or the keys of each head.
#[derive(Debug)]
pub(super) struct HeadNorm {
    /// `[head_size]`
    pub(super) scale: Vec<f32>,
    pub(super) epsilon: f32,
}

impl HeadNorm {
    /// Normalizes the first `heads` heads of rows that start `stride` values apart.
    pub(super) fn apply(&self, cpu: Cpu, rows: &mut [f32], stride: usize, heads: usize) {
        cpu.rms_norm_heads(rows, stride, heads, &self.scale, self.epsilon);
    }
}
