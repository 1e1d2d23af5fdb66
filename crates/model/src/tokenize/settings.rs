use serde::Deserialize;
use tokenizers::normalizers::{BertNormalizer, Lowercase, Sequence};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{NormalizerWrapper, PreTokenizerWrapper, Tokenizer};

use crate::config::{Family, Json, TransformerConfig};
use crate::error::BoxError;
use crate::{Checkpoint, Result};

/// What `tokenizer_config.json` may say against `tokenizer.json`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Settings {
    tokenizer_class: Option<String>,
    do_lower_case: Option<bool>,
    strip_accents: Option<bool>,
    tokenize_chinese_chars: Option<bool>,
    add_prefix_space: Option<bool>,
}

impl Settings {
    pub(crate) fn read(checkpoint: &Checkpoint) -> Result<Self> {
        let settings = Json::<Self>::read_optional(
            checkpoint.tokenizer_config_path(),
            "the settings of a tokenizer, in JSON",
        )?;
        let mut settings = settings.map(|json| json.value).unwrap_or_default();
        let class = settings.tokenizer_class.get_or_insert_default();
        if class.is_empty() {
            class.push_str(default_class(&checkpoint.transformer));
        }
        Ok(settings)
    }

    /// The class of the tokenizer in transformers.
    pub(super) fn class(&self) -> &str {
        let class = self.tokenizer_class.as_deref().unwrap_or_default();
        class.strip_suffix("Fast").unwrap_or(class)
    }

    /// Changes the tokenizer to what transformers makes of it.
    ///
    /// The classes named here build some parts anew from the settings, or from defaults of their
    /// own, and do not look at those parts of `tokenizer.json`.
    pub(super) fn apply(&self, tokenizer: &mut Tokenizer) -> Result<(), BoxError> {
        match self.class() {
            "BertTokenizer" | "DistilBertTokenizer" | "MPNetTokenizer" => {
                if let Some(NormalizerWrapper::BertNormalizer(bert)) = tokenizer.get_normalizer() {
                    let normalizer = BertNormalizer::new(
                        bert.clean_text,
                        self.tokenize_chinese_chars.unwrap_or(true),
                        self.strip_accents,
                        self.do_lower_case.unwrap_or(true),
                    );
                    tokenizer.with_normalizer(Some(normalizer))?;
                }
            }
            "RobertaTokenizer" => {
                if let Some(PreTokenizerWrapper::ByteLevel(bytes)) = tokenizer.get_pre_tokenizer() {
                    let space = self.add_prefix_space.unwrap_or(false);
                    let bytes = ByteLevel::new(space, bytes.trim_offsets, bytes.use_regex);
                    tokenizer.with_pre_tokenizer(Some(bytes));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Lower-cases before whatever there is: `do_lower_case` of sentence-transformers.
pub(super) fn lower_case(tokenizer: &mut Tokenizer) -> Result<(), BoxError> {
    let all = std::iter::once(NormalizerWrapper::from(Lowercase))
        .chain(tokenizer.get_normalizer().cloned())
        .collect();
    tokenizer.with_normalizer(Some(Sequence::new(all)))?;
    Ok(())
}

/// The class where no file names one.
fn default_class(transformer: &TransformerConfig) -> &'static str {
    match transformer {
        TransformerConfig::PostNorm(config) => match config.family {
            Family::Bert => "BertTokenizer",
            Family::Roberta => "RobertaTokenizer",
            Family::Mpnet => "MPNetTokenizer",
            Family::DistilBert => "DistilBertTokenizer",
        },
        TransformerConfig::NomicBert(_) => "BertTokenizer",
        TransformerConfig::ModernBert(_) | TransformerConfig::Qwen3(_) => "",
    }
}
