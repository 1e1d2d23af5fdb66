#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::Cpu;
use crate::simd::{Kernel, Simd};

impl Cpu {
    /// Prefetches values that will be read soon into the second-level cache, without waiting for them.
    ///
    /// This is for scattered reads, which the processor's own prefetcher cannot predict.
    pub fn prefetch(self, values: &[f32]) {
        self.run(Prefetch { values });
    }
}

struct Prefetch<'a> {
    values: &'a [f32],
}

impl Kernel for Prefetch<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        prefetch(s, self.values);
    }
}

/// Does the work of [`Cpu::prefetch`] within a kernel.
#[inline(always)]
pub(crate) fn prefetch<S: Simd>(s: S, values: &[f32]) {
    let lines = values.as_chunks().0.iter();
    // `last_chunk` covers the values after the last whole line.
    lines
        .chain(values.last_chunk())
        .for_each(|line| s.prefetch(line));
}
