use super::float::{LANES, Simd};

/// The number of 8-bit codes in a 32-bit word: as many products as a lane sums in one instruction.
pub(crate) const GROUP: usize = 4;

/// The largest sum of two adjacent weights of the same sign: 255 times this sum is below 2¹⁵.
pub(crate) const MAX_PAIR_SUM: i32 = 128;

/// Products of 8-bit codes, on vectors of 16 lanes of 32 bits. Each lane is a word: a group of
/// [`GROUP`] bytes.
///
/// Sums are exact or wrap around, so that all instruction sets give the same.
pub(crate) trait Integers: Simd {
    /// A vector of 16 words.
    type I: Copy;

    fn splat_word(self, word: i32) -> Self::I;
    fn load_words(self, from: &[i32; LANES]) -> Self::I;
    fn to_words(self, a: Self::I) -> [i32; LANES];

    /// Loads 16 words.
    ///
    /// # Safety
    ///
    /// 16 words must be readable from `from`, which need not be aligned.
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_words_at(self, from: *const i32) -> Self::I;

    /// Loads 16 pairs of signed codes and widens each to a pair of 16-bit integers.
    ///
    /// # Safety
    ///
    /// 16 pairs must be readable from `from`, which need not be aligned.
    #[expect(unsafe_code, reason = "the micro-kernel walks pointers")]
    unsafe fn load_pairs_at(self, from: *const i16) -> Self::I;

    /// Adds to each sum the products of a group of codes, 0 to 255, and a group of weights, −127 to
    /// 127.
    ///
    /// In each of the two pairs of weights in a group, two weights of the same sign must not sum to
    /// more than [`MAX_PAIR_SUM`]. Without VNNI the products of a pair are summed in 16 bits, so
    /// that larger weights would saturate and give another result than the other levels.
    fn dot_group(self, sum: Self::I, codes: Self::I, weights: Self::I) -> Self::I;

    /// Adds to each sum the products of two pairs of signed 16-bit integers, the halves of a word.
    fn dot_pairs(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I;

    /// Converts each lane to the nearest f32, ties to even.
    fn to_float(self, a: Self::I) -> Self::F;

    /// Stores 16 codes, the lowest byte of each lane, in groups.
    fn store_codes(self, codes: Self::F, to: &mut [i32; LANES / GROUP]);

    /// Stores 16 groups of codes. Group `l` holds the lowest bytes of lane `l` of all vectors, that of
    /// the first vector in its lowest byte.
    fn store_groups(self, codes: [Self::F; GROUP], to: &mut [i32; LANES]);
}
