//! The answers of a library, computed by loops over all papers.

use std::collections::HashMap;

use cognate::text::{index_words, is_stop_word};
use cognate::{Filter, Library, Paper, Query};

use crate::embedder::WordEmbedder;
use crate::made_papers::MadePapers;

/// The number of queries that are compared.
const QUERIES: usize = 4;

/// The number of hits of each that are compared.
const K: usize = 10;

/// The number of best papers of each ranking that are fused.
const POOL: usize = 200;

/// The weight of a word in a title.
const TITLE_WEIGHT: f64 = 3.0;

/// The parameters of BM25.
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// The largest accepted difference of fused scores, whose cosines are computed in f32.
const TOLERANCE: f64 = 1e-4;

/// What a loop finds out about a paper for one query.
struct Facts {
    number: usize,
    cosine: f64,
    /// The weighted number of times that the paper has each term of the query.
    frequencies: Vec<f64>,
    /// The number of terms of the paper.
    length: f64,
    /// Whether the paper passes the filter.
    is_allowed: bool,
}

/// Compares the hits of hybrid queries, without a filter and with one, with the definition of their
/// scores, computed from the papers in f64.
pub(crate) fn check(
    library: &Library,
    made: &MadePapers,
    embedder: &WordEmbedder,
    size: usize,
    category: &str,
) {
    let queries = (size..).map(|number| query(&made.paper(number)));
    let queries: Vec<(String, Vec<String>)> = queries
        .filter(|(_, terms)| terms.len() > 1)
        .take(QUERIES)
        .collect();
    let mut facts: Vec<Vec<Facts>> = queries.iter().map(|_| Vec::new()).collect();
    let texts: Vec<&str> = queries.iter().map(|(text, _)| text.as_str()).collect();
    let vectors = embedder.rows(&texts);
    for number in 0..size {
        let paper = made.paper(number);
        let row = embedder.rows(&[&paper.text()]);
        let counts = [&paper.title, &paper.abstract_text].map(|text| counts(text));
        let length: u32 = counts.iter().flat_map(HashMap::values).sum();
        let is_allowed = paper.categories.iter().any(|name| name == category);
        for ((facts, (_, terms)), vector) in
            facts.iter_mut().zip(&queries).zip(vectors.outer_iter())
        {
            let products = row
                .iter()
                .zip(vector)
                .map(|(&a, &b)| f64::from(a) * f64::from(b));
            let frequency = |term: &String| {
                let [title, text] = counts.each_ref().map(|counts| counts.get(term).copied());
                TITLE_WEIGHT * f64::from(title.unwrap_or(0)) + f64::from(text.unwrap_or(0))
            };
            facts.push(Facts {
                number,
                cosine: products.sum(),
                frequencies: terms.iter().map(frequency).collect(),
                length: f64::from(length),
                is_allowed,
            });
        }
    }
    for (facts, (text, _)) in facts.iter().zip(&queries) {
        let query = Query::text(text).every_version(true);
        compare(library, &query, &fused(facts, |_| true));
        let query = query.filter(Filter::default().category(category));
        compare(library, &query, &fused(facts, |facts| facts.is_allowed));
    }
}

/// Returns a text of words of a title that keyword search takes one by one, and their index terms.
fn query(paper: &Paper) -> (String, Vec<String>) {
    let mut text = Vec::new();
    let mut terms: Vec<String> = Vec::new();
    for word in index_words(&paper.title) {
        let is_plain =
            word.text.len() >= 4 && word.text.bytes().all(|byte| byte.is_ascii_lowercase());
        if is_plain && !is_stop_word(&word.text) && !terms.contains(&word.terms[0]) {
            terms.extend(word.terms);
            text.push(word.text);
        }
    }
    (text.join(" "), terms)
}

/// Returns the number of times that a text has each of its index terms.
fn counts(text: &str) -> HashMap<String, u32> {
    let mut counts = HashMap::new();
    for term in index_words(text).into_iter().flat_map(|word| word.terms) {
        *counts.entry(term).or_default() += 1;
    }
    counts
}

/// Returns the fused score of each paper that passes, by number, best first.
fn fused(all: &[Facts], passes: impl Fn(&Facts) -> bool) -> Vec<(usize, f64)> {
    let count = all.len() as f64;
    let mean_length = all.iter().map(|facts| facts.length).sum::<f64>() / count;
    let terms = 0..all.first().map_or(0, |facts| facts.frequencies.len());
    let idf = terms.map(|term| {
        let having = all
            .iter()
            .filter(|facts| facts.frequencies[term] > 0.0)
            .count() as f64;
        ((count - having + 0.5) / (having + 0.5)).ln().max(1e-6)
    });
    let idf: Vec<f64> = idf.collect();
    let bm25 = |facts: &Facts| -> f64 {
        let norm = K1 * (1.0 - B + B * facts.length / mean_length);
        let scores = facts.frequencies.iter().zip(&idf);
        scores
            .map(|(frequency, idf)| idf * frequency * (K1 + 1.0) / (frequency + norm))
            .sum()
    };
    let mut nearest: Vec<(usize, f64, f64)> = all
        .iter()
        .filter(|facts| passes(facts))
        .map(|facts| (facts.number, facts.cosine, bm25(facts)))
        .collect();
    let mut by_keyword: Vec<(usize, f64)> = nearest
        .iter()
        .filter(|(_, _, score)| *score > 0.0)
        .map(|(number, _, score)| (*number, *score))
        .collect();
    nearest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    by_keyword.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    by_keyword.truncate(POOL);

    let pool = nearest.len().min(POOL);
    let cosine_z = z(&nearest[..pool]
        .iter()
        .map(|(_, cosine, _)| *cosine)
        .collect::<Vec<_>>());
    let mut scores: Vec<f64> = by_keyword.iter().map(|(_, score)| *score).collect();
    scores.resize(scores.len().max(pool), 0.0);
    let keyword_z = z(&scores);
    let lowest = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let missing = keyword_z(lowest).min(0.0);
    let found: HashMap<usize, f64> = by_keyword.into_iter().collect();
    let mut fused: Vec<(usize, f64)> = nearest
        .iter()
        .map(|(number, cosine, _)| {
            let keyword = found.get(number).map_or(missing, |score| keyword_z(*score));
            (*number, 0.5 * cosine_z(*cosine) + 0.5 * keyword)
        })
        .collect();
    fused.sort_by(|a, b| b.1.total_cmp(&a.1));
    fused
}

/// Returns the function that standardizes a score by the mean and the deviation of `scores`.
fn z(scores: &[f64]) -> impl Fn(f64) -> f64 + use<> {
    let count = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let variance = scores
        .iter()
        .map(|score| (score - mean).powi(2))
        .sum::<f64>()
        / count;
    move |score| {
        if variance > 0.0 {
            (score - mean) / variance.sqrt()
        } else {
            0.0
        }
    }
}

/// Compares the hits of a query with the fused scores of all papers that pass.
fn compare(library: &Library, query: &Query, expected: &[(usize, f64)]) {
    let k = K.min(expected.len());
    let hits = library.search(&query.clone().k(k)).unwrap();
    assert_eq!(hits.len(), k, "{query:?}");
    let scores: HashMap<String, f64> = expected
        .iter()
        .map(|(number, score)| (MadePapers::id(*number), *score))
        .collect();
    for (hit, (_, best)) in hits.iter().zip(expected) {
        let found = hit.fused_score.unwrap();
        let own = scores.get(&hit.paper.id).copied();
        let own = own.unwrap_or_else(|| panic!("`{}` does not pass: {query:?}", hit.paper.id));
        assert!(
            (found - own).abs() < TOLERANCE && (found - best).abs() < TOLERANCE,
            "rank {} is `{}` with {found}, expected {own} for it and {best} at this rank: {query:?}",
            hit.rank,
            hit.paper.id
        );
    }
}
