//! What the inverted index of a library knows of a paper: the terms of its title and its abstract, and tags
//! by which it is found or filtered.

use std::ops::Bound;

use cognate_index::Document;
use cognate_papers::text::{fold, index_words};

use crate::Paper;

/// The weights of a word in a title and in an abstract. On `SciFact`, Cranfield and sentences of arXiv
/// papers, weights of a title of 1.5 to 4 are better than 1.
pub(crate) const FIELD_WEIGHTS: [f64; 2] = [3.0, 1.0];

/// The longest id, in bytes, that is a tag as it is; of a longer one the hash is.
const MAX_ID: usize = 256;

/// The number of authors of a paper that are told apart. All further ones count as one.
const AUTHOR_BITS: u32 = 31;

/// The bit of the authors that are not told apart.
pub(crate) const FURTHER_AUTHORS: u32 = 1 << AUTHOR_BITS;

/// Returns the document of a paper.
pub(crate) fn document(key: u64, paper: &Paper) -> Document {
    let mut document = Document::new(key)
        .text(0, terms(&paper.title))
        .text(1, terms(&paper.abstract_text))
        .tag(id_tag(&paper.id), 0);
    if let Some(year) = paper.year {
        document = document.tag(year_tag(year), 0);
    }
    for word in paper.venue.iter().flat_map(|venue| name_words(venue)) {
        document = document.tag(venue_tag(&word), 0);
    }
    let mut authors: std::collections::BTreeMap<String, u32> = std::collections::BTreeMap::new();
    for (position, name) in (0_u32..).zip(&paper.authors) {
        for word in name_words(name.full()) {
            *authors.entry(word).or_default() |= 1 << position.min(AUTHOR_BITS);
        }
    }
    for (word, positions) in authors {
        document = document.tag(author_tag(&word), positions);
    }
    for category in &paper.categories {
        document = document.tag(category_tag(category), 0);
    }
    document
}

/// Returns the index terms of a text, in order.
fn terms(text: &str) -> impl Iterator<Item = String> {
    index_words(text).into_iter().flat_map(|word| word.terms)
}

/// Returns the tag of the paper with an id.
pub(crate) fn id_tag(id: &str) -> Vec<u8> {
    if id.len() <= MAX_ID {
        return [ID, id.as_bytes()].concat();
    }
    let hash = blake3::hash(id.as_bytes());
    [LONG_ID, hash.as_bytes().as_slice()].concat()
}

const ID: &[u8] = b"i";
const LONG_ID: &[u8] = b"h";

/// Returns the range of the tags of all ids that are tags as they are.
pub(crate) fn all_id_tags() -> (&'static [u8], Bound<&'static [u8]>) {
    (ID, Bound::Excluded(b"j"))
}

/// Returns the id of a tag of [`all_id_tags`].
pub(crate) fn id_of_tag(tag: &[u8]) -> Option<&str> {
    std::str::from_utf8(tag.strip_prefix(ID)?).ok()
}

/// Returns the tag of the papers of a year. Tags of years are in the order of the years.
pub(crate) fn year_tag(year: i32) -> Vec<u8> {
    let ordered = year.cast_unsigned() ^ (1 << 31);
    [b"y", ordered.to_be_bytes().as_slice()].concat()
}

/// Returns the range of the tags of all years.
pub(crate) fn all_year_tags() -> (&'static [u8], Bound<&'static [u8]>) {
    (b"y", Bound::Excluded(b"z"))
}

/// Returns the year of a tag of [`all_year_tags`].
pub(crate) fn year_of_tag(tag: &[u8]) -> Option<i32> {
    let ordered = tag.strip_prefix(b"y")?.try_into().ok()?;
    Some((u32::from_be_bytes(ordered) ^ (1 << 31)).cast_signed())
}

/// Returns the tag of the papers whose venue has a word.
pub(crate) fn venue_tag(word: &str) -> Vec<u8> {
    [b"v", word.as_bytes()].concat()
}

/// Returns the tag of the papers with an author whose name has a word. The number that belongs to it has
/// a bit for each author with the word.
pub(crate) fn author_tag(word: &str) -> Vec<u8> {
    [b"a", word.as_bytes()].concat()
}

/// Returns the tag of the papers of a category.
pub(crate) fn category_tag(category: &str) -> Vec<u8> {
    [b"c", category.to_lowercase().as_bytes()].concat()
}

/// Splits a name into words, without case and accents, as keyword search does.
pub(crate) fn name_words(text: &str) -> Vec<String> {
    let is_separator = |c: char| !c.is_alphanumeric() && c != '\'';
    fold(text)
        .split(is_separator)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_years_are_in_the_order_of_the_years() {
        let years = [i32::MIN, -500, -1, 0, 1, 1999, 2000, i32::MAX];
        assert!(years.map(year_tag).is_sorted());
        assert_eq!(
            years.map(|year| year_of_tag(&year_tag(year))),
            years.map(Some)
        );
    }

    #[test]
    fn ids_have_different_tags() {
        let long = "x".repeat(300);
        let ids = ["", "a", "A", "ä", &long, &long[1..]];
        let tags: std::collections::BTreeSet<_> = ids.iter().map(|id| id_tag(id)).collect();
        assert_eq!(tags.len(), ids.len());
        assert_eq!(id_of_tag(&id_tag("ä")), Some("ä"));
        assert_eq!(id_of_tag(&id_tag(&long)), None);
    }
}
