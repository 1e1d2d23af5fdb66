//! The one place that chooses between instruction sets.

#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;
use super::kernel::{InstructionSet, Kernel};
#[cfg(target_arch = "aarch64")]
use super::neon::{DotProduct, MixedDotProduct, Neon, Widening};
use super::portable::Portable;

macro_rules! levels {
    ($($(#[$cfg:meta])? $level:ident($instructions:ty),)+) => {
        /// An instruction set that this machine has.
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Level {
            $($(#[$cfg])? $level($instructions),)+
        }

        impl Level {
            /// Returns every level that this machine has, slowest first.
            pub(crate) fn available() -> Vec<Self> {
                let mut available = Vec::new();
                $(
                    $(#[$cfg])?
                    available.extend(<$instructions>::detect().map(Self::$level));
                )+
                available
            }

            /// Returns the name in reports.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $($(#[$cfg])? Self::$level(_) => <$instructions>::NAME,)+
                }
            }

            /// Runs `kernel` with the instructions of this level.
            #[inline]
            pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
                match self {
                    $($(#[$cfg])? Self::$level(instructions) => instructions.run(kernel),)+
                }
            }
        }
    };
}

// Slowest first. A new level is a file that implements `InstructionSet` and one line here.
levels! {
    Portable(Portable),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512<false>),
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni(Avx512<true>),
    #[cfg(target_arch = "aarch64")]
    Neon(Neon<Widening>),
    #[cfg(target_arch = "aarch64")]
    NeonDotProduct(Neon<DotProduct>),
    #[cfg(target_arch = "aarch64")]
    NeonMixedDotProduct(Neon<MixedDotProduct>),
}

impl Level {
    /// The level that every machine has.
    pub(crate) const PORTABLE: Self = Self::Portable(Portable);
}
