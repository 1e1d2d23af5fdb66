//! Errors in the lines of the files that TREC defines.

use std::path::Path;

use crate::{Error, RecordLocation};

/// Returns the error of the line at `index`, counted from 0.
pub(crate) fn invalid_line(path: &Path, index: usize, reason: String) -> Error {
    Error::Papers(cognate_papers::Error::Record {
        origin: path.display().to_string(),
        location: RecordLocation::Line(index + 1),
        reason,
    })
}
