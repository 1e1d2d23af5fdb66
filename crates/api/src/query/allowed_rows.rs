//! The rows that pass a filter, found by the tags of the inverted index.

use std::collections::BTreeMap;
use std::ops::Bound;

use cognate_index::RowId;
use roaring::RoaringBitmap;

use crate::library::document::{
    FURTHER_AUTHORS, author_tag, category_tag, name_words, venue_tag, year_tag,
};
use crate::library::snapshot::Snapshot;
use crate::query::filter::{Filter, has_words};
use crate::{Error, Result};

/// Returns the rows whose papers pass a filter, or `None` if it is empty.
///
/// # Complexity
///
/// Linear in the papers that have one of the words, categories or years.
pub(crate) fn allowed_rows(
    snapshot: &Snapshot<'_>,
    filter: &Filter,
) -> Result<Option<RoaringBitmap>> {
    let mut allowed: Option<RoaringBitmap> = None;
    let mut restrict = |rows: RoaringBitmap| {
        allowed = Some(match allowed.take() {
            Some(allowed) => allowed & rows,
            None => rows,
        });
    };
    if let Some((first, last)) = filter.years {
        restrict(years(snapshot, first, last)?);
    }
    if !filter.venues.is_empty() {
        restrict(any(&filter.venues, |words| venue(snapshot, words))?);
    }
    if !filter.categories.is_empty() {
        restrict(any(&filter.categories, |name| category(snapshot, name))?);
    }
    if !filter.authors.is_empty() {
        restrict(any(&filter.authors, |words| author(snapshot, words))?);
    }
    Ok(allowed)
}

fn any(
    wanted: &[String],
    rows_of: impl Fn(&str) -> Result<RoaringBitmap>,
) -> Result<RoaringBitmap> {
    let mut rows = RoaringBitmap::new();
    for wanted in wanted {
        rows |= rows_of(wanted)?;
    }
    Ok(rows)
}

fn years(snapshot: &Snapshot<'_>, first: i32, last: i32) -> Result<RoaringBitmap> {
    if first > last {
        return Ok(RoaringBitmap::new());
    }
    let (first, last) = (year_tag(first), year_tag(last));
    let rows = snapshot
        .terms
        .rows_with_tags(&first, Bound::Included(&last));
    rows.map_err(Error::index(snapshot.dir))
}

fn with_tag(snapshot: &Snapshot<'_>, tag: &[u8]) -> Result<RoaringBitmap> {
    let rows = snapshot.terms.rows_with_tag(tag);
    rows.map_err(Error::index(snapshot.dir))
}

/// Returns the rows whose venue has all words.
fn venue(snapshot: &Snapshot<'_>, words: &str) -> Result<RoaringBitmap> {
    let mut found: Option<RoaringBitmap> = None;
    for word in name_words(words) {
        let rows = with_tag(snapshot, &venue_tag(&word))?;
        found = Some(found.map_or_else(|| rows.clone(), |found| found & &rows));
    }
    Ok(found.unwrap_or_default())
}

/// Returns the rows of a category and its subcategories.
fn category(snapshot: &Snapshot<'_>, name: &str) -> Result<RoaringBitmap> {
    let name = name.trim();
    if name.is_empty() {
        return Ok(RoaringBitmap::new());
    }
    let first = category_tag(&format!("{name}."));
    // The character after the dot.
    let end = category_tag(&format!("{name}/"));
    let within = snapshot.terms.rows_with_tags(&first, Bound::Excluded(&end));
    let within = within.map_err(Error::index(snapshot.dir))?;
    Ok(within | with_tag(snapshot, &category_tag(name))?)
}

/// Returns the rows with an author whose name has all words.
fn author(snapshot: &Snapshot<'_>, words: &str) -> Result<RoaringBitmap> {
    // Of each row, the authors whose names have all words so far, one bit each.
    let mut found: Option<BTreeMap<RowId, u32>> = None;
    let wanted = name_words(words);
    for word in &wanted {
        let authors = snapshot.terms.values_of_tag(&author_tag(word));
        let authors = authors.map_err(Error::index(snapshot.dir))?;
        found = Some(match found {
            None => authors.into_iter().collect(),
            Some(found) => {
                let both = |(row, authors): (RowId, u32)| Some((row, authors & found.get(&row)?));
                let both = authors.into_iter().filter_map(both);
                both.filter(|(_, authors)| *authors != 0).collect()
            }
        });
    }
    let mut rows = RoaringBitmap::new();
    for (row, authors) in found.into_iter().flatten() {
        // Words of different authors may have met in the bit that these share.
        let is_certain = wanted.len() == 1 || authors != FURTHER_AUTHORS;
        let has_author = || -> Result<bool> {
            let paper = snapshot.paper_at(row)?;
            Ok(paper
                .authors
                .iter()
                .any(|name| has_words(name.full(), words)))
        };
        if is_certain || has_author()? {
            rows.insert(row.get());
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::Random;
    use crate::testing::SpelledVector;
    use crate::{Library, Paper};

    /// Papers with few different names, years, venues and categories, some with very many authors.
    fn papers(count: usize) -> Vec<Paper> {
        let mut random = Random::new(5);
        let mut of = |options: &[&str]| options[random.below(options.len())].to_owned();
        let (first, last) = (
            ["Ada", "Grace", "Kurt", "G."],
            ["Lovelace", "Hopper", "G\u{f6}del", "Ada"],
        );
        (0..count)
            .map(|number| {
                let authors = [0, 1, 3, 45][number % 4];
                let names = (0..authors).map(|_| format!("{} {}", of(&first), of(&last)));
                let mut paper = Paper::new(number.to_string())
                    .abstract_text("1 0 0")
                    .authors(names.collect::<Vec<_>>())
                    .categories([of(&["cs.CL", "cs", "math.CO", "CS.lg", "csx"])]);
                if number % 3 > 0 {
                    paper = paper.venue(of(&["Physical Review", "Review of Physics", "Nature"]));
                }
                if number % 5 > 0 {
                    paper = paper.year([-3, 1999, 2000, 2024][number % 4]);
                }
                paper
            })
            .collect()
    }

    #[test]
    fn agrees_with_a_look_at_every_paper() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path(), SpelledVector).unwrap();
        let papers = papers(400);
        library.add(papers.clone()).unwrap();
        let removed: Vec<String> = (0..400).step_by(9).map(|id| id.to_string()).collect();
        library.remove(&removed).unwrap();
        library.add(papers[..20].to_vec()).unwrap();
        let no_years = (Bound::Excluded(5), Bound::Excluded(6));
        let filters = [
            Filter::default().years(1999..),
            Filter::default().years(..2000),
            Filter::default().years(no_years),
            Filter::default().author("ada"),
            Filter::default().author("Ada Ada"),
            Filter::default().author("grace godel"),
            Filter::default()
                .author("Lovelace, Kurt")
                .author("G Hopper"),
            Filter::default().author(" ").venue("nature"),
            Filter::default().venue("review"),
            Filter::default()
                .venue("physical review")
                .years(1999..=2000),
            Filter::default().category("cs"),
            Filter::default().category("CS.CL").category("math"),
            Filter::default().category("").author("nobody"),
            Filter::default()
                .category("cs")
                .author("ada")
                .venue("Review")
                .years(..),
        ];
        let mut passed = 0;
        for filter in filters {
            let (found, expected) = library
                .read(|snapshot| {
                    let mut expected = RoaringBitmap::new();
                    snapshot.for_each(|row, stored| {
                        if filter.allows(&stored.paper) {
                            expected.insert(row.get());
                        }
                    })?;
                    Ok((allowed_rows(snapshot, &filter)?, expected))
                })
                .unwrap();
            passed += expected.len();
            assert_eq!(found, Some(expected), "{filter:?}");
        }
        assert!(passed > 500, "{passed}");
        let all = library.read(|snapshot| allowed_rows(snapshot, &Filter::default()));
        assert_eq!(all.unwrap(), None);
    }
}
