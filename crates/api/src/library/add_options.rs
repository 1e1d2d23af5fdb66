//! The options of adding papers.

use crate::PartialDate;
#[cfg(doc)]
use crate::{Library, Paper};

/// The meaning of the id of a paper that is added if the library has a paper with this id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SameId {
    /// An id names one paper, whatever its data: the paper replaces the one with its id, with all fields.
    #[default]
    Replace,
    /// An id names one paper unless identifiers contradict it: a record of the same paper updates the one with
    /// its id, and fields without a value stay as they are; a paper with a title that is not similar replaces
    /// it. A paper with another DOI, arXiv identifier or PubMed identifier, and another title, is added under
    /// an id of its own: `id-2`, `id-3` and so on.
    Update,
    /// An id names a paper within the file that it comes from, as a citation key does. A record of the same
    /// paper updates it, and fields without a value stay as they are. Another paper is added under an id of
    /// its own.
    ///
    /// Records are of one paper if they have the same arXiv identifier, PubMed identifier, or DOI and a
    /// similar title. Without a common identifier, they are if their titles are similar, or equal if their
    /// identifiers differ or the [id was made from the title](Paper::derived_id).
    Distinguish,
}

/// The options of [`Library::add_with`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddOptions {
    /// The meaning of the id of a paper if the library has a paper with this id.
    pub same_id: SameId,
    /// Whether the report lists the papers whose texts are longer than the model reads, which takes about as
    /// long as splitting these texts into tokens again.
    pub lists_truncated: bool,
    /// The day on which papers are added that do not have one and are new to the library, or `None` for the current
    /// day in UTC.
    pub added: Option<PartialDate>,
}

impl AddOptions {
    /// Sets the meaning of the id of a paper if the library has a paper with this id.
    #[must_use]
    pub fn same_id(mut self, same_id: SameId) -> Self {
        self.same_id = same_id;
        self
    }

    /// Sets whether the report lists the papers whose texts are longer than the model reads.
    #[must_use]
    pub fn list_truncated(mut self, lists_truncated: bool) -> Self {
        self.lists_truncated = lists_truncated;
        self
    }

    /// Sets the day on which papers are added that do not have one and are new to the library. Default: the current
    /// day in UTC.
    #[must_use]
    pub fn added(mut self, day: PartialDate) -> Self {
        self.added = Some(day);
        self
    }
}
