pub(crate) mod execute;
pub(crate) mod explain;
pub(crate) mod filter;
mod from_papers;
mod fts_expression;
mod linear_svm;
mod mmr;
pub(crate) mod rerank;
mod rrf;
pub(crate) mod search;
pub(crate) mod versions;

use std::fmt;
use std::str::FromStr;

use crate::Filter;

/// What to look for, and which papers may answer.
///
/// ```
/// use cognate::{Filter, Mode, Query};
///
/// let query = Query::text("attention without recurrence")
///     .mode(Mode::Hybrid)
///     .k(20)
///     .filter(Filter::default().years(2015..=2019).category("cs.CL"));
/// ```
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) target: Target,
    pub(crate) k: Option<usize>,
    pub(crate) filter: Filter,
    pub(crate) min_score: Option<f32>,
    pub(crate) mode: Mode,
    pub(crate) strategy: Strategy,
    pub(crate) feedback: usize,
    pub(crate) diversity: f32,
    pub(crate) versions: bool,
    pub(crate) standing: bool,
}

/// Where a query points.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Text(String),
    Vector(Vec<f32>),
    Papers {
        wanted: Vec<String>,
        unwanted: Vec<String>,
    },
}

/// How papers are found by a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// By the cosine of text and paper.
    Vector,
    /// By the words that they share, weighed by BM25; papers without any of them are left out.
    Keyword,
    /// By both, their rankings fused.
    #[default]
    Hybrid,
}

/// How several wanted papers, and unwanted ones, make one query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// By the mean of the wanted less a share of the unwanted (Rocchio 1971). Wanted papers of
    /// several subjects are asked for one subject after the other, their answers interleaved.
    #[default]
    Mean,
    /// By the nearest of the wanted; papers that are nearer to one of the unwanted are left out.
    Best,
    /// By a linear classifier that tells the wanted papers from the unwanted and from the rest of
    /// the library (up to 20,000 of it), as arxiv-sanity does.
    Svm,
}

impl Mode {
    /// All, in the order of their description.
    pub const ALL: [Self; 3] = [Self::Vector, Self::Keyword, Self::Hybrid];

    fn name(self) -> &'static str {
        match self {
            Self::Vector => "vector",
            Self::Keyword => "keyword",
            Self::Hybrid => "hybrid",
        }
    }
}

impl Strategy {
    /// All, in the order of their description.
    pub const ALL: [Self; 3] = [Self::Mean, Self::Best, Self::Svm];

    fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Best => "best",
            Self::Svm => "svm",
        }
    }
}

impl fmt::Display for Mode {
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
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.name() == name);
        found.ok_or_else(|| format!("found `{name}`, expected vector, keyword or hybrid"))
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|strategy| strategy.name() == name);
        found.ok_or_else(|| format!("found `{name}`, expected mean, best or svm"))
    }
}

impl Query {
    /// The papers a query gives where [`k`](Self::k) is not set.
    pub const DEFAULT_K: usize = 10;

    fn new(target: Target) -> Self {
        Self {
            target,
            k: None,
            filter: Filter::default(),
            min_score: None,
            mode: Mode::default(),
            strategy: Strategy::default(),
            feedback: 0,
            diversity: 0.0,
            versions: true,
            standing: false,
        }
    }

    /// Asks for papers near a text; the library needs an embedder.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Target::Text(text.into()))
    }

    /// Asks for papers near a vector of the library's dimension.
    pub fn vector(vector: impl Into<Vec<f32>>) -> Self {
        Self::new(Target::Vector(vector.into()))
    }

    /// Asks for papers near one paper of the library, which is itself left out.
    pub fn paper(id: impl Into<String>) -> Self {
        Self::papers([id])
    }

    /// Asks for papers near several papers of the library, which are themselves left out;
    /// [`strategy`](Self::strategy) says how.
    pub fn papers<S: Into<String>>(ids: impl IntoIterator<Item = S>) -> Self {
        let wanted = ids.into_iter().map(Into::into).collect();
        Self::new(Target::Papers {
            wanted,
            unwanted: Vec::new(),
        })
    }

    /// Turns a query by papers away from others, which are left out too. Without effect on a
    /// query by text or by vector.
    #[must_use]
    pub fn not<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        if let Target::Papers { unwanted, .. } = &mut self.target {
            unwanted.extend(ids.into_iter().map(Into::into));
        }
        self
    }

    /// The number of papers to give, 1 to the number in the library. Default:
    /// [`DEFAULT_K`](Self::DEFAULT_K), or all where there are fewer.
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = Some(k);
        self
    }

    /// Only papers that pass `filter`. Default: all pass.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Only papers with at least this score, −1 to 1, in every mode. Default: any score.
    #[must_use]
    pub fn min_score(mut self, score: f32) -> Self {
        self.min_score = Some(score);
        self
    }

    /// How papers are found by a text. Default: [`Mode::Hybrid`]. Without effect on a query by
    /// papers or by vector.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// How several papers make a query. Default: [`Strategy::Mean`]. Without effect on a query by text
    /// or by vector.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Searches by vector once, moves the query's vector to the best papers of that, as many as are
    /// said here, and searches again (pseudo-relevance feedback by Rocchio's formula: the query plus
    /// 0.75 times their mean). Default: 0, none. Without effect on a query by papers.
    #[must_use]
    pub fn feedback(mut self, papers: usize) -> Self {
        self.feedback = papers;
        self
    }

    /// How much papers that are like better ones stand back, 0 to 1: maximal marginal relevance over
    /// the best 200 papers, or the best k where those are more. Default: 0, not at all.
    #[must_use]
    pub fn diversity(mut self, diversity: f32) -> Self {
        self.diversity = diversity;
        self
    }

    /// Whether a preprint and its publication, both in the library, are two hits; else the better one
    /// is a hit, with the other's id beside it. Default: yes, two.
    #[must_use]
    pub fn every_version(mut self, each: bool) -> Self {
        self.versions = each;
        self
    }

    /// Whether hits say how their score compares with the others of the library. Costs another search.
    /// Default: no.
    #[must_use]
    pub fn standing(mut self, standing: bool) -> Self {
        self.standing = standing;
        self
    }
}
