//! The description of a draft format, of which each format module has one.

use std::path::Path;

use super::files::Files;
use super::parts::Parts;
use crate::Result;

/// A format of drafts.
pub(super) struct FormatSpec {
    /// The name of the format, in lower case.
    pub(super) name: &'static str,
    /// The file name extensions of the format, in lower case.
    pub(super) extensions: &'static [&'static str],
    pub(super) reader: Reader,
}

/// The function that splits a draft into its parts.
pub(super) enum Reader {
    /// The draft is UTF-8 text.
    Text(fn(&str, &mut Files) -> Result<Parts>),
    /// The draft is a file of another kind, of which `text` reads the main part.
    File {
        file: fn(&Path, &mut Files) -> Result<Parts>,
        text: fn(&str, &mut Files) -> Result<Parts>,
    },
}
