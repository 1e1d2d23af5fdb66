//! JSON objects in lists and over several lines.

use std::io::BufRead;

use super::json_path::{Found, ListSearch};
use super::json_record::{self, Fields};
use super::json_resume::RecordNames;
use super::json_scan::{BracketScan, Step};
use super::json_shape::Shape;
use super::rewind::Rewind;
use crate::RecordLocation;
use crate::read::input::{self, Input};
use crate::read::notes::Notes;

/// Reads JSON objects one at a time, with the number of the line on which each begins.
///
/// The objects are in a list, in a list within an object, or a sequence without a list. The reader
/// finds the end of an object by its brackets before it parses the object, so an invalid object
/// does not affect the next one. If brackets or quotes are missing, the next object is found by the other
/// brackets or by its fields.
pub(crate) struct Elements<'a> {
    source: Rewind<'a>,
    notes: Notes,
    shape: Shape,
    names: RecordNames,
    /// The line on which the last record begins.
    line: usize,
    /// Whether the reader is inside the list.
    in_list: bool,
    ended: bool,
}

/// How the text of a value ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Closed,
    /// The value is longer than a record may be.
    TooLong,
    /// The next value begins, or the list ends, before the value is closed.
    Unclosed,
    /// The file ends before the value is closed.
    EndOfFile,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(input: Input<'a>, shape: Shape) -> Self {
        Self {
            notes: input.notes().clone(),
            source: Rewind::new(input),
            shape,
            names: RecordNames::default(),
            line: 1,
            in_list: false,
            ended: false,
        }
    }

    /// Skips white space and byte order marks, and returns the next byte without consuming it.
    fn peek(&mut self) -> Result<Option<u8>, String> {
        loop {
            self.source.begin_record();
            let bytes = self.source.fill_buf();
            let bytes = bytes.map_err(|error| input::unreadable(&error))?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let is_blank = |byte: &u8| byte.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(byte);
            let blank = bytes.iter().take_while(|byte| is_blank(byte)).count();
            let found = bytes.get(blank).copied();
            self.source.consume(blank);
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
            self.source.begin_record();
            let bytes = self.source.fill_buf();
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
            self.source.consume(used);
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

    /// Reads to the end of the object that contains the list, or to a record behind a bracket that closed the
    /// list too early. The other fields of the object are counts and cursors.
    fn leave_field(&mut self) -> Result<(), String> {
        let Shape::Field(path) = &self.shape else {
            return Ok(());
        };
        let mut scan = BracketScan::in_objects(path.depth());
        loop {
            self.source.begin_record();
            let bytes = self.source.fill_buf();
            let bytes = bytes.map_err(|error| input::unreadable(&error))?;
            if bytes.is_empty() {
                return Err(
                    "the object with the list is not closed, the file ends in it".to_owned(),
                );
            }
            let mut used = 0;
            let mut step = Step::Within;
            for &byte in bytes {
                step = scan.step(byte);
                if step == Step::EndBefore {
                    break;
                }
                used += 1;
                if step == Step::End {
                    break;
                }
            }
            self.source.consume(used);
            match step {
                Step::Within => {}
                Step::End => return Ok(()),
                Step::EndBefore => {
                    self.in_list = true;
                    let line = RecordLocation::Line(self.source.line());
                    self.notes.remark_at(
                        line,
                        "a bracket before this record closes the list too early",
                    );
                    return Ok(());
                }
            }
        }
    }

    /// Reads a value, which is the current record of `source` unless it is too long.
    ///
    /// A value without brackets ends before a comma, a bracket or a line break.
    fn read_element(&mut self) -> Result<Ending, String> {
        self.source.begin_record();
        let mut scan = BracketScan::default();
        let mut is_long = false;
        let mut is_first = true;
        loop {
            let bytes = match self.source.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                    if self.names.next_record(self.source.record()).is_some() {
                        return Ok(Ending::TooLong);
                    }
                    is_long = true;
                    self.source.begin_record();
                    continue;
                }
                Err(error) => return Err(input::unreadable(&error)),
            };
            if bytes.is_empty() {
                return Ok(if scan.depth() > 0 || scan.in_string {
                    Ending::EndOfFile
                } else {
                    Ending::Closed
                });
            }
            let mut used = 0;
            let mut ending = None;
            for &byte in bytes {
                let is_bare = scan.depth() == 0 && !scan.in_string;
                if is_bare && !is_first && matches!(byte, b',' | b']' | b'{' | b'\n') {
                    ending = Some(Ending::Closed);
                    break;
                }
                is_first = false;
                let step = scan.step(byte);
                if step == Step::EndBefore {
                    ending = Some(Ending::Unclosed);
                    break;
                }
                used += 1;
                if step == Step::End {
                    ending = Some(Ending::Closed);
                    break;
                }
            }
            self.source.consume(used);
            if let Some(ending) = ending {
                return Ok(if is_long { Ending::TooLong } else { ending });
            }
        }
    }

    /// Reads and parses a value, or returns `None` for null. After a value that is not closed or not JSON, reading goes on with the next
    /// record in its text.
    fn parse_element(&mut self) -> Result<Option<Fields>, String> {
        let ending = match self.read_element() {
            Ok(ending) => ending,
            Err(reason) => return Err(self.end(reason)),
        };
        let reason = match ending {
            // Catalogs answer null for a paper that they do not have.
            Ending::Closed if self.source.record().trim_ascii() == b"null" => return Ok(None),
            Ending::Closed => match json_record::parse(self.source.record()) {
                Ok(fields) => {
                    self.names.learn(self.source.record(), true);
                    return Ok(Some(fields));
                }
                Err(reason) => reason,
            },
            Ending::TooLong => input::too_long(),
            Ending::Unclosed => "the record is not closed before the next".to_owned(),
            Ending::EndOfFile => "the record is not closed, the file ends in it".to_owned(),
        };
        self.names.learn(self.source.record(), false);
        let next = self.names.next_record(self.source.record());
        match next {
            Some(next) if self.source.rewind() => self.source.consume(next),
            None if ending != Ending::EndOfFile => {}
            _ => return Err(self.end(reason)),
        }
        Err(reason)
    }

    /// Ends the reading, since the rest of the file cannot be read.
    fn end(&mut self, reason: String) -> String {
        self.ended = true;
        self.notes.set_incomplete();
        reason
    }

    fn try_next(&mut self) -> Result<Option<Result<Fields, String>>, String> {
        loop {
            let first = self.peek()?;
            self.line = self.source.line();
            match first {
                // A file may contain several responses of an API.
                Some(b'{') if matches!(self.shape, Shape::Field(_)) && !self.in_list => {
                    self.enter_field()?;
                }
                None if self.in_list => {
                    return Err("the list is not closed, the file ends in it".to_owned());
                }
                None => return Ok(None),
                Some(b'[') if !self.in_list => {
                    self.source.consume(1);
                    self.in_list = true;
                }
                Some(b']') if self.in_list => {
                    self.source.consume(1);
                    self.in_list = false;
                    self.leave_field()?;
                }
                // A bracket outside of a list belongs to one that was closed too early.
                Some(b',' | b']') => self.source.consume(1),
                Some(_) => {
                    if let Some(fields) = self.parse_element().transpose() {
                        return Ok(Some(fields));
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
            Err(reason) => Some((self.line, Err(self.end(reason)))),
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
                bad(
                    1,
                    "not JSON at column 8: expected a value: a text in double quotes, a number, a list or an object"
                ),
                bad(2, "found a number, expected an object"),
                good(3, "2"),
                bad(4, "the record is not closed, the file ends in it"),
            ]
        );
        let truncated = bad(1, "the list is not closed, the file ends in it");
        assert_eq!(read("[{\"id\": 1},"), [good(1, "1"), truncated]);
    }

    #[test]
    fn reading_goes_on_behind_missing_brackets_and_quotes() {
        let unclosed = "the record is not closed before the next";
        let expected = [good(1, "1"), bad(2, unclosed), good(3, "3"), good(4, "4")];
        for list in [
            "[{\"id\": 1},\n{\"id\": 2,\n{\"id\": 3},\n{\"id\": 4}]",
            "[{\"id\": 1},\n{\"id\": 2, \"a\": {\"b\": [1]},\n{\"id\": 3},\n{\"id\": 4}]",
            "{\"results\": [{\"id\": 1},\n{\"id\": 2, \"a\": \"b,\n{\"id\": 3},\n{\"id\": 4}], \"b\": 1}",
        ] {
            assert_eq!(read(list), expected, "{list}");
        }
        let record = |id: usize, title: &str| {
            format!("{{\"id\": {id}, \"t\": {title}, \"a\": [{{\"id\": 7}}, {{\"id\": 8}}]}}")
        };
        // On one line, the quotes of all other strings are inverted by one that is missing.
        let records = [
            record(1, "\"x\""),
            record(2, "\"x"),
            record(3, "\"x\""),
            record(4, "\"x\""),
        ];
        let found = read(&format!("[{}]", records.join(", ")));
        let ids: Vec<_> = found.iter().map(|(_, id)| id.as_deref().ok()).collect();
        assert_eq!(ids, [Some("1"), None, Some("3"), Some("4")]);
        let garbage = read("[{\"id\": 1} ?? {\"id\": 2}, }, {\"id\": 3}], {\"id\": 4}]");
        let ids: Vec<_> = garbage.iter().map(|(_, id)| id.as_deref().ok()).collect();
        assert_eq!(
            ids,
            [Some("1"), None, Some("2"), None, Some("3"), Some("4")]
        );
        let early = "{\"data\": [{\"id\": 1}], {\"id\": 2}], \"next\": {\"id\": 3}}";
        assert_eq!(read(early), [good(1, "1"), good(1, "2")]);
    }

    #[test]
    fn what_cannot_be_read_further_is_incomplete() {
        for (text, is_incomplete) in [
            ("[{\"id\": 1}, {\"id\": 2", true),
            ("[{\"id\": 1},", true),
            ("{\"data\": [{\"id\": 1}]", true),
            ("[{\"id\": 1}, {\"id\": }]", false),
            ("[{\"id\": 1}, {\"id\": 2, {\"id\": 3}]", false),
        ] {
            let input = Input::new(text.as_bytes(), "f").unwrap();
            let notes = input.notes().clone();
            let shape = Shape::of(input.start());
            assert!(Elements::new(input, shape).count() > 1);
            assert_eq!(notes.is_incomplete(), is_incomplete, "{text}");
        }
    }
}
