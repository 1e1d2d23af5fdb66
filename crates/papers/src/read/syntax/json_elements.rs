use std::io::BufRead;

use crate::read::input::{self, Input, MAX_RECORD};
use crate::read::syntax::json_record::{self, Fields};

/// The fields under which the interfaces of catalogues put the list of their records.
const LISTS: [&str; 3] = ["results", "data", "items"];

/// Reads the objects of a JSON list one at a time, with the line on which each begins.
///
/// The list may be the document, or a field of the object that is; objects one behind another and
/// without a list are read too. An object is cut out by its brackets and then parsed, so a bad one
/// does not spoil the next as long as its brackets match.
pub(crate) struct Elements<'a> {
    source: Input<'a>,
    shape: Shape,
    element: Vec<u8>,
    /// The line on which the record that was read last begins.
    start: usize,
    /// The list was begun and not ended.
    open: bool,
    ended: bool,
}

/// How the objects stand in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One a line, which is for [`JsonLines`](crate::read::syntax::json_lines::JsonLines).
    Lines,
    /// In a list, or one behind another.
    List,
    /// In a list that is a field of an object.
    Field,
}

impl Shape {
    /// The shape of the document that begins with `head`.
    pub(crate) fn of(head: &[u8]) -> Self {
        let head = head.trim_ascii_start();
        if let Some(list) = head.strip_prefix(b"[") {
            return match list.trim_ascii_start().first() {
                None | Some(b'{' | b']') => Self::List,
                Some(_) => Self::Lines,
            };
        }
        let keys = top_keys(head);
        let list = keys.iter().position(|(key, value)| {
            LISTS.contains(key) && value.first() == Some(&b'[') && holds_objects(&value[1..])
        });
        let is_record = |(key, _): &(&str, &[u8])| ["id", "title", "paperId"].contains(key);
        // An object over several lines has a name or its end behind the bracket.
        let is_opened = head
            .strip_prefix(b"{")
            .and_then(|rest| Some((rest.first()?, rest.trim_ascii_start().first()?)))
            .is_some_and(|(next, first)| {
                matches!(next, b'\r' | b'\n') && matches!(first, b'"' | b'}')
            });
        match list {
            Some(list) if !keys[..list].iter().any(is_record) => Self::Field,
            _ if is_opened => Self::List,
            _ => Self::Lines,
        }
    }
}

fn holds_objects(list: &[u8]) -> bool {
    matches!(list.trim_ascii_start().first(), None | Some(b'{' | b']'))
}

/// The fields of the first object in `head`, each with what follows its colon; as far as the head
/// goes, and not those of objects inside.
pub(crate) fn top_keys(head: &[u8]) -> Vec<(&str, &[u8])> {
    let mut keys = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    // The last string at depth 1, a key if a colon follows.
    let mut string: &[u8] = &[];
    while let Some(byte) = head.get(at) {
        match byte {
            b'"' => {
                let start = at + 1;
                at = start;
                while head.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if head[at] == b'\\' { 2 } else { 1 };
                }
                string = head.get(start..at).unwrap_or_default();
            }
            b':' if depth == 1 => {
                if let Ok(key) = std::str::from_utf8(string) {
                    keys.push((key, head[at + 1..].trim_ascii_start()));
                }
                string = &[];
            }
            b'{' => depth += 1,
            b'[' if depth > 0 => depth += 1,
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            _ => {}
        }
        at += 1;
    }
    keys
}

/// What a run of bytes leaves behind when it is read as JSON.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Takes one byte; whether a value in brackets ended with it.
    fn step(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                // A string does not go over a line break: one that seems to is not closed.
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
    pub(crate) fn new(source: Input<'a>, shape: Shape) -> Self {
        Self {
            source,
            shape,
            element: Vec::new(),
            start: 1,
            open: false,
            ended: false,
        }
    }

    /// The next byte that is not white space and no byte order mark, which is left in place.
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

    /// Goes to behind the bracket that opens the list of records.
    fn enter_field(&mut self) -> Result<(), String> {
        let mut scan = Scan::default();
        let mut string = Vec::new();
        let mut is_key = false;
        loop {
            let bytes = self.source.fill_buf();
            let bytes = bytes.map_err(|error| input::unreadable(&error))?;
            if bytes.is_empty() {
                return Err(format!(
                    "the file ends before a list of records in `{}`",
                    LISTS.join("`, `")
                ));
            }
            let mut used = 0;
            let mut found = false;
            for &byte in bytes {
                used += 1;
                let was_string = scan.in_string;
                if byte == b'[' && !was_string && scan.depth == 1 && is_key {
                    found = true;
                    break;
                }
                scan.step(byte);
                match (was_string, scan.in_string) {
                    (false, true) => string.clear(),
                    (true, true) if string.len() < 64 => string.push(byte),
                    (false, false) if byte == b':' => {
                        is_key = LISTS.iter().any(|list| list.as_bytes() == string);
                    }
                    (false, false) if !byte.is_ascii_whitespace() => is_key = false,
                    _ => {}
                }
            }
            self.source.consume(used);
            if found {
                self.open = true;
                return Ok(());
            }
        }
    }

    /// Goes to behind the object that has the list: there stand counts and cursors, no records.
    fn leave_field(&mut self) -> Result<(), String> {
        let mut scan = Scan {
            depth: 1,
            ..Scan::default()
        };
        loop {
            self.source.begin_record();
            let bytes = self.source.fill_buf();
            let bytes = bytes.map_err(|error| input::unreadable(&error))?;
            if bytes.is_empty() {
                return Err(
                    "the object with the list is not closed, the file ends in it".to_owned(),
                );
            }
            let end = bytes.iter().position(|byte| scan.step(*byte));
            let used = end.map_or(bytes.len(), |end| end + 1);
            self.source.consume(used);
            if end.is_some() {
                return Ok(());
            }
        }
    }

    /// Reads a value into `element`, up to the bracket that closes it, or to the comma, bracket or
    /// line break behind it where it has none. Whether it was too long to keep.
    fn cut(&mut self) -> Result<bool, String> {
        self.element.clear();
        let mut scan = Scan::default();
        let mut length = 0_usize;
        loop {
            self.source.begin_record();
            let bytes = self.source.fill_buf();
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
            self.source.consume(used);
            if ended {
                return Ok(length > MAX_RECORD);
            }
        }
    }

    fn try_next(&mut self) -> Result<Option<Result<Fields, String>>, String> {
        loop {
            let first = self.peek()?;
            self.start = self.source.next_byte_line();
            match first {
                // One answer of an interface may follow another.
                Some(b'{') if self.shape == Shape::Field && !self.open => self.enter_field()?,
                None if self.open => {
                    return Err("the list is not closed, the file ends in it".to_owned());
                }
                None => return Ok(None),
                Some(b',') => self.source.consume(1),
                Some(b'[') if !self.open => {
                    self.source.consume(1);
                    self.open = true;
                }
                Some(b']') if self.open => {
                    self.source.consume(1);
                    self.open = false;
                    if self.shape == Shape::Field {
                        self.leave_field()?;
                    }
                }
                Some(_) => {
                    return Ok(Some(if self.cut()? {
                        Err(input::too_long())
                    } else {
                        json_record::parse(&self.element)
                    }));
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
            Ok(Some(fields)) => Some((self.start, fields)),
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(reason) => {
                self.ended = true;
                Some((self.start, Err(reason)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, Result<String, String>)> {
        let source = Input::new(text.as_bytes(), "f").unwrap();
        let shape = Shape::of(source.start());
        assert_ne!(shape, Shape::Lines, "{text}");
        Elements::new(source, shape)
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
    fn reads_lists_however_they_are_written() {
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
    fn a_bad_object_does_not_spoil_the_next() {
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
        let cut = bad(1, "the list is not closed, the file ends in it");
        assert_eq!(read("[{\"id\": 1},"), [good(1, "1"), cut]);
    }

    #[test]
    fn objects_on_lines_are_not_taken_for_a_list() {
        for text in [
            "{\"id\": 1}\n",
            "{\"id\": 1, \"data\": [{}]}",
            "[1]\n{}",
            "",
            "{",
        ] {
            assert_eq!(Shape::of(text.as_bytes()), Shape::Lines, "{text}");
        }
    }
}
