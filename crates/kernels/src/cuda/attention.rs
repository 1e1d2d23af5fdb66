#![expect(
    unsafe_code,
    reason = "a kernel is launched on pointers whose bounds the functions here have checked"
)]

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaView, LaunchConfig, PushKernelArg};
use candle_core::{CudaStorage, DType, Device, Result, Tensor, bail};

use super::launch::{Float, THREADS, expect, number, on_device};
use super::limits::{MAX_HEAD_SIZE, PACK};

/// The tiles of attention, each a few queries of one sequence.
#[derive(Debug)]
pub struct Tiles {
    /// The first row of the sequence, its length and the first query, `[tiles, 3]`.
    table: Tensor,
    rows: usize,
    longest: usize,
}

impl Tiles {
    /// Splits packed sequences of these lengths into tiles for tensors in `dtype`.
    ///
    /// # Errors
    ///
    /// Returns an error if the device fails.
    pub fn new(lengths: &[u32], dtype: DType, device: &Device) -> Result<Self> {
        let queries = if dtype == DType::F32 { 32 } else { 64 };
        let (mut tiles, mut start) = (Vec::new(), 0);
        for &length in lengths {
            for query in (0..length).step_by(queries) {
                tiles.extend([start, length, query]);
            }
            start += length;
        }
        Ok(Self {
            table: Tensor::new(tiles, device)?,
            rows: start as usize,
            longest: lengths.iter().max().map_or(0, |&length| length as usize),
        })
    }
}

/// Computes self-attention (<https://arxiv.org/abs/1706.03762>) of packed sequences.
///
/// `qkv` is `[T, 3 · heads · head_size]`: the queries, keys and values of a token side by side, to
/// which `bias` is added. `position_bias`, `[heads, 2 · span − 1]` in f32, is added to the scores by
/// the distance from query to key. The result is `[T, heads · head_size]`.
///
/// # Errors
///
/// Returns an error if the tensors do not fit, if the size of a head is not a multiple of [`PACK`] up
/// to [`MAX_HEAD_SIZE`], or if the device fails.
pub fn attention(
    qkv: &Tensor,
    bias: &Tensor,
    tiles: &Tiles,
    heads: usize,
    position_bias: Option<&Tensor>,
) -> Result<Tensor> {
    let (rows, columns) = qkv.dims2()?;
    let head_size = columns / (3 * heads.max(1));
    let padded = [16, 32, 64, MAX_HEAD_SIZE]
        .into_iter()
        .find(|&size| head_size <= size);
    let Some(padded) = padded.filter(|_| head_size > 0 && head_size.is_multiple_of(PACK)) else {
        bail!("heads of {head_size}, expected a multiple of {PACK} up to {MAX_HEAD_SIZE}");
    };
    let width = heads * head_size;
    expect("columns of queries, keys and values", columns, 3 * width)?;
    expect("a bias", bias.elem_count(), columns)?;
    expect("tokens of tiles", tiles.rows, rows)?;
    let span = match position_bias {
        None => 1,
        Some(position_bias) => {
            expect("heads of the position bias", position_bias.dim(0)?, heads)?;
            let span = position_bias.dim(1)?.div_ceil(2);
            if span < tiles.longest {
                bail!(
                    "the position bias covers {span} tokens, a sequence has {}",
                    tiles.longest
                );
            }
            span
        }
    };
    typed!(qkv.dtype(), T => {
        on_device(qkv, (rows, width), |device, qkv: CudaView<'_, T>| {
            let count = number(tiles.table.elem_count() / 3)?;
            let tiles = &tiles.table;
            views!(bias: T, tiles: u32);
            // SAFETY: the kernel writes every value, because each row is in one tile.
            let out = unsafe { device.alloc::<T>(rows * width)? };
            let config = LaunchConfig {
                grid_dim: (count, number(heads)?, 1),
                block_dim: (THREADS, 1, 1),
                shared_mem_bytes: 0,
            };
            let (span, heads, head_size) = (number(span)?, number(heads)?, number(head_size)?);
            let name = format!("attention_{padded}");
            if let Some(position_bias) = position_bias {
                views!(position_bias: f32);
                launch!(
                    device, T, name, config;
                    qkv, bias, tiles, position_bias, span, heads, head_size, out
                );
            } else {
                let null = 0u64;
                launch!(
                    device, T, name, config; qkv, bias, tiles, null, span, heads, head_size, out
                );
            }
            Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
        })
    })
}
