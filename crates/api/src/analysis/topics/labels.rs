//! Words that say what groups of papers are about.
//!
//! A class-based TF-IDF (M. Grootendorst, "`BERTopic`: neural topic modeling with a class-based TF-IDF
//! procedure", 2022): `p · ln(p / q)`, where `p` is the part of a group's papers that have a word, and
//! `q` that of all papers. With `BERTopic`'s own `ln(1 + A / f)`, words that all groups have, as `model`
//! and `based`, named half of the groups of 10,000 arXiv papers. Words are stems; where two stems often
//! stand side by side, they are one label.

use std::collections::{BTreeSet, HashMap};

use crate::Paper;
use cognate_papers::text::{is_stop_word, stem, words};

/// Stems of a group that may become labels, times the labels wanted.
const CANDIDATES: usize = 4;

/// The part of a group's papers with a word, and of those with the rarer word of a pair, that must have
/// the pair for it to stand for its words.
const LEAST_PART_OF_PAIR: f64 = 0.4;

/// Papers that must have the pair, so that it is no accident of one.
const LEAST_PAIRS: u32 = 2;

/// The part of a group's papers that have a label, at least.
const LEAST_PART: f64 = 0.02;

/// A stem, by number.
type Stem = u32;

/// Counts words of papers, first all of them, then those that may become labels.
#[derive(Debug)]
pub(crate) struct WordCounts {
    /// By word in small letters; nothing for one that cannot be a label.
    stems: HashMap<String, Option<Stem>>,
    names: Vec<String>,
    numbers: HashMap<String, Stem>,
    /// By group: the papers that have a stem.
    groups: Vec<HashMap<Stem, u32>>,
    papers: Vec<u32>,
}

impl WordCounts {
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
        let number = is_label(&word).then(|| {
            let name = stem(&word);
            let next = Stem::try_from(self.names.len()).unwrap_or(Stem::MAX);
            *self.numbers.entry(name).or_insert_with_key(|name| {
                self.names.push(name.clone());
                next
            })
        });
        self.stems.insert(word, number);
        number
    }

    /// The most typical stems of each group, best first, to be counted as words and pairs of words.
    pub(crate) fn candidates(self, labels: usize) -> Candidates {
        let mut totals = vec![0_u64; self.names.len()];
        for (&stem, &count) in self.groups.iter().flatten() {
            totals[stem as usize] += u64::from(count);
        }
        let all: f64 = self.papers.iter().copied().map(f64::from).sum();
        let rank = |counts: &HashMap<Stem, u32>, papers: u32| {
            let least = (LEAST_PART * f64::from(papers)).max(1.0);
            let mut ranked: Vec<(f64, Stem, u32)> = counts
                .iter()
                .filter(|&(_, &count)| f64::from(count) >= least)
                .map(|(&stem, &count)| {
                    let part = f64::from(count) / f64::from(papers);
                    let part_of_all = float(totals[stem as usize]) / all;
                    (part * (part / part_of_all).ln(), stem, count)
                })
                // What is rarer in the group than elsewhere does not name it.
                .filter(|(score, ..)| *score >= 0.0)
                .collect();
            ranked.sort_by(|a, b| {
                let names = (&self.names[a.1 as usize], &self.names[b.1 as usize]);
                let by_count = b.2.cmp(&a.2);
                b.0.total_cmp(&a.0)
                    .then(by_count)
                    .then(names.0.cmp(names.1))
            });
            ranked.truncate(labels * CANDIDATES);
            Group {
                forms: vec![HashMap::new(); ranked.len()],
                places: (0..).zip(&ranked).map(|(at, r)| (r.1, at)).collect(),
                counts: ranked.iter().map(|&(_, _, count)| count).collect(),
                pairs: HashMap::new(),
            }
        };
        let groups = self.groups.iter().zip(&self.papers);
        Candidates {
            groups: groups
                .map(|(counts, &papers)| rank(counts, papers))
                .collect(),
            stems: self.stems,
            labels,
        }
    }
}

/// Counts how the stems that may become labels are written, and in what pairs.
#[derive(Debug)]
pub(crate) struct Candidates {
    stems: HashMap<String, Option<Stem>>,
    groups: Vec<Group>,
    labels: usize,
}

/// The candidates of a group by place, the best at 0.
#[derive(Debug)]
struct Group {
    places: HashMap<Stem, usize>,
    /// Papers that have it.
    counts: Vec<u32>,
    /// Its written forms, and how often they occur.
    forms: Vec<HashMap<String, u32>>,
    /// Papers that have two side by side.
    pairs: HashMap<(usize, usize), u32>,
}

impl Candidates {
    /// Counts a paper that was counted before.
    pub(crate) fn add(&mut self, group: usize, paper: &Paper) {
        let group = &mut self.groups[group];
        let mut pairs = BTreeSet::new();
        for text in [&paper.title, &paper.abstract_text] {
            let mut before = None;
            for word in words(text) {
                let stem = self.stems.get(&word).copied().flatten();
                let place = stem.and_then(|stem| group.places.get(&stem)).copied();
                if let Some(place) = place {
                    *group.forms[place].entry(word).or_default() += 1;
                    pairs.extend(before.map(|before| (before, place)));
                }
                before = place;
            }
        }
        for pair in pairs.into_iter().filter(|(a, b)| a != b) {
            *group.pairs.entry(pair).or_default() += 1;
        }
    }

    /// The labels of each group, the most typical first.
    pub(crate) fn labels(&self) -> Vec<Vec<String>> {
        self.groups
            .iter()
            .map(|group| group.labels(self.labels))
            .collect()
    }
}

impl Group {
    fn labels(&self, wanted: usize) -> Vec<String> {
        let mut used = vec![false; self.counts.len()];
        let mut labels = Vec::new();
        for place in 0..self.counts.len() {
            if labels.len() == wanted {
                break;
            }
            if used[place] {
                continue;
            }
            used[place] = true;
            let label = match self.pair_of(place, &used) {
                Some((a, b)) => {
                    used[a] = true;
                    used[b] = true;
                    format!("{} {}", self.form(a), self.form(b))
                }
                None => self.form(place).to_owned(),
            };
            labels.push(label);
        }
        labels
    }

    /// The pair that may stand for a stem: the most frequent, and of several the one of better stems.
    fn pair_of(&self, place: usize, used: &[bool]) -> Option<(usize, usize)> {
        let stands_for = |&(&(a, b), &count): &(&(usize, usize), &u32)| {
            let other = if a == place { b } else { a };
            let rarer = self.counts[a].min(self.counts[b]);
            (a == place || b == place)
                && !used[other]
                && count >= LEAST_PAIRS
                && f64::from(count) >= LEAST_PART_OF_PAIR * f64::from(rarer)
                && f64::from(count) >= LEAST_PART_OF_PAIR / 2.0 * f64::from(self.counts[place])
        };
        self.pairs
            .iter()
            .filter(stands_for)
            .max_by_key(|&(&pair, &count)| (count, std::cmp::Reverse(pair)))
            .map(|(&pair, _)| pair)
    }

    /// The most common form, and of several the first in the alphabet.
    fn form(&self, place: usize) -> &str {
        let forms = self.forms[place].iter();
        forms
            .max_by_key(|&(form, &count)| (count, std::cmp::Reverse(form)))
            .map_or("", |(form, _)| form)
    }
}

/// Whether a word in small letters may be a label: it says something, and is not a number.
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
        let mut counts = WordCounts::new(groups.len());
        for (group, paper) in papers() {
            counts.add(group, &paper);
        }
        let mut candidates = counts.candidates(wanted);
        for (group, paper) in papers() {
            candidates.add(group, &paper);
        }
        candidates.labels()
    }

    #[test]
    fn a_group_is_named_by_what_it_has_and_others_have_not() {
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
    fn words_that_stand_side_by_side_are_one_label() {
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
