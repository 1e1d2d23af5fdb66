//! Authors whose names the words of a text begin.

use std::collections::{BTreeSet, HashMap};
use std::ops::{Bound, ControlFlow};

use cognate_index::RowId;
use roaring::RoaringBitmap;

use super::word_beginnings::begin_words_of;
use crate::library::document::{
    author_name_tag, author_name_tags, author_tag, author_words, words_of_author_tag,
};
use crate::library::snapshot::Snapshot;
use crate::query::facets::{FacetCount, most_frequent, size};
use crate::{Error, Result};

/// The number of different names that are looked at for a word, beyond which it is too short to tell much.
const NAMES: usize = 50_000;

/// The number of papers that are read for names in which another word than the first of the family name begins with a
/// word.
const PAPERS: usize = 200;

/// Returns the authors whose family name begins with a word and whose other names begin with the others, and if there
/// are few, some in whose names the words begin any word.
pub(super) fn authors(
    snapshot: &Snapshot<'_>,
    words: &[String],
    k: usize,
) -> Result<Vec<FacetCount>> {
    // By the words of the name.
    let mut names: HashMap<String, usize> = HashMap::new();
    let distinct: BTreeSet<&String> = words.iter().collect();
    for word in distinct {
        let mut left = NAMES;
        let (first, end) = author_name_tags(word);
        let counted =
            snapshot
                .terms
                .count_tags(&first, Bound::Excluded(&end), None, |tag, papers| {
                    if let Some(name) = words_of_author_tag(tag)
                        && papers > 0
                        && begin_words_of(name, words)
                    {
                        *names.entry(name.to_owned()).or_default() += size(papers);
                    }
                    left -= 1;
                    if left == 0 {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                });
        counted.map_err(Error::index(snapshot.dir))?;
    }
    if names.len() < k {
        add_given_names(snapshot, words, &mut names)?;
    }
    let counts = names
        .into_iter()
        .map(|(name, papers)| FacetCount { name, papers });
    let mut found = most_frequent(counts, k);
    for author in &mut found {
        if let Some(name) = spelling_of_author(snapshot, &author.name)? {
            author.name = name;
        }
    }
    Ok(found)
}

/// Adds authors in whose names the words begin any word, from some papers that have such authors.
fn add_given_names(
    snapshot: &Snapshot<'_>,
    words: &[String],
    names: &mut HashMap<String, usize>,
) -> Result<()> {
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
            let name = author_words(&author);
            if names.contains_key(&name) || !begin_words_of(&name, words) {
                continue;
            }
            // A name beyond the first thirty or so of a paper has no tag.
            if let Some(tag) = author_name_tag(&author) {
                let rows = snapshot.terms.rows_with_tag(&tag).map_err(index_error())?;
                names.insert(name, size(rows.len()).max(1));
            }
        }
    }
    Ok(())
}

/// Returns the name of an author, given by its words, as the first paper spells it that has it.
fn spelling_of_author(snapshot: &Snapshot<'_>, words: &str) -> Result<Option<String>> {
    let tag = author_name_tags(words).0;
    let rows = snapshot.terms.rows_with_tag(&tag);
    let rows = rows.map_err(Error::index(snapshot.dir))?;
    let Some(row) = rows.min() else {
        return Ok(None);
    };
    let paper = snapshot.stored_at(RowId::new(row))?.paper;
    let mut authors = paper.authors.iter();
    let author = authors.find(|author| author_words(author) == words);
    Ok(author.map(|author| author.full().to_owned()))
}
