//! Suggestions for a text that is being typed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::{Bound, ControlFlow};

use cognate_index::RowId;
use roaring::RoaringBitmap;
use serde::Serialize;

use crate::library::Library;
use crate::library::document::{
    all_category_tags, all_venue_name_tags, author_name_tag, author_name_tags, author_tag,
    name_of_tag, name_words,
};
use crate::library::snapshot::Snapshot;
use crate::query::facets::spelling_of_category;
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

/// The number of papers of which titles and names are read for one kind of suggestions.
const PAPERS: usize = 200;

/// The number of different names or terms that are looked at, beyond which a text is too short to tell much.
const NAMES: usize = 50_000;

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
            suggestions.extend(authors(snapshot, &words, k)?);
            suggestions.extend(venues(snapshot, &words, k)?);
            suggestions.extend(categories(snapshot, prefix, k)?);
            Ok(suggestions)
        })
    }
}

/// Returns whether each word begins one of the words of a name.
fn begin_words_of(name: &str, words: &[String]) -> bool {
    let of_name = name_words(name);
    let begins = |word: &String| {
        // Scripts without spaces have words within what looks like one.
        let is_within = word.starts_with(|c: char| c >= '\u{2e80}');
        let matches = |one: &String| {
            one.starts_with(word.as_str()) || is_within && one.contains(word.as_str())
        };
        of_name.iter().any(matches)
    };
    words.iter().all(begins)
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
    let mut left = NAMES;
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

/// Numbers of papers by the words of a name and its spellings.
#[derive(Default)]
struct Names(HashMap<String, BTreeMap<String, usize>>);

impl Names {
    fn add(&mut self, words: &str, name: &str, papers: u64) {
        let spellings = self.0.entry(words.to_owned()).or_default();
        *spellings.entry(name.to_owned()).or_default() += size(papers);
    }

    /// Returns the `k` names with the most papers, each as most papers spell it.
    fn most_frequent(self, kind: SuggestionKind, k: usize) -> Vec<Suggestion> {
        let names = self.0.into_values().filter_map(|spellings| {
            let papers = spellings.values().sum();
            let most_frequent = spellings
                .into_iter()
                .rev()
                .max_by_key(|(_, papers)| *papers);
            most_frequent.map(|(name, _)| (name, papers))
        });
        most_frequent(kind, names, k)
    }
}

fn size(papers: u64) -> usize {
    usize::try_from(papers).unwrap_or(usize::MAX)
}

/// Returns the `k` texts with the most papers.
fn most_frequent(
    kind: SuggestionKind,
    counts: impl IntoIterator<Item = (String, usize)>,
    k: usize,
) -> Vec<Suggestion> {
    let suggestion = |(text, papers)| Suggestion {
        kind,
        text,
        id: None,
        papers,
    };
    let mut found: Vec<Suggestion> = counts.into_iter().map(suggestion).collect();
    found.sort_by(|a, b| b.papers.cmp(&a.papers).then_with(|| a.text.cmp(&b.text)));
    found.truncate(k);
    found
}

/// Returns the authors whose family name begins with a word and the other words begin the rest, then others.
fn authors(snapshot: &Snapshot<'_>, words: &[String], k: usize) -> Result<Vec<Suggestion>> {
    let index_error = || Error::index(snapshot.dir);
    let mut names = Names::default();
    let distinct: BTreeSet<&String> = words.iter().collect();
    for word in distinct {
        let mut left = NAMES;
        let (first, end) = author_name_tags(word);
        let counted =
            snapshot
                .terms
                .count_tags(&first, Bound::Excluded(&end), None, |tag, papers| {
                    if let Some((of_name, name)) = name_of_tag(tag)
                        && papers > 0
                        && begin_words_of(of_name, words)
                    {
                        names.add(of_name, name, papers);
                    }
                    left -= 1;
                    if left == 0 {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                });
        counted.map_err(index_error())?;
    }
    if names.0.len() < k {
        add_given_names(snapshot, words, &mut names)?;
    }
    Ok(names.most_frequent(SuggestionKind::Author, k))
}

/// Adds authors in whose names the words begin any word, from some papers that have such authors.
fn add_given_names(snapshot: &Snapshot<'_>, words: &[String], names: &mut Names) -> Result<()> {
    let index_error = || Error::index(snapshot.dir);
    let Some(longest) = words.iter().max_by_key(|word| word.len()) else {
        return Ok(());
    };
    let first = author_tag(longest);
    // No UTF-8 text has this byte.
    let end = [first.as_slice(), &[0xff]].concat();
    let mut tags = BTreeSet::new();
    let all = snapshot
        .terms
        .for_each_tag(&first, Bound::Excluded(&end), |tag| {
            tags.insert(tag.to_owned());
            if tags.len() < PAPERS {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
    all.map_err(index_error())?;
    let mut rows = RoaringBitmap::new();
    for tag in tags {
        rows |= snapshot.terms.rows_with_tag(&tag).map_err(index_error())?;
        if rows.len() >= PAPERS as u64 {
            break;
        }
    }
    for row in rows.into_iter().take(PAPERS) {
        for author in snapshot.stored_at(RowId::new(row))?.paper.authors {
            if !begin_words_of(author.full(), words) {
                continue;
            }
            let Some(tag) = author_name_tag(&author) else {
                continue;
            };
            let Some((of_name, name)) = name_of_tag(&tag) else {
                continue;
            };
            let spellings = names.0.entry(of_name.to_owned()).or_default();
            if !spellings.contains_key(name) {
                let rows = snapshot.terms.rows_with_tag(&tag).map_err(index_error())?;
                // A name beyond the thirtieth of a paper has no tag.
                spellings.insert(name.to_owned(), size(rows.len()).max(1));
            }
        }
    }
    Ok(())
}

fn venues(snapshot: &Snapshot<'_>, words: &[String], k: usize) -> Result<Vec<Suggestion>> {
    let mut names = Names::default();
    let (first, end) = all_venue_name_tags();
    let counted = snapshot.terms.count_tags(first, end, None, |tag, papers| {
        if let Some((of_name, name)) = name_of_tag(tag)
            && papers > 0
            && begin_words_of(of_name, words)
        {
            names.add(of_name, name, papers);
        }
        ControlFlow::Continue(())
    });
    counted.map_err(Error::index(snapshot.dir))?;
    Ok(names.most_frequent(SuggestionKind::Venue, k))
}

fn categories(snapshot: &Snapshot<'_>, prefix: &str, k: usize) -> Result<Vec<Suggestion>> {
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
    let mut found = most_frequent(SuggestionKind::Category, counts, k);
    for category in &mut found {
        if let Some(name) = spelling_of_category(snapshot, &category.text)? {
            category.text = name;
        }
    }
    Ok(found)
}
