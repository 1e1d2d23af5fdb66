//! Queries: what to search for, and how the hits are found, ordered and explained.

pub(crate) mod allowed_rows;
mod directions;
pub(crate) mod empty_answer;
mod excluded_words;
pub(crate) mod execute;
pub(crate) mod explain;
mod explain_empty;
pub(crate) mod facets;
pub(crate) mod filter;
mod from_papers;
pub(crate) mod fusion;
pub(crate) mod hit;
pub(crate) mod hit_order;
pub(crate) mod keyword_query;
mod linear_svm;
mod list;
pub(crate) mod listing;
pub(crate) mod merged_hits;
mod mmr;
pub(crate) mod mode;
mod named_papers;
mod nearest_example;
mod nearest_names;
pub(crate) mod query_text;
mod quotes;
pub(crate) mod rerank;
mod retrieve;
pub(crate) mod scored_row;
pub(crate) mod search;
mod smoothing;
pub(crate) mod suggest;
mod version_groups;
pub(crate) mod versions;

use self::filter::Filter;
use self::hit_order::HitOrder;
use self::mode::{Fusion, Mode, Strategy};
use self::retrieve::Ranking;
use crate::{Error, Result};

/// The share of the cosine in the fused score of a query by text.
const TEXT_VECTOR_WEIGHT: f64 = 0.5;

/// The share of the cosine in the fused score of a query by papers.
const PAPERS_VECTOR_WEIGHT: f64 = 0.7;

/// What to search for, and which papers may be hits.
///
/// ```
/// use cognate::{Filter, Mode, Query};
///
/// let query = Query::text("attention without recurrence")
///     .mode(Mode::Hybrid)
///     .k(20)
///     .filter(Filter::default().years(2015..=2019).category("cs.CL"));
/// ```
///
/// An option that does not apply to the kind of query, such as a [`mode`](Self::mode) on a query by
/// vector, makes the search fail with [`Error::InvalidOption`].
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) target: Target,
    pub(crate) unwanted: Vec<String>,
    /// Words and phrases that no hit has.
    pub(crate) without_words: Vec<String>,
    pub(crate) k: Option<usize>,
    pub(crate) filter: Filter,
    pub(crate) min_score: Option<f32>,
    pub(crate) mode: Option<Mode>,
    pub(crate) fusion: Option<Fusion>,
    pub(crate) smooth: Option<bool>,
    pub(crate) strategy: Option<Strategy>,
    pub(crate) feedback: Option<usize>,
    pub(crate) diversity: f32,
    pub(crate) every_version: bool,
    pub(crate) score_context: bool,
    pub(crate) order: HitOrder,
}

/// What the hits of a query should be near to.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Text(String),
    Vector(Vec<f32>),
    /// The ids of papers of the library.
    Papers(Vec<String>),
}

impl Query {
    /// The number of hits if [`k`](Self::k) is not set.
    pub const DEFAULT_K: usize = 10;

    fn new(target: Target) -> Self {
        Self {
            target,
            unwanted: Vec::new(),
            without_words: Vec::new(),
            k: None,
            filter: Filter::default(),
            min_score: None,
            mode: None,
            fusion: None,
            smooth: None,
            strategy: None,
            feedback: None,
            diversity: 0.0,
            every_version: false,
            score_context: false,
            order: HitOrder::default(),
        }
    }

    /// Searches for papers near a text.
    ///
    /// The words of the text are searched for, each on its own, and words between double quotes, straight
    /// or curly, as a phrase. The text is taken as it is: a hyphen before a word means nothing here, and
    /// [`QueryText::parse`](crate::QueryText::parse) reads `-word` as a word to leave out.
    ///
    /// A text that is nothing but the id of a paper, its DOI, its arXiv identifier, or its title, if that has three
    /// words or more, names the paper, which is then the first hit, with its own scores. Filters and
    /// [`min_score`](Self::min_score) apply to it as to others, and the other hits follow in their order.
    ///
    /// The library needs an embedder, unless the [`mode`](Self::mode) is [`Mode::Keyword`] without a
    /// [`min_score`](Self::min_score) or a [`score_context`](Self::score_context), which are about
    /// cosines. Then the text is embedded only if the library has an embedder, and hits have no
    /// [`score`](crate::PaperHit::score) otherwise.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Target::Text(text.into()))
    }

    /// Searches for papers near a vector of the library's dimension.
    pub fn vector(vector: impl Into<Vec<f32>>) -> Self {
        Self::new(Target::Vector(vector.into()))
    }

    /// Searches for papers near a paper of the library, which is not a hit itself.
    pub fn paper(id: impl Into<String>) -> Self {
        Self::papers([id])
    }

    /// Searches for papers near several papers of the library, which are not hits themselves.
    /// [`strategy`](Self::strategy) selects how.
    pub fn papers<S: Into<String>>(ids: impl IntoIterator<Item = S>) -> Self {
        Self::new(Target::Papers(ids.into_iter().map(Into::into).collect()))
    }

    /// Adds papers that the hits should be unlike, and that are not hits themselves. Applies to
    /// queries by papers.
    #[must_use]
    pub fn not<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.unwanted.extend(ids.into_iter().map(Into::into));
        self
    }

    /// Leaves out papers that have any of some words in their title or abstract, in any form that keyword
    /// search takes for the same, as `graphs` for `graph`. Several words in one text are a phrase, and a
    /// text without a word leaves out nothing. Applies to all queries, in every mode.
    #[must_use]
    pub fn without_words<S: Into<String>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.without_words.extend(words.into_iter().map(Into::into));
        self
    }

    /// Sets the number of hits, at least 1. A library of fewer papers gives all of them. Default:
    /// [`DEFAULT_K`](Self::DEFAULT_K).
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = Some(k);
        self
    }

    /// Restricts the hits to papers that pass `filter`. Default: all papers pass.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Restricts the hits to papers with at least this cosine, −1 to 1, in every mode. Default: any
    /// cosine.
    #[must_use]
    pub fn min_score(mut self, score: f32) -> Self {
        self.min_score = Some(score);
        self
    }

    /// Sets how papers are found. Default: [`Mode::Hybrid`]. Applies to queries by text, and to those by
    /// papers, which search for the 30 words that are most characteristic of the papers.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Sets how the rankings by cosine and by keywords are fused. Default: [`Fusion::ZScore`], with equal
    /// weights for a query by text, and 0.7 for the cosine and 0.3 for the keywords of a query by papers.
    /// Applies to [`Mode::Hybrid`].
    #[must_use]
    pub fn fusion(mut self, fusion: Fusion) -> Self {
        self.fusion = Some(fusion);
        self
    }

    /// Sets whether the scores of the best 100 papers are smoothed over neighbors: each keeps 0.7 of its
    /// score, and gets 0.3 of the mean score of its five nearest neighbors among these papers, so that
    /// papers in the middle of the subject rise. This is good for finding what is written on a subject,
    /// and not for finding one known paper. Default: true for a query by papers in [`Mode::Hybrid`], and
    /// false otherwise.
    #[must_use]
    pub fn smooth(mut self, smooth: bool) -> Self {
        self.smooth = Some(smooth);
        self
    }

    /// Sets how several papers make one query. Default: [`Strategy::Rocchio`]. Applies to queries by
    /// papers.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = Some(strategy);
        self
    }

    /// Moves the query's vector toward the best `papers` hits of a first search, and searches again:
    /// pseudo-relevance feedback by Rocchio's formula, the query plus 0.3 times the mean of these hits.
    /// The words of the query stay. Default: 0, no feedback. Applies to queries by text and by vector,
    /// other than in [`Mode::Keyword`].
    #[must_use]
    pub fn feedback(mut self, papers: usize) -> Self {
        self.feedback = Some(papers);
        self
    }

    /// Sets the diversity weight of maximal marginal relevance, from 0 (off) to 1, which reorders the
    /// best 200 papers, or the best `k` if that is more. The score by which these are ordered, scaled to
    /// 0 to 1 over them, is weighed against their similarity. Default: 0.
    #[must_use]
    pub fn diversity(mut self, diversity: f32) -> Self {
        self.diversity = diversity;
        self
    }

    /// Sets whether several versions of one paper, such as a preprint and its publication, are
    /// separate hits. Default: false, the best version is the hit and lists the others in
    /// [`versions`](crate::PaperHit::versions).
    #[must_use]
    pub fn every_version(mut self, each: bool) -> Self {
        self.every_version = each;
        self
    }

    /// Sets whether each hit gets a [`ScoreContext`](crate::ScoreContext), which costs another search.
    /// Default: false.
    #[must_use]
    pub fn score_context(mut self, context: bool) -> Self {
        self.score_context = context;
        self
    }

    /// Sets the order of the hits, which are the `k` best in any case. Default: [`HitOrder::Relevance`].
    #[must_use]
    pub fn sort(mut self, order: HitOrder) -> Self {
        self.order = order;
        self
    }

    /// Checks the options of a query.
    pub(crate) fn check(&self) -> Result<()> {
        let invalid = |option, found: String, expected: &str| {
            Err(Error::InvalidOption {
                option,
                found,
                expected: expected.to_owned(),
            })
        };
        if self.k == Some(0) {
            return invalid("k", "0".to_owned(), "at least 1");
        }
        if let Some(score) = self.min_score.filter(|score| !(-1.0..=1.0).contains(score)) {
            return invalid("min_score", score.to_string(), "a cosine, -1 to 1");
        }
        if !(0.0..=1.0).contains(&self.diversity) {
            return invalid("diversity", self.diversity.to_string(), "0 to 1");
        }
        let is_vector = matches!(self.target, Target::Vector(_));
        let is_papers = matches!(self.target, Target::Papers(_));
        if let Some(mode) = self.mode.filter(|_| is_vector) {
            let expected = "a query by text or by papers if it is set";
            return invalid("mode", format!("`{mode}`"), expected);
        }
        let mode = self.ranking().mode;
        if let Some(fusion) = self.fusion.filter(|_| mode != Mode::Hybrid) {
            let expected = "the mode `hybrid` if it is set";
            return invalid("fusion", format!("`{fusion}`"), expected);
        }
        if let Some(strategy) = self.strategy.filter(|_| !is_papers) {
            let expected = "a query by papers if it is set";
            return invalid("strategy", format!("`{strategy}`"), expected);
        }
        if let Some(id) = self.unwanted.first().filter(|_| !is_papers) {
            return invalid("not", format!("`{id}`"), "a query by papers if it is set");
        }
        let feedback = self.feedback.filter(|papers| *papers > 0);
        if let Some(papers) = feedback.filter(|_| is_papers || mode == Mode::Keyword) {
            let expected = "a query by text or by vector, and not the mode `keyword`, if it is set";
            return invalid("feedback", papers.to_string(), expected);
        }
        Ok(())
    }

    /// Returns whether the answer depends on cosines, so that a text has to be embedded.
    pub(crate) fn needs_cosines(&self) -> bool {
        self.ranking().mode != Mode::Keyword || self.min_score.is_some() || self.score_context
    }

    /// Returns how papers are ranked.
    pub(crate) fn ranking(&self) -> Ranking {
        let mode = match self.target {
            Target::Text(_) | Target::Papers(_) => self.mode.unwrap_or_default(),
            Target::Vector(_) => Mode::Vector,
        };
        let is_papers = matches!(self.target, Target::Papers(_));
        Ranking {
            mode,
            fusion: self.fusion.unwrap_or_default(),
            vector_weight: if is_papers {
                PAPERS_VECTOR_WEIGHT
            } else {
                TEXT_VECTOR_WEIGHT
            },
            smooth: self.smooth.unwrap_or(is_papers && mode == Mode::Hybrid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_options_that_would_be_ignored() {
        let message = |query: Query| query.check().unwrap_err().to_string();
        assert_eq!(
            message(Query::text("a").k(0)),
            "`k` is 0, expected at least 1"
        );
        assert_eq!(
            message(Query::text("a").min_score(7.0)),
            "`min_score` is 7, expected a cosine, -1 to 1"
        );
        assert!(Query::text("a").min_score(f32::NAN).check().is_err());
        assert_eq!(
            message(Query::text("a").diversity(2.0)),
            "`diversity` is 2, expected 0 to 1"
        );
        assert_eq!(
            message(Query::vector([1.0]).mode(Mode::Keyword)),
            "`mode` is `keyword`, expected a query by text or by papers if it is set"
        );
        assert_eq!(
            message(Query::vector([1.0]).strategy(Strategy::Svm)),
            "`strategy` is `svm`, expected a query by papers if it is set"
        );
        assert_eq!(
            message(Query::text("a").not(["b"])),
            "`not` is `b`, expected a query by papers if it is set"
        );
        assert_eq!(
            message(Query::paper("a").feedback(3)),
            "`feedback` is 3, expected a query by text or by vector, and not the mode `keyword`, if it is set"
        );
        let keyword = Query::text("a").mode(Mode::Keyword);
        assert!(keyword.clone().feedback(0).check().is_ok());
        assert!(keyword.clone().feedback(1).check().is_err());
        assert_eq!(
            message(keyword.fusion(Fusion::ReciprocalRank)),
            "`fusion` is `rrf`, expected the mode `hybrid` if it is set"
        );
        let query = Query::papers(["a"]).not(["b"]).strategy(Strategy::Svm);
        assert!(query.check().is_ok());
        let query = Query::text("a").mode(Mode::Vector).feedback(2);
        assert!(query.check().is_ok());
    }
}
