//! The words that a keyword search looks for: those of a text that a person types, or those that
//! characterize papers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cognate_index::Phrase;
use cognate_papers::text::{IndexWord, index_words, is_stop_word};

use crate::query::quotes::is_quote;
use crate::{Paper, Result};

/// The number of terms of a query by papers. More change few answers and take longer.
const CHARACTERISTIC_TERMS: usize = 30;

/// The weight of the unwanted papers' words relative to that of the wanted papers' words, as in
/// Rocchio's formula for vectors.
const UNWANTED: f64 = 0.2;

/// Words and phrases to search for. A paper that has any of them is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeywordQuery {
    phrases: Vec<Phrase>,
}

impl KeywordQuery {
    /// Returns the words of a text, and its phrases between double quotes, straight or curly. Stop words
    /// outside a phrase are left out unless there is nothing else.
    ///
    /// A word that occurs n times is searched for round(√n) times.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut counts = PhraseCounts::default();
        let mut stop_words = PhraseCounts::default();
        // Every second part is between quotes, except behind a quote that is not closed.
        let parts: Vec<&str> = text.split(is_quote).collect();
        let last = parts.len() - 1;
        for (position, part) in parts.into_iter().enumerate() {
            let words = index_words(part);
            if position % 2 == 1 && position < last {
                counts.add(phrase(&words));
                continue;
            }
            for compound in words.chunk_by(|_, word| word.is_joined) {
                counts.add_compound(compound);
            }
            for word in words.iter().filter(|word| is_function_word(word)) {
                stop_words.add(phrase(std::slice::from_ref(word)));
            }
        }
        if counts.phrases.is_empty() {
            counts = stop_words;
        }
        Self::repeated(counts.phrases)
    }

    /// Returns phrases, each of the words of one text.
    pub(crate) fn of_phrases(texts: &[String]) -> Self {
        let mut counts = PhraseCounts::default();
        for text in texts {
            counts.add(phrase(&index_words(text)));
        }
        Self::repeated(counts.phrases)
    }

    /// Returns the terms that characterize the `wanted` papers and not the `unwanted` ones: those with the
    /// largest √tf · idf, of the wanted papers on average less a share of that of the unwanted ones. `tf` is
    /// the number of times that a paper has the term, and idf is ln(`papers` / df), where
    /// `document_frequencies` returns the number of papers df that have each of some terms.
    pub(crate) fn of_papers(
        wanted: &[Paper],
        unwanted: &[Paper],
        papers: u32,
        document_frequencies: impl FnOnce(&[&str]) -> Result<Vec<u32>>,
    ) -> Result<Self> {
        // The weight of each phrase, and the number of times that the wanted papers have it.
        let mut weights: BTreeMap<String, (f64, u32)> = BTreeMap::new();
        for (examples, share) in [(wanted, 1.0), (unwanted, -UNWANTED)] {
            let share = share / f64::from(count_of(examples));
            for paper in examples {
                for (phrase, count) in PhraseCounts::of_paper(paper).phrases {
                    let (weight, total) = weights.entry(phrase).or_default();
                    *weight += share * f64::from(count).sqrt();
                    if share > 0.0 {
                        *total += count;
                    }
                }
            }
        }
        weights.retain(|_, (weight, _)| *weight > 0.0);
        let terms = weights.keys().flat_map(|phrase| phrase.split(' '));
        let terms: BTreeSet<&str> = terms.collect();
        let terms: Vec<&str> = terms.into_iter().collect();
        let frequencies = document_frequencies(&terms)?;
        let frequencies: HashMap<&str, u32> = terms.into_iter().zip(frequencies).collect();
        let mut best: Vec<(f64, &str, u32)> = Vec::new();
        for (phrase, (weight, count)) in &weights {
            let of_terms = phrase.split(' ').filter_map(|term| frequencies.get(term));
            let rarest = of_terms.min().map_or(papers, |rarest| papers.min(*rarest));
            let idf = (f64::from(papers) / f64::from(rarest.max(1))).ln();
            best.push((weight * idf, phrase, count.div_ceil(count_of(wanted))));
        }
        best.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        best.truncate(CHARACTERISTIC_TERMS);
        let best = best
            .into_iter()
            .map(|(_, phrase, count)| (phrase.to_owned(), count));
        Ok(Self::repeated(best.collect()))
    }

    /// Adds terms to search for, each on its own.
    pub(crate) fn with_terms(mut self, terms: impl IntoIterator<Item = String>) -> Self {
        let phrases = terms.into_iter().map(|term| Phrase::new([term], 1));
        self.phrases.extend(phrases);
        self
    }

    fn repeated(counts: Vec<(String, u32)>) -> Self {
        let repeated = |(phrase, count): (String, u32)| {
            // The nearest integer r to √n has (r − ½)² < n < (r + ½)², so n is at most r² + r.
            let root = count.isqrt();
            let times = root + u32::from(count > root * root + root);
            Phrase::new(phrase.split(' '), times)
        };
        Self {
            phrases: counts.into_iter().map(repeated).collect(),
        }
    }

    /// Returns the phrases of index terms; none if there is nothing to search for.
    pub(crate) fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }
}

/// Phrases in the order of their first occurrence, with their numbers of occurrences.
#[derive(Default)]
struct PhraseCounts {
    phrases: Vec<(String, u32)>,
    positions: BTreeMap<String, usize>,
}

impl PhraseCounts {
    fn of_paper(paper: &Paper) -> Self {
        let mut counts = Self::default();
        for text in [&paper.title, &paper.abstract_text] {
            for word in index_words(text) {
                counts.add_word(&word);
            }
        }
        counts
    }

    /// Adds an occurrence of a phrase, unless it is empty.
    fn add(&mut self, phrase: String) {
        if phrase.is_empty() {
            return;
        }
        if let Some(&position) = self.positions.get(&phrase) {
            self.phrases[position].1 += 1;
        } else {
            self.positions.insert(phrase.clone(), self.phrases.len());
            self.phrases.push((phrase, 1));
        }
    }

    /// Adds a word that is not a stop word: its term, or each pair of adjacent terms of an unsegmented
    /// word.
    fn add_word(&mut self, word: &IndexWord) {
        if is_function_word(word) {
            return;
        }
        if let [term] = word.terms.as_slice() {
            self.add(term.clone());
        }
        for pair in word.terms.windows(2) {
            self.add(pair.join(" "));
        }
    }

    /// Adds words that are joined by hyphens or the like, and all of them as one phrase if a part says
    /// little alone: a single letter or a number, as in `t-SNE`, `IL-6` or `2,4-D`.
    fn add_compound(&mut self, words: &[IndexWord]) {
        for word in words {
            self.add_word(word);
        }
        let is_vague = |word: &IndexWord| {
            !word.is_unsegmented
                && (word.text.chars().count() == 1 || word.text.contains(char::is_numeric))
        };
        if words.len() > 1 && words.iter().any(is_vague) && !words.iter().all(is_function_word) {
            self.add(phrase(words));
        }
    }
}

/// Returns the number of papers, at least 1.
fn count_of(papers: &[Paper]) -> u32 {
    u32::try_from(papers.len()).unwrap_or(u32::MAX).max(1)
}

/// Returns the terms of adjacent words, separated by spaces.
fn phrase(words: &[IndexWord]) -> String {
    let terms = words.iter().flat_map(|word| &word.terms);
    terms.map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Returns whether a word is a stop word of keyword search. Other than in [`is_stop_word`], single
/// characters count, as in `vitamin C`, but for the English words `a` and `I`.
fn is_function_word(word: &IndexWord) -> bool {
    match word.text.as_str() {
        "a" | "i" => true,
        text => text.chars().nth(1).is_some() && is_stop_word(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a query as a person may read it.
    fn written(query: &KeywordQuery) -> Option<String> {
        let repeated = query.phrases.iter().flat_map(|phrase| {
            let quoted = format!("\"{}\"", phrase.terms().join(" "));
            std::iter::repeat_n(quoted, phrase.times() as usize)
        });
        let repeated: Vec<String> = repeated.collect();
        (!repeated.is_empty()).then(|| repeated.join(" OR "))
    }

    fn expression(text: &str) -> Option<String> {
        written(&KeywordQuery::of_text(text))
    }

    #[test]
    fn matches_any_word_that_is_not_a_stop_word() {
        let found = expression("How do the Neural nets learn?").unwrap();
        assert_eq!(found, r#""neural" OR "net" OR "learn""#);
        assert_eq!(expression("to be").as_deref(), Some(r#""to" OR "be""#));
        assert_eq!(expression(" ?! "), None);
        assert_eq!(expression("a vitamin C").unwrap(), r#""vitamin" OR "c""#);
        assert_eq!(expression("Newton's").as_deref(), Some(r#""newton""#));
    }

    #[test]
    fn a_word_is_repeated_by_the_square_root_of_its_occurrences() {
        let times = |n: usize| {
            let found = expression(&"net ".repeat(n)).unwrap();
            found.matches("net").count()
        };
        assert_eq!([1, 2, 3, 6, 7, 12, 13].map(times), [1, 1, 2, 2, 3, 3, 4]);
        for n in 1..200_u32 {
            let rounded = f64::from(n).sqrt().round();
            let times = u32::try_from(times(n as usize)).unwrap();
            assert!((f64::from(times) - rounded).abs() < 0.5, "{n}");
        }
        assert_eq!(expression("nets net").as_deref(), Some(r#""net""#));
    }

    #[test]
    fn keeps_phrases_together_and_operators_harmless() {
        assert_eq!(
            expression(r#"the "graph of knowledge" NOT AND* NEAR(virus* b"#).as_deref(),
            Some(r#""graph of knowledg" OR "virus" OR "b""#)
        );
        assert_eq!(
            expression("an \"open quote").as_deref(),
            Some(r#""open" OR "quot""#)
        );
    }

    #[test]
    fn curly_quotes_are_quotes() {
        for text in [
            "the “graph of knowledge”",
            "the „graph of knowledge“",
            "the «graph of knowledge»",
            "the »graph of knowledge«",
            "the ”graph of knowledge”",
        ] {
            assert_eq!(
                expression(text).as_deref(),
                Some(r#""graph of knowledg""#),
                "{text}"
            );
        }
        // Single quotes are apostrophes too.
        assert_eq!(
            expression("‘graph net’").as_deref(),
            Some(r#""graph" OR "net""#)
        );
    }

    #[test]
    fn compounds_with_a_vague_part_are_phrases_too() {
        assert_eq!(
            expression("2,4-D").as_deref(),
            Some(r#""2" OR "4" OR "d" OR "2 4 d""#)
        );
        assert_eq!(
            expression("BERT-base").as_deref(),
            Some(r#""bert" OR "base""#)
        );
        assert_eq!(expression("C++").as_deref(), Some(r#""c++""#));
    }

    #[test]
    fn words_without_spaces_are_pairs_of_characters() {
        assert_eq!(
            expression("深度学习").as_deref(),
            Some(r#""深 度" OR "度 学" OR "学 习""#)
        );
        assert_eq!(expression("学").as_deref(), Some(r#""学""#));
    }

    #[test]
    fn characteristic_terms_are_frequent_in_the_paper_and_rare_elsewhere() {
        let paper = |text: &str| Paper::new("x").abstract_text(text);
        let frequency = |term: &&str| match *term {
            "model" => 100,
            "graph" | "kernel" => 10,
            _ => 50,
        };
        let frequencies = |terms: &[&str]| Ok(terms.iter().map(frequency).collect());
        let wanted = [
            paper("model model kernel graph graph tensor"),
            paper("graph"),
        ];
        let query = |unwanted: &[Paper]| {
            let found = KeywordQuery::of_papers(&wanted, unwanted, 100, frequencies).unwrap();
            written(&found).unwrap()
        };
        // A term that every paper has carries no weight, and comes last.
        assert_eq!(query(&[]), r#""graph" OR "kernel" OR "tensor" OR "model""#);
        // Terms that the unwanted papers have as often as the wanted ones are left out.
        let unwanted = [paper("kernel ".repeat(25).trim()), paper("x")];
        assert_eq!(query(&unwanted), r#""graph" OR "tensor" OR "model""#);
    }
}
