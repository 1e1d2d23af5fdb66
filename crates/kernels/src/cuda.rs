//! The layers of a post-norm transformer on an NVIDIA GPU, over the tensors of candle.
//!
//! candle computes the matrix products; the kernels here do everything between two products in one
//! pass. The tokens of a batch are packed, without padding.
//!
//! The tensors of a call are all in f32, all in f16 or all in bf16. Norms, the softmax and pooling are
//! computed in f32 or f64. The functions return an error for tensors of other types, on other devices,
//! that are not contiguous, or whose shapes do not fit.

#[macro_use]
mod launch;

mod activation;
mod attention;
mod limits;
mod norm;
mod pooling;
mod ptx;
#[cfg(test)]
mod tests;

pub use activation::{Activation, bias_activation};
pub use attention::{Tiles, attention};
pub use limits::{MAX_HEAD_SIZE, MAX_WIDTH, PACK};
pub use norm::{Norm, add_norm, embed};
pub use pooling::{PoolingMode, Sequences, pool};
