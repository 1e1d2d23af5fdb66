#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use crate::Cpu;
use crate::simd::{Kernel, Simd};

impl Cpu {
    /// Asks for values that will be read soon, from wherever they are, into the second-level cache,
    /// and does not wait for them. For what lies here and there, so that no processor foresees it.
    pub fn fetch(self, values: &[f32]) {
        self.run(Fetch { values });
    }
}

struct Fetch<'a> {
    values: &'a [f32],
}

impl Kernel for Fetch<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        fetch(s, self.values);
    }
}

/// [`Cpu::fetch`], within a kernel. The last line that it asks for may lie in two.
#[inline(always)]
pub(crate) fn fetch<S: Simd>(s: S, values: &[f32]) {
    let lines = values.as_chunks().0.iter();
    lines
        .chain(values.last_chunk())
        .for_each(|line| s.prefetch(line));
}
