//! Papers of a library that a draft should perhaps cite.

pub(crate) mod cited;
mod ranking;
mod titles;

use std::collections::BTreeSet;

use cognate_index::RowId;
use cognate_papers::text::sentences;
use ndarray::{Array2, Axis};
use roaring::RoaringBitmap;
use serde::Serialize;

use self::cited::{CitationMatcher, CitedPaper};
use self::ranking::{Candidate, Ranking, sum_direction};
use self::titles::Titles;
use crate::analysis::require_papers;
use crate::library::Library;
use crate::library::snapshot::Snapshot;
use crate::query::allowed_rows::allowed_rows;
use crate::query::filter::Filter;
use crate::query::hit::PaperHit;
use crate::query::keyword_query::KeywordQuery;
use crate::unit_vector::scale_to_unit;
use crate::{Citation, Draft, Error, Paper, Result};

/// Options of [`Library::missed`].
#[derive(Clone, Debug)]
pub struct MissedOptions {
    k: usize,
    filter: Filter,
}

/// The papers that a draft may have missed, and those that it cites.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MissedReport {
    /// The papers that the draft does not cite, best first.
    pub hits: Vec<MissedHit>,
    /// The citations of papers that are in the library, in order of citation.
    pub found: Vec<CitedPaper>,
    /// The citations of papers that are not in the library, in order of citation, completed from the
    /// list of references: the citation's text is the title of the reference.
    pub not_found: Vec<Citation>,
    /// The number of sentences of the draft that were compared, including title and abstract.
    pub sentences: usize,
}

/// A paper that a draft may have missed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MissedHit {
    /// The rank, the score and the paper.
    ///
    /// The score is the mean of two values: the mean cosine of the paper with the five sentences of the
    /// draft that are nearest to it, and the cosine of the paper with the mean vector of the papers that
    /// the draft cites. It is the first value alone if the library has none of the cited papers.
    #[serde(flatten)]
    pub hit: PaperHit,
    /// How much the title has in common with the titles of the cited papers, 0 to 1: the mean cosine of
    /// their tf-idf vectors. Only words that are in at least three of the cited titles, and in at least
    /// a quarter of them, are counted. The hits are ordered by the
    /// [`fused_score`](PaperHit::fused_score), which is made of the score plus twice this value, with a
    /// weight of 0.8, and of the BM25 score for the 30 most characteristic words of the draft, with a
    /// weight of 0.2, each standardized as in [`Fusion::ZScore`](crate::Fusion::ZScore).
    pub title_score: f32,
    /// The sentence of the draft that is nearest to the paper.
    pub sentence: String,
    /// The cosine of the paper with that sentence, −1 to 1, higher is better.
    pub sentence_score: f32,
}

impl Default for MissedOptions {
    fn default() -> Self {
        Self {
            k: 20,
            filter: Filter::default(),
        }
    }
}

impl MissedOptions {
    /// Sets the number of hits, at least 1; there are fewer if the library has fewer papers. Default:
    /// 20.
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// Restricts the hits to papers that pass `filter`. Default: all papers pass.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    fn check(&self) -> Result<()> {
        if self.k == 0 {
            return Err(Error::InvalidOption {
                option: "k",
                found: "0".to_owned(),
                expected: "at least 1".to_owned(),
            });
        }
        Ok(())
    }
}

impl Library {
    /// Returns the papers of the library that are near a draft and that the draft does not cite, each
    /// with the sentence of the draft that is nearest to it.
    ///
    /// `references` is the list of references of the draft; the id of a reference is its citation key.
    /// The papers that the draft cites are recognized in the library by id, DOI, arXiv identifier or
    /// title, which come from the references or from the draft itself. A draft without citation keys,
    /// such as one in plain text, cites all of the references. A paper with the title of the draft is
    /// not a hit either.
    ///
    /// The candidates are the 100 papers nearest to each sentence, and the 1,000 nearest each to the
    /// mean vector of the draft, to the mean vector of the cited papers, and to the words of their
    /// titles. [`MissedHit`] documents how the candidates are ranked. In tests on topics of arXiv, this
    /// ranking found most of the citations that had been withheld from a draft: ranking by the nearest
    /// sentence, passage or cited paper alone, by the mean of these cosines, or by the fusion of these
    /// rankings found fewer.
    ///
    /// # Errors
    ///
    /// Returns [`Error::EmptyQuery`] if the draft has no sentence, [`Error::InvalidOption`] if `k` is 0,
    /// [`Error::EmptyLibrary`] if there is no paper, [`Error::NoEmbedder`] or [`Error::Embed`] if the
    /// sentences cannot be embedded, and [`Error::Index`], [`Error::Store`] or [`Error::Damaged`] if the
    /// library cannot be read.
    ///
    /// # Complexity
    ///
    /// The model reads the draft once. Then the metadata of all papers are read once, and every vector
    /// is compared with every sentence.
    pub fn missed(
        &self,
        draft: &Draft,
        references: &[Paper],
        options: &MissedOptions,
    ) -> Result<MissedReport> {
        let sentences = sentences_of(draft);
        if sentences.is_empty() {
            return Err(Error::EmptyQuery {
                expected: "a draft with a sentence of prose",
            });
        }
        require_papers(self)?;
        options.check()?;
        // Embedding takes longest, so it is done before the library is locked.
        let mut vectors = self.embed_sentences(&sentences)?;
        vectors.axis_iter_mut(Axis(0)).for_each(scale_to_unit);
        let citations = CitationMatcher::new(draft, references);
        self.read(|snapshot| missed(snapshot, citations, &sentences, &vectors, options))
    }
}

/// Ranks the papers of a snapshot that a draft does not cite. `vectors` has the unit vectors of
/// `sentences`, `[n, dim]`.
fn missed(
    snapshot: &Snapshot<'_>,
    mut citations: CitationMatcher,
    sentences: &[&str],
    vectors: &Array2<f32>,
    options: &MissedOptions,
) -> Result<MissedReport> {
    let passing = allowed_rows(snapshot, &options.filter)?;
    let passes = |row: RowId| {
        let rows = passing.as_ref();
        rows.is_none_or(|rows| rows.contains(row.get()))
    };
    let mut allowed = RoaringBitmap::new();
    let mut cited = BTreeSet::new();
    let mut titles = Titles::default();
    snapshot.for_each(|row, stored| {
        titles.push(row, &stored.paper.title);
        if citations.find(&stored.paper) {
            cited.insert(row);
        } else if !citations.is_draft(&stored.paper) && passes(row) {
            allowed.insert(row.get());
        }
    })?;
    let ranking = Ranking {
        snapshot,
        sentences: vectors,
        cited: sum_direction(snapshot, &cited)?,
        title_scores: titles.scores(&cited),
        keywords: keywords(snapshot, sentences)?,
    };
    let best = ranking.best(&allowed, options.k)?;
    let (found, not_found) = citations.into_report();
    Ok(MissedReport {
        hits: hits(snapshot, sentences, &best)?,
        found,
        not_found,
        sentences: sentences.len(),
    })
}

/// Returns the words that characterize a draft.
fn keywords(snapshot: &Snapshot<'_>, sentences: &[&str]) -> Result<KeywordQuery> {
    let draft = Paper::new("").abstract_text(sentences.join("\n"));
    let papers = u32::try_from(snapshot.index.len()).unwrap_or(u32::MAX);
    KeywordQuery::of_papers(&[draft], &[], papers, |terms| {
        snapshot.document_frequencies(terms)
    })
}

/// Returns the title of a draft and the sentences of its abstract and its prose.
fn sentences_of(draft: &Draft) -> Vec<&str> {
    let title = draft.title().map(str::trim);
    let abstract_text = draft.abstract_text().map(sentences).unwrap_or_default();
    title
        .into_iter()
        .chain(abstract_text)
        .chain(draft.sentences())
        .collect()
}

fn hits(snapshot: &Snapshot<'_>, sentences: &[&str], best: &[Candidate]) -> Result<Vec<MissedHit>> {
    let hit = |(index, candidate): (usize, &Candidate)| {
        Ok(MissedHit {
            hit: PaperHit {
                rank: index + 1,
                score: Some(candidate.score),
                keyword_score: candidate.keyword_score,
                fused_score: candidate.fused_score,
                rerank_score: None,
                named: false,
                score_context: None,
                paper: snapshot.paper_at(candidate.row)?,
                versions: Vec::new(),
            },
            title_score: candidate.title_score,
            sentence: sentences[candidate.sentence].to_owned(),
            sentence_score: candidate.sentence_score,
        })
    };
    best.iter().enumerate().map(hit).collect()
}
