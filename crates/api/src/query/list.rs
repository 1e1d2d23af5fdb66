//! The papers of a library that pass a filter, in some order.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use cognate_index::RowId;
use cognate_papers::text::fold;

use crate::library::Library;
use crate::library::snapshot::Snapshot;
use crate::library::store::{KeyOrder, ReadTxn};
use crate::query::allowed_rows::allowed_rows;
use crate::query::filter::Filter;
use crate::query::listing::{Listing, SortBy};
use crate::{Error, Paper, PartialDate, Result};

/// The number of papers by which a list may exceed its limit before it is cut to it.
const SLACK: usize = 1024;

impl Library {
    /// Calls `act` with the papers of a list, in its order, until `act` breaks. Returns the number of papers
    /// that pass the filter, of which the list leaves out those before its offset and beyond its limit.
    ///
    /// The library is not locked while `act` runs, so `act` may take its time, search the library and even
    /// change it. The papers are those that the library has when the method is called.
    ///
    /// Vectors are not read. If the files of terms, by which papers are filtered, cannot be read, the
    /// answer is the same and takes a look at every paper.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownList`] if the filter names a list that does not exist, and [`Error::Store`] or
    /// [`Error::Damaged`] if the papers cannot be read.
    ///
    /// # Complexity
    ///
    /// Linear in the papers that pass the filter, of which one is in memory at a time; with a limit and
    /// [`SortBy::Added`], linear in the limit and the offset. A list in another order reads the papers that pass the filter
    /// twice, and has what they are sorted by in memory, for all of them or for as many as the limit and the offset.
    /// The ids of the papers on [lists](Self::lists) are in memory too.
    pub fn list(
        &self,
        listing: &Listing,
        mut act: impl FnMut(Paper) -> ControlFlow<()>,
    ) -> Result<usize> {
        let limit = listing.limit.unwrap_or(usize::MAX);
        let mut list = |papers: &ReadTxn<'_>, snapshot: Option<&Snapshot<'_>>| {
            let selected = selected(papers, snapshot, &listing.filter)?;
            let total = match &selected {
                Some(keys) => keys.len(),
                None => usize::try_from(papers.count()?).unwrap_or(usize::MAX),
            };
            if limit == 0 {
                return Ok(total);
            }
            let lists = papers.all_lists()?;
            if let (SortBy::Added, None) = (listing.sort_by, &selected) {
                let order = if listing.reverse {
                    KeyOrder::Descending
                } else {
                    KeyOrder::Ascending
                };
                let (mut skipped, mut left) = (0, limit);
                papers.for_each_in(order, |stored| {
                    if skipped < listing.offset {
                        skipped += 1;
                        return ControlFlow::Continue(());
                    }
                    left -= 1;
                    match act(lists.complete(stored.paper)) {
                        ControlFlow::Continue(()) if left > 0 => ControlFlow::Continue(()),
                        _ => ControlFlow::Break(()),
                    }
                })?;
                return Ok(total);
            }
            let end = limit.saturating_add(listing.offset);
            let sorted = sorted(papers, selected, listing, end)?;
            for key in sorted.into_iter().skip(listing.offset) {
                if act(lists.complete(papers.paper(key)?.paper)).is_break() {
                    break;
                }
            }
            Ok(total)
        };
        if listing.filter.is_empty() {
            self.read_papers(|papers| list(papers, None))
        } else {
            self.read_papers_and_terms(list)
        }
    }
}

/// Returns the keys of the papers that pass a filter, in ascending order, or `None` if the filter is empty.
fn selected(
    papers: &ReadTxn<'_>,
    snapshot: Option<&Snapshot<'_>>,
    filter: &Filter,
) -> Result<Option<Vec<u64>>> {
    if filter.is_empty() {
        return Ok(None);
    }
    let with_terms = |snapshot: &Snapshot<'_>| -> Result<Option<Vec<u64>>> {
        let rows = allowed_rows(snapshot, filter)?;
        let keys = |row| snapshot.key_of(RowId::new(row));
        rows.map(|rows| rows.iter().map(keys).collect()).transpose()
    };
    match snapshot.map(with_terms) {
        Some(Err(Error::Index { .. })) | None => {
            let mut keys = Vec::new();
            let directory = papers.list_directory()?;
            for name in filter.lists.iter().chain(&filter.not_lists) {
                directory.find(name)?;
            }
            let lists = papers.all_lists()?;
            papers.for_each(|stored| {
                if filter.allows(&lists.complete(stored.paper)) {
                    keys.push(stored.key);
                }
                ControlFlow::Continue(())
            })?;
            Ok(Some(keys))
        }
        Some(found) => found,
    }
}

/// Returns the keys of at most `limit` papers in the order of a list: of the `selected` ones, or of all.
fn sorted(
    papers: &ReadTxn<'_>,
    selected: Option<Vec<u64>>,
    listing: &Listing,
    limit: usize,
) -> Result<Vec<u64>> {
    let mut entries = Entries {
        found: Vec::new(),
        reverse: listing.reverse,
        limit,
    };
    match selected {
        Some(mut keys) if listing.sort_by == SortBy::Added => {
            if listing.reverse {
                keys.reverse();
            }
            keys.truncate(limit);
            return Ok(keys);
        }
        Some(keys) => {
            for key in keys {
                let paper = papers.paper(key)?.paper;
                entries.push(key, SortValue::of(&paper, listing.sort_by));
            }
        }
        None => papers.for_each(|stored| {
            entries.push(stored.key, SortValue::of(&stored.paper, listing.sort_by));
            ControlFlow::Continue(())
        })?,
    }
    Ok(entries.into_keys())
}

/// What papers are sorted by, of which all papers of a list have the same kind.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortValue {
    Year(i32),
    Day(PartialDate),
    Text(Box<str>),
}

impl SortValue {
    /// Returns the value of a paper, or `None` if it has none.
    fn of(paper: &Paper, sort_by: SortBy) -> Option<Self> {
        let text = |text: &str| {
            let folded = fold(text);
            let text = folded.trim_start_matches(|c: char| !c.is_alphanumeric());
            (!text.is_empty()).then(|| Self::Text(text.into()))
        };
        match sort_by {
            SortBy::Added => None,
            SortBy::Year => paper.year.map(Self::Year),
            SortBy::Published => paper
                .publication_date()
                .map(|date| Self::Day(date.first_day())),
            SortBy::Title => text(&paper.title),
            SortBy::Id => Some(Self::Text(fold(&paper.id).into())),
            SortBy::Author => text(&paper.authors.first()?.inverted()),
        }
    }
}

/// The first papers of a list so far.
struct Entries {
    found: Vec<(Option<SortValue>, u64)>,
    reverse: bool,
    limit: usize,
}

impl Entries {
    fn push(&mut self, key: u64, value: Option<SortValue>) {
        self.found.push((value, key));
        if self.found.len() >= self.limit.saturating_mul(2).saturating_add(SLACK) {
            self.cut();
        }
    }

    /// Sorts what was found and drops what is beyond the limit.
    fn cut(&mut self) {
        let reverse = self.reverse;
        self.found.sort_unstable_by(|(a, a_key), (b, b_key)| {
            let values = match (a, b) {
                (Some(a), Some(b)) if reverse => b.cmp(a),
                (Some(a), Some(b)) => a.cmp(b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            };
            values.then(a_key.cmp(b_key))
        });
        self.found.truncate(self.limit);
    }

    fn into_keys(mut self) -> Vec<u64> {
        self.cut();
        self.found.into_iter().map(|(_, key)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::vectors_dir;
    use crate::sampling::Random;
    use crate::testing::SpelledVector;

    /// Papers with few different values, some without one.
    fn papers(count: usize) -> Vec<Paper> {
        let mut random = Random::new(9);
        let mut of = |options: &[&str]| options[random.below(options.len())].to_owned();
        (0..count)
            .map(|number| {
                let mut paper = Paper::new(format!("{}-{number}", of(&["a", "B", "\u{e4}"])))
                    .title(of(&["", "“Zeta”", "alpha", "\u{c1}lpha b", "Beta"]))
                    .abstract_text("1 0 0");
                if number % 4 > 0 {
                    let year = of(&["1999", "2001", "2020"]);
                    paper = paper.year(year.parse().unwrap());
                }
                if number % 3 > 0 {
                    paper = paper.authors([of(&["Ada Zeta", "Bea Alpha"]), of(&["C D"])]);
                }
                paper
            })
            .collect()
    }

    fn listed(library: &Library, listing: &Listing) -> Vec<Paper> {
        let mut found = Vec::new();
        let outcome = library.list(listing, |mut paper| {
            assert!(paper.added.take().is_some());
            found.push(paper);
            ControlFlow::Continue(())
        });
        let mut all = listing.clone();
        all.limit = None;
        if listing.limit.is_some() {
            assert_eq!(outcome.unwrap(), listed(library, &all).len());
        } else {
            assert_eq!(outcome.unwrap(), found.len());
        }
        found
    }

    /// Returns the papers of a list by the obvious way.
    fn expected(papers: &[Paper], listing: &Listing) -> Vec<Paper> {
        let mut found: Vec<Paper> = papers.to_vec();
        found.retain(|paper| listing.filter.allows(paper));
        if listing.sort_by == SortBy::Added {
            if listing.reverse {
                found.reverse();
            }
        } else {
            let value = |paper: &Paper| match listing.sort_by {
                SortBy::Year | SortBy::Published => paper.year.map(|year| year.to_string()),
                SortBy::Title => {
                    let title = fold(&paper.title).replace('\u{201c}', "");
                    (!title.is_empty()).then_some(title)
                }
                SortBy::Id => Some(fold(&paper.id)),
                _ => paper.authors.first().map(|name| fold(&name.inverted())),
            };
            let (mut with, without): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|paper| value(paper).is_some());
            with.sort_by(|a, b| {
                let order = value(a).cmp(&value(b));
                if listing.reverse {
                    order.reverse()
                } else {
                    order
                }
            });
            found = with.into_iter().chain(without).collect();
        }
        found.truncate(listing.limit.unwrap_or(usize::MAX));
        found
    }

    #[test]
    fn every_order_agrees_with_a_full_sort_with_and_without_files_of_terms() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path(), SpelledVector).unwrap();
        let mut papers = papers(300);
        library.add(papers.clone()).unwrap();
        let removed: Vec<String> = papers.iter().step_by(7).map(|p| p.id.clone()).collect();
        library.remove(&removed).unwrap();
        papers.retain(|paper| !removed.contains(&paper.id));
        let mut listings = Vec::new();
        for sort_by in SortBy::ALL {
            for reverse in [false, true] {
                for filter in [Filter::default(), Filter::default().years(2000..)] {
                    let listing = Listing::default().sort_by(*sort_by).reverse(reverse);
                    let listing = listing.filter(filter);
                    listings.extend([1, 10, 1000].map(|limit| listing.clone().limit(limit)));
                    listings.push(listing);
                }
            }
        }
        for listing in &listings {
            let expected = expected(&papers, listing);
            assert_eq!(listed(&library, listing), expected, "{listing:?}");
        }
        std::fs::remove_dir_all(vectors_dir(dir.path())).unwrap();
        let library = Library::open(dir.path()).unwrap();
        for listing in &listings {
            let expected = expected(&papers, listing);
            assert_eq!(listed(&library, listing), expected, "{listing:?}");
        }
        assert!(listed(&library, &Listing::default().limit(0)).is_empty());
    }

    #[test]
    fn a_list_with_a_limit_keeps_few_papers_and_the_right_ones() {
        let mut entries = Entries {
            found: Vec::new(),
            reverse: false,
            limit: 3,
        };
        let mut random = Random::new(2);
        let mut years: Vec<(i32, u64)> = Vec::new();
        for key in 0..5000 {
            let year = i32::try_from(random.below(500)).unwrap();
            years.push((year, key));
            entries.push(key, Some(SortValue::Year(year)));
            assert!(entries.found.len() < 2 * 3 + SLACK);
        }
        years.sort_unstable();
        let first: Vec<u64> = years[..3].iter().map(|(_, key)| *key).collect();
        assert_eq!(entries.into_keys(), first);
    }

    #[test]
    fn a_list_ends_when_the_caller_breaks() {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path(), SpelledVector).unwrap();
        library.add(papers(5)).unwrap();
        for sort_by in [SortBy::Added, SortBy::Year] {
            let mut calls = 0;
            let listing = Listing::default().sort_by(sort_by);
            let outcome = library.list(&listing, |_| {
                calls += 1;
                ControlFlow::Break(())
            });
            outcome.unwrap();
            assert_eq!(calls, 1);
        }
    }
}
