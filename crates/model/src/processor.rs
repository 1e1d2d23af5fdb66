use cognate_kernels::Cpu;

/// Returns the name of the fastest instructions that this machine has for the work on a CPU:
/// `avx512vnni`, `avx512`, `avx2` or `portable`, on ARM `neon-i8mm`, `neon-dotprod`, `neon` or
/// `portable`. All give the same results.
pub fn processor_level() -> &'static str {
    Cpu::detect().name()
}
