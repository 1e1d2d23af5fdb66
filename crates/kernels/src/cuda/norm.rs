#![expect(
    unsafe_code,
    reason = "a kernel is launched on pointers whose bounds the functions here have checked"
)]

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaView, PushKernelArg};
use candle_core::{CudaStorage, Result, Tensor, bail};

use super::launch::{Float, expect, norm_config, number, on_device};
use super::limits::{MAX_WIDTH, PACK};

/// The parameters of a layer norm.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// The factor of each dimension, `[width]`, in f32.
    pub scale: &'a Tensor,
    /// The summand of each dimension, `[width]`, in f32.
    pub shift: &'a Tensor,
    /// The number that is added to the variance.
    pub epsilon: f32,
}

impl Norm<'_> {
    fn check(&self, width: usize) -> Result<()> {
        expect("a scale", self.scale.elem_count(), width)?;
        expect("a shift", self.shift.elem_count(), width)
    }
}

/// Returns the width of the rows, or an error if such rows cannot be normalized.
fn width_of(rows: &Tensor) -> Result<usize> {
    let (_, width) = rows.dims2()?;
    if width.is_multiple_of(PACK) && width <= MAX_WIDTH {
        Ok(width)
    } else {
        bail!("rows of {width}, expected a multiple of {PACK} up to {MAX_WIDTH}")
    }
}

/// Adds token embeddings and position embeddings and normalizes the sums.
///
/// `token_embeddings` and `position_embeddings` are tables, `[_, width]`. `ids` and `positions` are
/// the rows of the tables for each token, `[T]`. The result is `[T, width]`.
///
/// # Errors
///
/// Returns an error if the tensors do not fit, or if the device fails.
pub fn embed(
    token_embeddings: &Tensor,
    position_embeddings: &Tensor,
    ids: &[u32],
    positions: &[u32],
    norm: Norm<'_>,
) -> Result<Tensor> {
    let width = width_of(token_embeddings)?;
    let rows = ids.len();
    expect(
        "columns of the position embeddings",
        position_embeddings.dim(1)?,
        width,
    )?;
    expect("positions", positions.len(), rows)?;
    norm.check(width)?;
    for (table, wanted) in [(token_embeddings, ids), (position_embeddings, positions)] {
        let rows = table.dim(0)?;
        if let Some(row) = wanted.iter().find(|&&row| row as usize >= rows) {
            bail!("row {row} of a table of {rows} rows");
        }
    }
    let ids = Tensor::new(ids, token_embeddings.device())?;
    let positions = &Tensor::new(positions, token_embeddings.device())?;
    typed!(token_embeddings.dtype(), T => {
        on_device(&ids, (rows, width), |device, ids: CudaView<'_, u32>| {
            views!(token_embeddings: T, position_embeddings: T, positions: u32);
            let Norm { scale, shift, epsilon } = norm;
            views!(scale: f32, shift: f32);
            // SAFETY: the kernel writes every value.
            let out = unsafe { device.alloc::<T>(rows * width)? };
            let (count, columns) = (number(rows)?, number(width)?);
            launch!(
                device, T, "embed", norm_config(count, columns);
                token_embeddings, position_embeddings, ids, positions, scale, shift, epsilon,
                count, columns, out
            );
            Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
        })
    })
}

/// Adds `product + bias + residual` and normalizes the rows of the sum. `bias` is `[width]`, all other
/// tensors are `[T, width]`.
///
/// # Errors
///
/// Returns an error if the tensors do not fit, or if the device fails.
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
            // SAFETY: the kernel writes every value.
            let out = unsafe { device.alloc::<T>(rows * width)? };
            let (count, columns) = (number(rows)?, number(width)?);
            launch!(
                device, T, "add_norm", norm_config(count, columns);
                product, bias, residual, scale, shift, epsilon, count, columns, out
            );
            Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
        })
    })
}
