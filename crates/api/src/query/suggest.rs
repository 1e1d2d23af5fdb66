//! Suggestions for a text that is being typed.

mod authors;
mod word_beginnings;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::ControlFlow;

use serde::Serialize;

use self::authors::authors;
use self::word_beginnings::begin_words_of;
use crate::library::Library;
use crate::library::document::{all_category_tags, all_venue_name_tags, name_words, venue_of_tag};
use crate::library::snapshot::Snapshot;
use crate::query::facets::{FacetCount, most_frequent, most_frequent_spelling, size, spelled};
use crate::query::keyword_query::KeywordQuery;
use crate::{Error, Result};

/// What a [`Suggestion`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SuggestionKind {
    /// A paper, by its title.
    Paper,
    /// The name of an author.
    Author,
    /// The name of a venue.
    Venue,
    /// A category.
    Category,
}

/// A completion of a text that is being typed, from [`Library::suggest`](crate::Library::suggest).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Suggestion {
    /// What is suggested.
    pub kind: SuggestionKind,
    /// The title, the name or the category.
    pub text: String,
    /// The id of the paper, or `None` for other kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The number of papers of the author, the venue or the category, and 1 for a paper.
    pub papers: usize,
}

impl fmt::Display for SuggestionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Paper => "paper",
            Self::Author => "author",
            Self::Venue => "venue",
            Self::Category => "category",
        })
    }
}

/// The number of papers whose titles are compared with the text.
const PAPERS: usize = 200;

/// The number of index terms that are looked at, beyond which a text is too short to tell much.
const TERMS: usize = 50_000;

/// The number of words that complete the last word of a text.
const COMPLETIONS: usize = 32;

/// The number of letters by which a stem may be shorter than the beginning of a word.
const STEMMED: usize = 4;

impl Library {
    /// Returns completions of a text that is being typed: papers by their titles, authors, venues and categories, at
    /// most `k` of each kind, in the order of the kinds. Papers come in the order of a keyword search, and names by
    /// the number of their papers.
    ///
    /// A title or a name matches if each word of the text is the beginning of one of its words, whatever the case
    /// and accents. A category matches if it, or what follows one of its dots, begins with the text.
    ///
    /// Of the papers, the 200 best ones by the words of the text are looked at, so that a text of one or two letters
    /// may have more matches than are found.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Store`], [`Error::Damaged`] or [`Error::Index`] if the library cannot be read.
    ///
    /// # Complexity
    ///
    /// Linear in the venues and categories, and in the names and words that begin like a word of the text, at most
    /// 50,000 of each; a few hundred papers are read.
    pub fn suggest(&self, prefix: &str, k: usize) -> Result<Vec<Suggestion>> {
        let words = name_words(prefix);
        if words.is_empty() || k == 0 {
            return Ok(Vec::new());
        }
        self.read(|snapshot| {
            let mut suggestions = papers(snapshot, prefix, &words, k)?;
            let authors = authors(snapshot, &words, k)?;
            let venues = venues(snapshot, &words, k)?;
            let categories = categories(snapshot, prefix, k)?;
            suggestions.extend(of_kind(SuggestionKind::Author, authors));
            suggestions.extend(of_kind(SuggestionKind::Venue, venues));
            suggestions.extend(of_kind(SuggestionKind::Category, categories));
            Ok(suggestions)
        })
    }
}

fn papers(
    snapshot: &Snapshot<'_>,
    prefix: &str,
    words: &[String],
    k: usize,
) -> Result<Vec<Suggestion>> {
    let query = KeywordQuery::of_text(prefix);
    let query = match words.last() {
        Some(last) => query.with_terms(completions(snapshot, last)?),
        None => query,
    };
    let mut found = Vec::new();
    for hit in snapshot.keyword_hits(&query, PAPERS, None)? {
        let paper = snapshot.stored_at(hit.row)?.paper;
        if begin_words_of(&paper.title, words) {
            found.push(Suggestion {
                kind: SuggestionKind::Paper,
                text: paper.title,
                id: Some(paper.id),
                papers: 1,
            });
        }
        if found.len() == k {
            break;
        }
    }
    Ok(found)
}

/// Returns the most frequent index terms that begin with a text, and those that it begins with, which may be the
/// stems of longer words.
fn completions(snapshot: &Snapshot<'_>, beginning: &str) -> Result<Vec<String>> {
    let index_error = || Error::index(snapshot.dir);
    let mut rows: HashMap<String, u64> = HashMap::new();
    let mut left = TERMS;
    let all = snapshot.terms.for_each_term(beginning, |term, count| {
        *rows.entry(term.to_owned()).or_default() += u64::from(count);
        left -= 1;
        if left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    all.map_err(index_error())?;
    let mut terms: Vec<(u64, String)> = rows.into_iter().map(|(term, rows)| (rows, term)).collect();
    terms.sort_unstable_by(|a, b| b.cmp(a));
    terms.truncate(COMPLETIONS);
    let mut terms: Vec<String> = terms.into_iter().map(|(_, term)| term).collect();
    let ends = beginning.char_indices().map(|(at, _)| at);
    for end in ends
        .skip(3)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .take(STEMMED)
    {
        let stem = &beginning[..end];
        let rows = snapshot.terms.document_frequency(stem);
        if rows.map_err(index_error())? > 0 {
            terms.push(stem.to_owned());
        }
    }
    Ok(terms)
}

/// Returns suggestions of one kind other than papers.
fn of_kind(kind: SuggestionKind, counts: Vec<FacetCount>) -> impl Iterator<Item = Suggestion> {
    counts.into_iter().map(move |count| Suggestion {
        kind,
        text: count.name,
        id: None,
        papers: count.papers,
    })
}

fn venues(snapshot: &Snapshot<'_>, words: &[String], k: usize) -> Result<Vec<FacetCount>> {
    // The spellings of each venue, by its words.
    let mut venues: HashMap<String, BTreeMap<String, usize>> = HashMap::new();
    let (first, end) = all_venue_name_tags();
    let counted = snapshot.terms.count_tags(first, end, None, |tag, papers| {
        if let Some((of_name, name)) = venue_of_tag(tag)
            && papers > 0
            && begin_words_of(of_name, words)
        {
            let spellings = venues.entry(of_name.to_owned()).or_default();
            *spellings.entry(name.to_owned()).or_default() += size(papers);
        }
        ControlFlow::Continue(())
    });
    counted.map_err(Error::index(snapshot.dir))?;
    let venues = venues.into_values().filter_map(most_frequent_spelling);
    Ok(most_frequent(venues, k))
}

fn categories(snapshot: &Snapshot<'_>, prefix: &str, k: usize) -> Result<Vec<FacetCount>> {
    let folded = prefix.trim().to_lowercase();
    let matches = |name: &str| {
        let dots = name.match_indices('.').map(|(at, _)| at + 1);
        dots.chain([0]).any(|at| name[at..].starts_with(&folded))
    };
    let (first, end) = all_category_tags();
    let mut counts: HashMap<String, usize> = HashMap::new();
    let counted = snapshot.terms.count_tags(first, end, None, |tag, papers| {
        if let Ok(name) = std::str::from_utf8(&tag[1..])
            && papers > 0
            && matches(name)
        {
            *counts.entry(name.to_owned()).or_default() += size(papers);
        }
        ControlFlow::Continue(())
    });
    counted.map_err(Error::index(snapshot.dir))?;
    let counts = counts
        .into_iter()
        .map(|(name, papers)| FacetCount { name, papers });
    spelled(snapshot, most_frequent(counts, k))
}
