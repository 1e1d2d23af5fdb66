#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::Cpu;
use crate::simd::{Kernel, LANES, Simd};

impl Cpu {
    /// Computes fused multiply-adds in registers and nothing else, which measures the peak performance
    /// of a core.
    ///
    /// A multiply-add counts as two operations. Fewer than 384 of the `operations` may be left out at
    /// the end. The result depends on all operations, so that the compiler cannot remove them.
    pub fn run_at_peak(self, operations: usize) -> f32 {
        self.run(Peak { operations })
    }
}

struct Peak {
    operations: usize,
}

impl Kernel for Peak {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        match S::TILE_VECTORS {
            4 => self.chains::<S, 12>(s),
            _ => self.chains::<S, 6>(s),
        }
    }
}

impl Peak {
    /// Runs `CHAINS` independent chains: enough to hide the latency of a multiply-add, and few enough
    /// for the registers.
    #[inline(always)]
    fn chains<S: Simd, const CHAINS: usize>(self, s: S) -> f32 {
        let (factor, addend) = (s.splat(0.999), s.splat(0.5));
        let mut chains = [addend; CHAINS];
        for _ in 0..self.operations / (CHAINS * LANES * 2) {
            for chain in &mut chains {
                *chain = s.fma(*chain, factor, addend);
            }
        }
        let mut largest = chains[0];
        for chain in chains {
            largest = s.max(largest, chain);
        }
        s.reduce_max(largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chains_converge() {
        for cpu in Cpu::available() {
            // 0.5 / (1 − 0.999)
            let found = cpu.run_at_peak(12 * 32 * 20_000);
            assert!((found / 500.0 - 1.0).abs() < 1e-3, "{cpu:?}: {found}");
        }
    }
}
