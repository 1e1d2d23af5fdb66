//! Which papers a list has, and in which order.

use std::fmt;
use std::str::FromStr;

use crate::query::filter::Filter;
use crate::{Error, Result};

/// The papers of a list, and their order: an argument of [`Library::list`](crate::Library::list).
///
/// ```
/// use cognate::{Filter, Listing, SortBy};
///
/// let newest = Listing::default()
///     .filter(Filter::default().author("Hinton"))
///     .sort_by(SortBy::Year)
///     .reverse(true)
///     .limit(10);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub(crate) filter: Filter,
    pub(crate) sort_by: SortBy,
    pub(crate) reverse: bool,
    pub(crate) offset: usize,
    pub(crate) limit: Option<usize>,
}

/// What the papers of a [`Listing`] are sorted by. Texts are compared without case and accents, equal ones are
/// in the order in which the papers were added, and papers without a value come last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SortBy {
    /// The order in which the vectors of the papers were added.
    #[default]
    Added,
    /// The year of publication, earliest first.
    Year,
    /// The date of publication, earliest first. A partial date counts as its first day.
    Published,
    /// The title, from its first letter or digit.
    Title,
    /// The id.
    Id,
    /// The first author, family name first.
    Author,
}

impl Listing {
    /// Restricts the list to papers that pass `filter`. Default: all papers.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Sets the order. Default: [`SortBy::Added`].
    #[must_use]
    pub fn sort_by(mut self, sort_by: SortBy) -> Self {
        self.sort_by = sort_by;
        self
    }

    /// Sets whether the order is reversed, for example the latest year first. Papers without a value come
    /// last in any case. Default: false.
    #[must_use]
    pub fn reverse(mut self, reverse: bool) -> Self {
        self.reverse = reverse;
        self
    }

    /// Sets the number of papers at the beginning of the list that are left out. Default: 0.
    #[must_use]
    pub fn offset(mut self, papers: usize) -> Self {
        self.offset = papers;
        self
    }

    /// Sets the largest number of papers. Default: no limit.
    #[must_use]
    pub fn limit(mut self, papers: usize) -> Self {
        self.limit = Some(papers);
        self
    }
}

impl SortBy {
    /// All orders, as declared.
    pub const ALL: &'static [Self] = &[
        Self::Added,
        Self::Year,
        Self::Published,
        Self::Title,
        Self::Id,
        Self::Author,
    ];

    /// Returns the name, such as `year`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Year => "year",
            Self::Published => "published",
            Self::Title => "title",
            Self::Id => "id",
            Self::Author => "author",
        }
    }
}

impl fmt::Display for SortBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for SortBy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let mut all = Self::ALL.iter().copied();
        let found = all.find(|sort_by| sort_by.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::unknown_name("sort", name, Self::ALL))
    }
}
