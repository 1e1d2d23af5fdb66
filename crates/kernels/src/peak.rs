#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use crate::Cpu;
use crate::simd::{Kernel, LANES, Simd};

impl Cpu {
    /// Does fused multiply-adds in registers and nothing else: what a core can do at most, to judge
    /// other work by. A multiply-add counts as two `operations`; less than 384 may be left out at
    /// the end. The result depends on all of them.
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
    /// Chains side by side: enough to hide the latency of a multiply-add, few enough for the
    /// registers.
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
        s.largest(largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chains_go_to_their_limit() {
        for cpu in Cpu::available() {
            // 0.5 / (1 − 0.999)
            let found = cpu.run_at_peak(12 * 32 * 20_000);
            assert!((found / 500.0 - 1.0).abs() < 1e-3, "{cpu:?}: {found}");
        }
    }
}
