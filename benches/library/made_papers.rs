//! Papers for the benchmark, made from others by pairing titles and abstracts of different ones.

use std::path::Path;

use cognate::{Paper, PaperReader};
use cognate_testing::Numbers;

use crate::vocabulary;

/// Papers without end: each has a number, and the paper of a number is the same in every run.
///
/// With n sources in a shuffled order, paper i below n has the title, the authors and the year of
/// source i, and the abstract, the venue and the categories of another one. All papers after these join
/// the first half of a title with the second half of another, and likewise the abstracts, so that a
/// library of many papers has no more copies of a text than one of few.
pub(crate) struct MadePapers {
    sources: Vec<Paper>,
}

impl MadePapers {
    /// Makes papers from those of a file in any format that [`PaperReader`] reads.
    pub(crate) fn from_file(path: &Path) -> Self {
        let sources = PaperReader::open(path).unwrap();
        let mut sources: Vec<Paper> = sources.collect::<Result<_, _>>().unwrap();
        sources.retain(|paper| !paper.title.is_empty() && !paper.abstract_text.is_empty());
        Self::new(sources)
    }

    /// Makes papers of words that do not exist.
    pub(crate) fn from_vocabulary() -> Self {
        Self::new(vocabulary::papers())
    }

    fn new(mut sources: Vec<Paper>) -> Self {
        assert!(sources.len() > 1, "two papers are needed to make others");
        let mut numbers = Numbers::new(20);
        for last in (1..sources.len()).rev() {
            let end = u32::try_from(last + 1).unwrap();
            sources.swap(last, numbers.below(end) as usize);
        }
        Self { sources }
    }

    /// Returns the id of a paper.
    pub(crate) fn id(number: usize) -> String {
        format!("made-{number:07}")
    }

    /// Returns a paper.
    pub(crate) fn paper(&self, number: usize) -> Paper {
        let round = number / self.sources.len();
        let first = &self.sources[number % self.sources.len()];
        let other = |part| self.other(number, part);
        let (title, abstract_text) = if round == 0 {
            (first.title.clone(), other(0).abstract_text.clone())
        } else {
            (
                joined_halves(&first.title, &other(1).title),
                joined_halves(&other(0).abstract_text, &other(2).abstract_text),
            )
        };
        let id = Self::id(number);
        let mut paper = Paper::new(id.clone())
            .title(title)
            .abstract_text(abstract_text)
            .authors(first.authors.iter().cloned())
            .categories(self.categories(number).iter().cloned())
            .url(format!("https://example.org/papers/{id}"));
        paper.year = first.year;
        paper.venue.clone_from(&other(0).venue);
        paper
    }

    /// Returns the categories of a paper.
    pub(crate) fn categories(&self, number: usize) -> &[String] {
        &self.other(number, 0).categories
    }

    /// Returns the source of a part of a paper other than the first one.
    fn other(&self, number: usize, part: usize) -> &Paper {
        /// Primes that differ, so that no two rounds have the same pair of sources.
        const STRIDES: [usize; 3] = [8009, 15_013, 24_007];
        let round = number / self.sources.len();
        let distance = 1 + (part + round * STRIDES[part]) % (self.sources.len() - 1);
        &self.sources[(number + distance) % self.sources.len()]
    }
}

/// Returns the first half of the words of one text and the second half of those of another.
fn joined_halves(first: &str, second: &str) -> String {
    let first: Vec<&str> = first.split_whitespace().collect();
    let second: Vec<&str> = second.split_whitespace().collect();
    let halves = [
        &first[..first.len().div_ceil(2)],
        &second[second.len() / 2..],
    ];
    halves.concat().join(" ")
}
