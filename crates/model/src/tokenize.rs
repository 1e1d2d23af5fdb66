use tokenizers::{PostProcessor, Tokenizer, TruncationDirection};

use crate::{Checkpoint, Error, Result};

mod pair;
mod settings;

pub(crate) use pair::{PairTokenizer, TokenizedPair};
pub(crate) use settings::Settings;

/// Cuts texts into token ids, as sentence-transformers does around the tokenizer.
#[derive(Debug)]
pub(crate) struct TextTokenizer {
    tokenizer: Tokenizer,
    max_tokens: usize,
    special_tokens: usize,
}

/// The tokens of one text, special tokens included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokenized {
    pub(crate) ids: Vec<u32>,
    /// Tokens that were cut off at the end.
    pub(crate) cut: usize,
}

impl TextTokenizer {
    /// Reads the tokenizer of `checkpoint` from the `bytes` of its file and its settings.
    pub(crate) fn load(
        checkpoint: &Checkpoint,
        settings: &Settings,
        bytes: &[u8],
        max_tokens: usize,
    ) -> Result<Self> {
        const EXPECTED: &str = "a tokenizer in the format of the tokenizers library";
        let path = checkpoint.tokenizer_path();
        let mut tokenizer =
            Tokenizer::from_bytes(bytes).map_err(|e| Error::malformed(&path, EXPECTED)(e))?;
        // The file may carry the lengths of its last use; ours come from the checkpoint.
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(Error::malformed(&path, EXPECTED))?;
        settings
            .apply(&mut tokenizer)
            .map_err(Error::malformed(&path, EXPECTED))?;
        if checkpoint.do_lower_case {
            settings::lower_case(&mut tokenizer).map_err(Error::malformed(&path, EXPECTED))?;
        }
        let special_tokens = tokenizer
            .get_post_processor()
            .map_or(0, |processor| processor.added_tokens(false));
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

    /// Tokens that are added to every text.
    pub(crate) fn special_tokens(&self) -> usize {
        self.special_tokens
    }

    /// Tokenizes `prompt` and `text` as one; `at` names the text in an error.
    pub(crate) fn tokenize(&self, prompt: &str, text: &str, at: usize) -> Result<Tokenized> {
        let joined;
        let whole = if prompt.is_empty() {
            text
        } else {
            joined = format!("{prompt}{text}");
            &joined
        };
        let error = |source| Error::Tokenize { text: at, source };
        let mut encoding = self.tokenizer.encode_fast(whole, false).map_err(error)?;
        let room = self.max_tokens - self.special_tokens;
        let cut = encoding.len().saturating_sub(room);
        if cut > 0 {
            encoding.truncate(room, 0, TruncationDirection::Right);
            // What was cut off need not be processed on.
            encoding.take_overflowing();
        }
        let encoding = self
            .tokenizer
            .post_process(encoding, None, true)
            .map_err(error)?;
        Ok(Tokenized {
            ids: encoding.get_ids().to_vec(),
            cut,
        })
    }

    /// Bytes of `text`, from its start, that [`tokenize`](Self::tokenize) does not cut off.
    pub(crate) fn bytes_read(&self, prompt: &str, text: &str) -> Result<usize> {
        let whole = format!("{prompt}{text}");
        let error = |source| Error::Tokenize { text: 0, source };
        let encoding = self
            .tokenizer
            .encode(whole.as_str(), false)
            .map_err(error)?;
        let room = self.max_tokens - self.special_tokens;
        let end = match encoding.get_offsets().get(..room) {
            Some(read) if encoding.len() > room => read.last().map_or(0, |&(_, end)| end),
            _ => whole.len(),
        };
        let end = whole.floor_char_boundary(end);
        Ok(end.saturating_sub(prompt.len()))
    }

    /// Tokens at the start of a text that belong to `prompt`: those of the prompt alone, less a
    /// special token at the end.
    pub(crate) fn prompt_tokens(&self, prompt: &str) -> Result<usize> {
        if prompt.is_empty() {
            return Ok(0);
        }
        let error = |source| Error::Tokenize { text: 0, source };
        let encoding = self.tokenizer.encode_fast(prompt, true).map_err(error)?;
        let ends_special = encoding.get_special_tokens_mask().last() == Some(&1);
        Ok(encoding.len() - usize::from(ends_special))
    }
}
