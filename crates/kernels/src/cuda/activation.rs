#![expect(
    unsafe_code,
    reason = "a kernel is launched on pointers whose bounds the functions here have checked"
)]

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaView, LaunchConfig, PushKernelArg};
use candle_core::{CudaStorage, Result, Tensor, bail};

use super::launch::{Float, expect, number, on_device};
use super::limits::PACK;

/// The activation of a feed-forward layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u32)]
pub enum Activation {
    /// GELU, `x · Φ(x)`.
    Gelu = 0,
    /// The approximation of GELU by the hyperbolic tangent.
    GeluTanh = 1,
    /// The larger of `x` and 0.
    Relu = 2,
}

/// Computes `activation(product + bias)`. `product` is `[T, width]`, `bias` is `[width]`.
///
/// # Errors
///
/// Returns an error if the tensors do not fit, or if the device fails.
pub fn bias_activation(product: &Tensor, bias: &Tensor, activation: Activation) -> Result<Tensor> {
    let (rows, width) = product.dims2()?;
    if !width.is_multiple_of(PACK) {
        bail!("{width} columns, expected a multiple of {PACK}");
    }
    expect("a bias", bias.elem_count(), width)?;
    typed!(product.dtype(), T => {
        on_device(product, (rows, width), |device, product: CudaView<'_, T>| {
            views!(bias: T);
            // SAFETY: the kernel writes every value.
            let out = unsafe { device.alloc::<T>(rows * width)? };
            let values = 16 / size_of::<T>();
            let (packs, packs_per_row) = (number(rows * width / values)?, number(width / values)?);
            let activation = activation as u32;
            launch!(
                device, T, "bias_activation", LaunchConfig::for_num_elems(packs);
                product, bias, activation, packs, packs_per_row, out
            );
            Ok(CudaStorage::wrap_cuda_slice(out, device.clone()))
        })
    })
}
