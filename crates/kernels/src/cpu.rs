use std::fmt;
use std::sync::OnceLock;

use crate::simd::{Kernel, Level};

/// An instruction set that kernels can use on this machine.
///
/// A value proves that the machine has the instructions: a `Cpu` exists only for levels that were
/// detected. All levels give the same results, bit for bit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cpu(Level);

impl Cpu {
    /// Returns the fastest level of this machine. The first call detects it, later calls return the
    /// same value.
    pub fn detect() -> Self {
        static DETECTED: OnceLock<Cpu> = OnceLock::new();
        *DETECTED.get_or_init(|| {
            Self::available()
                .last()
                .copied()
                .unwrap_or_else(Self::portable)
        })
    }

    /// Returns the level that every machine has.
    pub const fn portable() -> Self {
        Self(Level::PORTABLE)
    }

    /// Returns every level of this machine, slowest first, for tests and benchmarks.
    pub fn available() -> Vec<Self> {
        Level::available().into_iter().map(Self).collect()
    }

    /// Returns the name for reports: `avx512vnni`, `avx512`, `avx2` or `portable`, on ARM `neon-i8mm`,
    /// `neon-dotprod`, `neon` or `portable`.
    pub const fn name(self) -> &'static str {
        self.0.name()
    }

    /// Runs `kernel` with the instructions of this level.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        self.0.run(kernel)
    }
}

impl fmt::Debug for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cpu({})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_the_fastest_level_and_remembers_it() {
        assert_eq!(Some(&Cpu::detect()), Cpu::available().last());
        assert_eq!(Cpu::detect(), Cpu::detect());
        assert_eq!(Cpu::available()[0].name(), "portable");
    }
}
