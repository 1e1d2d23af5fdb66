use std::cell::RefCell;

use serde::Deserialize;
use tokenizers::normalizers::Replace;
use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::{NormalizedString, Normalizer, NormalizerWrapper, Result};

use super::budget::Budget;
use super::regex::BoundedRegex;
use crate::error::BoxError;

/// A normalizer whose regular expressions are bounded, and which may not make a text much longer.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "NormalizerWrapper")]
pub(in crate::tokenize) enum BoundedNormalizer {
    /// A normalizer that takes time and memory in proportion to the text.
    Linear(NormalizerWrapper),
    /// A replacement of all matches of a regular expression by a text.
    Replace {
        regex: BoundedRegex,
        content: String,
    },
    /// Several normalizers, one after the other.
    Sequence(Vec<Self>),
}

/// The greatest length of a normalized text, in bytes for each byte of the original one. Unicode's
/// normalization forms need up to 11 (<https://unicode.org/faq/normalization.html>).
const MAX_GROWTH: usize = 32;

/// The additional length that a short text may get.
const MAX_ADDED_BYTES: usize = 4096;

thread_local! {
    /// The last error of a normalizer on this thread. `tokenizers` ignores what a normalizer returns,
    /// and normalizes a text on the thread that tokenizes it.
    pub(super) static NORMALIZER_ERROR: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The fields of a replacement, which `tokenizers` keeps to itself.
#[derive(Deserialize)]
struct ReplaceFields {
    pattern: ReplacePattern,
    content: String,
}

impl TryFrom<NormalizerWrapper> for BoundedNormalizer {
    type Error = BoxError;

    fn try_from(wrapper: NormalizerWrapper) -> Result<Self> {
        match wrapper {
            NormalizerWrapper::Sequence(sequence) => {
                let parts: Result<_> = sequence.into_iter().map(Self::try_from).collect();
                Ok(Self::Sequence(parts?))
            }
            NormalizerWrapper::Replace(replace) => Self::replace(&replace),
            linear => Ok(Self::Linear(linear)),
        }
    }
}

impl BoundedNormalizer {
    fn replace(replace: &Replace) -> Result<Self> {
        let fields = serde_json::from_value(serde_json::to_value(replace)?)?;
        let ReplaceFields { pattern, content } = fields;
        let regex = match pattern {
            ReplacePattern::String(text) => BoundedRegex::literal(&text)?,
            ReplacePattern::Regex(pattern) => BoundedRegex::new(&pattern)?,
        };
        Ok(Self::Replace { regex, content })
    }

    /// Returns the normalizers that run one after the other.
    pub(in crate::tokenize) fn parts(&self) -> &[Self] {
        match self {
            Self::Sequence(parts) => parts,
            one => std::slice::from_ref(one),
        }
    }

    fn run(&self, text: &mut NormalizedString, budget: &Budget) -> Result<()> {
        match self {
            Self::Linear(linear) => {
                linear.normalize(text)?;
                check_length(text, text.get().len())
            }
            Self::Replace { regex, content } => {
                let pattern = regex.within(budget);
                // Checked before the replacement, which may not fit in memory.
                let matches = pattern.matches(text.get())?.len();
                let added = matches.saturating_mul(content.len());
                check_length(text, text.get().len().saturating_add(added))?;
                text.replace(pattern, content)
            }
            Self::Sequence(parts) => parts.iter().try_for_each(|part| part.run(text, budget)),
        }
    }
}

/// Refuses to normalize a text to `bytes` bytes if that is far more than it had.
fn check_length(text: &NormalizedString, bytes: usize) -> Result<()> {
    let original = text.get_original().len();
    if bytes > original.saturating_mul(MAX_GROWTH) + MAX_ADDED_BYTES {
        return Err(format!(
            "the normalizer of the tokenizer makes {bytes} bytes from a text of {original}"
        )
        .into());
    }
    Ok(())
}

impl Normalizer for BoundedNormalizer {
    fn normalize(&self, text: &mut NormalizedString) -> Result<()> {
        let outcome = self.run(text, &Budget::new());
        if let Err(error) = &outcome {
            NORMALIZER_ERROR.set(Some(error.to_string()));
        }
        outcome
    }
}
