//! Evaluation of search on a library without labels: the metadata of its papers say which hits are
//! right.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use cognate_papers::identifiers::{arxiv, doi};
use cognate_papers::text::sentences;

use crate::analysis::evaluation::Qrels;
use crate::analysis::require_papers;
use crate::library::snapshot::Snapshot;
use crate::library::{IfExists, Library};
use crate::query::Query;
use crate::query::execute::QueryExecution;
use crate::query::hit::PaperHit;
use crate::query::mode::Mode;
use crate::sampling::{Random, evenly_spaced};
use crate::{Error, Paper, Progress, Result};

/// The result of [`Library::evaluate_itself`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SelfEvaluation {
    /// The tasks for which the metadata of the papers suffice.
    pub tasks: Vec<SelfTask>,
}

/// Queries of one kind, made from the papers of a library, whose relevant papers are known.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SelfTask {
    /// The name of the task, such as `a title finds its abstract`.
    pub name: &'static str,
    /// The number of queries.
    pub queries: usize,
    /// The number of papers that are searched.
    pub documents: usize,
    /// The metrics of each mode.
    pub results: Vec<(Mode, SelfMetrics)>,
}

/// The metrics of one mode on one task, averaged over the queries.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SelfMetrics {
    /// The same metric as [`Metrics::ndcg_at_10`](crate::Metrics::ndcg_at_10).
    pub ndcg_at_10: Estimate,
    /// The same metric as [`Metrics::mrr_at_10`](crate::Metrics::mrr_at_10).
    pub mrr_at_10: Estimate,
}

/// A mean over queries with its 95% confidence interval, from percentile 2.5 to 97.5 of the means of
/// 2,000 bootstrap samples of the queries (Efron, "Bootstrap methods: another look at the jackknife",
/// 1979).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// The number of bootstrap samples.
const RESAMPLES: usize = 2000;

/// The number of hits that are judged.
const DEPTH: usize = 10;

/// The fewest queries of a task; a mean over fewer would have a very wide interval.
const MIN_QUERIES: usize = 10;

/// The fewest words of a sentence that is used as a query.
const MIN_SENTENCE_WORDS: usize = 8;

/// A query with the ids of the papers that are relevant to it.
struct JudgedQuery {
    text: String,
    /// The id of the paper that is the query, which is not a hit, or `None` for a query by a part of
    /// a paper.
    query_paper: Option<String>,
    relevant: HashSet<String>,
}

impl Library {
    /// Evaluates each [`Mode`] of search on tasks that are made from the papers of this library,
    /// without labels by people:
    ///
    /// - a title finds its abstract, among abstracts without titles;
    /// - a sentence finds the abstract that it was taken from (the inverse cloze task: Lee, Chang and
    ///   Toutanova, "Latent retrieval for weakly supervised open domain question answering", ACL 2019);
    /// - a paper finds the papers that it cites, if the library knows their
    ///   [`references`](Paper::references);
    /// - a paper finds the papers of the same first category.
    ///
    /// The queries come from `sample` papers that are evenly spaced over the library. The first two
    /// tasks embed the abstracts of these papers again; `progress` is called with the number of
    /// embedded texts. The same library always gives the same numbers.
    ///
    /// # Errors
    ///
    /// Returns [`Error::EmptyLibrary`] if there is no paper, [`Error::NoEmbedder`] if the library was
    /// opened without an embedder, [`Error::Cancelled`] if `progress` breaks, and the errors of
    /// [`search`](Self::search) and [`create`](Self::create), which creates temporary libraries in the
    /// folder for temporary files.
    pub fn evaluate_itself(
        &self,
        sample: usize,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<SelfEvaluation> {
        self.embedder()?;
        require_papers(self)?;
        evaluate(self, sample, progress)
    }
}

fn evaluate(
    library: &Library,
    sample: usize,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<SelfEvaluation> {
    let papers = library.all_papers()?;
    let has_both = |paper: &&Paper| {
        !paper.title.trim().is_empty() && sentences(&paper.abstract_text).len() > 1
    };
    let sampled = evenly_spaced(papers.iter().filter(has_both).collect(), sample);
    let total = 2 * sampled.len();
    let titles = sampled.iter().map(|paper| {
        let document = Paper::new(&paper.id).abstract_text(&paper.abstract_text);
        (paper.title.clone(), document)
    });
    let taken_out = sampled.iter().filter_map(|paper| take_sentence(paper));
    let tasks = [
        evaluate_pairs(
            library,
            "a title finds its abstract",
            titles.collect(),
            &mut |done| progress(Progress::new(done, total)),
        )?,
        evaluate_pairs(
            library,
            "a sentence finds its abstract",
            taken_out.collect(),
            &mut |done| progress(Progress::new(sampled.len() + done, total)),
        )?,
        evaluate_task(
            library,
            "a paper finds what it cites",
            &citing_papers(&papers, sample),
        )?,
        evaluate_task(
            library,
            "a paper finds its category",
            &categorized_papers(&papers, sample),
        )?,
    ];
    Ok(SelfEvaluation {
        tasks: tasks.into_iter().flatten().collect(),
    })
}

/// Evaluates queries that each have one relevant document, on a temporary library of the documents.
/// Returns `None` if there are too few.
fn evaluate_pairs(
    library: &Library,
    name: &'static str,
    pairs: Vec<(String, Paper)>,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<SelfTask>> {
    if pairs.len() < MIN_QUERIES {
        return Ok(None);
    }
    let dir = std::env::temp_dir();
    let folder = tempfile::tempdir().map_err(Error::io("create", &dir))?;
    let documents_only = Library::create_shared(
        folder.path().join("library"),
        Arc::clone(library.embedder()?),
        IfExists::Fail,
    )?
    .with_text_recipe(library.text.clone())?;
    let documents = pairs
        .iter()
        .map(|(_, document)| Ok::<_, Error>(document.clone()));
    documents_only.add_with(documents, &mut |state| progress(state.papers))?;
    let queries = pairs.into_iter().map(|(text, document)| JudgedQuery {
        text,
        query_paper: None,
        relevant: HashSet::from([document.id]),
    });
    evaluate_task(&documents_only, name, &queries.collect::<Vec<_>>())
}

/// Evaluates queries in every mode. Returns `None` if there are too few.
fn evaluate_task(
    library: &Library,
    name: &'static str,
    judged: &[JudgedQuery],
) -> Result<Option<SelfTask>> {
    if judged.len() < MIN_QUERIES {
        return Ok(None);
    }
    let documents = library.len()?;
    // One more, because a query that is a paper finds itself.
    let k = (DEPTH + 1).min(documents);
    let mut results = Vec::new();
    for &mode in Mode::ALL {
        let query = |judged: &JudgedQuery| {
            // Versions are separate hits, because each may be relevant by itself.
            Query::text(&judged.text)
                .mode(mode)
                .k(k)
                .every_version(true)
        };
        let queries: Vec<Query> = judged.iter().map(query).collect();
        let rankings = rankings(library, judged, &queries)?;
        let metrics = judged.iter().zip(rankings);
        let metrics: Vec<(f64, f64)> = metrics
            .map(|(judged, ranking)| judged.metrics(ranking))
            .collect();
        results.push((
            mode,
            SelfMetrics {
                ndcg_at_10: Estimate::of(metrics.iter().map(|(ndcg, _)| *ndcg).collect()),
                mrr_at_10: Estimate::of(metrics.iter().map(|(_, mrr)| *mrr).collect()),
            },
        ));
    }
    Ok(Some(SelfTask {
        name,
        queries: judged.len(),
        documents,
        results,
    }))
}

/// Returns the ids of the hits of each query. Either all queries are papers, or none is.
fn rankings(
    library: &Library,
    judged: &[JudgedQuery],
    queries: &[Query],
) -> Result<Vec<Vec<String>>> {
    if judged.iter().all(|judged| judged.query_paper.is_none()) {
        let answers = library.search_batch(queries)?;
        return Ok(answers.into_iter().map(ids).collect());
    }
    library.read(|snapshot| {
        let ranking = |(judged, query): (&JudgedQuery, &Query)| {
            let id = judged.query_paper.as_deref().unwrap_or_default();
            search_with_stored_vector(snapshot, id, query).map(ids)
        };
        judged.iter().zip(queries).map(ranking).collect()
    })
}

/// Answers a query by the text of a paper of the library, whose vector is not computed again.
fn search_with_stored_vector(
    snapshot: &Snapshot<'_>,
    id: &str,
    query: &Query,
) -> Result<Vec<PaperHit>> {
    let vector = snapshot.vector(snapshot.row_of(id)?)?.to_owned();
    QueryExecution::new(snapshot, query, Some(&vector), None)?.hits()
}

fn ids(hits: Vec<PaperHit>) -> Vec<String> {
    hits.into_iter().map(|hit| hit.paper.id).collect()
}

impl JudgedQuery {
    /// Creates a query by the text of a paper.
    fn by_paper(paper: &Paper, relevant: HashSet<String>) -> Self {
        Self {
            text: paper.text(),
            query_paper: Some(paper.id.clone()),
            relevant,
        }
    }

    /// Returns the nDCG and the reciprocal rank of a ranking, both at 10.
    fn metrics(&self, ranking: Vec<String>) -> (f64, f64) {
        let mut qrels = Qrels::default();
        for id in &self.relevant {
            qrels.insert("query", id, 1);
        }
        let found = ranking
            .into_iter()
            .filter(|id| Some(id) != self.query_paper.as_ref());
        let rankings = HashMap::from([("query".to_owned(), found.collect())]);
        let metrics = qrels.evaluate(&rankings);
        (metrics.ndcg_at_10, metrics.mrr_at_10)
    }
}

impl Estimate {
    /// Returns the mean of some values with its confidence interval.
    fn of(values: Vec<f64>) -> Self {
        let mean = |sum: f64| {
            #[expect(clippy::cast_precision_loss, reason = "a number of queries")]
            let mean = sum / values.len().max(1) as f64;
            mean
        };
        let mut random = Random::new(0);
        let count = values.len();
        let mut means: Vec<f64> = (0..RESAMPLES)
            .map(|_| mean(values.iter().map(|_| values[random.below(count)]).sum()))
            .collect();
        means.sort_by(f64::total_cmp);
        Self {
            mean: mean(values.iter().sum()),
            low: means[RESAMPLES / 40],
            high: means[RESAMPLES - 1 - RESAMPLES / 40],
        }
    }
}

/// Takes a sentence out of the abstract of a paper, and returns it and the paper without it. The
/// sentence is from the middle, because the first and the last are often unspecific. Returns `None` if
/// no sentence is long enough.
fn take_sentence(paper: &Paper) -> Option<(String, Paper)> {
    let mut sentences = sentences(&paper.abstract_text);
    let count = sentences.len();
    let middle = count / 2;
    let is_long =
        |index: &usize| sentences[*index].split_whitespace().count() >= MIN_SENTENCE_WORDS;
    let index = (middle..count).chain(0..middle).find(is_long)?;
    let sentence = sentences.remove(index).to_owned();
    let mut document = paper.clone();
    document.abstract_text = sentences.join(" ");
    Some((sentence, document))
}

/// Returns queries by the papers whose references are in the library under their id, DOI or arXiv
/// identifier.
fn citing_papers(papers: &[Paper], sample: usize) -> Vec<JudgedQuery> {
    let mut ids: HashMap<String, &str> = HashMap::new();
    for paper in papers {
        let identifiers = [
            paper.doi.as_deref().and_then(doi),
            paper.arxiv.as_deref().and_then(arxiv),
        ];
        for identifier in identifiers.into_iter().flatten() {
            ids.entry(identifier).or_insert(&paper.id);
        }
        ids.insert(paper.id.clone(), &paper.id);
    }
    let query = |paper: &Paper| {
        let cited = paper.references.iter().filter_map(|reference| {
            let found = ids.get(reference);
            let found = found.or_else(|| ids.get(&doi(reference).or_else(|| arxiv(reference))?));
            found
                .filter(|id| **id != paper.id)
                .map(|id| (*id).to_owned())
        });
        let relevant: HashSet<String> = cited.collect();
        (!relevant.is_empty()).then(|| JudgedQuery::by_paper(paper, relevant))
    };
    evenly_spaced(papers.iter().filter_map(query).collect(), sample)
}

/// Returns queries by the papers whose first category other papers have too.
fn categorized_papers(papers: &[Paper], sample: usize) -> Vec<JudgedQuery> {
    let mut members: HashMap<&str, HashSet<String>> = HashMap::new();
    for paper in papers {
        if let Some(category) = paper.categories.first() {
            members
                .entry(category)
                .or_default()
                .insert(paper.id.clone());
        }
    }
    let query = |paper: &Paper| {
        let mut relevant = members.get(paper.categories.first()?.as_str())?.clone();
        relevant.remove(&paper.id);
        (!relevant.is_empty()).then(|| JudgedQuery::by_paper(paper, relevant))
    };
    let categorized = papers.iter().filter(|paper| !paper.categories.is_empty());
    evenly_spaced(categorized.collect(), sample)
        .into_iter()
        .filter_map(query)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_contains_the_mean_and_narrows_with_more_queries() {
        let values = |count: usize| {
            (0..count)
                .map(|n| f64::from(u8::from(n % 2 == 0)))
                .collect()
        };
        let (few, many) = (Estimate::of(values(20)), Estimate::of(values(2000)));
        for estimate in [few, many] {
            assert!((estimate.mean - 0.5).abs() < 1e-9);
            assert!(estimate.low < 0.5 && estimate.high > 0.5);
        }
        // The standard error of the mean of 20 values is 0.112, and that of 2,000 values a tenth of it.
        assert!((0.35..0.5).contains(&(few.high - few.low)), "{few:?}");
        assert!((0.035..0.05).contains(&(many.high - many.low)), "{many:?}");
        assert_eq!(few, Estimate::of(values(20)));
    }

    #[test]
    fn finds_references_by_every_identifier() {
        let papers = [
            Paper::new("a").doi("10.1234/A"),
            Paper::new("b").arxiv("1706.03762"),
            Paper::new("c").references([
                "https://doi.org/10.1234/a",
                "arXiv:1706.03762v2",
                "c",
                "z",
            ]),
        ];
        let queries = citing_papers(&papers, 9);
        assert_eq!(queries.len(), 1);
        assert_eq!(
            queries[0].relevant,
            HashSet::from(["a".to_owned(), "b".to_owned()])
        );
    }

    #[test]
    fn takes_a_long_sentence_out_of_the_abstract() {
        let text = "Short one. This sentence has at least eight words in it. And this is the last sentence of \
                    the abstract.";
        let paper = Paper::new("a").title("T").abstract_text(text);
        let (sentence, document) = take_sentence(&paper).unwrap();
        assert!(text.contains(&sentence) && !document.abstract_text.contains(&sentence));
        assert!(sentence.split_whitespace().count() >= MIN_SENTENCE_WORDS);
    }
}
