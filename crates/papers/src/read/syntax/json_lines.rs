//! JSON lines.

use crate::read::input::Input;
use crate::read::syntax::json_record::{self, Fields};
use crate::read::syntax::json_scan::{BracketScan, Step};

/// Reads one JSON object per line, with the number of the line.
///
/// The iterator skips blank lines and continues after an invalid line. If the last line is not closed and has no
/// line break, the file is cut off.
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
            let read = self.input.next_whole_line(&mut self.line)?;
            // Catalogs answer null for a paper that they do not have.
            if read.is_ok() && matches!(self.line.trim_ascii(), b"" | b"null") {
                continue;
            }
            let fields = read.and_then(|()| json_record::parse(object_of(&self.line)));
            if fields.is_err() && is_cut_off(&self.line) {
                self.input.notes().set_incomplete();
            }
            return Some((self.input.line(), fields));
        }
    }
}

/// Returns a line without the separators that lists and sequences of JSON have: a comma behind the object, or the
/// control character before it.
fn object_of(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\x1e").unwrap_or(line);
    let trimmed = line.trim_ascii_end();
    match trimmed.strip_suffix(b",") {
        Some(object) if object.trim_ascii_end().ends_with(b"}") => object,
        _ => line,
    }
}

/// Returns whether a line has no line break and is an object that is not closed.
fn is_cut_off(line: &[u8]) -> bool {
    let mut scan = BracketScan::default();
    line.trim_ascii_start().starts_with(b"{")
        && !line.ends_with(b"\n")
        && !line.ends_with(b"\r")
        && line.iter().all(|byte| scan.step(*byte) == Step::Within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_not_part_of_an_object() {
        let text = "{\"id\": 1},\r\n\u{1e}{\"id\": 2}\n{\"id\": 3} ,";
        let input = Input::new(text.as_bytes(), "f").unwrap();
        let found: Vec<_> = JsonLines::new(input)
            .map(|(_, fields)| fields.unwrap()["id"].clone())
            .collect();
        assert_eq!(found, [1, 2, 3]);
    }

    #[test]
    fn only_a_last_line_that_is_not_closed_is_cut_off() {
        for (text, expected) in [
            ("{\"id\": 1}\n{\"id\": 2, \"a", true),
            ("{\"id\": 1}\n{\"id\": 2, \"a\n", false),
            ("{\"id\": 1,\n{\"id\": 2}", false),
            ("{\"id\": 1}\n{\"id\": }", false),
            ("{\"id\": 1}\noops", false),
        ] {
            let input = Input::new(text.as_bytes(), "f").unwrap();
            let notes = input.notes().clone();
            assert_eq!(JsonLines::new(input).count(), 2);
            assert_eq!(notes.is_incomplete(), expected, "{text}");
        }
    }
}
