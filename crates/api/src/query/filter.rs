//! Restrictions of a query to papers with certain metadata.

use std::ops::{Bound, RangeBounds};

use crate::library::document::name_words;
use crate::{Paper, PartialDate};

/// The papers that may be hits of a query.
///
/// A paper passes if it meets the conditions of every kind (years, dates, venue, author, category, list) that
/// has any; of several conditions of one kind, one is enough, except that a paper must be on none of the lists of
/// [`not_list`](Self::not_list). A paper that lacks the field fails.
///
/// Names are compared without case and accents. A venue or an author matches if every given word is a
/// word of the name, so `hinton` matches Geoffrey Hinton. A category matches if it is the given one or
/// a subcategory of it, so `cs` matches `cs.CL`.
///
/// ```
/// use cognate::Filter;
///
/// let recent = Filter::default().years(2018..).author("Hinton").category("cs").category("stat");
/// assert_eq!(Filter::default().is_empty(), true);
/// # assert!(!recent.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub(crate) years: Option<(i32, i32)>,
    pub(crate) venues: Vec<String>,
    pub(crate) authors: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) lists: Vec<String>,
    pub(crate) not_lists: Vec<String>,
    pub(crate) published_since: Option<PartialDate>,
    pub(crate) added_since: Option<PartialDate>,
}

impl Filter {
    /// Restricts the years of publication, such as `2015..=2019`, `2015..` or `..2020`; a later call
    /// replaces an earlier one. Default: any year.
    #[must_use]
    pub fn years(mut self, years: impl RangeBounds<i32>) -> Self {
        let first = match years.start_bound() {
            Bound::Included(&year) => year,
            Bound::Excluded(&year) => year.saturating_add(1),
            Bound::Unbounded => i32::MIN,
        };
        let last = match years.end_bound() {
            Bound::Included(&year) => year,
            Bound::Excluded(&year) => year.saturating_sub(1),
            Bound::Unbounded => i32::MAX,
        };
        self.years = Some((first, last));
        self
    }

    /// Adds a venue, given by words of its name. Default: any venue.
    #[must_use]
    pub fn venue(mut self, words: impl Into<String>) -> Self {
        self.venues.push(words.into());
        self
    }

    /// Adds an author, given by words of the name. Default: any author.
    #[must_use]
    pub fn author(mut self, words: impl Into<String>) -> Self {
        self.authors.push(words.into());
        self
    }

    /// Adds a category, such as `cs.CL`, or the part of one before a dot, such as `cs`. Default: any
    /// category.
    #[must_use]
    pub fn category(mut self, name: impl Into<String>) -> Self {
        self.categories.push(name.into());
        self
    }

    /// Adds a list that the papers must be on; of several lists, one is enough. A list that does not exist is an
    /// [`Error::UnknownList`](crate::Error::UnknownList) of the call with the filter. Default: any paper, whether on
    /// a list or not.
    #[must_use]
    pub fn list(mut self, name: impl Into<String>) -> Self {
        self.lists.push(name.into());
        self
    }

    /// Adds a list that the papers must not be on. Of several lists, the papers must be on none. A list that does not exist is an
    /// [`Error::UnknownList`](crate::Error::UnknownList) of the call with the filter. Default: none.
    #[must_use]
    pub fn not_list(mut self, name: impl Into<String>) -> Self {
        self.not_lists.push(name.into());
        self
    }

    /// Restricts the [date of publication](Paper::publication_date) to this date or later ones. A partial date counts
    /// as its first day, here and in papers: a paper of 2024 is not one since 2024-06. Default: any date.
    #[must_use]
    pub fn published_since(mut self, date: PartialDate) -> Self {
        self.published_since = Some(date);
        self
    }

    /// Restricts the day on which papers were [added](Paper::added) to this date or later ones. A partial date counts
    /// as its first day. Default: any date.
    #[must_use]
    pub fn added_since(mut self, date: PartialDate) -> Self {
        self.added_since = Some(date);
        self
    }

    /// Returns whether the filter has no condition, so that every paper passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether a paper, with the lists that it is on, passes.
    pub(crate) fn allows(&self, paper: &Paper) -> bool {
        let any = |wanted: &[String], matches: &dyn Fn(&str) -> bool| {
            wanted.is_empty() || wanted.iter().any(|wanted| matches(wanted))
        };
        self.years.is_none_or(|(first, last)| {
            paper
                .year
                .is_some_and(|year| (first..=last).contains(&year))
        }) && any(&self.venues, &|wanted| {
            let venue = paper.venue.as_deref();
            venue.is_some_and(|name| has_words(name, wanted))
        }) && any(&self.authors, &|wanted| {
            paper
                .authors
                .iter()
                .any(|name| has_words(name.full(), wanted))
        }) && any(&self.categories, &|wanted| {
            paper.categories.iter().any(|name| is_within(name, wanted))
        }) && any(&self.lists, &|wanted| is_on(paper, wanted))
            && !self.not_lists.iter().any(|name| is_on(paper, name))
            && is_since(self.published_since, paper.publication_date())
            && is_since(self.added_since, paper.added)
    }
}

/// Returns whether `wanted` has a word, and every word of `wanted` is a word of `name`.
pub(crate) fn has_words(name: &str, wanted: &str) -> bool {
    let (name, wanted) = (name_words(name), name_words(wanted));
    !wanted.is_empty() && wanted.iter().all(|word| name.contains(word))
}

fn is_on(paper: &Paper, list: &str) -> bool {
    paper.lists.iter().any(|entry| entry.name == list)
}

/// Returns whether a date is not before another one, or that one is not given.
fn is_since(since: Option<PartialDate>, date: Option<PartialDate>) -> bool {
    since.is_none_or(|since| date.is_some_and(|date| date.first_day() >= since.first_day()))
}

/// Returns whether the category `name` is `wanted` or a subcategory of it, as `cs.CL` is of `cs`.
fn is_within(name: &str, wanted: &str) -> bool {
    let (name, wanted) = (name.to_lowercase(), wanted.trim().to_lowercase());
    name.strip_prefix(&wanted)
        .is_some_and(|suffix| !wanted.is_empty() && (suffix.is_empty() || suffix.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_names_by_whole_words() {
        assert!(has_words("Geoffrey E. Hinton", "hinton"));
        assert!(!has_words("Geoffrey E. Hinton", "G. E. Hinton"));
        assert!(has_words("G. E. Hinton", "g e hinton"));
        assert!(has_words("Hinton, Geoffrey", "geoffrey hinton"));
        assert!(!has_words("Hintonson", "hinton"));
        for name in ["Kurt GÖDEL", "Kurt Go\u{308}del"] {
            assert!(
                has_words(name, "gödel") && has_words(name, "godel"),
                "{name}"
            );
        }
        assert!(has_words("Godel", "Gödel"));
        assert!(!has_words("Kurt Gödel", " "));
        assert!(has_words("Physical Review Letters", "physical review"));
    }

    #[test]
    fn matches_a_category_and_its_subcategories() {
        assert!(is_within("cs.CL", "cs"));
        assert!(is_within("cs.CL", "CS.cl"));
        assert!(!is_within("cs.CL", "c"));
        assert!(!is_within("cs", "cs.CL"));
        assert!(!is_within("cs", ""));
    }

    #[test]
    fn needs_one_condition_of_every_kind() {
        let filter = Filter::default()
            .author("Ada")
            .author("Grace")
            .category("cs");
        let paper = |author: Option<&str>, category: &str| {
            Paper::new("a")
                .authors(author)
                .categories([category])
                .year(1952)
        };
        let grace = Some("Grace Hopper");
        assert!(filter.allows(&paper(grace, "cs.PL")));
        assert!(!filter.allows(&paper(grace, "math.CO")));
        assert!(!filter.allows(&paper(None, "cs.PL")));
        assert!(
            !Filter::default()
                .venue("Nature")
                .allows(&paper(grace, "cs.PL"))
        );
        for (years, passes) in [(1952..1953, true), (1953..1960, false)] {
            let filter = Filter::default().years(years);
            assert_eq!(filter.allows(&paper(grace, "cs.PL")), passes);
        }
    }

    #[test]
    fn accepts_all_ranges_of_years() {
        assert_eq!(
            Filter::default().years(2015..2019).years,
            Some((2015, 2018))
        );
        assert_eq!(
            Filter::default().years(..=2019).years,
            Some((i32::MIN, 2019))
        );
        assert_eq!(
            Filter::default().years(2015..).years,
            Some((2015, i32::MAX))
        );
    }
}
