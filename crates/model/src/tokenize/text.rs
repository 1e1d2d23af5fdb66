use tokenizers::TruncationDirection;

use super::bounded::BoundedTokenizer;
use super::settings::{self, Settings};
use crate::checkpoint::TransformerModule;
use crate::{Error, Result};

/// Tokenizes texts with the tokenizer and the limits of a checkpoint.
#[derive(Debug)]
pub(crate) struct TextTokenizer {
    pub(super) tokenizer: BoundedTokenizer,
    pub(super) max_tokens: usize,
    pub(super) special_tokens: usize,
}

/// The tokens of one text, special tokens included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenizedText {
    pub(crate) ids: Vec<u32>,
    /// The number of tokens that were truncated at the end.
    pub(crate) truncated: usize,
}

impl TextTokenizer {
    /// Loads the tokenizer of `checkpoint` from the `bytes` of its file and its settings.
    pub(crate) fn load(
        checkpoint: &TransformerModule,
        settings: &Settings,
        bytes: &[u8],
        max_tokens: usize,
    ) -> Result<Self> {
        const EXPECTED: &str = "a tokenizer in the format of the tokenizers library";
        let path = checkpoint.tokenizer_path();
        let mut tokenizer =
            BoundedTokenizer::load(bytes).map_err(Error::malformed(&path, EXPECTED))?;
        settings
            .apply(&mut tokenizer)
            .map_err(Error::malformed(&path, EXPECTED))?;
        if checkpoint.do_lower_case {
            settings::lower_case(&mut tokenizer).map_err(Error::malformed(&path, EXPECTED))?;
        }
        let special_tokens = tokenizer.special_tokens(false);
        if max_tokens <= special_tokens {
            return Err(Error::InvalidOption {
                option: "max_tokens",
                found: max_tokens.to_string(),
                expected: format!("more than the {special_tokens} special tokens"),
            });
        }
        Ok(Self {
            tokenizer,
            max_tokens,
            special_tokens,
        })
    }

    /// Returns the maximum number of tokens of a text, special tokens included.
    pub(crate) fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// Returns the number of special tokens that are added to each text.
    pub(crate) fn special_tokens(&self) -> usize {
        self.special_tokens
    }

    /// Tokenizes the concatenation of `prompt` and `text`; `index` identifies the text in an error.
    pub(crate) fn tokenize(&self, prompt: &str, text: &str, index: usize) -> Result<TokenizedText> {
        let joined;
        let whole = if prompt.is_empty() {
            text
        } else {
            joined = format!("{prompt}{text}");
            &joined
        };
        let error = |source| Error::Tokenize {
            text: index,
            source,
        };
        let mut encoding = self.tokenizer.encode_fast(whole, false).map_err(error)?;
        let limit = self.limit();
        let truncated = encoding.len().saturating_sub(limit);
        if truncated > 0 {
            encoding.truncate(limit, 0, TruncationDirection::Right);
            // Dropped here, or `post_process` would process the truncated tokens too.
            encoding.take_overflowing();
        }
        let encoding = self.tokenizer.post_process(encoding, None).map_err(error)?;
        Ok(TokenizedText {
            ids: encoding.get_ids().to_vec(),
            truncated,
        })
    }

    /// Returns the length in bytes of the start of `text` that [`tokenize`](Self::tokenize) does not
    /// truncate.
    pub(crate) fn bytes_within_limit(&self, prompt: &str, text: &str) -> Result<usize> {
        let whole = format!("{prompt}{text}");
        let error = |source| Error::Tokenize { text: 0, source };
        let encoding = self.tokenizer.encode(&whole).map_err(error)?;
        let limit = self.limit();
        let end = match encoding.get_offsets().get(..limit) {
            Some(kept) if encoding.len() > limit => kept.last().map_or(0, |&(_, end)| end),
            _ => whole.len(),
        };
        let end = whole.floor_char_boundary(end);
        Ok(end.saturating_sub(prompt.len()))
    }

    /// Returns the number of tokens at the start of a text that belong to `prompt`: those of the
    /// prompt alone, without a special token at its end.
    pub(crate) fn prompt_tokens(&self, prompt: &str) -> Result<usize> {
        if prompt.is_empty() {
            return Ok(0);
        }
        let error = |source| Error::Tokenize { text: 0, source };
        let encoding = self.tokenizer.encode_fast(prompt, true).map_err(error)?;
        let ends_special = encoding.get_special_tokens_mask().last() == Some(&1);
        Ok(encoding.len() - usize::from(ends_special))
    }

    /// Returns the maximum number of tokens of a text, special tokens excluded.
    fn limit(&self) -> usize {
        self.max_tokens - self.special_tokens
    }
}
