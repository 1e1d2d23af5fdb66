//! The ways in which a query finds papers, with their names.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// How papers are found by a text, or by other papers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// By the cosine of query and paper.
    Vector,
    /// By the BM25 score of the words that they share. Papers that share no word are not hits.
    Keyword,
    /// By both, the two rankings fused.
    #[default]
    Hybrid,
}

/// How the rankings by cosine and by keywords are fused in [`Mode::Hybrid`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fusion {
    /// By the weighted sum of the scores, each standardized over the best 200 of its ranking: less
    /// their mean, divided by their standard deviation. How far a paper is ahead counts.
    #[default]
    ZScore,
    /// By the sum of 1 / (60 + rank) over the two rankings, of 200 papers each (Cormack, Clarke and
    /// Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods",
    /// SIGIR 2009).
    ReciprocalRank,
}

/// How several wanted and unwanted papers make one query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// By the mean of the wanted papers less a share of the mean of the unwanted ones (Rocchio,
    /// "Relevance feedback in information retrieval", 1971). Wanted papers on several subjects make
    /// one query per subject, whose hits are interleaved.
    #[default]
    Rocchio,
    /// By the nearest of the wanted papers. A paper that is nearer to an unwanted one is not a hit.
    NearestExample,
    /// By a linear support vector machine that separates the wanted papers from the unwanted ones
    /// and from up to 20,000 other papers of the library, as arxiv-sanity does.
    Svm,
}

impl Mode {
    /// All modes, in the order of their declaration.
    pub const ALL: &'static [Self] = &[Self::Vector, Self::Keyword, Self::Hybrid];

    /// Returns the name, such as `hybrid`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vector => "vector",
            Self::Keyword => "keyword",
            Self::Hybrid => "hybrid",
        }
    }
}

impl Fusion {
    /// All ways, in the order of their declaration.
    pub const ALL: &'static [Self] = &[Self::ZScore, Self::ReciprocalRank];

    /// Returns the name, such as `z-score`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZScore => "z-score",
            Self::ReciprocalRank => "rrf",
        }
    }
}

impl Strategy {
    /// All strategies, in the order of their declaration.
    pub const ALL: &'static [Self] = &[Self::Rocchio, Self::NearestExample, Self::Svm];

    /// Returns the name, such as `nearest-example`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rocchio => "rocchio",
            Self::NearestExample => "nearest-example",
            Self::Svm => "svm",
        }
    }

    /// Returns the former name, which is still accepted.
    const fn former_name(self) -> Option<&'static str> {
        match self {
            Self::Rocchio => Some("mean"),
            Self::NearestExample => Some("best"),
            Self::Svm => None,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Fusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Mode {
    type Err = Error;

    /// Parses a name, ignoring ASCII case.
    fn from_str(name: &str) -> Result<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|mode| mode.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::unknown_name("mode", name, Self::ALL))
    }
}

impl FromStr for Fusion {
    type Err = Error;

    /// Parses a name, ignoring ASCII case.
    fn from_str(name: &str) -> Result<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|fusion| fusion.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::unknown_name("fusion", name, Self::ALL))
    }
}

impl FromStr for Strategy {
    type Err = Error;

    /// Parses a name, ignoring ASCII case; `mean` is `rocchio` and `best` is `nearest-example`.
    fn from_str(name: &str) -> Result<Self> {
        let is_named = |strategy: &Self| {
            let names = [Some(strategy.name()), strategy.former_name()];
            names
                .into_iter()
                .flatten()
                .any(|known| known.eq_ignore_ascii_case(name))
        };
        let mut all = Self::ALL.iter().copied();
        all.find(is_named)
            .ok_or_else(|| Error::unknown_name("strategy", name, Self::ALL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_every_name_in_any_case() {
        for mode in Mode::ALL {
            assert_eq!(mode.name().to_uppercase().parse::<Mode>().unwrap(), *mode);
        }
        for fusion in Fusion::ALL {
            let name = fusion.name().to_uppercase();
            assert_eq!(name.parse::<Fusion>().unwrap(), *fusion);
        }
        for strategy in Strategy::ALL {
            assert_eq!(strategy.to_string().parse::<Strategy>().unwrap(), *strategy);
        }
        assert_eq!("mean".parse::<Strategy>().unwrap(), Strategy::Rocchio);
        assert_eq!(
            "best".parse::<Strategy>().unwrap(),
            Strategy::NearestExample
        );
        assert_eq!(
            "fuzzy".parse::<Mode>().unwrap_err().to_string(),
            "`mode` is `fuzzy`, expected one of `vector`, `keyword`, `hybrid`"
        );
    }
}
