//! The layers of a post-norm transformer on an NVIDIA GPU, over the tensors of candle: what lies
//! between the matrix products, each in one pass. The tokens of a batch are packed, and none is
//! padded.
//!
//! Tensors are in f32, f16 or bf16, all of a call in one of them; norms, the softmax and pooling are
//! computed in f32 or better. Functions refuse tensors of other types, on other devices, or with gaps; a
//! shape that does not fit is refused too.
#![expect(
    unsafe_code,
    reason = "a kernel is launched on pointers whose bounds the functions here have checked"
)]

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaView, LaunchConfig, PushKernelArg};
use candle_core::{CudaStorage, DType, Device, Result, Tensor, bail};

#[macro_use]
mod launch;

use launch::{Float, expect, norm_config, number, on_device};

mod ptx {
    #![allow(missing_docs, unreachable_pub, reason = "written by the build script")]
    include!(concat!(env!("OUT_DIR"), "/ptx.rs"));
}

/// The largest size of a head.
pub const MOST_HEAD_SIZE: usize = 128;

/// The widest row that is normalized.
pub const MOST_WIDTH: usize = 3072;

/// Widths and sizes of heads are multiples of it: what a thread loads at once.
pub const PACK: usize = 8;

const THREADS: u32 = 128;

/// A scale and a shift for each dimension, `[width]`, in f32.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// What a normalized value is multiplied by.
    pub scale: &'a Tensor,
    /// What is added then.
    pub shift: &'a Tensor,
    /// Added to the variance.
    pub epsilon: f32,
}

/// What stands behind the first product of a feed-forward part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Activation {
    /// `x · Φ(x)`
    Gelu = 0,
    /// GELU, approximated by tanh.
    GeluTanh = 1,
    /// The larger of `x` and 0.
    Relu = 2,
}

/// How the hidden states of a text become one row: the modes of sentence-transformers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum PoolingMode {
    /// The first token.
    Cls = 0,
    /// The largest value of each dimension.
    Max = 1,
    /// The average.
    Mean = 2,
    /// The sum over the square root of the number of tokens.
    MeanSqrtLen = 3,
    /// The average weighted by position, from 1.
    WeightedMean = 4,
    /// The last token.
    LastToken = 5,
}

/// Where the sequences of a batch lie, on the device.
#[derive(Debug)]
pub struct Sequences {
    starts: Tensor,
    lengths: Tensor,
    count: usize,
    rows: usize,
}

impl Sequences {
    /// Sequences that start at rows `starts`, with so many tokens each.
    ///
    /// # Errors
    ///
    /// Those of the device; sequences that do not lie one behind the other.
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

/// The blocks of attention: each a few queries of one sequence.
#[derive(Debug)]
pub struct Tiles {
    /// First row of the sequence, its length, first query; `[tiles, 3]`.
    table: Tensor,
    rows: usize,
    longest: usize,
}

impl Tiles {
    /// Tiles of sequences of these lengths that lie one behind the other, for `dtype`.
    ///
    /// # Errors
    ///
    /// Those of the device.
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

/// Adds the vectors of words and of places, and normalizes.
///
/// `words` and `places` are tables `[_, width]`, `ids` and `positions` their rows for each token,
/// `[T]`; the result is `[T, width]`.
///
/// # Errors
///
/// Those of the device; tensors that do not fit.
pub fn embed(
    words: &Tensor,
    places: &Tensor,
    ids: &[u32],
    positions: &[u32],
    norm: Norm<'_>,
) -> Result<Tensor> {
    let width = width_of(words)?;
    let rows = ids.len();
    expect("a table of places", places.dim(1)?, width)?;
    expect("positions", positions.len(), rows)?;
    norm.check(width)?;
    for (table, wanted) in [(words, ids), (places, positions)] {
        let rows = table.dim(0)?;
        if let Some(row) = wanted.iter().find(|&&row| row as usize >= rows) {
            bail!("row {row} of a table of {rows} rows");
        }
    }
    let ids = Tensor::new(ids, words.device())?;
    let positions = &Tensor::new(positions, words.device())?;
    typed!(words.dtype(), T => {
        on_device(&ids, (rows, width), |device, ids: CudaView<'_, u32>| {
            views!(words: T, places: T, positions: u32);
            let Norm { scale, shift, epsilon } = norm;
            views!(scale: f32, shift: f32);
            // SAFETY: every value is written by the kernel.
            let out = unsafe { device.alloc::<T>(rows * width)? };
            let (count, wide) = (number(rows)?, number(width)?);
            launch!(
                device, T, "embed", norm_config(count, wide);
                words, places, ids, positions, scale, shift, epsilon, count, wide, out
            );
            Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
        })
    })
}

/// Normalizes `product + bias + residual`, row by row; all but the bias are `[T, width]`.
///
/// # Errors
///
/// Those of the device; tensors that do not fit.
pub fn add_norm(
    product: &Tensor,
    bias: &Tensor,
    residual: &Tensor,
    norm: Norm<'_>,
) -> Result<Tensor> {
    let width = width_of(product)?;
    let rows = product.dim(0)?;
    expect("a bias", bias.elem_count(), width)?;
    expect("a residual", residual.elem_count(), rows * width)?;
    norm.check(width)?;
    typed!(product.dtype(), T => {
        on_device(product, (rows, width), |device, product: CudaView<'_, T>| {
            views!(bias: T, residual: T);
            let Norm { scale, shift, epsilon } = norm;
            views!(scale: f32, shift: f32);
            // SAFETY: every value is written by the kernel.
            let out = unsafe { device.alloc::<T>(rows * width)? };
            let (count, wide) = (number(rows)?, number(width)?);
            launch!(
                device, T, "add_norm", norm_config(count, wide);
                product, bias, residual, scale, shift, epsilon, count, wide, out
            );
            Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
        })
    })
}

/// `activation(product + bias)`; `product` is `[T, width]`.
///
/// # Errors
///
/// Those of the device; tensors that do not fit.
pub fn bias_activation(product: &Tensor, bias: &Tensor, activation: Activation) -> Result<Tensor> {
    let (rows, width) = product.dims2()?;
    if !width.is_multiple_of(PACK) {
        bail!("{width} columns, expected a multiple of {PACK}");
    }
    expect("a bias", bias.elem_count(), width)?;
    typed!(product.dtype(), T => {
        on_device(product, (rows, width), |device, product: CudaView<'_, T>| {
            views!(bias: T);
            // SAFETY: every value is written by the kernel.
            let out = unsafe { device.alloc::<T>(rows * width)? };
            let values = 16 / size_of::<T>();
            let (packs, of_row) = (number(rows * width / values)?, number(width / values)?);
            let activation = activation as u32;
            launch!(
                device, T, "bias_activation", LaunchConfig::for_num_elems(packs);
                product, bias, activation, packs, of_row, out
            );
            Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
        })
    })
}

/// Attention (<https://arxiv.org/abs/1706.03762>) of packed sequences to themselves.
///
/// `qkv` is `[T, 3 · heads · head_size]`: queries, keys and values of a token side by side, to which
/// `bias` is added. `biases`, `[heads, 2 · span − 1]` in f32, is added to the scores by the
/// distance of a key. The result is `[T, heads · head_size]`.
///
/// # Errors
///
/// Those of the device; tensors that do not fit, heads of another size than a multiple of [`PACK`] up to
/// [`MOST_HEAD_SIZE`].
pub fn attention(
    qkv: &Tensor,
    bias: &Tensor,
    tiles: &Tiles,
    heads: usize,
    biases: Option<&Tensor>,
) -> Result<Tensor> {
    let (rows, columns) = qkv.dims2()?;
    let head_size = columns / (3 * heads.max(1));
    let padded = [16, 32, 64, MOST_HEAD_SIZE]
        .into_iter()
        .find(|&size| head_size <= size);
    let Some(padded) = padded.filter(|_| head_size > 0 && head_size.is_multiple_of(PACK)) else {
        bail!("heads of {head_size}, expected a multiple of {PACK} up to {MOST_HEAD_SIZE}");
    };
    let width = heads * head_size;
    expect("columns of queries, keys and values", columns, 3 * width)?;
    expect("a bias", bias.elem_count(), columns)?;
    expect("tokens of tiles", tiles.rows, rows)?;
    let span = match biases {
        None => 1,
        Some(biases) => {
            expect("heads of biases", biases.dim(0)?, heads)?;
            let span = biases.dim(1)?.div_ceil(2);
            if span < tiles.longest {
                bail!("biases for {span} tokens, a sequence has {}", tiles.longest);
            }
            span
        }
    };
    typed!(qkv.dtype(), T => {
        on_device(qkv, (rows, width), |device, qkv: CudaView<'_, T>| {
            let count = number(tiles.table.elem_count() / 3)?;
            let tiles = &tiles.table;
            views!(bias: T, tiles: u32);
            // SAFETY: every value is written by the kernel: each row is in one tile.
            let out = unsafe { device.alloc::<T>(rows * width)? };
            let config = LaunchConfig {
                grid_dim: (count, number(heads)?, 1),
                block_dim: (THREADS, 1, 1),
                shared_mem_bytes: 0,
            };
            let (span, heads, head_size) = (number(span)?, number(heads)?, number(head_size)?);
            let name = format!("attention_{padded}");
            if let Some(biases) = biases {
                views!(biases: f32);
                launch!(
                    device, T, name, config; qkv, bias, tiles, biases, span, heads, head_size, out
                );
            } else {
                let none = 0u64;
                launch!(
                    device, T, name, config; qkv, bias, tiles, none, span, heads, head_size, out
                );
            }
            Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
        })
    })
}

/// One row for each sequence from hidden states `[rows, width]`: `[B, modes · width]` in f32, the
/// modes side by side. The first `skip` tokens of each do not count.
///
/// # Errors
///
/// Those of the device; tensors that do not fit.
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
            // SAFETY: every value is written by one of the kernels.
            let out = unsafe { device.alloc::<f32>(sequences.count * stride)? };
            let config = LaunchConfig {
                grid_dim: (number(sequences.count)?, 1, 1),
                block_dim: (THREADS, 1, 1),
                shared_mem_bytes: 0,
            };
            let (skip, width, stride) = (number(skip)?, number(width)?, number(stride)?);
            for (at, &mode) in modes.iter().enumerate() {
                let (mode, place) = (mode as u32, out.slice(at * width as usize..));
                launch!(
                    device, T, "pool", config;
                    hidden, starts, lengths, skip, mode, width, stride, place
                );
            }
            Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
        })
    })
}

impl Norm<'_> {
    fn check(&self, width: usize) -> Result<()> {
        expect("a scale", self.scale.elem_count(), width)?;
        expect("a shift", self.shift.elem_count(), width)
    }
}

/// The width of rows that can be normalized.
fn width_of(rows: &Tensor) -> Result<usize> {
    let (_, width) = rows.dims2()?;
    if width.is_multiple_of(PACK) && width <= MOST_WIDTH {
        Ok(width)
    } else {
        bail!("rows of {width}, expected a multiple of {PACK} up to {MOST_WIDTH}")
    }
}

#[cfg(test)]
mod tests;
