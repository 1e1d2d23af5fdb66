//! The arithmetic of Cognate: SIMD kernels, each equal to its plain twin, bit for bit.
//!
//! [`Cpu`] stands for the instruction sets of this machine, detected once at run time; its
//! methods are the kernels. Nothing is compiled for one processor only.
//!
//! ```
//! use cognate_kernels::Cpu;
//!
//! let cpu = Cpu::detect();
//! assert_eq!(cpu.dot(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 32.0);
//! // The same bits as without any SIMD.
//! assert_eq!(Cpu::portable().dot(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 32.0);
//! ```
//!
//! # Guarantees
//!
//! - A kernel that sums has one documented order of summation, the same for every instruction
//!   set, every block shape and every alignment. A result depends on the numbers alone.
//! - Slices are never cut to the shorter one: lengths that do not fit are a panic.
//!
//! # Unsafe
//!
//! Kernels are safe functions with `#[target_feature]`. Two unsafe places are left: the call from
//! ordinary code, sound because a [`Cpu`] of that level exists only where the features were
//! detected, and the load of a vector from an array reference of just its size.

mod cpu;
mod dot;

pub use cpu::Cpu;
