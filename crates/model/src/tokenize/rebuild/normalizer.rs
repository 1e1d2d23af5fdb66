use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::normalizers::{BertNormalizer, Lowercase, NFC, Replace, Sequence, Strip};
use tokenizers::{NormalizerWrapper, Result};

use super::Part;
use crate::tokenize::bounded::BoundedNormalizer;
use crate::tokenize::class::TokenizerClass;
use crate::tokenize::settings::Settings;

/// Returns the normalizer that the class builds in place of `current`.
pub(super) fn of_class(
    settings: &Settings,
    current: Option<&BoundedNormalizer>,
) -> Result<Part<BoundedNormalizer>> {
    let recorded = &settings.recorded;
    let wrapper: NormalizerWrapper = match settings.class {
        TokenizerClass::Generic => return Ok(Part::Kept),
        TokenizerClass::Bert | TokenizerClass::DistilBert | TokenizerClass::MpNet => {
            BertNormalizer::new(
                true,
                recorded.tokenize_chinese_chars.unwrap_or(true),
                recorded.strip_accents,
                recorded.do_lower_case.unwrap_or(true),
            )
            .into()
        }
        TokenizerClass::Roberta | TokenizerClass::Llama => {
            return Ok(match current {
                None => Part::Kept,
                Some(_) => Part::Replaced(None),
            });
        }
        TokenizerClass::XlmRoberta | TokenizerClass::Camembert | TokenizerClass::T5 => {
            return Ok(precompiled(current));
        }
        TokenizerClass::Qwen2 => NormalizerWrapper::NFC(NFC),
        TokenizerClass::Gemma => Replace::new(" ", "▁")?.into(),
        TokenizerClass::DebertaV2 => {
            let spaces = ReplacePattern::Regex(r"\s{2,}|[\n\r\t]".to_owned());
            let mut parts: Vec<NormalizerWrapper> = Vec::new();
            if recorded.do_lower_case.unwrap_or(false) {
                parts.push(Lowercase.into());
            }
            parts.push(Replace::new(spaces, " ")?.into());
            parts.push(NormalizerWrapper::NFC(NFC));
            parts.push(Strip::new(false, true).into());
            Sequence::new(parts).into()
        }
    };
    Ok(Part::Replaced(Some(BoundedNormalizer::try_from(wrapper)?)))
}

/// Returns the normalizer of the classes for `SentencePiece`: its table of characters alone, where the
/// file has one.
fn precompiled(current: Option<&BoundedNormalizer>) -> Part<BoundedNormalizer> {
    let Some(current) = current else {
        return Part::Kept;
    };
    let mut parts = current.parts().iter();
    let table = parts.find(|part| {
        matches!(
            part,
            BoundedNormalizer::Linear(NormalizerWrapper::Precompiled(_))
        )
    });
    match table {
        Some(_) if current.parts().len() == 1 => Part::Kept,
        table => Part::Replaced(table.cloned()),
    }
}

/// Returns whether a normalizer, or one of a list, makes texts lower case.
pub(in crate::tokenize) fn has_lowercase(normalizer: &BoundedNormalizer) -> bool {
    let is_lowercase = |part: &BoundedNormalizer| {
        matches!(
            part,
            BoundedNormalizer::Linear(NormalizerWrapper::Lowercase(_))
        )
    };
    normalizer.parts().iter().any(is_lowercase)
}
