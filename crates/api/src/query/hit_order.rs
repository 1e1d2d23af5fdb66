//! The order of hits.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use crate::{Error, MergedHit, Paper, PaperHit, PartialDate, Result};

/// The order of the hits of a [`Query`](crate::Query).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HitOrder {
    /// The best hit first.
    #[default]
    Relevance,
    /// The latest publication first, and papers without a date last. The hits are the same as by relevance, and
    /// those with the same date are in its order.
    Date,
}

impl HitOrder {
    /// All orders, as declared.
    pub const ALL: &'static [Self] = &[Self::Relevance, Self::Date];

    /// Returns the name, such as `date`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Date => "date",
        }
    }

    /// Brings hits that are in the order of their relevance into this order, and numbers their ranks.
    ///
    /// [`Library::search`](crate::Library::search) does this for its hits; a program calls it for hits that it has
    /// merged or reranked.
    pub fn arrange(self, hits: &mut [PaperHit]) {
        if self == Self::Date {
            hits.sort_by_key(|hit| latest_first(&hit.paper));
        }
        for (rank, hit) in (1..).zip(hits) {
            hit.rank = rank;
        }
    }

    /// Brings merged hits that are in the order of their relevance into this order, and numbers their ranks.
    pub fn arrange_merged(self, merged: &mut [MergedHit]) {
        if self == Self::Date {
            merged.sort_by_key(|merged| latest_first(&merged.hit.paper));
        }
        for (rank, merged) in (1..).zip(merged) {
            merged.hit.rank = rank;
        }
    }
}

/// Returns what papers are sorted by so that the latest comes first, and papers without a date last.
fn latest_first(paper: &Paper) -> Reverse<Option<PartialDate>> {
    Reverse(paper.publication_date().map(PartialDate::first_day))
}

impl fmt::Display for HitOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for HitOrder {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let mut all = Self::ALL.iter().copied();
        let found = all.find(|order| order.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::unknown_name("sort", name, Self::ALL))
    }
}
