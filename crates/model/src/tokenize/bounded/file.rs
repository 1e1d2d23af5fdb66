use serde::Deserialize;
use tokenizers::{AddedToken, Result, TruncationDirection};

use super::{BoundedTokenizer, Inner, direct};

/// A `tokenizer.json`: the tokenizer, without the padding and the truncation of its last use, and
/// what transformers reads from the file besides.
#[derive(Debug)]
pub(in crate::tokenize) struct TokenizerFile {
    pub(in crate::tokenize) tokenizer: BoundedTokenizer,
    pub(in crate::tokenize) tokens: FileTokens,
    /// The side of the truncation of its last use.
    pub(in crate::tokenize) truncation_side: Option<TruncationDirection>,
    /// The id of the unknown token of a Unigram model.
    pub(in crate::tokenize) unk_id: Option<usize>,
}

/// The tokens in a `tokenizer.json` besides those of its model.
#[derive(Debug, Default)]
pub(in crate::tokenize) struct FileTokens {
    /// The added tokens in the order of the file, with the ids that the file states.
    pub(in crate::tokenize) added: Vec<(u32, AddedToken)>,
    /// The token of the padding of its last use.
    pub(in crate::tokenize) padding_token: Option<String>,
}

/// An added token; the library gives it the id that the model has, or the next free one.
#[derive(Deserialize)]
pub(super) struct Added {
    id: u32,
    #[serde(flatten)]
    pub(super) token: AddedToken,
}

#[derive(Deserialize)]
pub(super) struct Truncation {
    pub(super) direction: Option<TruncationDirection>,
}

#[derive(Deserialize)]
pub(super) struct Padding {
    pad_token: Option<String>,
}

/// The fields that the `tokenizers` library reads and keeps to itself.
#[derive(Deserialize)]
struct Remaining {
    truncation: Option<Truncation>,
    padding: Option<Padding>,
    #[serde(default)]
    added_tokens: Vec<Added>,
    model: RemainingModel,
}

#[derive(Deserialize)]
struct RemainingModel {
    unk_id: Option<usize>,
}

impl FileTokens {
    pub(super) fn new(added: Vec<Added>, padding: Option<Padding>) -> Self {
        Self {
            added: added
                .into_iter()
                .map(|added| (added.id, added.token))
                .collect(),
            padding_token: padding.and_then(|padding| padding.pad_token),
        }
    }
}

impl TokenizerFile {
    /// Reads the bytes of a `tokenizer.json`.
    pub(in crate::tokenize) fn read(bytes: &[u8]) -> Result<Self> {
        if let Ok(file) = direct::read(bytes) {
            return Ok(file);
        }
        // The library reads more notations, and its errors name what is wrong.
        let mut inner: Inner = serde_json::from_slice(bytes)?;
        inner.with_padding(None);
        inner.with_truncation(None)?;
        let remaining: Remaining = serde_json::from_slice(bytes)?;
        Ok(Self {
            tokenizer: BoundedTokenizer(inner),
            tokens: FileTokens::new(remaining.added_tokens, remaining.padding),
            truncation_side: remaining
                .truncation
                .and_then(|truncation| truncation.direction),
            unk_id: remaining.model.unk_id,
        })
    }
}
