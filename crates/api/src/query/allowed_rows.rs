//! The rows that pass a filter, found by the tags of the inverted index.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use cognate_index::RowId;
use roaring::RoaringBitmap;

use crate::library::document::{
    ADDED, DatePart, FURTHER_AUTHORS, PUBLISHED, author_tag, category_tag, date_tag, name_words,
    venue_tag, year_tag,
};
use crate::library::snapshot::Snapshot;
use crate::query::filter::{Filter, has_words};
use crate::{Error, PartialDate, Result};

/// Returns the rows whose papers pass a filter, or `None` if it is empty.
///
/// # Complexity
///
/// Linear in the papers that have one of the words, categories or dates, or are on one of the lists; the rows of a
/// list are kept until it changes.
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
    if let Some(date) = filter.published_since {
        restrict(since(snapshot, PUBLISHED, date)?);
    }
    if let Some(date) = filter.added_since {
        restrict(since(snapshot, ADDED, date)?);
    }
    if !filter.lists.is_empty() {
        restrict(any(&filter.lists, |name| {
            Ok(Arc::unwrap_or_clone(snapshot.rows_of_list(name)?))
        })?);
    }
    if !filter.not_lists.is_empty() {
        let mut allowed = allowed.unwrap_or_else(|| snapshot.live_rows());
        for name in &filter.not_lists {
            allowed -= &*snapshot.rows_of_list(name)?;
        }
        return Ok(Some(allowed));
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

/// Returns the rows whose date of a kind is not before a date: the rows of later years, of later months of its year,
/// and of its month from its day on.
fn since(snapshot: &Snapshot<'_>, kind: u8, date: PartialDate) -> Result<RoaringBitmap> {
    let day = date.first_day();
    let (year, month, day) = (day.year(), day.month().unwrap_or(1), day.day().unwrap_or(1));
    let mut rows = RoaringBitmap::new();
    for (first, end) in [
        (
            DatePart::Year(year.saturating_add(1)),
            DatePart::Year(i32::MAX),
        ),
        (
            DatePart::Month(year, month + 1),
            DatePart::Month(year, u8::MAX),
        ),
        (
            DatePart::Day(year, month, day),
            DatePart::Day(year, month, u8::MAX),
        ),
    ] {
        let (first, end) = (date_tag(kind, first), date_tag(kind, end));
        let found = snapshot.terms.rows_with_tags(&first, Bound::Included(&end));
        rows |= found.map_err(Error::index(snapshot.dir))?;
    }
    Ok(rows)
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
    use crate::{Library, ListEntry, Paper};

    fn date(text: &str) -> PartialDate {
        text.parse().unwrap()
    }

    /// Papers with few different names, years, dates, lists, venues and categories, some with very many authors.
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
                let dates = [
                    "",
                    "1999",
                    "2024-06",
                    "2024-06-30",
                    "2024-07-01",
                    "-0003-12-31",
                ];
                paper.details.published = of(&dates).parse().ok();
                paper.added = of(&["2026-01-01", "2026-01-31", "2026-02", "2027"])
                    .parse()
                    .ok();
                let lists = ["", "liked", "to read", "liked, to read"];
                let lists = of(&lists);
                let names = lists.split(", ").filter(|name| !name.is_empty());
                paper.lists = names.map(ListEntry::new).collect();
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
            Filter::default().list("liked"),
            Filter::default()
                .list("liked")
                .list("to read")
                .not_list("read"),
            Filter::default().not_list("liked"),
            Filter::default().not_list("liked").not_list("to read"),
            Filter::default().list("read"),
            Filter::default()
                .list("to read")
                .not_list("liked")
                .years(1999..),
            Filter::default().added_since(date("2026-01-31")),
            Filter::default().added_since(date("2026-02")).list("liked"),
            Filter::default()
                .published_since(date("2024-06-15"))
                .added_since(date("2026-01-02"))
                .not_list("liked"),
        ];
        let since = [
            "-9999",
            "-0003-12-31",
            "1999",
            "1999-01-02",
            "2024-06",
            "2024-06-30",
            "2024-07-01",
            "2025",
        ];
        let since = since.map(|text| Filter::default().published_since(date(text)));
        let filters = filters.into_iter().chain(since);
        let mut passed = 0;
        for filter in filters {
            let (found, expected) = library
                .read(|snapshot| {
                    let mut expected = RoaringBitmap::new();
                    let lists = snapshot.papers.all_lists()?;
                    snapshot.for_each(|row, stored| {
                        let paper = lists.complete(stored.paper);
                        if filter.allows(&paper) {
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
