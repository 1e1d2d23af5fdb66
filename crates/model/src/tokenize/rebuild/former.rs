//! The parts that releases before this module replaced, which fingerprints take for granted.

use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{NormalizerWrapper, PreTokenizerWrapper};

use crate::tokenize::bounded::{BoundedNormalizer, BoundedPreTokenizer};
use crate::tokenize::settings::Settings;

/// Returns the normalizer that former releases put in place of that of the file, if they did.
pub(super) fn normalizer(
    settings: &Settings,
    current: Option<&BoundedNormalizer>,
) -> Option<BoundedNormalizer> {
    let recorded = &settings.recorded;
    match (recorded.class(), current) {
        (
            "BertTokenizer" | "DistilBertTokenizer" | "MPNetTokenizer",
            Some(BoundedNormalizer::Linear(NormalizerWrapper::BertNormalizer(bert))),
        ) => {
            let bert = BertNormalizer::new(
                bert.clean_text,
                recorded.tokenize_chinese_chars.unwrap_or(true),
                recorded.strip_accents,
                recorded.do_lower_case.unwrap_or(true),
            );
            Some(BoundedNormalizer::Linear(bert.into()))
        }
        _ => None,
    }
}

/// Returns the pre-tokenizer that former releases put in place of that of the file, if they did.
pub(super) fn pre_tokenizer(
    settings: &Settings,
    current: Option<&BoundedPreTokenizer>,
) -> Option<BoundedPreTokenizer> {
    let recorded = &settings.recorded;
    match (recorded.class(), current) {
        (
            "RobertaTokenizer",
            Some(BoundedPreTokenizer::Linear(PreTokenizerWrapper::ByteLevel(bytes))),
        ) => {
            let space = recorded.add_prefix_space.unwrap_or(false);
            let bytes = ByteLevel::new(space, bytes.trim_offsets, bytes.use_regex);
            Some(BoundedPreTokenizer::Linear(bytes.into()))
        }
        _ => None,
    }
}
