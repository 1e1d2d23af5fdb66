//! The arithmetic of Cognate: SIMD kernels, each equal to its plain twin, bit for bit.
//!
//! [`Cpu`] stands for the instruction sets of this machine, detected once at run time; its
//! methods are the kernels. Nothing is compiled for one processor only.
//!
//! ```
//! use cognate_kernels::{Cpu, Epilogue, Linear};
//!
//! let cpu = Cpu::detect();
//! assert_eq!(cpu.dot(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 32.0);
//! // The same bits as without any SIMD.
//! assert_eq!(Cpu::portable().dot(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 32.0);
//!
//! // Two outputs of three inputs, for one row.
//! let layer = Linear::new(cpu, &[1.0, 0.0, 0.0, 0.0, 1.0, 1.0], &[0.5, -9.0], 3);
//! let mut y = [0.0; 2];
//! layer.apply(&[1.0, 2.0, 3.0], Epilogue::Relu, &mut y);
//! assert_eq!(y, [1.5, 0.0]);
//! ```
//!
//! A [`QuantizedLinear`] is the same layer in 8 bits, for [`QuantizedRows`]: about twice as fast with
//! AVX2, a quarter of the memory, and an error that it states.
//!
//! # Guarantees
//!
//! - A kernel that sums has one documented order of summation, the same for every instruction
//!   set, every block shape and every alignment. A result depends on the numbers alone.
//! - Slices are never cut to the shorter one: lengths that do not fit are a panic.
//!
//! # Unsafe
//!
//! Instructions are reached through tokens that exist only where the features were detected: a
//! [`Cpu`] outside, a value of the instruction set inside. What is left is the call of a function
//! with target features from ordinary code, the loads and stores of a vector through a reference
//! of just its size, and the micro-kernel of the matrix products, which checks its bounds once and
//! then walks pointers.

mod aligned;
mod attention;
mod code_scan;
mod cpu;
#[cfg(feature = "cuda")]
pub mod cuda;
mod dot;
mod elementary;
mod epilogue;
mod fetch;
mod layer_norm;
mod linear;
mod peak;
mod product;
mod quantize;
mod quantized_linear;
mod simd;
mod softmax;
#[cfg(test)]
mod testing;
mod tile;
mod weights;

pub use aligned::AlignedBuffer;
pub use attention::{Attention, AttentionScratch, PositionBias};
pub use code_scan::{CodePanels, CodeQueries, CodeRests, Reach, Reached};
pub use cpu::Cpu;
pub use epilogue::Epilogue;
pub use linear::Linear;
pub use quantize::QuantizedRows;
pub use quantized_linear::QuantizedLinear;
pub use weights::{LinearShape, Weights};
