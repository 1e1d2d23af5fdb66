use crate::{Error, Result};

/// The tokens of several texts, packed one after the other without padding.
///
/// ```text
/// ids      [ 101 7592  102 | 101 2088 2003  102 ]   [T]
/// offsets  [   0             3                7 ]   [B + 1]
/// ```
///
/// Offsets start at 0, never decrease, and end at the number of tokens.
///
/// If the texts are pairs, each token may have a type, which says to which text of the pair the
/// token belongs (`token_type_ids` in transformers). Without types, all tokens have type 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBatch {
    ids: Vec<u32>,
    offsets: Vec<usize>,
    /// `[T]`, or empty if all types are 0.
    token_types: Vec<u32>,
}

impl TokenBatch {
    /// Makes a batch from packed `ids`, `[T]`, and `offsets`, `[B + 1]`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Shape`] if the offsets do not start at 0, decrease, or do not end at `T`.
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
        Ok(Self {
            ids,
            offsets,
            token_types: Vec::new(),
        })
    }

    /// Sets the type of each token, `[T]`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Shape`] if the number of types is not `T`.
    pub fn with_token_types(mut self, token_types: Vec<u32>) -> Result<Self> {
        if token_types.len() != self.ids.len() {
            return Err(Error::Shape {
                what: "token types of a batch",
                expected: self.ids.len(),
                found: token_types.len(),
            });
        }
        // Types that are all 0 are stored as no types, so that equal batches compare equal.
        self.token_types = if token_types.iter().all(|&token_type| token_type == 0) {
            Vec::new()
        } else {
            token_types
        };
        Ok(self)
    }

    /// Packs sequences of token ids.
    pub fn from_sequences<'a>(sequences: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let mut batch = Self {
            ids: Vec::new(),
            offsets: vec![0],
            token_types: Vec::new(),
        };
        for sequence in sequences {
            batch.ids.extend_from_slice(sequence);
            batch.offsets.push(batch.ids.len());
        }
        batch
    }

    /// Returns the number of texts, `B`.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Returns whether the batch holds no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the ids of all tokens, `[T]`.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Returns the index of the first token of each text, and finally `T`; `[B + 1]` in all.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// Returns the type of each token, `[T]`, or `None` if all types are 0.
    pub fn token_types(&self) -> Option<&[u32]> {
        Some(self.token_types.as_slice()).filter(|types| !types.is_empty())
    }

    /// Returns an iterator over the token ids of each text.
    pub fn sequences(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.offsets
            .windows(2)
            .map(|pair| &self.ids[pair[0]..pair[1]])
    }

    /// Refuses token ids, positions and token types that a model has no embeddings for.
    pub(crate) fn check(
        &self,
        vocab_size: usize,
        max_tokens: usize,
        type_vocab_size: usize,
    ) -> Result<()> {
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
        let largest = self.token_types.iter().max().map_or(0, |&id| id as usize);
        if largest >= type_vocab_size.max(1) {
            return Err(Error::Shape {
                what: "token type, largest",
                expected: type_vocab_size.max(1) - 1,
                found: largest,
            });
        }
        Ok(())
    }
}

/// Divides texts of the given lengths into batches of at most `max_tokens` tokens, or of one text.
///
/// The longest texts come first, so that the last batches to run are the quick ones.
pub(crate) fn batches_by_length(lengths: &[usize], max_tokens: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&text| (std::cmp::Reverse(lengths[text]), text));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut tokens = 0;
    for text in order {
        let length = lengths[text];
        match batches.last_mut() {
            Some(batch) if tokens + length <= max_tokens => {
                batch.push(text);
                tokens += length;
            }
            _ => {
                batches.push(vec![text]);
                tokens = length;
            }
        }
    }
    batches
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

    #[test]
    fn token_types_that_are_all_0_are_no_types() {
        let batch = || TokenBatch::new(vec![7, 8, 9], vec![0, 1, 3]).unwrap();
        let typed = batch().with_token_types(vec![0, 0, 1]).unwrap();
        assert_eq!(typed.token_types(), Some(&[0, 0, 1][..]));
        assert_eq!(batch().with_token_types(vec![0; 3]).unwrap(), batch());
        let error = batch().with_token_types(vec![0; 2]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "token types of a batch: expected 3, found 2"
        );
        let error = typed.check(10, 10, 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "token type, largest: expected 0, found 1"
        );
        assert!(typed.check(10, 10, 2).is_ok());
        assert!(batch().check(10, 10, 0).is_ok());
    }

    #[test]
    fn every_text_is_in_one_batch() {
        let lengths = [3, 300, 7, 7, 0, 90, 12, 1];
        for max_tokens in [1, 10, 100, 1000] {
            let batches = batches_by_length(&lengths, max_tokens);
            let mut seen: Vec<_> = batches.concat();
            seen.sort_unstable();
            assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            for batch in &batches {
                let tokens: usize = batch.iter().map(|&text| lengths[text]).sum();
                assert!(tokens <= max_tokens || batch.len() == 1);
            }
        }
    }
}
