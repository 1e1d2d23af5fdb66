use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::punctuation::Punctuation;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::{PreTokenizerWrapper, Result, SplitDelimiterBehavior};

use super::Part;
use crate::tokenize::bounded::BoundedPreTokenizer;
use crate::tokenize::class::TokenizerClass;
use crate::tokenize::settings::Settings;

/// The words of Qwen2: contractions, letters with what precedes them, single digits, signs, line ends
/// and spaces.
const QWEN2_WORDS: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The character that `SentencePiece` has for a space.
const SPACE: char = '▁';

/// Returns the pre-tokenizer that the class builds in place of `current`.
pub(super) fn of_class(
    settings: &Settings,
    current: Option<&BoundedPreTokenizer>,
) -> Result<Part<BoundedPreTokenizer>> {
    let space = settings.recorded.add_prefix_space;
    let wrapper: PreTokenizerWrapper = match settings.class {
        TokenizerClass::Generic => return Ok(Part::Kept),
        TokenizerClass::Bert | TokenizerClass::DistilBert | TokenizerClass::MpNet => {
            BertPreTokenizer.into()
        }
        TokenizerClass::Roberta => {
            ByteLevel::new(space.unwrap_or(false), trims_offsets(current), true).into()
        }
        TokenizerClass::XlmRoberta | TokenizerClass::Camembert => {
            let scheme = if space.unwrap_or(true) {
                PrependScheme::Always
            } else {
                PrependScheme::Never
            };
            words_with_spaces(scheme)
        }
        TokenizerClass::T5 => words_with_spaces(PrependScheme::Always),
        TokenizerClass::Qwen2 => {
            let space = space.unwrap_or(false);
            // Compared first, because compiling the expression takes time.
            if is_qwen2(current, space) {
                return Ok(Part::Kept);
            }
            let pattern = SplitPattern::Regex(QWEN2_WORDS.to_owned());
            let words = Split::new(pattern, SplitDelimiterBehavior::Isolated, false)?;
            let bytes = ByteLevel::new(space, trims_offsets(current), false);
            Sequence::new(vec![words.into(), bytes.into()]).into()
        }
        TokenizerClass::Gemma => {
            Split::new(" ", SplitDelimiterBehavior::MergedWithPrevious, false)?.into()
        }
        TokenizerClass::Llama => {
            let scheme = match (space.unwrap_or(true), settings.legacy) {
                (false, _) => PrependScheme::Never,
                (true, true) => PrependScheme::Always,
                (true, false) => PrependScheme::First,
            };
            Metaspace::new(SPACE, scheme, false).into()
        }
        TokenizerClass::DebertaV2 => {
            let scheme = if space.unwrap_or(true) {
                PrependScheme::Always
            } else {
                PrependScheme::First
            };
            let mut parts: Vec<PreTokenizerWrapper> = Vec::new();
            if settings.split_by_punct {
                parts.push(Punctuation::new(SplitDelimiterBehavior::Isolated).into());
            }
            parts.push(Metaspace::new(SPACE, scheme, true).into());
            Sequence::new(parts).into()
        }
    };
    Ok(Part::Replaced(Some(BoundedPreTokenizer::try_from(
        wrapper,
    )?)))
}

/// Returns the pre-tokenizer of most classes for `SentencePiece`.
fn words_with_spaces(scheme: PrependScheme) -> PreTokenizerWrapper {
    let spaces = Metaspace::new(SPACE, scheme, true);
    Sequence::new(vec![WhitespaceSplit.into(), spaces.into()]).into()
}

/// Returns whether a pre-tokenizer is that of Qwen2, except for offsets.
fn is_qwen2(current: Option<&BoundedPreTokenizer>, space: bool) -> bool {
    let Some(BoundedPreTokenizer::Sequence(parts)) = current else {
        return false;
    };
    let [
        words,
        BoundedPreTokenizer::Linear(PreTokenizerWrapper::ByteLevel(bytes)),
    ] = parts.as_slice()
    else {
        return false;
    };
    let is_split = matches!(
        words,
        BoundedPreTokenizer::Split { regex, behavior: SplitDelimiterBehavior::Isolated, invert: false }
            if regex.as_str() == QWEN2_WORDS
    );
    is_split && bytes.add_prefix_space == space && !bytes.use_regex
}

/// Returns whether the byte-level part of a pre-tokenizer leaves spaces out of the offsets of tokens,
/// which does not change the tokens.
fn trims_offsets(current: Option<&BoundedPreTokenizer>) -> bool {
    match current {
        Some(BoundedPreTokenizer::Linear(PreTokenizerWrapper::ByteLevel(bytes))) => {
            bytes.trim_offsets
        }
        Some(BoundedPreTokenizer::Sequence(parts)) => {
            parts.iter().all(|part| trims_offsets(Some(part)))
        }
        _ => true,
    }
}
