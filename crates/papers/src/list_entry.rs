//! The lists of a library that a paper is on.

use serde::{Deserialize, Serialize};

/// The name of a list of a library that a paper is on, with a note about the paper there.
///
/// # Examples
///
/// ```
/// use cognate_papers::{ListEntry, Paper};
///
/// let paper = Paper::new("bm25")
///     .title("The Probabilistic Relevance Framework")
///     .lists([ListEntry::new("liked").note("explains the saturation of term frequencies")]);
/// assert_eq!(paper.lists[0].name, "liked");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListEntry {
    /// The name of the list.
    pub name: String,
    /// The note about the paper, or an empty string if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl ListEntry {
    /// Creates an entry of a list without a note.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            note: String::new(),
        }
    }

    /// Sets the note about the paper.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}
