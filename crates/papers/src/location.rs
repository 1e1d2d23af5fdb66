use std::fmt;

/// Where in a file a record stands.
///
/// It is written as it stands behind the name of the file and a colon: `12` for a line, a space and
/// `record 12` for a record of a file without lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RecordLocation {
    /// The line on which the record begins, counted from 1.
    Line(usize),
    /// The number of the record, counted from 1, where the format has no lines.
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
