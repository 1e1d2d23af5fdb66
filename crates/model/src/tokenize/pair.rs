use serde::Deserialize;
use tokenizers::{
    Encoding, PostProcessor, TruncationDirection, TruncationParams, TruncationStrategy,
    truncate_encodings,
};

use super::{Settings, TextTokenizer};
use crate::config::{Family, Json, TransformerConfig};
use crate::{Checkpoint, Error, Result};

/// Cuts a query and a document into the tokens of one text, as a cross-encoder reads them:
/// `[CLS] query [SEP] document [SEP]` in BERT.
#[derive(Debug)]
pub(crate) struct PairTokenizer {
    text: TextTokenizer,
    /// Tokens that are added to every pair.
    special_tokens: usize,
    /// Whether the model is told which of the two a token belongs to.
    has_token_types: bool,
}

/// The tokens of one pair, special tokens included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenizedPair {
    pub(crate) ids: Vec<u32>,
    /// One for each token, or none where all are 0.
    pub(crate) token_types: Vec<u32>,
    /// Tokens that were cut off at the ends of the two.
    pub(crate) cut: usize,
}

impl PairTokenizer {
    /// Reads the tokenizer of `checkpoint` from the `bytes` of its file and its settings.
    pub(crate) fn load(
        checkpoint: &Checkpoint,
        settings: &Settings,
        bytes: &[u8],
        max_tokens: usize,
    ) -> Result<Self> {
        let text = TextTokenizer::load(checkpoint, settings, bytes, max_tokens)?;
        let special_tokens = text
            .tokenizer
            .get_post_processor()
            .map_or(0, |processor| processor.added_tokens(true));
        if max_tokens <= special_tokens {
            return Err(Error::InvalidOption {
                option: "max_tokens",
                found: max_tokens.to_string(),
                expected: format!("more than the {special_tokens} special tokens of a pair"),
            });
        }
        Ok(Self {
            text,
            special_tokens,
            has_token_types: has_token_types(checkpoint, settings)?,
        })
    }

    /// Tokens that are added to every pair.
    pub(crate) fn special_tokens(&self) -> usize {
        self.special_tokens
    }

    /// The tokens of a query, to be paired with documents.
    pub(crate) fn query(&self, query: &str) -> Result<Encoding> {
        let tokenizer = &self.text.tokenizer;
        tokenizer
            .encode_fast(query, false)
            .map_err(|source| Error::TokenizeQuery { source })
    }

    /// Sets `document` behind `query`; `at` names the document in an error.
    ///
    /// Where both do not fit, the longer one is cut to the length of the other, then both alike:
    /// `longest_first` of transformers.
    pub(crate) fn pair(
        &self,
        query: &Encoding,
        document: &str,
        at: usize,
    ) -> Result<TokenizedPair> {
        let error = |source| Error::Tokenize { text: at, source };
        let tokenizer = &self.text.tokenizer;
        let document = tokenizer.encode_fast(document, false).map_err(error)?;
        let room = TruncationParams {
            max_length: self.text.max_tokens - self.special_tokens,
            strategy: TruncationStrategy::LongestFirst,
            stride: 0,
            direction: TruncationDirection::Right,
        };
        let whole = query.len() + document.len();
        let (mut query, mut document) =
            truncate_encodings(query.clone(), Some(document), &room).map_err(error)?;
        // What was cut off need not be processed on.
        query.take_overflowing();
        if let Some(document) = &mut document {
            document.take_overflowing();
        }
        let kept = query.len() + document.as_ref().map_or(0, Encoding::len);
        let pair = tokenizer
            .post_process(query, document, true)
            .map_err(error)?;
        Ok(TokenizedPair {
            ids: pair.get_ids().to_vec(),
            token_types: if self.has_token_types {
                pair.get_type_ids().to_vec()
            } else {
                Vec::new()
            },
            cut: whole - kept,
        })
    }
}

/// What `tokenizer_config.json` says that the model is given.
#[derive(Default, Deserialize)]
struct Inputs {
    model_input_names: Option<Vec<String>>,
}

/// Only BERT has vectors for the types of pairs; whether it is given types is a matter of its
/// tokenizer, and classes made for other models give none.
fn has_token_types(checkpoint: &Checkpoint, settings: &Settings) -> Result<bool> {
    const OTHERS: [&str; 5] = [
        "CamembertTokenizer",
        "DistilBertTokenizer",
        "MPNetTokenizer",
        "RobertaTokenizer",
        "XLMRobertaTokenizer",
    ];
    match &checkpoint.transformer {
        TransformerConfig::PostNorm(config) if config.family == Family::Bert => {}
        _ => return Ok(false),
    }
    let inputs = Json::<Inputs>::read_optional(
        checkpoint.tokenizer_config_path(),
        "the settings of a tokenizer, in JSON",
    )?;
    Ok(match inputs.and_then(|json| json.value.model_input_names) {
        Some(names) => names.iter().any(|name| name == "token_type_ids"),
        None => !OTHERS.contains(&settings.class()),
    })
}
