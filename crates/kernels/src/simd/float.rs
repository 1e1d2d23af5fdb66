/// The number of lanes of a vector.
pub(crate) const LANES: usize = 16;

/// In 1.5 · 2²³ … 2²⁴ the spacing of f32 is 1: adding a small number to this constant rounds the
/// number to an integer, ties to even, and leaves that integer in the lowest bits of the sum.
pub(crate) const ROUNDING_MAGIC: f32 = 12_582_912.0;

/// Like [`ROUNDING_MAGIC`], but the lowest bits of the sum with an integer n hold n plus the
/// exponent bias of f32: the exponent of 2ⁿ.
pub(crate) const EXPONENT_MAGIC: f32 = ROUNDING_MAGIC + 127.0;

/// The f32 operations of an instruction set. A value proves that the machine has the instructions.
///
/// Every operation is rounded exactly once, as IEEE 754 prescribes, and reductions over lanes have
/// one order, so that all instruction sets give the same bits.
pub(crate) trait Simd: Copy {
    /// A vector of 16 lanes of f32.
    type F: Copy;

    /// The number of vectors side by side in the tile of a matrix product: as many as the registers
    /// allow.
    const TILE_VECTORS: usize;

    fn splat(self, value: f32) -> Self::F;
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    /// Computes `a · b + c`, rounded once.
    fn fma(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// Computes [`fma`](Self::fma) in the first `lanes` lanes, 0 to 16; the others keep that of `c`.
    fn fma_first(self, a: Self::F, b: Self::F, c: Self::F, lanes: usize) -> Self::F;
    /// Returns the lane of `a` if it is greater, else that of `b`.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// Returns the lane of `a` if it is smaller, else that of `b`.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    /// Computes 2ⁿ for each lane `n + `[`EXPONENT_MAGIC`], where n is an integer from −127 to 127;
    /// 2⁻¹²⁷ becomes 0.
    fn exp2(self, a: Self::F) -> Self::F;
    fn to_array(self, a: Self::F) -> [f32; LANES];

    /// Loads 16 floats.
    ///
    /// # Safety
    ///
    /// 16 floats must be readable from `from`, which need not be aligned.
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_at(self, from: *const f32) -> Self::F;

    fn load(self, from: &[f32; LANES]) -> Self::F;
    fn store(self, value: Self::F, to: &mut [f32; LANES]);

    /// Prefetches a cache line into the second-level cache.
    fn prefetch(self, line: &[f32; LANES]);

    /// Transposes 16 vectors: lane `l` of row `r` becomes lane `r` of row `l`.
    fn transpose(self, rows: [Self::F; LANES]) -> [Self::F; LANES];

    /// Returns a bit mask of the lanes that are at least `threshold`, the first lane in the lowest
    /// bit. The bit of a NaN lane is 0.
    fn at_least(self, a: Self::F, threshold: f32) -> u16;

    /// Adds to `sums` the products of each of `a` and each of `b`, by [`fma`](Self::fma).
    #[inline(always)]
    fn fma_pairs<const A: usize, const B: usize>(
        self,
        a: [&[f32; LANES]; A],
        b: [&[f32; LANES]; B],
        sums: &mut [[Self::F; B]; A],
    ) {
        let mut b_vectors = [self.splat(0.0); B];
        for (vector, b) in b_vectors.iter_mut().zip(b) {
            *vector = self.load(b);
        }
        for (a, sums) in a.into_iter().zip(sums) {
            let a = self.load(a);
            for (sum, b) in sums.iter_mut().zip(b_vectors) {
                *sum = self.fma(a, b, *sum);
            }
        }
    }

    /// Loads up to 16 floats and fills the remaining lanes with `fill`.
    #[inline(always)]
    fn load_partial(self, from: &[f32], fill: f32) -> Self::F {
        let mut lanes = [fill; LANES];
        lanes[..from.len()].copy_from_slice(from);
        self.load(&lanes)
    }

    /// Stores the first `to.len()` lanes.
    #[inline(always)]
    fn store_partial(self, value: Self::F, to: &mut [f32]) {
        to.copy_from_slice(&self.to_array(value)[..to.len()]);
    }

    /// Sums the lanes as a tree: lane `l` += lane `l + 8`, then `l + 4`, 2, 1.
    #[inline(always)]
    fn reduce_sum(self, a: Self::F) -> f32 {
        let mut lanes = self.to_array(a);
        let mut half = LANES / 2;
        while half > 0 {
            for l in 0..half {
                lanes[l] += lanes[l + half];
            }
            half /= 2;
        }
        lanes[0]
    }

    /// Returns the largest lane.
    #[inline(always)]
    fn reduce_max(self, a: Self::F) -> f32 {
        let mut lanes = self.to_array(a);
        let mut half = LANES / 2;
        while half > 0 {
            for l in 0..half {
                // `f32::max` would take several instructions to handle NaN.
                lanes[l] = if lanes[l] > lanes[l + half] {
                    lanes[l]
                } else {
                    lanes[l + half]
                };
            }
            half /= 2;
        }
        lanes[0]
    }
}
