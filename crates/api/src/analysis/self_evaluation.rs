//! How well a library is searched, judged by what the papers themselves say.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::query::execute::Search;
use crate::query::search::row_of;
use crate::sampling::{Random, spaced};
use crate::{AddOptions, Error, Judgements, Library, Mode, Paper, Query, Result};
use cognate_papers::identifiers::{arxiv, doi};
use cognate_papers::text::sentences;

/// What [`Library::evaluate_itself`] found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SelfEvaluation {
    /// The tasks that the papers have what it takes for.
    pub tasks: Vec<SelfTask>,
}

/// Queries of one kind, made from the papers of a library, whose right answers are known.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SelfTask {
    /// What is asked, such as `a title finds its abstract`.
    pub name: &'static str,
    /// The number of queries.
    pub queries: usize,
    /// The number of papers that each is asked of.
    pub documents: usize,
    /// How good the answers were, by mode.
    pub results: Vec<(Mode, SelfMetrics)>,
}

/// How good answers were, averaged over queries.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SelfMetrics {
    /// As [`Metrics::ndcg_at_10`](crate::Metrics::ndcg_at_10).
    pub ndcg_at_10: Estimate,
    /// As [`Metrics::mrr_at_10`](crate::Metrics::mrr_at_10).
    pub mrr_at_10: Estimate,
}

/// A mean over queries, and the interval of 95 per cent confidence around it: the percentiles 2.5 and
/// 97.5 of the means of 2,000 samples of the queries, drawn with replacement (Efron's bootstrap).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

const RESAMPLES: usize = 2000;

const DEPTH: usize = 10;

/// The fewest queries from which a mean says anything.
const FEWEST: usize = 10;

/// Words of a sentence that says enough to be looked for.
const SENTENCE: usize = 8;

/// A query, and the ids that answer it.
struct Question {
    text: String,
    /// The paper that it is made from, where that is not to be found.
    seed: Option<String>,
    relevant: HashSet<String>,
}

impl Library {
    /// Judges each [`Mode`] of search on the papers of this library, without labels of other people:
    ///
    /// - a title finds its abstract, among abstracts without titles;
    /// - a sentence finds the abstract that it was taken from (the inverse cloze task: Lee, Chang and
    ///   Toutanova, "Latent retrieval for weakly supervised open domain question answering", ACL 2019);
    /// - a paper finds those that it cites, where the library knows [`references`](Paper::references);
    /// - a paper finds those of its own first category.
    ///
    /// `sample` papers, evenly spaced over the library, are asked about; the first two tasks embed their
    /// abstracts anew. `progress` is told how many texts of how many are embedded. The same library
    /// gives the same numbers every time.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyLibrary`]; [`Error::NoEmbedder`]; [`Error::Cancelled`] when `progress` breaks; and
    /// those of [`search`](Self::search) and [`create`](Self::create), which makes scratch libraries in
    /// the folder for temporary files.
    pub fn evaluate_itself(
        &self,
        sample: usize,
        progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<SelfEvaluation> {
        if self.embedder.is_none() {
            return Err(Error::NoEmbedder);
        }
        let papers = self.papers()?;
        if papers.is_empty() {
            return Err(Error::EmptyLibrary {
                dir: self.dir.clone(),
            });
        }
        let titled = |paper: &&Paper| {
            !paper.title.trim().is_empty() && sentences(&paper.abstract_text).len() > 1
        };
        let titled = spaced(papers.iter().filter(titled).collect(), sample);
        let total = 2 * titled.len();
        let titles = titled.iter().map(|paper| {
            let document = Paper::new(&paper.id).abstract_text(&paper.abstract_text);
            (paper.title.clone(), document)
        });
        let cut = titled.iter().filter_map(|paper| without_a_sentence(paper));
        let mut tasks = vec![
            self.finds_its_document(
                "a title finds its abstract",
                titles.collect(),
                &mut |done| progress(done, total),
            )?,
            self.finds_its_document(
                "a sentence finds its abstract",
                cut.collect(),
                &mut |done| progress(titled.len() + done, total),
            )?,
        ];
        tasks.push(self.finds_papers("a paper finds what it cites", cited(&papers, sample))?);
        let alike = of_one_category(&papers, sample);
        tasks.push(self.finds_papers("a paper finds its category", alike)?);
        Ok(SelfEvaluation {
            tasks: tasks.into_iter().flatten().collect(),
        })
    }

    fn papers(&self) -> Result<Vec<Paper>> {
        let mut papers = Vec::new();
        self.read(|view, _| view.for_each(|stored| papers.push(stored.paper)))?;
        Ok(papers)
    }

    /// Asks a scratch library of the documents, each with its own query.
    fn finds_its_document(
        &self,
        name: &'static str,
        pairs: Vec<(String, Paper)>,
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<SelfTask>> {
        if pairs.len() < FEWEST {
            return Ok(None);
        }
        let Some(embedder) = &self.embedder else {
            return Err(Error::NoEmbedder);
        };
        let dir = std::env::temp_dir();
        let folder = tempfile::tempdir().map_err(Error::io("create", &dir))?;
        let scratch =
            Self::create_shared(folder.path().join("library"), Arc::clone(embedder), true)?;
        let documents = pairs
            .iter()
            .map(|(_, document)| Ok::<_, Error>(document.clone()));
        scratch.add_with(documents, &AddOptions::default(), &mut |state| {
            progress(state.papers)
        })?;
        let questions = pairs.into_iter().map(|(text, document)| Question {
            text,
            seed: None,
            relevant: HashSet::from([document.id]),
        });
        let questions: Vec<Question> = questions.collect();
        scratch.judge(name, &questions).map(Some)
    }

    fn finds_papers(
        &self,
        name: &'static str,
        questions: Vec<Question>,
    ) -> Result<Option<SelfTask>> {
        if questions.len() < FEWEST {
            return Ok(None);
        }
        self.judge(name, &questions).map(Some)
    }

    fn judge(&self, name: &'static str, questions: &[Question]) -> Result<SelfTask> {
        let mut results = Vec::new();
        for mode in Mode::ALL {
            let k = (DEPTH + 1).min(self.len()?);
            let queries = questions.iter();
            let queries: Vec<Query> = queries
                .map(|question| Query::text(&question.text).mode(mode).k(k))
                .collect();
            let answers = self.answers(questions, &queries)?;
            let judged = questions.iter().zip(answers);
            let judged: Vec<(f64, f64)> =
                judged.map(|(question, ids)| question.judge(ids)).collect();
            results.push((
                mode,
                SelfMetrics {
                    ndcg_at_10: Estimate::of(judged.iter().map(|(ndcg, _)| *ndcg).collect()),
                    mrr_at_10: Estimate::of(judged.iter().map(|(_, mrr)| *mrr).collect()),
                },
            ));
        }
        Ok(SelfTask {
            name,
            queries: questions.len(),
            documents: self.len()?,
            results,
        })
    }

    /// The ids that answer each query. Where it is a paper of the library, that paper has its vector.
    fn answers(&self, questions: &[Question], queries: &[Query]) -> Result<Vec<Vec<String>>> {
        let ids = |hits: Vec<crate::PaperHit>| hits.into_iter().map(|hit| hit.paper.id).collect();
        if questions.iter().all(|question| question.seed.is_none()) {
            let answers = self.search_batch(queries)?;
            return Ok(answers.into_iter().map(ids).collect());
        }
        self.read(|view, index| {
            let answer = |(question, query): (&Question, &Query)| {
                let id = question.seed.as_deref().unwrap_or_default();
                let stored = view.find(id)?.ok_or_else(|| Self::unknown(view, id))?;
                let vector = row_of(index, stored.row, &self.dir)?.to_owned();
                let search = Search::new(view, index, &self.dir, query, Some(&vector), None)?;
                search.answer().map(ids)
            };
            questions.iter().zip(queries).map(answer).collect()
        })
    }
}

impl Question {
    /// nDCG and reciprocal rank, each at 10.
    fn judge(&self, ids: Vec<String>) -> (f64, f64) {
        let mut judgements = Judgements::default();
        for id in &self.relevant {
            judgements.insert("query", id, 1);
        }
        let found = ids.into_iter().filter(|id| Some(id) != self.seed.as_ref());
        let rankings = HashMap::from([("query".to_owned(), found.collect())]);
        let metrics = judgements.evaluate(&rankings);
        (metrics.ndcg_at_10, metrics.mrr_at_10)
    }
}

impl Estimate {
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

/// A sentence from the middle of the abstract, where the first and the last often say little, and the
/// paper without it.
fn without_a_sentence(paper: &Paper) -> Option<(String, Paper)> {
    let all = sentences(&paper.abstract_text);
    let is_long = |place: &usize| all[*place].split_whitespace().count() >= SENTENCE;
    let middle = all.len() / 2;
    let place = (middle..all.len()).chain(0..middle).find(is_long)?;
    let mut rest = all.clone();
    let sentence = rest.remove(place).to_owned();
    let mut document = paper.clone();
    document.abstract_text = rest.join(" ");
    Some((sentence, document))
}

/// Papers whose references are in the library, by id, DOI or arXiv number.
fn cited(papers: &[Paper], sample: usize) -> Vec<Question> {
    let mut places: HashMap<String, &str> = HashMap::new();
    for paper in papers {
        let names = [
            paper.doi.as_deref().and_then(doi),
            paper.arxiv.as_deref().and_then(arxiv),
        ];
        for name in names.into_iter().flatten() {
            places.entry(name).or_insert(&paper.id);
        }
        places.insert(paper.id.clone(), &paper.id);
    }
    let question = |paper: &Paper| {
        let names = paper.references.iter();
        let found = names.filter_map(|name| {
            let found = places.get(name);
            let found = found.or_else(|| places.get(&doi(name).or_else(|| arxiv(name))?));
            found
                .filter(|id| **id != paper.id)
                .map(|id| (*id).to_owned())
        });
        let relevant: HashSet<String> = found.collect();
        (!relevant.is_empty()).then(|| Question::about(paper, relevant))
    };
    spaced(papers.iter().filter_map(question).collect(), sample)
}

/// Papers with others of their first category.
fn of_one_category(papers: &[Paper], sample: usize) -> Vec<Question> {
    let mut members: HashMap<&str, HashSet<String>> = HashMap::new();
    for paper in papers {
        if let Some(category) = paper.categories.first() {
            members
                .entry(category)
                .or_default()
                .insert(paper.id.clone());
        }
    }
    let question = |paper: &Paper| {
        let mut relevant = members.get(paper.categories.first()?.as_str())?.clone();
        relevant.remove(&paper.id);
        (!relevant.is_empty()).then(|| Question::about(paper, relevant))
    };
    let categorized = papers.iter().filter(|paper| !paper.categories.is_empty());
    spaced(categorized.collect(), sample)
        .into_iter()
        .filter_map(question)
        .collect()
}

impl Question {
    fn about(paper: &Paper, relevant: HashSet<String>) -> Self {
        Self {
            text: paper.text(),
            seed: Some(paper.id.clone()),
            relevant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_the_mean_and_narrows_with_more_queries() {
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
        // The deviation of a mean of 20 is 0.112, of 2,000 a tenth of that.
        assert!((0.35..0.5).contains(&(few.high - few.low)), "{few:?}");
        assert!((0.035..0.05).contains(&(many.high - many.low)), "{many:?}");
        assert_eq!(few, Estimate::of(values(20)));
    }

    #[test]
    fn finds_references_under_every_name() {
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
        let questions = cited(&papers, 9);
        assert_eq!(questions.len(), 1);
        assert_eq!(
            questions[0].relevant,
            HashSet::from(["a".to_owned(), "b".to_owned()])
        );
    }

    #[test]
    fn takes_one_sentence_out() {
        let text = "Short one. This sentence has at least eight words in it. And this is the last sentence of \
                    the abstract.";
        let paper = Paper::new("a").title("T").abstract_text(text);
        let (sentence, rest) = without_a_sentence(&paper).unwrap();
        assert!(text.contains(&sentence) && !rest.abstract_text.contains(&sentence));
        assert!(sentence.split_whitespace().count() >= SENTENCE);
    }
}
