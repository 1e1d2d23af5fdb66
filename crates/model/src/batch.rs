use crate::{Error, Result};

/// The tokens of several texts, one behind the other, without padding.
///
/// ```text
/// ids      [ 101 7592  102 | 101 2088 2003  102 ]   [T]
/// offsets  [   0             3                7 ]   [B + 1]
/// ```
///
/// Offsets start at 0, never fall, and end at the number of tokens.
///
/// Where a text is a pair, each token may have a type, which says to which of the two it belongs
/// (`token_type_ids` of transformers); without, all have type 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBatch {
    ids: Vec<u32>,
    offsets: Vec<usize>,
    /// `[T]`, or empty where all are 0.
    token_types: Vec<u32>,
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
        Ok(Self {
            ids,
            offsets,
            token_types: Vec::new(),
        })
    }

    /// Gives each token its type, `[T]`.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] when there is not one for each token.
    pub fn with_token_types(mut self, token_types: Vec<u32>) -> Result<Self> {
        if token_types.len() != self.ids.len() {
            return Err(Error::Shape {
                what: "token types of a batch",
                expected: self.ids.len(),
                found: token_types.len(),
            });
        }
        // One form of a batch without types, so that equal batches are equal.
        self.token_types = if token_types.iter().all(|&token_type| token_type == 0) {
            Vec::new()
        } else {
            token_types
        };
        Ok(self)
    }

    /// Packs sequences one behind the other.
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

    /// The type of each token, `[T]`; `None` where all are 0.
    pub fn token_types(&self) -> Option<&[u32]> {
        Some(self.token_types.as_slice()).filter(|types| !types.is_empty())
    }

    /// The tokens of each text in turn.
    pub fn sequences(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.offsets
            .windows(2)
            .map(|pair| &self.ids[pair[0]..pair[1]])
    }

    /// Refuses what a model has no vectors for.
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

/// Cuts texts of these lengths into pieces of at most `max_tokens`, or of one text, longest texts
/// first, so that the last pieces to run are the small ones.
pub(crate) fn pieces_by_length(lengths: &[usize], max_tokens: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&text| (std::cmp::Reverse(lengths[text]), text));
    let mut pieces: Vec<Vec<usize>> = Vec::new();
    let mut tokens = 0;
    for text in order {
        let length = lengths[text];
        match pieces.last_mut() {
            Some(piece) if tokens + length <= max_tokens => {
                piece.push(text);
                tokens += length;
            }
            _ => {
                pieces.push(vec![text]);
                tokens = length;
            }
        }
    }
    pieces
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
    fn token_types_are_one_for_each_token_and_nothing_where_all_are_0() {
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
    fn cuts_pieces_that_hold_every_text_once() {
        let lengths = [3, 300, 7, 7, 0, 90, 12, 1];
        for max_tokens in [1, 10, 100, 1000] {
            let pieces = pieces_by_length(&lengths, max_tokens);
            let mut seen: Vec<_> = pieces.concat();
            seen.sort_unstable();
            assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            for piece in &pieces {
                let tokens: usize = piece.iter().map(|&text| lengths[text]).sum();
                assert!(tokens <= max_tokens || piece.len() == 1);
            }
        }
    }
}
