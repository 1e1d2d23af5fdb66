//! The tasks of a self-evaluation: queries with known answers, made from papers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cognate_papers::identifiers::{arxiv, doi};
use cognate_papers::text::sentences;

use crate::query::Query;
use crate::sampling::evenly_spaced;
use crate::{Paper, Result};

/// Queries of one kind with their answers.
pub(super) struct Task {
    pub(super) name: &'static str,
    pub(super) queries: Vec<JudgedQuery>,
    /// The papers to search, or `None` if these are the papers of the library.
    pub(super) documents: Option<Vec<Paper>>,
}

/// A query with the ids of the papers that are relevant to it.
pub(super) struct JudgedQuery {
    /// The id of the paper that the query is or was taken from.
    pub(super) id: String,
    pub(super) query: Query,
    pub(super) relevant: Relevant,
}

/// The papers that are relevant to a query.
#[derive(Debug, PartialEq)]
pub(super) enum Relevant {
    Only(HashSet<String>),
    /// The others of a set to which the paper of the query belongs. All queries with this set share it.
    OthersOf(Arc<HashSet<String>>),
}

/// The fewest words of a sentence that is used as a query.
const MIN_SENTENCE_WORDS: usize = 8;

/// What the tasks need of every paper: its identifiers, references and categories, without its texts.
pub(super) struct Outline {
    pub(super) paper: Paper,
    /// Whether the paper has a title, and an abstract of several sentences.
    has_both: bool,
}

impl Outline {
    pub(super) fn of(mut paper: Paper) -> Self {
        let has_both = !paper.title.trim().is_empty() && sentences(&paper.abstract_text).len() > 1;
        paper.title = String::new();
        paper.abstract_text = String::new();
        paper.authors = Vec::new();
        (paper.venue, paper.url) = (None, None);
        Self { paper, has_both }
    }
}

/// Makes all tasks, each with queries from about `sample` papers, which `read` reads by their ids.
pub(super) fn of_papers(
    outlines: &[Outline],
    sample: usize,
    read: impl Fn(&str) -> Result<Option<Paper>>,
) -> Result<Vec<Task>> {
    let with_both = outlines.iter().filter(|outline| outline.has_both);
    let sampled = evenly_spaced(with_both.collect(), sample);
    let sampled = sampled
        .into_iter()
        .filter_map(|outline| read(&outline.paper.id).transpose())
        .collect::<Result<Vec<Paper>>>()?;
    let papers: Vec<&Paper> = outlines.iter().map(|outline| &outline.paper).collect();
    let titles = sampled.iter().map(|paper| {
        let mut document = paper.clone();
        document.title.clear();
        (paper.title.clone(), document)
    });
    let taken_out = sampled.iter().filter_map(take_sentence);
    Ok(vec![
        Task::of_pairs("a title finds its abstract", titles),
        Task::of_pairs("a sentence finds its abstract", taken_out),
        Task::of_library(
            "a paper finds what it cites",
            citing_papers(&papers, sample),
        ),
        Task::of_library(
            "a paper finds its category",
            categorized_papers(&papers, sample),
        ),
    ])
}

impl Task {
    /// Makes a task of texts that each have one relevant document, among these documents.
    fn of_pairs(name: &'static str, pairs: impl Iterator<Item = (String, Paper)>) -> Self {
        let mut queries = Vec::new();
        let mut documents = Vec::new();
        for (text, document) in pairs {
            queries.push(JudgedQuery {
                id: document.id.clone(),
                query: Query::text(text),
                relevant: Relevant::Only(HashSet::from([document.id.clone()])),
            });
            documents.push(document);
        }
        Self {
            name,
            queries,
            documents: Some(documents),
        }
    }

    fn of_library(name: &'static str, queries: Vec<JudgedQuery>) -> Self {
        Self {
            name,
            queries,
            documents: None,
        }
    }
}

impl JudgedQuery {
    /// Creates a query by a paper.
    fn by_paper(paper: &Paper, relevant: Relevant) -> Self {
        Self {
            id: paper.id.clone(),
            query: Query::paper(&paper.id),
            relevant,
        }
    }

    /// Returns whether a paper is relevant.
    pub(super) fn is_relevant(&self, id: &str) -> bool {
        match &self.relevant {
            Relevant::Only(relevant) => relevant.contains(id),
            Relevant::OthersOf(set) => id != self.id && set.contains(id),
        }
    }

    /// Returns the number of relevant papers.
    pub(super) fn count_relevant(&self) -> usize {
        match &self.relevant {
            Relevant::Only(relevant) => relevant.len(),
            Relevant::OthersOf(set) => set.len() - 1,
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
fn citing_papers(papers: &[&Paper], sample: usize) -> Vec<JudgedQuery> {
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
        (!relevant.is_empty()).then(|| JudgedQuery::by_paper(paper, Relevant::Only(relevant)))
    };
    evenly_spaced(papers.iter().copied().filter_map(query).collect(), sample)
}

/// Returns queries by the papers whose first category other papers have too.
fn categorized_papers(papers: &[&Paper], sample: usize) -> Vec<JudgedQuery> {
    let categorized = papers.iter().filter_map(|paper| {
        let category = paper.categories.first()?;
        Some((*paper, category.as_str()))
    });
    let categorized: Vec<(&Paper, &str)> = categorized.collect();
    let sampled = evenly_spaced(categorized.clone(), sample);
    let mut members: HashMap<&str, HashSet<String>> = HashMap::new();
    for (_, category) in &sampled {
        members.entry(category).or_default();
    }
    for (paper, category) in categorized {
        if let Some(members) = members.get_mut(category) {
            members.insert(paper.id.clone());
        }
    }
    let members = members.into_iter();
    let members: HashMap<&str, Arc<HashSet<String>>> =
        members.map(|(name, ids)| (name, Arc::new(ids))).collect();
    let query = |(paper, category): (&Paper, &str)| {
        let members = members.get(category)?;
        let relevant = Relevant::OthersOf(Arc::clone(members));
        (members.len() > 1).then(|| JudgedQuery::by_paper(paper, relevant))
    };
    sampled.into_iter().filter_map(query).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let papers: Vec<&Paper> = papers.iter().collect();
        let queries = citing_papers(&papers, 9);
        assert_eq!(queries.len(), 1);
        assert_eq!(
            queries[0].relevant,
            Relevant::Only(HashSet::from(["a".to_owned(), "b".to_owned()]))
        );
    }

    #[test]
    fn queries_of_a_category_share_its_papers() {
        let categories = [("a", "x"), ("b", "x"), ("c", "y"), ("d", "x"), ("e", "z")];
        let papers = categories.map(|(id, category)| Paper::new(id).categories([category, "w"]));
        let papers: Vec<&Paper> = papers.iter().collect();
        let queries = categorized_papers(&papers, 5);
        let ids: Vec<&str> = queries.iter().map(|query| query.id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "d"]);
        for query in &queries {
            let relevant: Vec<&str> = ["a", "b", "c", "d", "e"]
                .into_iter()
                .filter(|id| query.is_relevant(id))
                .collect();
            let mut expected = vec!["a", "b", "d"];
            expected.retain(|id| *id != query.id);
            assert_eq!(relevant, expected);
            assert_eq!(query.count_relevant(), 2);
            let (Relevant::OthersOf(own), Relevant::OthersOf(first)) =
                (&query.relevant, &queries[0].relevant)
            else {
                panic!("{:?}", query.relevant);
            };
            assert!(Arc::ptr_eq(own, first));
        }
        // Papers that are not sampled are relevant too.
        let sampled = categorized_papers(&papers, 1);
        assert_eq!((sampled.len(), sampled[0].count_relevant()), (1, 2));
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
