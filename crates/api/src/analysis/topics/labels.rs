//! Labels of groups of papers: the words that are typical of each group.
//!
//! The score of a word is a class-based tf-idf (Grootendorst, "`BERTopic`: neural topic modeling with a
//! class-based TF-IDF procedure", 2022): `p · ln(p / q)`, where `p` is the share of the group's papers
//! that have the word, and `q` the share of all papers. With the formula of `BERTopic` itself,
//! `ln(1 + A / f)`, half of the groups of 10,000 arXiv papers were named by words that all groups have,
//! such as `model` and `based`.
//!
//! Words are counted by their stems. Two stems that are often next to each other become one label.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use cognate_papers::text::{is_stop_word, stem, words};
use rayon::prelude::*;

use crate::Paper;

/// The number of candidate stems of a group for each label.
const CANDIDATES_PER_LABEL: usize = 4;

/// The smallest share of the papers with the rarer stem of a pair that must have the pair, for the pair
/// to replace its stems. Of the papers with the stem that is being labeled, half this share is enough.
const MIN_PAIR_SHARE: f64 = 0.4;

/// The fewest papers of a group that must have a pair.
const MIN_PAIR_PAPERS: u32 = 2;

/// The smallest share of a group's papers that must have the stem of a label.
const MIN_LABEL_SHARE: f64 = 0.02;

/// The number of a stem.
type Stem = u32;

/// The first pass over the papers, which counts how many papers of each group have each stem. Several
/// threads can count some papers each, and their counts are then added.
#[derive(Debug)]
pub(crate) struct WordCounts {
    /// The stem of each word in lower case, or `None` if the word cannot be a label.
    stems: HashMap<String, Option<Stem>>,
    /// The stems by their numbers.
    names: Vec<String>,
    /// The numbers of the stems.
    numbers: HashMap<String, Stem>,
    /// For each group, the number of papers that have each stem.
    groups: Vec<HashMap<Stem, u32>>,
    /// The number of papers of each group.
    papers: Vec<u32>,
}

impl WordCounts {
    /// Creates counts for this number of groups.
    pub(crate) fn new(groups: usize) -> Self {
        Self {
            stems: HashMap::new(),
            names: Vec::new(),
            numbers: HashMap::new(),
            groups: vec![HashMap::new(); groups],
            papers: vec![0; groups],
        }
    }

    /// Counts a paper of a group.
    pub(crate) fn add(&mut self, group: usize, paper: &Paper) {
        let stems: BTreeSet<Stem> = words(&paper.text())
            .filter_map(|word| self.stem_of(word))
            .collect();
        self.papers[group] += 1;
        for stem in stems {
            *self.groups[group].entry(stem).or_default() += 1;
        }
    }

    fn stem_of(&mut self, word: String) -> Option<Stem> {
        if let Some(known) = self.stems.get(&word) {
            return *known;
        }
        let number = is_label(&word).then(|| self.number_of(stem(&word)));
        self.stems.insert(word, number);
        number
    }

    /// Returns the number of a stem, which is a new one if the stem has none.
    fn number_of(&mut self, name: String) -> Stem {
        let next = Stem::try_from(self.names.len()).unwrap_or(Stem::MAX);
        *self.numbers.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            next
        })
    }

    /// Adds the counts of other papers of the same groups.
    pub(crate) fn merge(&mut self, other: Self) {
        let names = other.names.into_iter();
        let numbers: Vec<Stem> = names.map(|name| self.number_of(name)).collect();
        let number = |stem: Stem| numbers[stem as usize];
        let stems = other.stems.into_iter();
        self.stems
            .extend(stems.map(|(word, stem)| (word, stem.map(number))));
        for (counts, others) in self.groups.iter_mut().zip(other.groups) {
            for (stem, count) in others {
                *counts.entry(number(stem)).or_default() += count;
            }
        }
        for (papers, others) in self.papers.iter_mut().zip(other.papers) {
            *papers += others;
        }
    }

    /// Selects the most typical stems of each group as candidates for `labels` labels, best first.
    pub(crate) fn candidates(self, labels: usize) -> Candidates {
        let mut totals = vec![0_u64; self.names.len()];
        for (&stem, &count) in self.groups.iter().flatten() {
            totals[stem as usize] += u64::from(count);
        }
        let all: f64 = self.papers.iter().copied().map(f64::from).sum();
        let rank = |counts: &HashMap<Stem, u32>, papers: u32| {
            let min_count = (MIN_LABEL_SHARE * f64::from(papers)).max(1.0);
            let mut ranked: Vec<(f64, Stem, u32)> = counts
                .iter()
                .filter(|&(_, &count)| f64::from(count) >= min_count)
                .map(|(&stem, &count)| {
                    let share = f64::from(count) / f64::from(papers);
                    let share_of_all = float(totals[stem as usize]) / all;
                    (share * (share / share_of_all).ln(), stem, count)
                })
                // A stem that is rarer in the group than elsewhere is not typical of it.
                .filter(|(score, ..)| *score >= 0.0)
                .collect();
            ranked.sort_by(|a, b| {
                let names = (&self.names[a.1 as usize], &self.names[b.1 as usize]);
                let by_count = b.2.cmp(&a.2);
                b.0.total_cmp(&a.0)
                    .then(by_count)
                    .then(names.0.cmp(names.1))
            });
            ranked.truncate(labels * CANDIDATES_PER_LABEL);
            Group {
                ranks: (0..).zip(&ranked).map(|(rank, r)| (r.1, rank)).collect(),
                counts: ranked.iter().map(|&(_, _, count)| count).collect(),
            }
        };
        let groups = self.groups.par_iter().zip(&self.papers);
        Candidates {
            groups: groups
                .map(|(counts, &papers)| rank(counts, papers))
                .collect(),
            stems: self.stems,
            labels,
        }
    }
}

/// The stems that may be labels.
#[derive(Debug)]
pub(crate) struct Candidates {
    stems: HashMap<String, Option<Stem>>,
    groups: Vec<Group>,
    labels: usize,
}

/// The candidates of a group. A candidate is identified by its rank, 0 for the best.
#[derive(Debug)]
struct Group {
    ranks: HashMap<Stem, usize>,
    /// The number of papers that have each candidate.
    counts: Vec<u32>,
}

/// The second pass over the papers, which counts the written forms and the pairs of the candidates of each
/// group. Several threads can count some papers each, and their counts are then added.
#[derive(Debug)]
pub(crate) struct Occurrences {
    groups: Vec<GroupOccurrences>,
}

#[derive(Debug)]
struct GroupOccurrences {
    /// The written forms of each candidate, with their numbers of occurrences.
    forms: Vec<HashMap<String, u32>>,
    /// The number of papers that have one candidate immediately before another.
    pairs: HashMap<(usize, usize), u32>,
}

impl Occurrences {
    /// Creates counts of 0 of the candidates.
    pub(crate) fn new(candidates: &Candidates) -> Self {
        let groups = candidates.groups.iter().map(|group| GroupOccurrences {
            forms: vec![HashMap::new(); group.counts.len()],
            pairs: HashMap::new(),
        });
        Self {
            groups: groups.collect(),
        }
    }

    /// Adds the counts of other papers.
    pub(crate) fn merge(&mut self, other: Self) {
        for (group, other) in self.groups.iter_mut().zip(other.groups) {
            for (forms, others) in group.forms.iter_mut().zip(other.forms) {
                for (form, count) in others {
                    *forms.entry(form).or_default() += count;
                }
            }
            for (pair, count) in other.pairs {
                *group.pairs.entry(pair).or_default() += count;
            }
        }
    }
}

impl Candidates {
    /// Counts a paper that has been counted in the first pass.
    pub(crate) fn count(&self, occurrences: &mut Occurrences, group: usize, paper: &Paper) {
        let found = &mut occurrences.groups[group];
        let group = &self.groups[group];
        let mut pairs = BTreeSet::new();
        for text in [&paper.title, &paper.abstract_text] {
            let mut previous = None;
            for word in words(text) {
                let stem = self.stems.get(&word).copied().flatten();
                let candidate = stem.and_then(|stem| group.ranks.get(&stem)).copied();
                if let Some(candidate) = candidate {
                    *found.forms[candidate].entry(word).or_default() += 1;
                    pairs.extend(previous.map(|previous| (previous, candidate)));
                }
                previous = candidate;
            }
        }
        for pair in pairs.into_iter().filter(|(a, b)| a != b) {
            *found.pairs.entry(pair).or_default() += 1;
        }
    }

    /// Returns the labels of each group, the most typical first.
    pub(crate) fn labels(&self, occurrences: &Occurrences) -> Vec<Vec<String>> {
        let groups = self.groups.par_iter().zip(&occurrences.groups);
        groups
            .map(|(group, found)| found.labels(&group.counts, self.labels))
            .collect()
    }
}

impl GroupOccurrences {
    /// Returns the labels of a group, of which `counts` papers have each candidate.
    fn labels(&self, counts: &[u32], wanted: usize) -> Vec<String> {
        let mut used = vec![false; counts.len()];
        let mut labels = Vec::new();
        for candidate in 0..counts.len() {
            if labels.len() == wanted {
                break;
            }
            if used[candidate] {
                continue;
            }
            used[candidate] = true;
            let label = match self.pair_of(candidate, counts, &used) {
                Some((a, b)) => {
                    used[a] = true;
                    used[b] = true;
                    format!("{} {}", self.form(a), self.form(b))
                }
                None => self.form(candidate).to_owned(),
            };
            labels.push(label);
        }
        labels
    }

    /// Returns the pair that replaces a candidate: the most frequent one, ties by the rank of the
    /// candidates. Returns `None` if no pair is frequent enough.
    fn pair_of(&self, candidate: usize, counts: &[u32], used: &[bool]) -> Option<(usize, usize)> {
        let is_frequent = |&(&(a, b), &count): &(&(usize, usize), &u32)| {
            let other = if a == candidate { b } else { a };
            let rarer = counts[a].min(counts[b]);
            (a == candidate || b == candidate)
                && !used[other]
                && count >= MIN_PAIR_PAPERS
                && f64::from(count) >= MIN_PAIR_SHARE * f64::from(rarer)
                && f64::from(count) >= MIN_PAIR_SHARE / 2.0 * f64::from(counts[candidate])
        };
        self.pairs
            .iter()
            .filter(is_frequent)
            .max_by_key(|&(&pair, &count)| (count, Reverse(pair)))
            .map(|(&pair, _)| pair)
    }

    /// Returns the most common written form of a candidate, ties in alphabetical order.
    fn form(&self, candidate: usize) -> &str {
        let forms = self.forms[candidate].iter();
        forms
            .max_by_key(|&(form, &count)| (count, Reverse(form)))
            .map_or("", |(form, _)| form)
    }
}

/// Returns whether a word in lower case may be a label: it is neither a stop word nor a number.
fn is_label(word: &str) -> bool {
    !is_stop_word(word) && word.chars().filter(|c| c.is_alphabetic()).count() >= 2
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(groups: &[&[&str]], wanted: usize) -> Vec<Vec<String>> {
        let papers = || {
            groups.iter().enumerate().flat_map(|(group, texts)| {
                let paper = |text: &&str| Paper::new("x").title(*text);
                texts.iter().map(move |text| (group, paper(text)))
            })
        };
        // Each of several threads counts some of the papers.
        let label = |threads: usize| {
            let mut counts = WordCounts::new(groups.len());
            for thread in 0..threads {
                let mut own = WordCounts::new(groups.len());
                for (group, paper) in papers().skip(thread).step_by(threads) {
                    own.add(group, &paper);
                }
                counts.merge(own);
            }
            let candidates = counts.candidates(wanted);
            let mut occurrences = Occurrences::new(&candidates);
            for thread in (0..threads).rev() {
                let mut own = Occurrences::new(&candidates);
                for (group, paper) in papers().skip(thread).step_by(threads) {
                    candidates.count(&mut own, group, &paper);
                }
                occurrences.merge(own);
            }
            candidates.labels(&occurrences)
        };
        let labels = label(1);
        for threads in [2, 3, 10] {
            assert_eq!(label(threads), labels);
        }
        labels
    }

    #[test]
    fn a_group_is_named_by_words_that_others_lack() {
        let found = labels(
            &[
                &[
                    "Wheels with data",
                    "Data on wheels",
                    "The wheel of 1984: data",
                ],
                &["Stars and data", "Data of stars", "A star with data"],
            ],
            2,
        );
        assert_eq!(found[0], ["wheels", "data"]);
        assert_eq!(found[1], ["stars", "data"]);
    }

    #[test]
    fn adjacent_words_become_one_label() {
        let texts = [
            "Neural networks for wheels",
            "A neural network",
            "Deep neural networks",
            "Networks, neural or not",
        ];
        let found = labels(&[&texts, &["Stars", "Stars above"]], 3);
        assert_eq!(found[0][0], "neural networks");
        assert!(
            !found[0].iter().any(|label| label == "networks"),
            "{found:?}"
        );
    }

    #[test]
    fn groups_without_words_have_no_labels() {
        let found = labels(&[&["12 34", "the of"], &[]], 3);
        assert_eq!(found, [Vec::<String>::new(), Vec::new()]);
        assert!(labels(&[], 3).is_empty());
    }
}
