use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::CudaDType;
use candle_core::cuda_backend::cudarc::driver::{CudaView, DeviceRepr, LaunchConfig};
use candle_core::{
    CpuStorage, CudaDevice, CudaStorage, CustomOp1, Layout, Result, Shape, Storage, Tensor, bail,
};
use half::{bf16, f16};

use super::ptx;

/// The number of threads of a block.
pub(super) const THREADS: u32 = 128;

/// A number format that the kernels are compiled for.
pub(super) trait Float: CudaDType + DeviceRepr {
    /// The end of the names of the kernels.
    const SUFFIX: &'static str;
    /// The module of the kernels in PTX, which the driver compiles.
    const MODULE: &'static str;
    /// The name under which the module is loaded.
    const MODULE_NAME: &'static str;
}

impl Float for f32 {
    const SUFFIX: &'static str = "f32";
    const MODULE: &'static str = ptx::ENCODER_F32;
    const MODULE_NAME: &'static str = "cognate encoder f32";
}

impl Float for f16 {
    const SUFFIX: &'static str = "f16";
    const MODULE: &'static str = ptx::ENCODER_F16;
    const MODULE_NAME: &'static str = "cognate encoder f16";
}

impl Float for bf16 {
    const SUFFIX: &'static str = "bf16";
    const MODULE: &'static str = ptx::ENCODER_BF16;
    const MODULE_NAME: &'static str = "cognate encoder bf16";
}

/// Evaluates the body with `$type` as the Rust type of `$dtype`.
macro_rules! typed {
    ($dtype:expr, $type:ident => $body:expr) => {
        match $dtype {
            candle_core::DType::F32 => {
                type $type = f32;
                $body
            }
            candle_core::DType::F16 => {
                type $type = half::f16;
                $body
            }
            candle_core::DType::BF16 => {
                type $type = half::bf16;
                $body
            }
            other => candle_core::bail!("a tensor in {other:?}, expected f32, f16 or bf16"),
        }
    };
}

/// Replaces tensors on the GPU by views of their values, under the same names.
macro_rules! views {
    ($($tensor:ident: $type:ty),+) => {
        $(
            let (storage, layout) = $tensor.storage_and_layout();
            let $tensor = $crate::cuda::launch::view_of::<$type>(&storage, layout)?;
        )+
    };
}

/// Launches the kernel of this name and type with these arguments.
macro_rules! launch {
    ($device:expr, $type:ty, $name:expr, $config:expr; $($argument:ident),+ $(,)?) => {{
        let name = format!("{}_{}", $name, <$type>::SUFFIX);
        let function =
            $device.get_or_load_custom_func(&name, <$type>::MODULE_NAME, <$type>::MODULE)?;
        let mut builder = function.builder();
        $(builder.arg(&$argument);)+
        // SAFETY: the kernel takes these arguments in this order, and the calling function has
        // checked that they hold all values that the kernel reads and writes.
        unsafe { builder.launch($config) }.w()?;
    }};
}

/// Returns a view of the values of a contiguous tensor.
pub(super) fn view_of<'a, T: CudaDType>(
    storage: &'a Storage,
    layout: &Layout,
) -> Result<CudaView<'a, T>> {
    let Storage::Cuda(storage) = storage else {
        bail!("a tensor is not on an NVIDIA GPU");
    };
    contiguous(storage, layout)
}

fn contiguous<'a, T: CudaDType>(
    storage: &'a CudaStorage,
    layout: &Layout,
) -> Result<CudaView<'a, T>> {
    let Some((from, to)) = layout.contiguous_offsets() else {
        bail!("a tensor is not contiguous");
    };
    Ok(storage.as_cuda_slice::<T>()?.slice(from..to))
}

/// Returns a tensor of `shape` whose values `run` computes from the values of `first`.
pub(super) fn on_device<T, F>(first: &Tensor, shape: impl Into<Shape>, run: F) -> Result<Tensor>
where
    T: CudaDType,
    F: Fn(&CudaDevice, CudaView<'_, T>) -> Result<CudaStorage>,
{
    let run = |storage: &CudaStorage, layout: &Layout| {
        run(storage.device(), contiguous(storage, layout)?)
    };
    first.apply_op1_no_bwd(&Kernel {
        shape: shape.into(),
        run,
    })
}

struct Kernel<F> {
    shape: Shape,
    run: F,
}

impl<F: Fn(&CudaStorage, &Layout) -> Result<CudaStorage>> CustomOp1 for Kernel<F> {
    fn name(&self) -> &'static str {
        "cognate"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        bail!("a tensor is not on an NVIDIA GPU")
    }

    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        Ok(((self.run)(storage, layout)?, self.shape.clone()))
    }
}

/// Converts a count to the type of a kernel argument.
pub(super) fn number(count: usize) -> Result<u32> {
    match u32::try_from(count) {
        Ok(number) => Ok(number),
        Err(_) => bail!("a count is {count}, expected less than 2³²"),
    }
}

/// Returns an error if a count is not as expected.
pub(super) fn expect(what: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        bail!("{what}: expected {expected}, found {found}")
    }
}

/// Returns the launch configuration of a norm: one warp for each row, and a row of f32 for each warp in
/// the shared memory of its block.
pub(super) fn norm_config(rows: u32, width: u32) -> LaunchConfig {
    const WARPS: u32 = THREADS / 32;
    LaunchConfig {
        grid_dim: (rows.div_ceil(WARPS), 1, 1),
        block_dim: (THREADS, 1, 1),
        shared_mem_bytes: 4 * WARPS * width,
    }
}
