//! A tokenizer whose `tokenizer.json` cannot make it run for minutes or fill the memory.
//!
//! The `tokenizers` library runs a regular expression of a file without a limit on the whole text,
//! and takes the library's error about a runaway match as the end of the matches, which would give
//! other tokens. Here, both are errors.

mod budget;
mod direct;
mod file;
mod normalizer;
mod pre_tokenizer;
mod regex;

use std::panic::{AssertUnwindSafe, catch_unwind};

use normalizer::NORMALIZER_ERROR;
use tokenizers::{
    AddedToken, AddedVocabulary, DecoderWrapper, Encoding, ModelWrapper, PostProcessor as _,
    PostProcessorWrapper, Result, TokenizerImpl,
};

pub(super) use file::{FileTokens, TokenizerFile};

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
    /// Makes a tokenizer of a model alone.
    pub(super) fn of_model(model: ModelWrapper) -> Self {
        Self(Inner::new(model))
    }

    /// Loads a tokenizer from the bytes of its file, without the padding and the truncation of its
    /// last use, which the file may carry.
    #[cfg(test)]
    pub(super) fn load(bytes: &[u8]) -> Result<Self> {
        Ok(TokenizerFile::read(bytes)?.tokenizer)
    }

    pub(super) fn model(&self) -> &ModelWrapper {
        self.0.get_model()
    }

    pub(super) fn set_model(&mut self, model: ModelWrapper) {
        self.0.with_model(model);
    }

    pub(super) fn normalizer(&self) -> Option<&BoundedNormalizer> {
        self.0.get_normalizer()
    }

    pub(super) fn set_normalizer(&mut self, normalizer: Option<BoundedNormalizer>) -> Result<()> {
        self.0.with_normalizer(normalizer)?;
        Ok(())
    }

    pub(super) fn pre_tokenizer(&self) -> Option<&BoundedPreTokenizer> {
        self.0.get_pre_tokenizer()
    }

    pub(super) fn set_pre_tokenizer(&mut self, pre_tokenizer: Option<BoundedPreTokenizer>) {
        self.0.with_pre_tokenizer(pre_tokenizer);
    }

    pub(super) fn post_processor(&self) -> Option<&PostProcessorWrapper> {
        self.0.get_post_processor()
    }

    pub(super) fn set_post_processor(&mut self, processor: PostProcessorWrapper) {
        self.0.with_post_processor(Some(processor));
    }

    /// Returns the added tokens, sorted by id.
    pub(super) fn added_tokens(&self) -> Vec<(u32, AddedToken)> {
        let mut tokens: Vec<_> = self.0.get_added_tokens_decoder().into_iter().collect();
        tokens.sort_unstable_by_key(|(id, _)| *id);
        tokens
    }

    /// Replaces all added tokens. A token that the model does not have gets the next free id.
    pub(super) fn set_added_tokens(&mut self, tokens: Vec<AddedToken>) -> Result<()> {
        let splits = self.0.get_encode_special_tokens();
        self.0.with_added_vocabulary(AddedVocabulary::new());
        self.0.set_encode_special_tokens(splits);
        self.0.add_tokens(tokens)?;
        Ok(())
    }

    /// Returns the id of a token of the model, or of an added one.
    pub(super) fn token_id(&self, token: &str) -> Option<u32> {
        self.0.token_to_id(token)
    }

    /// Takes the texts of special tokens for ordinary text from now on.
    pub(super) fn split_special_tokens(&mut self) {
        self.0.set_encode_special_tokens(true);
    }

    /// Adds no special tokens from now on.
    pub(super) fn remove_post_processor(&mut self) {
        self.0.with_post_processor(None::<PostProcessorWrapper>);
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
///
/// The library panics on some texts if an added token is normalized to nothing; that is an error
/// here.
fn checked(encode: impl FnOnce() -> Result<Encoding>) -> Result<Encoding> {
    NORMALIZER_ERROR.take();
    // A tokenizer has no state that an unfinished call could leave inconsistent.
    let outcome = catch_unwind(AssertUnwindSafe(encode));
    let encoding =
        outcome.map_err(|_| "the tokenizer cannot divide the text at its added tokens")??;
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

    /// The models that the library has, with the kind first.
    const MODELS: [&str; 4] = [
        r###"{"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 9, "vocab": {"[UNK]": 0, "a": 1, "b": 2, "##b": 3, "é": 4}}"###,
        r#"{"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 1, "\u00e9": 2}, "unk_token": "[UNK]"}"#,
        r#"{"type": "BPE", "dropout": null, "unk_token": "[UNK]", "fuse_unk": true,
            "vocab": {"[UNK]": 0, "a": 1, "b": 2, "ab": 3}, "merges": [["a", "b"]]}"#,
        r#"{"type": "Unigram", "unk_id": 0, "vocab": [["[UNK]", 0.0], ["a", -1.5], ["ab", -1e-1]]}"#,
    ];

    fn with_model(model: &str, added: &str) -> String {
        format!(
            r#"{{"version": "1.0", "truncation": {{"direction": "Right", "max_length": 2,
            "strategy": "LongestFirst", "stride": 0}}, "padding": null, "added_tokens": [{added}],
            "normalizer": {{"type": "Lowercase"}}, "pre_tokenizer": {{"type": "Whitespace"}},
            "post_processor": null, "decoder": null, "model": {model}}}"#
        )
    }

    const ADDED: &str = r#"{"id": 0, "content": "[UNK]", "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true}, {"id": 9, "content": "new",
        "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": false}"#;

    #[test]
    fn a_file_that_is_read_in_one_pass_gives_the_tokenizer_of_the_library() {
        for model in MODELS {
            for added in ["", ADDED] {
                let file = with_model(model, added);
                let direct = direct::read(file.as_bytes()).unwrap().tokenizer;
                let mut reference: Tokenizer = file.parse().unwrap();
                reference.with_truncation(None).unwrap();
                assert_eq!(direct.0.get_vocab(true), reference.get_vocab(true));
                for text in ["", "a b", "AB abb é new ab newab [UNK] zz", "aaaaaaaaaaaa"] {
                    assert_eq!(
                        direct.encode(text).unwrap(),
                        reference.encode(text, false).unwrap(),
                        "{model} `{text}`"
                    );
                }
            }
        }
    }

    #[test]
    fn files_in_another_notation_are_left_to_the_library() {
        // An older file does not name the kind of the model, and JSON has no order of fields.
        let unnamed = MODELS[0].replace("\"type\": \"WordPiece\", ", "");
        let last = MODELS[0]
            .replace("\"type\": \"WordPiece\", ", "")
            .replace("\"vocab\"", "\"type\": \"WordPiece\", \"vocab\"");
        let additional = MODELS[0].replace("\"vocab\"", "\"other\": [1], \"vocab\"");
        let expected = BoundedTokenizer::load(with_model(MODELS[0], ADDED).as_bytes()).unwrap();
        for model in [unnamed, last, additional] {
            let file = with_model(&model, ADDED);
            assert!(direct::read(file.as_bytes()).is_err());
            let tokenizer = BoundedTokenizer::load(file.as_bytes()).unwrap();
            let text = "abb a new";
            let (found, expected) = (tokenizer.encode(text), expected.encode(text));
            assert_eq!(found.unwrap(), expected.unwrap());
        }
        for (from, to) in [
            ("\"1.0\"", "\"2.0\""),
            ("WordPiece", "Other"),
            ("\"a\": 1", "\"a\": -1"),
        ] {
            let file = with_model(MODELS[0], "").replace(from, to);
            let expected = serde_json::from_str::<Tokenizer>(&file).unwrap_err();
            let error = BoundedTokenizer::load(file.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), expected.to_string());
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
