//! Kernels written once for all instruction sets.
//!
//! A kernel implements [`Kernel`] over the traits [`Simd`] (f32) and [`Integers`] (8-bit codes), whose
//! vectors have 16 lanes. [`Cpu::run`](crate::Cpu::run) compiles it once for each level of
//! `dispatch.rs` and calls the one for this machine.

#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod dispatch;
mod float;
mod integers;
mod kernel;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(test)]
mod tests;

pub(crate) use dispatch::Level;
pub(crate) use float::{EXPONENT_MAGIC, LANES, ROUNDING_MAGIC, Simd};
pub(crate) use integers::{GROUP, Integers, MAX_PAIR_SUM};
pub(crate) use kernel::Kernel;
