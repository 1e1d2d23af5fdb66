use std::sync::OnceLock;

/// The instruction sets that kernels use, from those this machine has.
///
/// A value is a proof: there is no way to make one of a level that the machine lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cpu(Level);

/// Ordered from the slowest to the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Level {
    /// Whatever the target always has.
    Portable,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512F and BW.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX-512F, BW, VL and VNNI: floats as with [`Level::Avx512`], products of bytes in one
    /// instruction.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
}

impl Cpu {
    /// The fastest level of this machine. Detected at the first call, remembered afterwards.
    pub fn detect() -> Self {
        static DETECTED: OnceLock<Cpu> = OnceLock::new();
        *DETECTED.get_or_init(|| {
            Self::available()
                .last()
                .copied()
                .unwrap_or_else(Self::portable)
        })
    }

    /// The level that every machine has.
    pub const fn portable() -> Self {
        Self(Level::Portable)
    }

    /// Every level of this machine, slowest first: for tests and benchmarks.
    pub fn available() -> Vec<Self> {
        #[cfg_attr(
            not(target_arch = "x86_64"),
            expect(unused_mut, reason = "only x86-64 has further levels")
        )]
        let mut levels = vec![Self::portable()];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                levels.push(Self(Level::Avx2));
            }
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
                levels.push(Self(Level::Avx512));
                if is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512vnni") {
                    levels.push(Self(Level::Avx512Vnni));
                }
            }
        }
        levels
    }

    /// A name for reports: `avx512vnni`, `avx512`, `avx2` or `portable`.
    pub const fn name(self) -> &'static str {
        match self.0 {
            Level::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Vnni => "avx512vnni",
        }
    }

    pub(crate) const fn level(self) -> Level {
        self.0
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
