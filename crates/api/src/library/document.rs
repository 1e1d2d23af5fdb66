//! What the inverted index of a library knows of a paper: the terms of its title and its abstract, and tags
//! by which it is found or filtered.

use std::ops::Bound;

use cognate_index::Document;
use cognate_papers::text::{fold, index_words};

use crate::{Name, Paper, PartialDate};

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
    for tag in paper
        .publication_date()
        .map(published_tags)
        .into_iter()
        .flatten()
    {
        document = document.tag(tag, 0);
    }
    for tag in paper.added.map(added_tags).into_iter().flatten() {
        document = document.tag(tag, 0);
    }
    if let Some(tag) = paper.venue.as_deref().and_then(venue_name_tag) {
        document = document.tag(tag, 0);
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
    for name in paper.authors.iter().take(AUTHOR_BITS as usize) {
        if let Some(tag) = author_name_tag(name) {
            document = document.tag(tag, 0);
        }
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
    [b"y", ordered(year).as_slice()].concat()
}

/// Returns the bytes of a year, in the order of the years.
fn ordered(year: i32) -> [u8; 4] {
    (year.cast_unsigned() ^ (1 << 31)).to_be_bytes()
}

fn year_of_ordered(bytes: &[u8]) -> Option<i32> {
    let ordered = bytes.try_into().ok()?;
    Some((u32::from_be_bytes(ordered) ^ (1 << 31)).cast_signed())
}

/// Returns the range of the tags of all years.
pub(crate) fn all_year_tags() -> (&'static [u8], Bound<&'static [u8]>) {
    (b"y", Bound::Excluded(b"z"))
}

/// Returns the year of a tag of [`all_year_tags`].
pub(crate) fn year_of_tag(tag: &[u8]) -> Option<i32> {
    year_of_ordered(tag.strip_prefix(b"y")?)
}

/// The first bytes of the tags of the dates of publication and of adding.
pub(crate) const PUBLISHED: u8 = b'p';
pub(crate) const ADDED: u8 = b'g';

/// Returns the tags of a date of publication: one for its year, its month and its first day.
fn published_tags(date: PartialDate) -> [Vec<u8>; 3] {
    date_tags(PUBLISHED, date)
}

fn added_tags(date: PartialDate) -> [Vec<u8>; 3] {
    date_tags(ADDED, date)
}

fn date_tags(kind: u8, date: PartialDate) -> [Vec<u8>; 3] {
    let (year, month) = (date.year(), date.month().unwrap_or(1));
    [
        date_tag(kind, DatePart::Year(year)),
        date_tag(kind, DatePart::Month(year, month)),
        date_tag(kind, DatePart::of_day(date)),
    ]
}

/// A year, a month or a day.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DatePart {
    Year(i32),
    Month(i32, u8),
    Day(i32, u8, u8),
}

impl DatePart {
    /// Returns the first day of a date.
    pub(crate) fn of_day(date: PartialDate) -> Self {
        Self::Day(
            date.year(),
            date.month().unwrap_or(1),
            date.day().unwrap_or(1),
        )
    }
}

/// Returns the tag of the papers whose date of a kind begins in a year, in a month or on a day. Tags of one kind and of
/// one length of time are in the order of the dates.
pub(crate) fn date_tag(kind: u8, part: DatePart) -> Vec<u8> {
    let (level, year, rest): (u8, i32, &[u8]) = match &part {
        DatePart::Year(year) => (b'y', *year, &[]),
        DatePart::Month(year, month) => (b'm', *year, &[*month]),
        DatePart::Day(year, month, day) => (b'd', *year, &[*month, *day]),
    };
    let mut tag = vec![kind, level];
    tag.extend(ordered(year));
    tag.extend(rest);
    tag
}

/// Returns the range of the tags of the days of a kind.
pub(crate) fn all_day_tags(kind: u8) -> (Vec<u8>, Vec<u8>) {
    (vec![kind, b'd'], vec![kind, b'd' + 1])
}

/// Returns the date of a tag of [`all_day_tags`].
pub(crate) fn date_of_day_tag(tag: &[u8]) -> Option<PartialDate> {
    let [_, _, year @ .., month, day] = tag else {
        return None;
    };
    PartialDate::new(year_of_ordered(year)?, Some(*month), Some(*day))
}

/// The longest name of a venue or an author, in bytes, that is a tag.
const MAX_NAME: usize = 200;

/// Returns the tag of the papers with a venue: its words as [`name_words`] has them, a zero and its name as it is
/// spelled. Returns `None` if it has no words, or is too long for a tag.
pub(crate) fn venue_name_tag(venue: &str) -> Option<Vec<u8>> {
    let words = name_words(venue).join(" ");
    let name = venue.trim();
    let is_short = name.len() <= MAX_NAME && words.len() <= MAX_NAME;
    (is_short && !words.is_empty())
        .then(|| [b"w", words.as_bytes(), b"\0", name.as_bytes()].concat())
}

/// Returns the tag of the papers with an author: the words of the name, the family name first. Returns `None`
/// if it has no words, or is too long for a tag.
pub(crate) fn author_name_tag(name: &Name) -> Option<Vec<u8>> {
    let words = author_words(name);
    (!words.is_empty() && words.len() <= MAX_NAME).then(|| [b"n", words.as_bytes()].concat())
}

/// Returns the words of the name of an author, the family name first.
pub(crate) fn author_words(name: &Name) -> String {
    let (mut words, all) = (name_words(name.family()), name_words(name.full()));
    let of_family = words.len();
    let others = all
        .into_iter()
        .filter(|word| !words[..of_family].contains(word));
    let others: Vec<String> = others.collect();
    words.extend(others);
    words.join(" ")
}

/// Returns the words of a tag of [`author_name_tags`].
pub(crate) fn words_of_author_tag(tag: &[u8]) -> Option<&str> {
    std::str::from_utf8(tag.strip_prefix(b"n")?).ok()
}

/// Returns the range of the tags of all authors whose words begin with a text.
pub(crate) fn author_name_tags(prefix: &str) -> (Vec<u8>, Vec<u8>) {
    let first = [b"n", prefix.as_bytes()].concat();
    // No name has this byte.
    let end = [first.as_slice(), &[0xff]].concat();
    (first, end)
}

/// Returns the range of the tags of all venues.
pub(crate) fn all_venue_name_tags() -> (&'static [u8], Bound<&'static [u8]>) {
    (b"w", Bound::Excluded(b"x"))
}

/// Returns the words and the name of a tag of [`all_venue_name_tags`].
pub(crate) fn venue_of_tag(tag: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(tag.get(1..)?).ok()?.split_once('\0')
}

/// Returns the range of the tags of all categories.
pub(crate) fn all_category_tags() -> (&'static [u8], Bound<&'static [u8]>) {
    (b"c", Bound::Excluded(b"d"))
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
