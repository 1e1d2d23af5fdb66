//! NEON, on 64-bit ARM: a vector is four registers of 128 bits.
//!
//! The levels differ in the products of bytes: [`Widening`] multiplications, which every processor has,
//! [`DotProduct`], an extension that multiplies bytes of the same sign, and [`MixedDotProduct`], an
//! extension that multiplies unsigned and signed bytes.

#![expect(
    unsafe_code,
    reason = "intrinsics are called from functions without target features"
)]

mod byte_products;
mod float;
mod integers;

use std::arch::is_aarch64_feature_detected;

pub(super) use byte_products::{DotProduct, MixedDotProduct, Widening};

use super::float::LANES;
use super::kernel::{InstructionSet, Kernel};

/// The number of registers of a vector.
const REGISTERS: usize = 4;

/// The number of lanes of one register.
const QUARTER: usize = LANES / REGISTERS;

/// NEON with the byte products `P`. Only [`detect`](InstructionSet::detect) makes a value: that is why
/// every `unsafe` block of this module is sound.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Neon<P> {
    products: P,
}

impl InstructionSet for Neon<Widening> {
    const NAME: &'static str = "neon";

    fn detect() -> Option<Self> {
        let products = Widening::detect()?;
        is_aarch64_feature_detected!("neon").then_some(Self { products })
    }

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: a `Neon` proves NEON.
        unsafe { run(self, kernel) }
    }
}

impl InstructionSet for Neon<DotProduct> {
    const NAME: &'static str = "neon-dotprod";

    fn detect() -> Option<Self> {
        let products = DotProduct::detect()?;
        is_aarch64_feature_detected!("neon").then_some(Self { products })
    }

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: a `Neon` proves NEON, and a `DotProduct` the extension of that name.
        unsafe { run_dotprod(self, kernel) }
    }
}

impl InstructionSet for Neon<MixedDotProduct> {
    const NAME: &'static str = "neon-i8mm";

    fn detect() -> Option<Self> {
        let products = MixedDotProduct::detect()?;
        is_aarch64_feature_detected!("neon").then_some(Self { products })
    }

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: a `Neon` proves NEON, and a `MixedDotProduct` the extension I8MM.
        unsafe { run_i8mm(self, kernel) }
    }
}

#[target_feature(enable = "neon")]
fn run<K: Kernel>(neon: Neon<Widening>, kernel: K) -> K::Output {
    kernel.run(neon)
}

#[target_feature(enable = "neon,dotprod")]
fn run_dotprod<K: Kernel>(neon: Neon<DotProduct>, kernel: K) -> K::Output {
    kernel.run(neon)
}

#[target_feature(enable = "neon,i8mm")]
fn run_i8mm<K: Kernel>(neon: Neon<MixedDotProduct>, kernel: K) -> K::Output {
    kernel.run(neon)
}
