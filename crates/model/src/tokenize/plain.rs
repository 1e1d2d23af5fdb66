use std::path::Path;

use serde::Deserialize;
use tokenizers::TruncationDirection;

use super::bounded::TokenizerFile;
use super::rebuild::TOKENIZER;
use super::text::TextTokenizer;
use crate::{Error, Result};

/// The field of `tokenizer.json` about the length of texts.
#[derive(Deserialize)]
struct File {
    truncation: Option<Truncation>,
}

#[derive(Deserialize)]
struct Truncation {
    max_length: usize,
    #[serde(default)]
    direction: TruncationDirection,
}

impl TextTokenizer {
    /// Loads the tokenizer of a static embedding from the `bytes` of its file, `path`: as it is, with
    /// the limit of the file, and without special tokens. At most `max_tokens` tokens are kept.
    pub(crate) fn plain(path: &Path, bytes: &[u8], max_tokens: Option<usize>) -> Result<Self> {
        let mut tokenizer = TokenizerFile::read(bytes)
            .map_err(Error::malformed(path, TOKENIZER))?
            .tokenizer;
        tokenizer.remove_post_processor();
        let file: File =
            serde_json::from_slice(bytes).map_err(Error::malformed(path, TOKENIZER))?;
        let mut limit = max_tokens.unwrap_or(usize::MAX);
        let mut truncation_side = TruncationDirection::Right;
        if let Some(truncation) = file.truncation {
            truncation_side = truncation.direction;
            limit = limit.min(truncation.max_length);
        }
        if limit == 0 {
            return Err(Error::InvalidOption {
                option: "max_tokens",
                found: limit.to_string(),
                expected: "at least 1".to_owned(),
            });
        }
        Ok(Self {
            tokenizer,
            max_tokens: limit,
            special_tokens: 0,
            truncation_side,
            changes: String::new(),
        })
    }
}
