use std::ops::{Bound, RangeBounds};

use crate::Paper;

/// Which papers may answer a query. Conditions of different kinds must all hold; of several
/// conditions of one kind, one is enough.
///
/// Names compare without regard to case. A venue or an author fits when every word asked for is
/// a word of the name, so `hinton` finds Geoffrey Hinton. A category fits when it is the one
/// asked for or lies below it, so `cs` finds `cs.CL`. A paper without the field never fits.
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
}

impl Filter {
    /// Years of publication, `2015..=2019`, `2015..` or `..2020`.
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

    /// Words of a venue's name.
    #[must_use]
    pub fn venue(mut self, words: impl Into<String>) -> Self {
        self.venues.push(words.into());
        self
    }

    /// Words of an author's name.
    #[must_use]
    pub fn author(mut self, words: impl Into<String>) -> Self {
        self.authors.push(words.into());
        self
    }

    /// A category, or the start of one up to a dot.
    #[must_use]
    pub fn category(mut self, name: impl Into<String>) -> Self {
        self.categories.push(name.into());
        self
    }

    /// Whether every paper passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a paper passes.
    pub(crate) fn allows(&self, paper: &Paper) -> bool {
        let any = |wanted: &[String], fits: &dyn Fn(&str) -> bool| {
            wanted.is_empty() || wanted.iter().any(|wanted| fits(wanted))
        };
        self.years.is_none_or(|(first, last)| {
            paper
                .year
                .is_some_and(|year| (first..=last).contains(&year))
        }) && any(&self.venues, &|wanted| {
            let venue = paper.venue.as_deref();
            venue.is_some_and(|name| has_words(name, wanted))
        }) && any(&self.authors, &|wanted| {
            paper.authors.iter().any(|name| has_words(name, wanted))
        }) && any(&self.categories, &|wanted| {
            paper.categories.iter().any(|name| is_below(name, wanted))
        })
    }
}

/// Whether every word of `wanted` is a word of `name`.
fn has_words(name: &str, wanted: &str) -> bool {
    let name: Vec<String> = words(name).collect();
    let mut wanted = words(wanted).peekable();
    wanted.peek().is_some() && wanted.all(|word| name.contains(&word))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let apart = |c: char| !c.is_alphanumeric() && c != '\'';
    text.split(apart)
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// Whether `name` is `wanted`, or goes on behind it with a dot.
fn is_below(name: &str, wanted: &str) -> bool {
    let (name, wanted) = (name.to_lowercase(), wanted.trim().to_lowercase());
    name.strip_prefix(&wanted)
        .is_some_and(|rest| !wanted.is_empty() && (rest.is_empty() || rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_people_and_venues_by_whole_words() {
        assert!(has_words("Geoffrey E. Hinton", "hinton"));
        assert!(has_words("Geoffrey E. Hinton", "G. E. Hinton") == has_words("G E Hinton", "x"));
        assert!(has_words("Hinton, Geoffrey", "geoffrey hinton"));
        assert!(!has_words("Hintonson", "hinton"));
        assert!(has_words("Kurt GÖDEL", "gödel"));
        assert!(!has_words("Kurt Gödel", " "));
        assert!(has_words("Physical Review Letters", "physical review"));
    }

    #[test]
    fn finds_categories_below_an_archive() {
        assert!(is_below("cs.CL", "cs"));
        assert!(is_below("cs.CL", "CS.cl"));
        assert!(!is_below("cs.CL", "c"));
        assert!(!is_below("cs", "cs.CL"));
        assert!(!is_below("cs", ""));
    }

    #[test]
    fn wants_one_of_a_kind_and_all_kinds() {
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
    fn reads_ranges_of_years() {
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
