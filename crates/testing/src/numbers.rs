/// A generator of pseudo-random numbers, the same for the same seed: `SplitMix64` (Steele, Lea and
/// Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// Creates a generator.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `end`.
    ///
    /// # Panics
    ///
    /// Panics if `end` is 0.
    pub fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.bits() % u64::from(end)).unwrap()
    }

    /// Returns a number from −1 to 1, a multiple of 2⁻²³.
    #[expect(clippy::cast_precision_loss, reason = "24 bits are a whole f32")]
    pub fn signed(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    /// Returns a number between −1 and 1 that is never 0, an odd multiple of 2⁻¹⁶.
    #[expect(clippy::cast_precision_loss, reason = "17 bits are a whole f32")]
    pub fn nonzero(&mut self) -> f32 {
        let odd = 2 * (self.bits() >> 48) + 1;
        odd as f32 / 65536.0 - 1.0
    }
}
