use serde::Deserialize;
use tokenizers::{
    Encoding, TruncationDirection, TruncationParams, TruncationStrategy, truncate_encodings,
};

use super::settings::Settings;
use super::text::TextTokenizer;
use crate::checkpoint::TransformerModule;
use crate::config::Json;
use crate::{Error, Result};

/// Tokenizes a query and a document as one text, as a cross-encoder reads them:
/// `[CLS] query [SEP] document [SEP]` in BERT.
#[derive(Debug)]
pub(crate) struct PairTokenizer {
    text: TextTokenizer,
    /// The number of special tokens that are added to each pair.
    special_tokens: usize,
    /// Whether token types tell the query from the document.
    has_token_types: bool,
}

/// The tokens of one pair, special tokens included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenizedPair {
    pub(crate) ids: Vec<u32>,
    /// One type for each token, or empty if all types are 0.
    pub(crate) token_types: Vec<u32>,
    /// The number of tokens that were truncated at the ends of both texts.
    pub(crate) truncated: usize,
}

impl PairTokenizer {
    /// Loads the tokenizer of `checkpoint` from the `bytes` of its file and its settings.
    pub(crate) fn load(
        checkpoint: &TransformerModule,
        settings: &Settings,
        bytes: &[u8],
        max_tokens: usize,
    ) -> Result<Self> {
        let text = TextTokenizer::load(checkpoint, settings, bytes, max_tokens)?;
        let special_tokens = text.tokenizer.special_tokens(true);
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

    /// Returns the number of special tokens that are added to each pair.
    pub(crate) fn special_tokens(&self) -> usize {
        self.special_tokens
    }

    /// Tokenizes a query, to be paired with documents.
    pub(crate) fn query(&self, query: &str) -> Result<Encoding> {
        let tokenizer = &self.text.tokenizer;
        tokenizer
            .encode_fast(query, false)
            .map_err(|source| Error::TokenizeQuery { source })
    }

    /// Pairs `document` with a tokenized query; `index` identifies the document in an error.
    ///
    /// If the pair is too long, the longer text is truncated to the length of the other one, then
    /// both equally: the strategy `longest_first` of transformers.
    pub(crate) fn pair(
        &self,
        query: &Encoding,
        document: &str,
        index: usize,
    ) -> Result<TokenizedPair> {
        let error = |source| Error::Tokenize {
            text: index,
            source,
        };
        let tokenizer = &self.text.tokenizer;
        let document = tokenizer.encode_fast(document, false).map_err(error)?;
        let limit = TruncationParams {
            max_length: self.text.max_tokens - self.special_tokens,
            strategy: TruncationStrategy::LongestFirst,
            stride: 0,
            direction: TruncationDirection::Right,
        };
        let total = query.len() + document.len();
        let (mut query, mut document) =
            truncate_encodings(query.clone(), Some(document), &limit).map_err(error)?;
        // Dropped here, or `post_process` would process the truncated tokens too.
        query.take_overflowing();
        if let Some(document) = &mut document {
            document.take_overflowing();
        }
        let kept = query.len() + document.as_ref().map_or(0, Encoding::len);
        let pair = tokenizer.post_process(query, document).map_err(error)?;
        Ok(TokenizedPair {
            ids: pair.get_ids().to_vec(),
            token_types: if self.has_token_types {
                pair.get_type_ids().to_vec()
            } else {
                Vec::new()
            },
            truncated: total - kept,
        })
    }
}

/// The inputs of the model, according to `tokenizer_config.json`.
#[derive(Default, Deserialize)]
struct Inputs {
    model_input_names: Option<Vec<String>>,
}

/// Returns whether the model gets token types: its architecture must have more than one, and its
/// tokenizer must produce them.
fn has_token_types(checkpoint: &TransformerModule, settings: &Settings) -> Result<bool> {
    // Tokenizer classes of transformers that produce none.
    const WITHOUT_TYPES: [&str; 5] = [
        "CamembertTokenizer",
        "DistilBertTokenizer",
        "MPNetTokenizer",
        "RobertaTokenizer",
        "XLMRobertaTokenizer",
    ];
    let head = checkpoint.transformer.architecture.pair_head.as_ref();
    if !head.is_some_and(|head| head.has_token_types) {
        return Ok(false);
    }
    let inputs = Json::<Inputs>::read_optional(
        checkpoint.tokenizer_config_path(),
        "the settings of a tokenizer, in JSON",
    )?;
    Ok(match inputs.and_then(|json| json.value.model_input_names) {
        Some(names) => names.iter().any(|name| name == "token_type_ids"),
        None => !WITHOUT_TYPES.contains(&settings.class()),
    })
}
