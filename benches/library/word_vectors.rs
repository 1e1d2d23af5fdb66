//! Vectors of texts without a model: fast, the same in every run, and distributed like those of a
//! sentence-transformers model, on which the time of an exact search depends.

use std::collections::HashMap;

use cognate_testing::Numbers;

/// The number of dimensions of a vector.
pub(crate) const DIM: usize = 384;

/// The number of random directions. The vector of a word is the sum of two of them.
const DIRECTIONS: usize = 4096;

/// The fewest bytes of a word that counts: most shorter words are on no subject.
const MIN_BYTES: usize = 4;

/// The number of bytes of a word that count, so that `network` and `networks` are the same word.
const STEM_BYTES: usize = 6;

/// Turns texts into unit vectors, so that texts with the same words are near each other.
///
/// A word has a random direction of its own. The vector of a text is the weighted sum over its words,
/// each counted once. Three choices make the distribution of these vectors similar to that of the
/// embeddings that all-MiniLM-L6-v2 computes for papers: the variance falls from dimension to dimension;
/// long words, which are rarer, weigh more; and a few words weigh much more than others, so that a text
/// has a subject. `--write-vectors` writes vectors for a comparison.
#[derive(Debug)]
pub(crate) struct WordVectors {
    /// `[DIRECTIONS, DIM]`, row-major.
    directions: Vec<f32>,
}

impl WordVectors {
    /// Draws the random directions.
    pub(crate) fn new() -> Self {
        let mut numbers = Numbers::new(384);
        let deviations: Vec<f32> = (1_u16..).take(DIM).map(deviation).collect();
        let mut value = |at: usize| normal(&mut numbers) * deviations[at % DIM];
        let directions = (0..DIRECTIONS * DIM).map(&mut value).collect();
        Self { directions }
    }

    /// Writes the vector of a text to `row`, which has [`DIM`] values. A text without words has the
    /// first direction.
    pub(crate) fn embed(&self, text: &str, row: &mut [f32]) {
        row.fill(0.0);
        // Sorted, because the sum depends on the order in its last bits.
        let mut words: Vec<(u64, f32)> = words(text).into_iter().collect();
        words.sort_unstable_by_key(|(hash, _)| *hash);
        if words.is_empty() {
            words.push((0, 1.0));
        }
        for (hash, weight) in words {
            for part in [hash, hash >> 32] {
                let direction = usize::try_from(part % DIRECTIONS as u64).unwrap() * DIM;
                let direction = &self.directions[direction..direction + DIM];
                for (value, share) in row.iter_mut().zip(direction) {
                    *value += weight * share;
                }
            }
        }
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        for value in row {
            *value /= length;
        }
    }
}

/// Returns the words of a text, each once: the hash of its first bytes, and its weight.
fn words(text: &str) -> HashMap<u64, f32> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| word.len() >= MIN_BYTES);
    words
        .map(|word| {
            let hash = hash(&word[..word.floor_char_boundary(STEM_BYTES)]);
            (hash, weight(word.len(), hash))
        })
        .collect()
}

/// Returns the weight of a word: the number of its bytes beyond three, divided by the square root of a
/// number between 0 and 1 that is random for each word.
#[expect(clippy::cast_precision_loss, reason = "a few bytes, and 8 bits")]
fn weight(bytes: usize, hash: u64) -> f32 {
    let random = ((hash >> 20) % 256 + 1) as f32 / 256.0;
    (bytes - (MIN_BYTES - 1)) as f32 / random.sqrt()
}

/// Returns a hash of a word without regard to the case of ASCII letters: that of FNV-1a, whose bits
/// [`Numbers`] mixes.
fn hash(word: &str) -> u64 {
    let bytes = word.bytes().map(|byte| byte.to_ascii_lowercase());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Numbers::new(hash).bits()
}

/// Returns the standard deviation along a dimension, counted from 1, up to a factor for all.
fn deviation(dimension: u16) -> f32 {
    let dimension = f32::from(dimension);
    (dimension.powf(-0.3) * (1.0 - dimension / 384.0)).sqrt()
}

/// Returns a number from an approximately normal distribution: the sum of four uniform numbers.
fn normal(numbers: &mut Numbers) -> f32 {
    (0..4).map(|_| numbers.signed()).sum()
}
