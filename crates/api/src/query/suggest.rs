//! Suggestions for a text that is being typed.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::{Bound, ControlFlow};

use cognate_index::RowId;
use roaring::RoaringBitmap;
use serde::Serialize;

use crate::library::Library;
use crate::library::document::{
    all_category_tags, all_venue_name_tags, author_tag, name_words, venue_of_tag,
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

/// The number of papers of a word that are read for the names of their authors.
const PAPERS: usize = 200;

impl Library {
    /// Returns completions of a text that is being typed: papers by their titles, authors, venues and categories, at
    /// most `k` of each kind, in the order of the kinds. A name matches if each word of the text is the beginning of
    /// a word of the name, whatever the case and accents.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Store`], [`Error::Damaged`] or [`Error::Index`] if the library cannot be read.
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

/// Returns whether each word is the beginning of a word of a name.
fn begins_words(name: &str, words: &[String]) -> bool {
    let of_name = name_words(name);
    words
        .iter()
        .all(|word| of_name.iter().any(|one| one.starts_with(word.as_str())))
}

fn papers(
    snapshot: &Snapshot<'_>,
    prefix: &str,
    words: &[String],
    k: usize,
) -> Result<Vec<Suggestion>> {
    let query = KeywordQuery::of_text(prefix);
    let mut found = Vec::new();
    for hit in snapshot.keyword_hits(&query, PAPERS, None)? {
        let paper = snapshot.stored_at(hit.row)?.paper;
        if begins_words(&paper.title, words) {
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

/// Returns the names with the most papers.
fn most_frequent(
    kind: SuggestionKind,
    counts: impl IntoIterator<Item = (String, usize)>,
    k: usize,
) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = counts
        .into_iter()
        .map(|(text, papers)| Suggestion {
            kind,
            text,
            id: None,
            papers,
        })
        .collect();
    found.sort_by(|a, b| b.papers.cmp(&a.papers).then_with(|| a.text.cmp(&b.text)));
    found.truncate(k);
    found
}

fn authors(snapshot: &Snapshot<'_>, words: &[String], k: usize) -> Result<Vec<Suggestion>> {
    let index_error = || Error::index(snapshot.dir);
    let mut rows: Option<RoaringBitmap> = None;
    for word in words {
        let first = author_tag(word);
        // No UTF-8 text has this byte.
        let end = [first.as_slice(), &[0xff]].concat();
        let found = snapshot
            .terms
            .rows_with_tags(&first, Bound::Excluded(&end))
            .map_err(index_error())?;
        rows = Some(rows.map_or_else(|| found.clone(), |rows| rows & &found));
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows.unwrap_or_default().into_iter().take(PAPERS) {
        for author in snapshot.stored_at(RowId::new(row))?.paper.authors {
            if begins_words(author.full(), words) {
                *counts.entry(author.full().to_owned()).or_default() += 1;
            }
        }
    }
    Ok(most_frequent(SuggestionKind::Author, counts, k))
}

fn venues(snapshot: &Snapshot<'_>, words: &[String], k: usize) -> Result<Vec<Suggestion>> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let (first, end) = all_venue_name_tags();
    let counted = snapshot.terms.count_tags(first, end, None, |tag, papers| {
        if let Some((_, name)) = venue_of_tag(tag)
            && papers > 0
            && begins_words(name, words)
        {
            *counts.entry(name.to_owned()).or_default() +=
                usize::try_from(papers).unwrap_or(usize::MAX);
        }
    });
    counted.map_err(Error::index(snapshot.dir))?;
    Ok(most_frequent(SuggestionKind::Venue, counts, k))
}

fn categories(snapshot: &Snapshot<'_>, prefix: &str, k: usize) -> Result<Vec<Suggestion>> {
    let folded = prefix.trim().to_lowercase();
    let (first, end) = all_category_tags();
    let mut names = Vec::new();
    let all = snapshot.terms.for_each_tag(first, end, |tag| {
        let name = std::str::from_utf8(&tag[1..]).unwrap_or_default();
        if name.starts_with(&folded) {
            names.push(name.to_owned());
        }
        ControlFlow::Continue(())
    });
    all.map_err(Error::index(snapshot.dir))?;
    names.sort_unstable();
    names.dedup();
    let mut counts = Vec::new();
    for name in names {
        let tag = crate::library::document::category_tag(&name);
        let rows = snapshot.terms.rows_with_tag(&tag);
        let papers = rows.map_err(Error::index(snapshot.dir))?.len();
        if papers > 0 {
            let name = spelling_of_category(snapshot, &name)?.unwrap_or(name);
            counts.push((name, usize::try_from(papers).unwrap_or(usize::MAX)));
        }
    }
    Ok(most_frequent(SuggestionKind::Category, counts, k))
}
