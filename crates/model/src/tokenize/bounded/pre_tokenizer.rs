use serde::Deserialize;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::pattern::Invert;
use tokenizers::{
    PreTokenizedString, PreTokenizer, PreTokenizerWrapper, Result, SplitDelimiterBehavior,
};

use super::budget::Budget;
use super::regex::BoundedRegex;
use crate::error::BoxError;

/// A pre-tokenizer whose regular expressions are bounded.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "PreTokenizerWrapper")]
pub(in crate::tokenize) enum BoundedPreTokenizer {
    /// A pre-tokenizer that takes time in proportion to the text.
    Linear(PreTokenizerWrapper),
    /// A split at the matches of a regular expression, or at what is between them.
    Split {
        regex: BoundedRegex,
        behavior: SplitDelimiterBehavior,
        invert: bool,
    },
    /// Several pre-tokenizers, one after the other.
    Sequence(Vec<Self>),
}

impl TryFrom<PreTokenizerWrapper> for BoundedPreTokenizer {
    type Error = BoxError;

    fn try_from(wrapper: PreTokenizerWrapper) -> Result<Self> {
        match wrapper {
            PreTokenizerWrapper::Sequence(sequence) => {
                let parts: Result<_> = sequence.into_iter().map(Self::try_from).collect();
                Ok(Self::Sequence(parts?))
            }
            PreTokenizerWrapper::Split(Split {
                pattern: SplitPattern::Regex(pattern),
                behavior,
                invert,
                ..
            }) => Ok(Self::Split {
                regex: BoundedRegex::new(&pattern)?,
                behavior,
                invert,
            }),
            linear => Ok(Self::Linear(linear)),
        }
    }
}

impl BoundedPreTokenizer {
    fn run(&self, text: &mut PreTokenizedString, budget: &Budget) -> Result<()> {
        match self {
            Self::Linear(linear) => linear.pre_tokenize(text),
            Self::Split {
                regex,
                behavior,
                invert,
            } => {
                let pattern = regex.within(budget);
                if *invert {
                    text.split(|_, part| part.split(Invert(pattern), *behavior))
                } else {
                    text.split(|_, part| part.split(pattern, *behavior))
                }
            }
            Self::Sequence(parts) => parts.iter().try_for_each(|part| part.run(text, budget)),
        }
    }
}

impl PreTokenizer for BoundedPreTokenizer {
    fn pre_tokenize(&self, text: &mut PreTokenizedString) -> Result<()> {
        self.run(text, &Budget::new())
    }
}
