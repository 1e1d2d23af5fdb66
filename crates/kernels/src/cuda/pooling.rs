#![expect(
    unsafe_code,
    reason = "a kernel is launched on pointers whose bounds the functions here have checked"
)]

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaView, LaunchConfig, PushKernelArg};
use candle_core::{CudaStorage, Device, Result, Tensor, bail};

use super::launch::{Float, THREADS, number, on_device};

/// How the hidden states of a sequence become one row: the pooling modes of sentence-transformers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u32)]
pub enum PoolingMode {
    /// The first token.
    Cls = 0,
    /// The largest value of each dimension.
    Max = 1,
    /// The mean.
    Mean = 2,
    /// The sum divided by the square root of the number of tokens.
    MeanSqrtLen = 3,
    /// The mean weighted by the position, which starts at 1.
    WeightedMean = 4,
    /// The last token.
    LastToken = 5,
}

/// The positions of the sequences of a batch, in memory of the device.
#[derive(Debug)]
pub struct Sequences {
    starts: Tensor,
    lengths: Tensor,
    count: usize,
    rows: usize,
}

impl Sequences {
    /// Describes sequences that start at the rows `starts` and have `lengths` tokens.
    ///
    /// # Errors
    ///
    /// Returns an error if the sequences overlap or are not in order, or if the device fails.
    pub fn new(starts: Vec<u32>, lengths: Vec<u32>, device: &Device) -> Result<Self> {
        let mut rows = 0;
        if starts.len() != lengths.len() {
            bail!("{} sequences with {} lengths", starts.len(), lengths.len());
        }
        for (&start, &length) in starts.iter().zip(&lengths) {
            if (start as usize) < rows {
                bail!("a sequence starts at row {start}, before row {rows}");
            }
            rows = start as usize + length as usize;
        }
        Ok(Self {
            count: starts.len(),
            starts: Tensor::new(starts, device)?,
            lengths: Tensor::new(lengths, device)?,
            rows,
        })
    }
}

/// Pools the hidden states of each sequence, `[rows, width]`, into one row. The result is
/// `[B, modes · width]` in f32, with the modes side by side. The first `skip` tokens of each sequence
/// are ignored.
///
/// # Errors
///
/// Returns an error if the tensors do not fit, or if the device fails.
pub fn pool(
    hidden: &Tensor,
    sequences: &Sequences,
    modes: &[PoolingMode],
    skip: usize,
) -> Result<Tensor> {
    let (rows, width) = hidden.dims2()?;
    if sequences.rows > rows {
        bail!("sequences of {} rows, found {rows}", sequences.rows);
    }
    let stride = modes.len() * width;
    typed!(hidden.dtype(), T => {
        on_device(hidden, (sequences.count, stride), |device, hidden: CudaView<'_, T>| {
            let Sequences { starts, lengths, .. } = sequences;
            views!(starts: u32, lengths: u32);
            // SAFETY: one of the kernels writes every value.
            let out = unsafe { device.alloc::<f32>(sequences.count * stride)? };
            let config = LaunchConfig {
                grid_dim: (number(sequences.count)?, 1, 1),
                block_dim: (THREADS, 1, 1),
                shared_mem_bytes: 0,
            };
            let (skip, width, stride) = (number(skip)?, number(width)?, number(stride)?);
            for (i, &mode) in modes.iter().enumerate() {
                let (mode, columns) = (mode as u32, out.slice(i * width as usize..));
                launch!(
                    device, T, "pool", config;
                    hidden, starts, lengths, skip, mode, width, stride, columns
                );
            }
            Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
        })
    })
}
