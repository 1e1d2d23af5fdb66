use serde::Deserialize;
use tokenizers::normalizers::{BertNormalizer, Lowercase};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{NormalizerWrapper, PreTokenizerWrapper};

use super::bounded::{BoundedNormalizer, BoundedPreTokenizer, BoundedTokenizer};
use crate::Result;
use crate::checkpoint::TransformerModule;
use crate::config::Json;
use crate::error::BoxError;

/// The settings of `tokenizer_config.json` that override parts of `tokenizer.json`.
///
/// The `Debug` form is part of fingerprints and must not change.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Settings {
    tokenizer_class: Option<String>,
    do_lower_case: Option<bool>,
    strip_accents: Option<bool>,
    tokenize_chinese_chars: Option<bool>,
    add_prefix_space: Option<bool>,
}

impl Settings {
    /// Reads the settings of `checkpoint`; an unnamed tokenizer class becomes the default of the
    /// architecture.
    pub(crate) fn read(checkpoint: &TransformerModule) -> Result<Self> {
        let settings = Json::<Self>::read_optional(
            checkpoint.tokenizer_config_path(),
            "the settings of a tokenizer, in JSON",
        )?;
        let mut settings = settings.map(|json| json.value).unwrap_or_default();
        let class = settings.tokenizer_class.get_or_insert_default();
        if class.is_empty() {
            class.push_str(checkpoint.transformer.architecture.tokenizer_class);
        }
        Ok(settings)
    }

    /// Formats the settings for the fingerprint.
    pub(crate) fn fingerprint_fields(&self) -> String {
        format!("{self:?}")
    }

    /// Returns the class of the tokenizer in transformers, without the suffix `Fast`.
    pub(super) fn class(&self) -> &str {
        let class = self.tokenizer_class.as_deref().unwrap_or_default();
        class.strip_suffix("Fast").unwrap_or(class)
    }

    /// Overrides parts of the tokenizer as transformers does.
    ///
    /// The classes named here rebuild some parts from the settings, or from defaults of their own,
    /// and ignore those parts of `tokenizer.json`.
    pub(super) fn apply(&self, tokenizer: &mut BoundedTokenizer) -> Result<(), BoxError> {
        match self.class() {
            "BertTokenizer" | "DistilBertTokenizer" | "MPNetTokenizer" => {
                if let Some(BoundedNormalizer::Linear(NormalizerWrapper::BertNormalizer(bert))) =
                    tokenizer.normalizer()
                {
                    let normalizer = BertNormalizer::new(
                        bert.clean_text,
                        self.tokenize_chinese_chars.unwrap_or(true),
                        self.strip_accents,
                        self.do_lower_case.unwrap_or(true),
                    );
                    let normalizer = BoundedNormalizer::Linear(normalizer.into());
                    tokenizer.set_normalizer(normalizer)?;
                }
            }
            "RobertaTokenizer" => {
                if let Some(BoundedPreTokenizer::Linear(PreTokenizerWrapper::ByteLevel(bytes))) =
                    tokenizer.pre_tokenizer()
                {
                    let space = self.add_prefix_space.unwrap_or(false);
                    let bytes = ByteLevel::new(space, bytes.trim_offsets, bytes.use_regex);
                    let bytes = BoundedPreTokenizer::Linear(bytes.into());
                    tokenizer.set_pre_tokenizer(bytes);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Adds lower-casing before the other normalizers: `do_lower_case` of sentence-transformers.
pub(super) fn lower_case(tokenizer: &mut BoundedTokenizer) -> Result<(), BoxError> {
    let all = std::iter::once(BoundedNormalizer::Linear(Lowercase.into()))
        .chain(tokenizer.normalizer().cloned())
        .collect();
    tokenizer.set_normalizer(BoundedNormalizer::Sequence(all))
}
