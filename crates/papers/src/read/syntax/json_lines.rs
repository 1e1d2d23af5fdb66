//! JSON lines.

use crate::read::input::Input;
use crate::read::syntax::json_record::{self, Fields};

/// Reads one JSON object per line, with the number of the line.
///
/// The iterator skips blank lines and continues after an invalid line.
pub(crate) struct JsonLines<'a> {
    input: Input<'a>,
    line: Vec<u8>,
}

impl<'a> JsonLines<'a> {
    pub(crate) fn new(input: Input<'a>) -> Self {
        Self {
            input,
            line: Vec::new(),
        }
    }
}

impl Iterator for JsonLines<'_> {
    type Item = (usize, Result<Fields, String>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let read = self.input.next_line(&mut self.line)?;
            // Catalogs answer null for a paper that they do not have.
            if read.is_ok() && matches!(self.line.trim_ascii(), b"" | b"null") {
                continue;
            }
            let fields = read.and_then(|()| json_record::parse(&self.line));
            return Some((self.input.line(), fields));
        }
    }
}
