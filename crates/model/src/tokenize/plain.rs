use std::path::Path;

use serde::Deserialize;

use super::bounded::BoundedTokenizer;
use super::text::TextTokenizer;
use crate::{Error, Result};

/// What `tokenizer.json` holds, for error messages.
const EXPECTED: &str = "a tokenizer in the format of the tokenizers library";

/// The field of `tokenizer.json` about the length of texts.
#[derive(Deserialize)]
struct File {
    truncation: Option<Truncation>,
}

#[derive(Deserialize)]
struct Truncation {
    max_length: usize,
    #[serde(default = "right")]
    direction: String,
}

fn right() -> String {
    "Right".to_owned()
}

impl TextTokenizer {
    /// Loads the tokenizer of a static embedding from the `bytes` of its file, `path`: as it is, with
    /// the limit of the file, and without special tokens. At most `max_tokens` tokens are kept.
    pub(crate) fn plain(path: &Path, bytes: &[u8], max_tokens: Option<usize>) -> Result<Self> {
        let mut tokenizer =
            BoundedTokenizer::load(bytes).map_err(Error::malformed(path, EXPECTED))?;
        tokenizer.remove_post_processor();
        let file: File = serde_json::from_slice(bytes).map_err(Error::malformed(path, EXPECTED))?;
        let mut limit = max_tokens.unwrap_or(usize::MAX);
        if let Some(truncation) = file.truncation {
            if truncation.direction != right() {
                return Err(Error::Unsupported {
                    path: path.to_owned(),
                    field: "truncation.direction".to_owned(),
                    found: truncation.direction,
                    expected: "`Right`".to_owned(),
                });
            }
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
        })
    }
}
