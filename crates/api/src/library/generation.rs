//! The numbers that tell whether a library has changed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::library::Library;
use crate::library::store::ReadTxn;
use crate::{Error, Result};

/// How often the papers and the lists of a library have changed: equal generations of one library mean equal
/// answers.
///
/// ```
/// use cognate::Generation;
///
/// let generation: Generation = "12.3".parse()?;
/// assert_eq!((generation.papers, generation.lists), (12, 3));
/// assert_eq!(generation.to_string(), "12.3");
/// # Ok::<(), cognate::Error>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[non_exhaustive]
pub struct Generation {
    /// The number of commits that changed papers or their files.
    pub papers: u64,
    /// The number of changes of lists.
    pub lists: u64,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.papers, self.lists)
    }
}

impl FromStr for Generation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |digits: &str| {
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse().ok()).flatten()
        };
        let parsed = text.split_once('.').and_then(|(papers, lists)| {
            Some(Self {
                papers: number(papers)?,
                lists: number(lists)?,
            })
        });
        parsed.ok_or_else(|| Error::InvalidOption {
            option: "generation",
            found: format!("`{text}`"),
            expected: "two numbers such as 12.3".to_owned(),
        })
    }
}

impl Library {
    /// Returns how often the papers and the lists have changed.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Store`] or [`Error::Damaged`] if the library cannot be read.
    ///
    /// # Complexity
    ///
    /// Independent of the number of papers; reads two values.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method alone is not general over the lifetimes of a transaction"
    )]
    pub fn generation(&self) -> Result<Generation> {
        self.read_papers(|papers| papers.full_generation())
    }
}

impl ReadTxn<'_> {
    /// Returns how often the papers and the lists have changed.
    pub(crate) fn full_generation(&self) -> Result<Generation> {
        Ok(Generation {
            papers: self.generation()?.cast_unsigned(),
            lists: self.list_directory()?.generation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_two_numbers_with_a_period_between_them() {
        for text in ["0.0", "12.3", "18446744073709551615.1"] {
            assert_eq!(text.parse::<Generation>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "1",
            "1.",
            ".1",
            "1.2.3",
            "+1.2",
            "-1.0",
            "18446744073709551616.0",
        ] {
            assert!(text.parse::<Generation>().is_err(), "{text}");
        }
    }
}
