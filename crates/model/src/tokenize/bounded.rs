//! A tokenizer whose `tokenizer.json` cannot make it run for minutes or fill the memory.
//!
//! The `tokenizers` library runs a regular expression of a file without a limit on the whole text,
//! and takes the library's error about a runaway match as the end of the matches, which would give
//! other tokens. Here, both are errors.

mod budget;
mod normalizer;
mod pre_tokenizer;
mod regex;

use normalizer::NORMALIZER_ERROR;
use tokenizers::{
    DecoderWrapper, Encoding, ModelWrapper, PostProcessor as _, PostProcessorWrapper, Result,
    TokenizerImpl,
};

pub(super) use normalizer::BoundedNormalizer;
pub(super) use pre_tokenizer::BoundedPreTokenizer;

/// A tokenizer with bounded regular expressions and replacements.
#[derive(Debug)]
pub(super) struct BoundedTokenizer(Inner);

type Inner = TokenizerImpl<
    ModelWrapper,
    BoundedNormalizer,
    BoundedPreTokenizer,
    PostProcessorWrapper,
    DecoderWrapper,
>;

impl BoundedTokenizer {
    /// Loads a tokenizer from the bytes of its file, without the padding and the truncation of its
    /// last use, which the file may carry.
    pub(super) fn load(bytes: &[u8]) -> Result<Self> {
        let mut inner: Inner = serde_json::from_slice(bytes)?;
        inner.with_padding(None);
        inner.with_truncation(None)?;
        Ok(Self(inner))
    }

    pub(super) fn normalizer(&self) -> Option<&BoundedNormalizer> {
        self.0.get_normalizer()
    }

    pub(super) fn set_normalizer(&mut self, normalizer: BoundedNormalizer) -> Result<()> {
        self.0.with_normalizer(Some(normalizer))?;
        Ok(())
    }

    pub(super) fn pre_tokenizer(&self) -> Option<&BoundedPreTokenizer> {
        self.0.get_pre_tokenizer()
    }

    pub(super) fn set_pre_tokenizer(&mut self, pre_tokenizer: BoundedPreTokenizer) {
        self.0.with_pre_tokenizer(Some(pre_tokenizer));
    }

    /// Returns the number of special tokens that are added to a text, or to a pair of texts.
    pub(super) fn special_tokens(&self, is_pair: bool) -> usize {
        let processor = self.0.get_post_processor();
        processor.map_or(0, |processor| processor.added_tokens(is_pair))
    }

    /// Tokenizes a text, with the offsets of the tokens in it.
    pub(super) fn encode(&self, text: &str) -> Result<Encoding> {
        checked(|| self.0.encode(text, false))
    }

    /// Tokenizes a text without offsets. `special` says whether to add special tokens.
    pub(super) fn encode_fast(&self, text: &str, special: bool) -> Result<Encoding> {
        checked(|| self.0.encode_fast(text, special))
    }

    /// Adds special tokens to one tokenized text, or to two.
    pub(super) fn post_process(&self, text: Encoding, pair: Option<Encoding>) -> Result<Encoding> {
        self.0.post_process(text, pair, true)
    }
}

/// Runs `encode`, and returns the error of a normalizer, which `tokenizers` ignores.
fn checked(encode: impl FnOnce() -> Result<Encoding>) -> Result<Encoding> {
    NORMALIZER_ERROR.take();
    let encoding = encode()?;
    match NORMALIZER_ERROR.take() {
        Some(error) => Err(error.into()),
        None => Ok(encoding),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::{Value, json};
    use tokenizers::Tokenizer;

    use super::*;

    fn file(normalizer: &Value, pre_tokenizer: &Value) -> String {
        json!({
            "version": "1.0",
            "added_tokens": [],
            "normalizer": normalizer,
            "pre_tokenizer": pre_tokenizer,
            "post_processor": null,
            "decoder": null,
            "model": {
                "type": "WordLevel",
                "vocab": {"[UNK]": 0, "a": 1, "b": 2, " ": 3, "c": 4},
                "unk_token": "[UNK]",
            },
        })
        .to_string()
    }

    fn load(normalizer: &Value, pre_tokenizer: &Value) -> Result<BoundedTokenizer> {
        BoundedTokenizer::load(file(normalizer, pre_tokenizer).as_bytes())
    }

    fn split(pattern: &str, invert: bool) -> Value {
        let pattern = json!({"Regex": pattern});
        json!({"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": invert})
    }

    fn replace(pattern: &Value, content: &str) -> Value {
        json!({"type": "Replace", "pattern": pattern, "content": content})
    }

    #[test]
    fn gives_the_tokens_and_offsets_of_the_tokenizers_library() {
        // The lookahead is that of GPT-2 and Qwen.
        let words = split(r" ?\p{L}+|\s+(?!\S)|\s+", false);
        let upper = replace(&json!({"String": "B"}), "bb");
        let digits = replace(&json!({"Regex": "[0-9]+"}), "c");
        let lower = json!({"type": "Lowercase"});
        let several = json!({"type": "Sequence", "normalizers": [upper, digits, lower]});
        let splits = json!({"type": "Sequence", "pretokenizers": [words, split("b", true)]});
        for (normalizer, pre_tokenizer) in [
            (&several, &words),
            (&digits, &splits),
            (&Value::Null, &splits),
            (&upper, &Value::Null),
        ] {
            let bounded = load(normalizer, pre_tokenizer).unwrap();
            let file = file(normalizer, pre_tokenizer);
            let reference: Tokenizer = file.parse().unwrap();
            for text in ["", "a b", "B 12 a  bB", "   ", "ab3é  b"] {
                let (found, expected) = (
                    bounded.encode(text).unwrap(),
                    reference.encode(text, false).unwrap(),
                );
                assert_eq!(found, expected, "`{text}`");
            }
        }
    }

    #[test]
    fn a_regular_expression_that_runs_away_is_an_error_and_not_minutes() {
        // Exponential: a backreference needs backtracking.
        let pattern = r"(?:(?=(a+))\1?a*)+b|(?:(a*)\2*)+c";
        let text = "a".repeat(3000);
        for (normalizer, pre_tokenizer) in [
            (Value::Null, split(pattern, false)),
            (Value::Null, split(pattern, true)),
            (replace(&json!({"Regex": pattern}), "b"), Value::Null),
        ] {
            let tokenizer = load(&normalizer, &pre_tokenizer).unwrap();
            let start = Instant::now();
            let error = tokenizer.encode(&text).unwrap_err();
            assert!(start.elapsed() < Duration::from_secs(20));
            let error = error.to_string();
            assert!(error.contains("regular expression"), "{error}");
        }
    }

    #[test]
    fn many_matches_share_one_time_limit() {
        // Each match is found, after many steps.
        let pattern = r"(?:(?:(a*)\1*)*b)|a";
        let tokenizer = load(&Value::Null, &split(pattern, false)).unwrap();
        let text = "a".repeat(100_000);
        let start = Instant::now();
        let outcome = tokenizer.encode(&text);
        assert!(start.elapsed() < Duration::from_secs(20));
        outcome.unwrap_err();
    }

    #[test]
    fn a_long_pattern_is_refused() {
        let error = load(&Value::Null, &split(&"a".repeat(5000), false)).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("5000 bytes, expected at most 4096"),
            "{error}"
        );
    }

    #[test]
    fn a_normalizer_that_makes_texts_much_longer_is_an_error() {
        let grow = replace(&json!({"String": "a"}), &"a".repeat(1000));
        let four = json!({"type": "Sequence", "normalizers": [grow, grow, grow, grow]});
        let nested = json!({"type": "Sequence", "normalizers": [four]});
        let prepend = json!({"type": "Prepend", "prepend": "a".repeat(1_000_000)});
        for normalizer in [four, nested, prepend] {
            let tokenizer = load(&normalizer, &Value::Null).unwrap();
            let error = tokenizer.encode("a").unwrap_err().to_string();
            assert!(error.contains("bytes from a text of 1"), "{error}");
        }
    }
}
