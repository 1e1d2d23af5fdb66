use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use tokenizers::TruncationDirection;

use super::class::{ClassChoice, SUPPORTED, TokenizerClass};
use super::special_tokens::TokenSources;
use super::token_config::{OlderFiles, Token, TokenLists};
use crate::Result;
use crate::checkpoint::TransformerModule;
use crate::config::Json;

/// The settings of a tokenizer besides its vocabulary.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(super) recorded: Recorded,
    pub(super) class: TokenizerClass,
    /// `legacy` of Llama: a space is put before each part of a text between special tokens.
    pub(super) legacy: bool,
    /// `split_by_punct` of `DeBERTa`.
    pub(super) split_by_punct: bool,
    /// `unk_id` of `DeBERTa`.
    pub(super) unk_id: Option<usize>,
    /// Whether the texts of special tokens in a text are ordinary text.
    pub(super) split_special_tokens: bool,
    /// The side on which texts are truncated, if `tokenizer_config.json` says so.
    pub(super) truncation_side: Option<TruncationDirection>,
    pub(super) tokens: TokenSources,
}

/// The settings that all fingerprints contain.
///
/// The `Debug` form is part of fingerprints and must not change.
pub(super) struct Recorded {
    tokenizer_class: Option<String>,
    pub(super) do_lower_case: Option<bool>,
    pub(super) strip_accents: Option<bool>,
    pub(super) tokenize_chinese_chars: Option<bool>,
    pub(super) add_prefix_space: Option<bool>,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("tokenizer_class", &self.tokenizer_class)
            .field("do_lower_case", &self.do_lower_case)
            .field("strip_accents", &self.strip_accents)
            .field("tokenize_chinese_chars", &self.tokenize_chinese_chars)
            .field("add_prefix_space", &self.add_prefix_space)
            .finish()
    }
}

impl Recorded {
    /// Returns the name of the class without the suffix `Fast`.
    pub(super) fn class(&self) -> &str {
        let class = self.tokenizer_class.as_deref().unwrap_or_default();
        class.strip_suffix("Fast").unwrap_or(class)
    }
}

/// The fields of `tokenizer_config.json`.
#[derive(Default, Deserialize)]
struct TokenizerConfig {
    tokenizer_class: Option<String>,
    do_lower_case: Option<bool>,
    strip_accents: Option<bool>,
    tokenize_chinese_chars: Option<bool>,
    add_prefix_space: Option<bool>,
    legacy: Option<bool>,
    split_by_punct: Option<bool>,
    unk_id: Option<usize>,
    extra_ids: Option<usize>,
    split_special_tokens: Option<bool>,
    truncation_side: Option<String>,
    fix_mistral_regex: Option<bool>,
    fast_tokenizer_files: Option<Vec<String>>,
    added_tokens_decoder: Option<BTreeMap<u32, Token>>,
    #[serde(flatten)]
    tokens: TokenLists,
}

/// The field of `config.json` about the tokenizer.
#[derive(Default, Deserialize)]
struct ModelConfig {
    tokenizer_class: Option<String>,
}

/// What `tokenizer_config.json` holds, for error messages.
const SETTINGS: &str = "the settings of a tokenizer, in JSON";

impl Settings {
    /// Reads the settings of `checkpoint`, whose tokenizer has the file in `bytes`.
    pub(crate) fn read(checkpoint: &TransformerModule, bytes: &[u8]) -> Result<Self> {
        let config =
            Json::<TokenizerConfig>::read_optional(checkpoint.tokenizer_config_path(), SETTINGS)?;
        let config = config.unwrap_or_else(|| Json {
            path: checkpoint.tokenizer_config_path(),
            value: TokenizerConfig::default(),
        });
        let truncation_side = truncation_side(&config)?;
        config.only("fix_mistral_regex", config.value.fix_mistral_regex, false)?;
        let mut files = config.value.fast_tokenizer_files.iter().flatten();
        if let Some(other) = files.find(|file| *file != "tokenizer.json") {
            return Err(config.unsupported("fast_tokenizer_files", other, "`tokenizer.json`"));
        }
        let class = class(checkpoint, &config, bytes)?;
        let architecture = checkpoint.transformer.architecture;
        let named = config.value.tokenizer_class.clone();
        let named = named.filter(|name| !name.is_empty());
        let older = match config.value.added_tokens_decoder {
            Some(_) => OlderFiles::default(),
            None => read_older_files(checkpoint)?,
        };
        let config = config.value;
        Ok(Self {
            recorded: Recorded {
                tokenizer_class: Some(named.unwrap_or(architecture.tokenizer_class.to_owned())),
                do_lower_case: config.do_lower_case,
                strip_accents: config.strip_accents,
                tokenize_chinese_chars: config.tokenize_chinese_chars,
                add_prefix_space: config.add_prefix_space,
            },
            class,
            legacy: config.legacy.unwrap_or(false),
            split_by_punct: config.split_by_punct.unwrap_or(false),
            unk_id: config.unk_id,
            split_special_tokens: config.split_special_tokens.unwrap_or(false),
            truncation_side,
            tokens: TokenSources {
                config: config.tokens,
                decoder: config.added_tokens_decoder,
                older,
                extra_ids: config.extra_ids,
            },
        })
    }

    /// Formats the settings that all fingerprints contain.
    pub(crate) fn fingerprint_fields(&self) -> String {
        format!("{:?}", self.recorded)
    }

    /// Returns whether the tokenizer produces token types if `tokenizer_config.json` does not list
    /// the inputs of the model.
    pub(super) fn has_token_types(&self) -> bool {
        self.class.has_token_types()
    }
}

fn truncation_side(config: &Json<TokenizerConfig>) -> Result<Option<TruncationDirection>> {
    match config.value.truncation_side.as_deref() {
        None => Ok(None),
        Some("right") => Ok(Some(TruncationDirection::Right)),
        Some("left") => Ok(Some(TruncationDirection::Left)),
        Some(found) => Err(config.unsupported("truncation_side", found, "`left` or `right`")),
    }
}

/// Returns the class of the tokenizer in transformers.
fn class(
    checkpoint: &TransformerModule,
    config: &Json<TokenizerConfig>,
    bytes: &[u8],
) -> Result<TokenizerClass> {
    let model =
        Json::<ModelConfig>::read(checkpoint.config_path(), "the configuration of a model")?;
    let in_model = model.value.tokenizer_class.as_deref();
    let named = config.value.tokenizer_class.as_deref();
    let named = named.filter(|name| !name.is_empty());
    let choice = ClassChoice {
        named: named.or(in_model),
        model_type: checkpoint.transformer.architecture.model_type,
        is_byte_level: is_byte_level(named.or(in_model), bytes),
    };
    choice.resolve().map_err(|found| {
        if named.is_some() {
            config.unsupported("tokenizer_class", found, SUPPORTED)
        } else {
            model.unsupported("tokenizer_class", found, SUPPORTED)
        }
    })
}

/// Returns whether `tokenizer.json` mentions byte-level tokens, if that matters for a class.
fn is_byte_level(class: Option<&str>, bytes: &[u8]) -> bool {
    const NAME: &[u8] = b"\"ByteLevel\"";
    class.is_some_and(|class| class.starts_with("LlamaTokenizer"))
        && bytes.windows(NAME.len()).any(|window| window == NAME)
}

fn read_older_files(checkpoint: &TransformerModule) -> Result<OlderFiles> {
    let map = Json::read_optional(
        checkpoint.special_tokens_map_path(),
        "special tokens by name, in JSON",
    )?;
    let added = Json::read_optional(
        checkpoint.added_tokens_path(),
        "the ids of tokens by their texts, in JSON",
    )?;
    Ok(OlderFiles {
        special_tokens_map: map.map(|json| json.value).unwrap_or_default(),
        added_tokens: added.map(|json| json.value).unwrap_or_default(),
    })
}
