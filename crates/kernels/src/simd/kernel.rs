use super::integers::Integers;

/// Work over the vectors of one instruction set.
///
/// Implement `run`, and every function that it calls in a loop, with `#[inline(always)]`: only so are
/// they compiled with the instructions of the level. A kernel that computes with floats alone asks
/// for [`Simd`](super::Simd) in its implementation of `run`.
pub(crate) trait Kernel {
    type Output;

    fn run<S: Integers>(self, simd: S) -> Self::Output;
}

/// An instruction set that kernels are compiled for. A value proves that the machine has it, because
/// only [`detect`](Self::detect) makes one.
pub(super) trait InstructionSet: Integers {
    /// The name in reports.
    const NAME: &'static str;

    /// Returns the proof that this machine has the instructions, or `None` if it lacks one.
    fn detect() -> Option<Self>;

    /// Runs `kernel`, compiled with these instructions.
    fn run<K: Kernel>(self, kernel: K) -> K::Output;
}
