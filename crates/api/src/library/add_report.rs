//! The report of adding papers.

use cognate_model::Truncation;
use serde::Serialize;

#[cfg(doc)]
use crate::Library;
use crate::Paper;

/// What happened to a paper that is neither simply new nor simply changed. `position` is the position of the
/// paper among all that were added, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AddRemark {
    /// Another paper has the id, so the paper has a new id.
    Renamed {
        /// The position of the paper.
        position: usize,
        /// The id that it came with.
        id: String,
        /// The id that it has in the library.
        new_id: String,
        /// The title of the paper.
        title: String,
        /// The title of the other paper.
        other_title: String,
    },
    /// Some fields have no value in the record and stay as they are in the library.
    Merged {
        /// The position of the paper.
        position: usize,
        /// The id of the paper in the library.
        id: String,
        /// The names of the fields in JSON.
        #[serde(rename = "kept")]
        fields: Vec<&'static str>,
    },
    /// The paper replaces another one, which is not in the library any more.
    Replaced {
        /// The position of the paper.
        position: usize,
        /// The id of both.
        id: String,
        /// The title of the paper.
        title: String,
        /// The title of the paper that was replaced.
        other_title: String,
    },
    /// The text is longer than the model reads.
    Truncated {
        /// The position of the paper.
        position: usize,
        /// The id of the paper in the library.
        id: String,
        /// The number of bytes of the text.
        bytes: usize,
        /// The number of its first bytes that the model reads.
        bytes_read: usize,
    },
}

impl AddReport {
    /// Adds the outcome of adding further papers, of which the first has the position `first` among all.
    pub fn append(&mut self, further: Self, first: usize) {
        self.added += further.added;
        self.updated += further.updated;
        self.unchanged += further.unchanged;
        self.embedded += further.embedded;
        self.truncation += further.truncation;
        let moved = further.remarks.into_iter().map(|mut remark| {
            let (AddRemark::Renamed { position, .. }
            | AddRemark::Merged { position, .. }
            | AddRemark::Replaced { position, .. }
            | AddRemark::Truncated { position, .. }) = &mut remark;
            *position += first;
            remark
        });
        self.remarks.extend(moved);
    }
}

impl AddRemark {
    pub(super) fn replaced(position: usize, paper: &Paper, other: &Paper) -> Self {
        Self::Replaced {
            position,
            id: paper.id.clone(),
            title: paper.title.clone(),
            other_title: other.title.clone(),
        }
    }
}

/// The outcome of [`Library::add`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AddReport {
    /// The number of new papers.
    pub added: usize,
    /// The number of records of papers that were there with another text or other metadata. A paper is there
    /// once an earlier record of it was added.
    pub updated: usize,
    /// The number of records that changed nothing.
    pub unchanged: usize,
    /// The number of texts that were embedded.
    pub embedded: usize,
    /// The number of texts longer than the model reads, and the tokens that were cut off.
    pub truncation: Truncation,
    /// What happened to papers that are neither simply new nor simply changed, in their order.
    pub remarks: Vec<AddRemark>,
}
