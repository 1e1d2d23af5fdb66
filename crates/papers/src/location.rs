use std::fmt;

use serde::Serialize;

/// The location of a record in a file.
///
/// [`Display`](fmt::Display) writes a location so that it can follow the file name and a colon:
/// `12` for a line, and a space and `record 12` for a record of a file without lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RecordLocation {
    /// The number of the line on which the record begins, counted from 1.
    Line(usize),
    /// The number of the record, counted from 1, in a format without lines.
    Record(usize),
}

impl fmt::Display for RecordLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "{line}"),
            Self::Record(record) => write!(f, " record {record}"),
        }
    }
}
