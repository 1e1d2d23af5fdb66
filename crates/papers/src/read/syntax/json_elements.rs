//! JSON objects in lists and over several lines.

use std::io::BufRead;

use super::json_path::{Found, ListSearch};
use super::json_record::{self, Fields};
use super::json_shape::Shape;
use crate::read::input::{self, Input, MAX_RECORD};

/// Reads JSON objects one at a time, with the number of the line on which each begins.
///
/// The objects are in a list, in a list within an object, or a sequence without a list. The reader
/// finds the end of an object by its brackets before it parses the object, so an invalid object
/// does not affect the next one as long as its brackets match.
pub(crate) struct Elements<'a> {
    input: Input<'a>,
    shape: Shape,
    element: Vec<u8>,
    /// The line on which the last record begins.
    line: usize,
    /// Whether the reader is inside the list.
    in_list: bool,
    ended: bool,
}

/// The state of a scan for brackets.
#[derive(Default)]
struct BracketScan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl BracketScan {
    /// Processes one byte and returns whether it ends a value in brackets.
    fn step(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                // A string cannot contain a line break: it is not closed.
                b'"' | b'\n' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

impl<'a> Elements<'a> {
    pub(crate) fn new(input: Input<'a>, shape: Shape) -> Self {
        Self {
            input,
            shape,
            element: Vec::new(),
            line: 1,
            in_list: false,
            ended: false,
        }
    }

    /// Skips white space and byte order marks, and returns the next byte without consuming it.
    fn peek(&mut self) -> Result<Option<u8>, String> {
        loop {
            self.input.begin_record();
            let bytes = self.input.fill_buf();
            let bytes = bytes.map_err(|error| input::unreadable(&error))?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let is_blank = |byte: &u8| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(byte);
            let blank = bytes.iter().take_while(|byte| is_blank(byte)).count();
            let found = bytes.get(blank).copied();
            self.input.consume(blank);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Reads to the bracket that opens the list of records, or to the end of the object if it has no such list.
    fn enter_field(&mut self) -> Result<(), String> {
        let Shape::Field(path) = &self.shape else {
            return Ok(());
        };
        let mut search = ListSearch::new(path);
        loop {
            self.input.begin_record();
            let bytes = self.input.fill_buf();
            let bytes = bytes.map_err(|error| input::unreadable(&error))?;
            if bytes.is_empty() {
                return Err(format!(
                    "the file ends before a list of records in `{path}`"
                ));
            }
            let mut used = 0;
            let mut found = Found::Nothing;
            for &byte in bytes {
                used += 1;
                found = search.step(byte);
                if found != Found::Nothing {
                    break;
                }
            }
            self.input.consume(used);
            match found {
                Found::Nothing => {}
                Found::List => {
                    self.in_list = true;
                    return Ok(());
                }
                Found::End => return Err(format!("the object has no list of records in `{path}`")),
            }
        }
    }

    /// Reads to the end of the object that contains the list. Its other fields are counts and
    /// cursors.
    fn leave_field(&mut self) -> Result<(), String> {
        let Shape::Field(path) = &self.shape else {
            return Ok(());
        };
        let mut scan = BracketScan {
            depth: path.depth(),
            ..BracketScan::default()
        };
        loop {
            self.input.begin_record();
            let bytes = self.input.fill_buf();
            let bytes = bytes.map_err(|error| input::unreadable(&error))?;
            if bytes.is_empty() {
                return Err(
                    "the object with the list is not closed, the file ends in it".to_owned(),
                );
            }
            let end = bytes.iter().position(|byte| scan.step(*byte));
            let used = end.map_or(bytes.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() {
                return Ok(());
            }
        }
    }

    /// Reads a value into `element`, and returns whether the value is too long to keep.
    ///
    /// A value without brackets ends before a comma, a closing bracket or a line break.
    fn read_element(&mut self) -> Result<bool, String> {
        self.element.clear();
        let mut scan = BracketScan::default();
        let mut length = 0_usize;
        loop {
            self.input.begin_record();
            let bytes = self.input.fill_buf();
            let bytes = bytes.map_err(|error| input::unreadable(&error))?;
            if bytes.is_empty() {
                return if scan.depth > 0 {
                    Err("the record is not closed, the file ends in it".to_owned())
                } else {
                    Ok(length > MAX_RECORD)
                };
            }
            let mut used = 0;
            let mut ended = false;
            for &byte in bytes {
                let is_bare = scan.depth == 0 && !scan.in_string;
                if is_bare && length + used > 0 && matches!(byte, b',' | b']' | b'\n') {
                    ended = true;
                    break;
                }
                used += 1;
                if scan.step(byte) {
                    ended = true;
                    break;
                }
            }
            length = length.saturating_add(used);
            if length <= MAX_RECORD {
                self.element.extend_from_slice(&bytes[..used]);
            }
            self.input.consume(used);
            if ended {
                return Ok(length > MAX_RECORD);
            }
        }
    }

    fn try_next(&mut self) -> Result<Option<Result<Fields, String>>, String> {
        loop {
            let first = self.peek()?;
            self.line = self.input.next_byte_line();
            match first {
                // A file may contain several responses of an API.
                Some(b'{') if matches!(self.shape, Shape::Field(_)) && !self.in_list => {
                    self.enter_field()?;
                }
                None if self.in_list => {
                    return Err("the list is not closed, the file ends in it".to_owned());
                }
                None => return Ok(None),
                Some(b',') => self.input.consume(1),
                Some(b'[') if !self.in_list => {
                    self.input.consume(1);
                    self.in_list = true;
                }
                Some(b']') if self.in_list => {
                    self.input.consume(1);
                    self.in_list = false;
                    self.leave_field()?;
                }
                Some(_) => {
                    let is_too_long = self.read_element()?;
                    if is_too_long {
                        return Ok(Some(Err(input::too_long())));
                    }
                    // Catalogs answer null for a paper that they do not have.
                    if self.element.trim_ascii() != b"null" {
                        return Ok(Some(json_record::parse(&self.element)));
                    }
                }
            }
        }
    }
}

impl Iterator for Elements<'_> {
    type Item = (usize, Result<Fields, String>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.try_next() {
            Ok(Some(fields)) => Some((self.line, fields)),
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(reason) => {
                self.ended = true;
                Some((self.line, Err(reason)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, Result<String, String>)> {
        let input = Input::new(text.as_bytes(), "f").unwrap();
        let shape = Shape::of(input.start());
        assert_ne!(shape, Shape::Lines, "{text}");
        Elements::new(input, shape)
            .map(|(line, fields)| (line, fields.map(|fields| fields["id"].to_string())))
            .collect()
    }

    fn good(line: usize, id: &str) -> (usize, Result<String, String>) {
        (line, Ok(id.to_owned()))
    }

    fn bad(line: usize, reason: &str) -> (usize, Result<String, String>) {
        (line, Err(reason.to_owned()))
    }

    #[test]
    fn reads_lists_in_every_arrangement() {
        let expected = [good(1, "1"), good(1, "2")];
        assert_eq!(read(r#"[{"id":1},{"id":2,"a":["]}",{}]}]"#), expected);
        let pretty = "\u{feff}\n[\n  {\n    \"id\": 1\n  },\n  {\"id\": 2}\n]\n";
        assert_eq!(read(pretty), [good(3, "1"), good(6, "2")]);
        assert_eq!(
            read("{\n\"id\": 1\n}\n{\n\"id\": 2}"),
            [good(1, "1"), good(4, "2")]
        );
        assert_eq!(read("[]"), []);
        let field =
            r#"{"meta": {"results": [3], "a": "\"{"}, "results": [{"id":1},{"id":2}], "b": 1}"#;
        assert_eq!(read(field), expected);
        let pages = [field, field].concat();
        assert_eq!(read(&pages), [&expected[..], &expected[..]].concat());
    }

    #[test]
    fn an_invalid_object_does_not_affect_the_next() {
        let list = "[{\"id\": },\n7,\n{\"id\": 2}\n,{\"id\": 3";
        assert_eq!(
            read(list),
            [
                bad(1, "not JSON at column 8: expected value"),
                bad(2, "found a number, expected an object"),
                good(3, "2"),
                bad(4, "the record is not closed, the file ends in it"),
            ]
        );
        let truncated = bad(1, "the list is not closed, the file ends in it");
        assert_eq!(read("[{\"id\": 1},"), [good(1, "1"), truncated]);
    }
}
