use crate::{Error, Result};

/// The tokens of several texts, one behind the other, without padding.
///
/// ```text
/// ids      [ 101 7592  102 | 101 2088 2003  102 ]   [T]
/// offsets  [   0             3                7 ]   [B + 1]
/// ```
///
/// Offsets start at 0, never fall, and end at the number of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBatch {
    ids: Vec<u32>,
    offsets: Vec<usize>,
}

impl TokenBatch {
    /// Makes a batch of packed `ids` `[T]` and `offsets` `[B + 1]`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] when the offsets do not start at 0, fall, or do not end at `T`.
    pub fn new(ids: Vec<u32>, offsets: Vec<usize>) -> Result<Self> {
        if offsets.first() != Some(&0) {
            let found = offsets.first().copied().unwrap_or(usize::MAX);
            return Err(Error::Shape {
                what: "first offset of a batch",
                expected: 0,
                found,
            });
        }
        if let Some(pair) = offsets.windows(2).find(|pair| pair[0] > pair[1]) {
            return Err(Error::Shape {
                what: "least offset after the one before",
                expected: pair[0],
                found: pair[1],
            });
        }
        let found = offsets.last().copied().unwrap_or(0);
        if found != ids.len() {
            return Err(Error::Shape {
                what: "last offset of a batch",
                expected: ids.len(),
                found,
            });
        }
        Ok(Self { ids, offsets })
    }

    /// Packs sequences one behind the other.
    pub fn from_sequences<'a>(sequences: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let mut batch = Self {
            ids: Vec::new(),
            offsets: vec![0],
        };
        for sequence in sequences {
            batch.ids.extend_from_slice(sequence);
            batch.offsets.push(batch.ids.len());
        }
        batch
    }

    /// The number of texts, `B`.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether the batch holds no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All tokens, `[T]`.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Where each text starts, and at last where the last one ends, `[B + 1]`.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The tokens of each text in turn.
    pub fn sequences(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.offsets
            .windows(2)
            .map(|pair| &self.ids[pair[0]..pair[1]])
    }

    /// Refuses what a model has no vectors for.
    pub(crate) fn check(&self, vocab_size: usize, max_tokens: usize) -> Result<()> {
        if let Some(ids) = self.sequences().find(|ids| ids.len() > max_tokens) {
            return Err(Error::Shape {
                what: "tokens of a text, most",
                expected: max_tokens,
                found: ids.len(),
            });
        }
        if let Some(&id) = self.ids.iter().find(|&&id| id as usize >= vocab_size) {
            return Err(Error::Shape {
                what: "token id, largest",
                expected: vocab_size - 1,
                found: id as usize,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_unpacks() {
        let batch = TokenBatch::from_sequences([&[1, 2, 3][..], &[], &[4]]);
        assert_eq!(batch.ids(), [1, 2, 3, 4]);
        assert_eq!(batch.offsets(), [0, 3, 3, 4]);
        let sequences: Vec<_> = batch.sequences().collect();
        assert_eq!(sequences, [&[1, 2, 3][..], &[], &[4]]);
        assert_eq!(
            TokenBatch::new(vec![1, 2, 3, 4], vec![0, 3, 3, 4]).unwrap(),
            batch
        );
    }

    #[test]
    fn refuses_offsets_that_do_not_fit() {
        for offsets in [vec![], vec![1, 2], vec![0, 2, 1, 2], vec![0, 1], vec![0, 3]] {
            assert!(TokenBatch::new(vec![7, 8], offsets).is_err());
        }
    }
}
