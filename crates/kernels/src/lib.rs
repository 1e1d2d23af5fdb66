//! The arithmetic of Cognate: matrix products, attention, norms, dot products and BM25 in SIMD.
//!
//! A [`Cpu`] stands for an instruction set that this machine has, detected once at run time, and its
//! methods are the kernels. One binary runs on every x86-64 processor: AVX-512 with VNNI, AVX-512, and
//! AVX2 with FMA are used where they exist, and a portable implementation everywhere else. On 64-bit
//! ARM there is NEON, with the products of bytes of the extensions I8MM and `DotProd`; it is tested
//! in an emulator only. All of them give the same results, bit for bit.
//!
//! A [`Linear`] layer packs its weights once for the instruction set. A [`QuantizedLinear`] is the same
//! layer in 8 bits, for [`QuantizedRows`]: about twice as fast with AVX2, in a quarter of the memory,
//! with an error bound in its documentation. An [`Epilogue`] applies an activation, a sum or a gate to
//! the result.
//!
//! [`Cpu::attention`] computes the [`Attention`] of one sequence, in f32 or from 8-bit codes, of
//! encoders and decoders: an [`AttentionMask`] restricts the keys of a query, and several heads can
//! share keys and values. [`Cpu::layer_norm`] and [`Cpu::rms_norm`] normalize rows, and
//! [`Cpu::rotate`] applies [`Rotary`] position embeddings.
//!
//! [`LeadingCodes`] and [`ResidualCodes`] hold rows for
//! [`Cpu::first_pass`] and [`Cpu::refine`], which bound dot products from 8-bit codes. [`Bm25`] has the
//! factors of a term of a keyword query, with which [`Cpu::add_bm25`] scores rows.
//!
//! This crate has no tensors and no threads: callers pass slices, in row-major order, and split the work
//! themselves. A [`SharedBuffer`] holds packed weights, in memory or in a file that is mapped.
//!
//! ```
//! use cognate_kernels::{Cpu, Epilogue, Linear, QuantizedLinear, QuantizedRows};
//!
//! let cpu = Cpu::detect();
//! assert_eq!(cpu.dot(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 32.0);
//! // Every instruction set gives the same bits.
//! for other in Cpu::available() {
//!     let dot = other.dot(&[0.1, 0.2, 0.3], &[0.4, 0.5, 0.6]);
//!     assert_eq!(dot, cpu.dot(&[0.1, 0.2, 0.3], &[0.4, 0.5, 0.6]));
//! }
//!
//! // A layer of two outputs and three inputs, applied to one row.
//! let (weights, bias) = ([1.0, 0.0, 0.0, 0.0, 1.0, 1.0], [0.5, -9.0]);
//! let layer = Linear::new(cpu, &weights, &bias, 3);
//! let mut y = [0.0; 2];
//! layer.apply(&[1.0, 2.0, 3.0], Epilogue::Relu, &mut y);
//! assert_eq!(y, [1.5, 0.0]);
//!
//! // The same layer in 8 bits.
//! let layer = QuantizedLinear::new(cpu, &weights, &bias, 3);
//! let mut rows = QuantizedRows::new();
//! cpu.quantize(&[1.0, 2.0, 3.0], 3, &mut rows);
//! layer.apply(&rows, Epilogue::Relu, &mut y);
//! assert!((y[0] - 1.5).abs() < 0.02 && y[1] == 0.0);
//! ```
//!
//! # Guarantees
//!
//! - A kernel that sums has one documented order of summation, the same for every instruction set,
//!   block shape and alignment. A result depends only on the numbers.
//! - Lengths that do not fit are a panic. No slice is silently cut to the length of a shorter one.
//!
//! # Features
//!
//! - `mmap` (default): takes large buffers from the system in large pages, and maps files
//!   ([`SharedBuffer`]). Without it, buffers are ordinary memory.
//! - `cuda`: adds the module `cuda` with kernels for NVIDIA GPUs. Building it takes the CUDA compiler and
//!   libraries. A GPU does not give the bits of a CPU.
//!
//! # Unsafe code
//!
//! Instructions are reached through tokens that only detection creates: a [`Cpu`] in the public API, and
//! a value of the instruction set inside. What remains unsafe is the call of a function with target
//! features from ordinary code, the loads and stores of vectors through references of exactly their
//! size, the micro-kernel of the matrix products, which checks its bounds once and then walks pointers,
//! and, with the feature `mmap`, the mapping of a file, which must not change: see `SharedBuffer::map`.

mod aligned;
mod attention;
mod bm25;
mod bounds;
mod cpu;
#[cfg(feature = "cuda")]
pub mod cuda;
mod dot;
mod elementary;
mod epilogue;
mod heads;
mod layer_norm;
mod linear;
mod norm_rows;
mod peak;
mod prefetch;
mod product;
mod quantize;
mod quantized_linear;
mod rms_norm;
mod rotary;
mod shared;
mod simd;
mod sum_rows;
#[cfg(test)]
mod testing;
mod tile;
mod weights;

pub use aligned::AlignedBuffer;
pub use attention::{Attention, AttentionMask, AttentionScratch, PairBias, PositionBias};
pub use bm25::Bm25;
pub use bounds::{BoundTerms, Candidate, LeadingCodes, QueryCodes, ResidualCodes};
pub use cpu::Cpu;
pub use epilogue::Epilogue;
pub use linear::Linear;
pub use quantize::QuantizedRows;
pub use quantized_linear::QuantizedLinear;
pub use rotary::Rotary;
pub use shared::SharedBuffer;
pub use weights::{LinearShape, ReadLayers};
