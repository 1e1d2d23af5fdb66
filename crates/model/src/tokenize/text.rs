use std::ops::Range;
use std::path::Path;

use tokenizers::TruncationDirection;

use super::bounded::{BoundedTokenizer, TokenizerFile};
use super::rebuild::{self, BuiltTokenizer, TOKENIZER};
use super::settings::Settings;
use super::vocab_txt;
use crate::checkpoint::{TokenLimit, TransformerModule};
use crate::{Error, Result};

/// Tokenizes texts with the tokenizer and the limits of a checkpoint.
#[derive(Debug)]
pub(crate) struct TextTokenizer {
    pub(super) tokenizer: BoundedTokenizer,
    pub(super) max_tokens: usize,
    pub(super) special_tokens: usize,
    /// The side on which texts are truncated.
    pub(super) truncation_side: TruncationDirection,
    /// What the fingerprint contains of how the tokenizer was built.
    pub(super) changes: String,
}

/// The tokens of one text, special tokens included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenizedText {
    pub(crate) ids: Vec<u32>,
    /// The number of tokens that were truncated.
    pub(crate) truncated: usize,
}

impl TextTokenizer {
    /// Loads the tokenizer of `checkpoint` from the `bytes` of its file and its settings.
    pub(crate) fn load(
        checkpoint: &TransformerModule,
        settings: &Settings,
        bytes: &[u8],
        limit: &TokenLimit,
    ) -> Result<Self> {
        let path = checkpoint.tokenizer_path();
        let BuiltTokenizer {
            mut tokenizer,
            truncation_side,
            changes,
        } = rebuild::build(path, read_file(path, settings, bytes)?, settings)?;
        if checkpoint.do_lower_case {
            rebuild::lower_case(&mut tokenizer).map_err(Error::malformed(path, TOKENIZER))?;
        }
        let special_tokens = tokenizer.special_tokens(false);
        limit.check(special_tokens, "a text")?;
        Ok(Self {
            tokenizer,
            max_tokens: limit.tokens,
            special_tokens,
            truncation_side,
            changes,
        })
    }

    /// Returns the maximum number of tokens of a text, special tokens included.
    pub(crate) fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// Returns what the fingerprint contains of the tokenizer besides its files and its settings, or
    /// the empty string if that is nothing.
    pub(crate) fn fingerprint_fields(&self) -> &str {
        &self.changes
    }

    /// Returns the number of special tokens that are added to each text.
    pub(crate) fn special_tokens(&self) -> usize {
        self.special_tokens
    }

    /// Tokenizes the concatenation of `prompt` and `text`, and truncates it to `max_tokens` tokens;
    /// `index` identifies the text in an error.
    pub(crate) fn tokenize(
        &self,
        prompt: &str,
        text: &str,
        max_tokens: usize,
        index: usize,
    ) -> Result<TokenizedText> {
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
        let limit = self.without_special(max_tokens);
        let truncated = encoding.len().saturating_sub(limit);
        if truncated > 0 {
            encoding.truncate(limit, 0, self.truncation_side);
            // Dropped here, or `post_process` would process the truncated tokens too.
            encoding.take_overflowing();
        }
        let encoding = self.tokenizer.post_process(encoding, None).map_err(error)?;
        Ok(TokenizedText {
            ids: encoding.get_ids().to_vec(),
            truncated,
        })
    }

    /// Returns the part of `text`, in bytes, that [`tokenize`](Self::tokenize) does not truncate.
    pub(crate) fn bytes_within_limit(
        &self,
        prompt: &str,
        text: &str,
        max_tokens: usize,
    ) -> Result<Range<usize>> {
        let whole = format!("{prompt}{text}");
        let error = |source| Error::Tokenize { text: 0, source };
        let encoding = self.tokenizer.encode(&whole).map_err(error)?;
        let limit = self.without_special(max_tokens);
        let kept = match self.truncation_side {
            TruncationDirection::Right => 0..limit.min(encoding.len()),
            TruncationDirection::Left => encoding.len().saturating_sub(limit)..encoding.len(),
        };
        let is_truncated = kept.len() < encoding.len();
        let offsets = encoding.get_offsets().get(kept).unwrap_or_default();
        let (start, end) = match (is_truncated, self.truncation_side) {
            (false, _) => (0, whole.len()),
            (true, TruncationDirection::Right) => (0, offsets.last().map_or(0, |&(_, end)| end)),
            (true, TruncationDirection::Left) => {
                let start = offsets.first().map_or(whole.len(), |&(start, _)| start);
                (start, whole.len())
            }
        };
        let in_text = |byte| whole.floor_char_boundary(byte).saturating_sub(prompt.len());
        Ok(in_text(start)..in_text(end))
    }

    /// Returns the number of tokens at the start of a text that belong to `prompt`: those of the
    /// prompt alone, truncated as a text without a role, without a special token at its end.
    pub(crate) fn prompt_tokens(&self, prompt: &str) -> Result<usize> {
        if prompt.is_empty() {
            return Ok(0);
        }
        let error = |source| Error::Tokenize { text: 0, source };
        let encoding = self.tokenizer.encode_fast(prompt, true).map_err(error)?;
        let ends_special = encoding.get_special_tokens_mask().last() == Some(&1);
        let tokens = encoding.len().min(self.max_tokens);
        Ok(tokens - usize::from(ends_special))
    }

    /// Truncates ids without special tokens to `max_tokens`, and returns the number of those removed.
    pub(crate) fn truncate(&self, ids: &mut Vec<u32>, max_tokens: usize) -> usize {
        let truncated = ids.len().saturating_sub(max_tokens);
        match self.truncation_side {
            TruncationDirection::Right => ids.truncate(max_tokens),
            TruncationDirection::Left => drop(ids.drain(..truncated)),
        }
        truncated
    }

    /// Returns the number of tokens of a text that fit besides the special tokens.
    fn without_special(&self, max_tokens: usize) -> usize {
        max_tokens.saturating_sub(self.special_tokens)
    }
}

/// Reads the file of a tokenizer, `tokenizer.json` or `vocab.txt`.
fn read_file(path: &Path, settings: &Settings, bytes: &[u8]) -> Result<TokenizerFile> {
    if path.extension().is_none_or(|extension| extension != "txt") {
        return TokenizerFile::read(bytes).map_err(Error::malformed(path, TOKENIZER));
    }
    if !settings.class.reads_vocab_txt() {
        return Err(Error::Unsupported {
            path: path.to_owned(),
            field: "class for a vocabulary without `tokenizer.json`".to_owned(),
            found: settings.class.name().to_owned(),
            expected: "`BertTokenizer`, `DistilBertTokenizer` or `MPNetTokenizer`, or a \
                `tokenizer.json`, which transformers writes with \
                `AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)`"
                .to_owned(),
        });
    }
    vocab_txt::read(bytes).map_err(Error::malformed(path, "a vocabulary, one token a line"))
}
