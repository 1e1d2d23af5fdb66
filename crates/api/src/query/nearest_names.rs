//! The names of venues, authors and categories of a library that are spelled like a wanted one.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

use cognate_index::RowId;
use roaring::RoaringBitmap;
use strsim::osa_distance;

use crate::library::document::{author_tag, category_tag, name_words, venue_tag};
use crate::library::nearest_ids::nearest_ids;
use crate::library::snapshot::Snapshot;
use crate::{Error, Name, Paper, Result};

/// The largest number of names in an answer.
const NAMES: usize = 3;

/// The number of words of names, spelled like a wanted one, that are looked up.
const WORDS: usize = 8;

/// The number of papers of one word whose names are compared with the wanted one.
const PAPERS: usize = 50;

/// A field of papers whose values are names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameField {
    Venue,
    Author,
    Category,
}

impl NameField {
    /// Returns the tag of a word of a name, or of a category.
    fn tag(self, word: &str) -> Vec<u8> {
        match self {
            Self::Venue => venue_tag(word),
            Self::Author => author_tag(word),
            Self::Category => category_tag(word),
        }
    }

    /// Splits a name into what has a tag of its own.
    fn words(self, name: &str) -> Vec<String> {
        match self {
            Self::Venue | Self::Author => name_words(name),
            Self::Category => vec![name.trim().to_lowercase()],
        }
    }

    fn values(self, paper: &Paper) -> Vec<&str> {
        match self {
            Self::Venue => paper.venue.as_deref().into_iter().collect(),
            Self::Author => paper.authors.iter().map(Name::full).collect(),
            Self::Category => paper.categories.iter().map(String::as_str).collect(),
        }
    }
}

/// Returns the names in a field that are spelled most like `wanted`, nearest first: those that have most of its
/// words, or words spelled like them, then those with the smallest edit distance.
///
/// # Complexity
///
/// Linear in the different words of all names in the field, each of which is compared with each word of
/// `wanted`; the number of papers that are read is bounded.
pub(super) fn nearest_names(
    snapshot: &Snapshot<'_>,
    field: NameField,
    wanted: &str,
) -> Result<Vec<String>> {
    let words = field.words(wanted);
    let mut all_words = None;
    let mut candidates = RoaringBitmap::new();
    let mut spellings: Vec<Vec<String>> = Vec::new();
    for word in &words {
        let mut spelled = vec![word.clone()];
        if rows_of(snapshot, field, word)?.is_empty() {
            if all_words.is_none() {
                all_words = Some(words_of(snapshot, field)?);
            }
            let all_words = all_words.iter().flatten().cloned();
            spelled = nearest_ids(word, all_words, WORDS);
        }
        spelled.dedup();
        spellings.push(spelled);
    }
    // The papers that have all words, or else the ones that have any.
    let mut rows: Vec<RoaringBitmap> = Vec::new();
    for spelled in &spellings {
        let mut any = RoaringBitmap::new();
        for word in spelled {
            any |= rows_of(snapshot, field, word)?;
        }
        rows.push(any);
    }
    let with_all = rows.iter().cloned().reduce(|all, rows| all & rows);
    candidates.extend(with_all.unwrap_or_default().iter().take(PAPERS));
    for spelled in &spellings {
        for word in spelled {
            candidates.extend(rows_of(snapshot, field, word)?.iter().take(PAPERS));
        }
    }
    let folded = name_words(wanted).join(" ");
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for row in candidates {
        let paper = snapshot.paper_at(RowId::new(row))?;
        for name in field.values(&paper) {
            let of_name = field.words(name);
            let matches = spellings
                .iter()
                .filter(|spelled| spelled.iter().any(|word| of_name.contains(word)))
                .count();
            if matches > 0 && !found.contains_key(name) {
                let distance = osa_distance(&folded, &name_words(name).join(" "));
                found.insert(name.to_owned(), (words.len() - matches, distance));
            }
        }
    }
    let mut found: Vec<(usize, usize, String)> = found
        .into_iter()
        .map(|(name, (missing, distance))| (missing, distance, name))
        .collect();
    found.sort_unstable();
    found.truncate(NAMES);
    Ok(found.into_iter().map(|(.., name)| name).collect())
}

fn rows_of(snapshot: &Snapshot<'_>, field: NameField, word: &str) -> Result<RoaringBitmap> {
    let rows = snapshot.terms.rows_with_tag(&field.tag(word));
    rows.map_err(Error::index(snapshot.dir))
}

/// Returns the different words of all names in a field, among them words of papers that were removed.
fn words_of(snapshot: &Snapshot<'_>, field: NameField) -> Result<Vec<String>> {
    let first = field.tag("");
    let end: Vec<u8> = first.iter().map(|byte| byte + 1).collect();
    let mut words = Vec::new();
    let all = snapshot
        .terms
        .for_each_tag(&first, Bound::Excluded(&end), |tag| {
            let word = std::str::from_utf8(&tag[first.len()..]);
            words.extend(word.ok().map(str::to_owned));
            ControlFlow::Continue(())
        });
    all.map_err(Error::index(snapshot.dir))?;
    // A word may come once for each segment.
    words.sort_unstable();
    words.dedup();
    Ok(words)
}
