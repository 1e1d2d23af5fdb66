//! Splitting of a BibTeX file into entries.

use crate::read::input::{self, Input, MAX_RECORD};

/// Splits a file into entries. Memory is bounded by one entry.
///
/// A brace counts whatever precedes it, as in BibTeX and biber. An entry that is not closed ends where a
/// line begins the next one, so it affects no other entry. Text between entries is a comment, as in BibTeX,
/// unless it looks like fields after a surplus brace, and so is the text of `@comment` but not an entry
/// within it.
pub(super) struct Entries<'a> {
    input: Input<'a>,
    /// The current line.
    bytes: Vec<u8>,
    /// The position of the first byte of the line that was not read.
    at: usize,
    /// The entry that is being read.
    entry: Option<OpenEntry>,
    /// The number of open braces of a `@comment`.
    comment_depth: usize,
    /// Whether an error for fields outside an entry was returned since the last entry.
    reported_stray_field: bool,
}

/// An entry of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourceEntry {
    /// The type, in lower case.
    pub(super) entry_type: String,
    /// The text between the delimiters.
    pub(super) body: String,
    /// Whether the entry stands in a `@comment`.
    pub(super) in_comment: bool,
    /// Why the entry ends although no delimiter closes it.
    pub(super) unclosed: Option<String>,
}

/// The number of the line on which an entry begins, and the entry or the reason why it is invalid.
pub(super) type LocatedEntry = (usize, Result<SourceEntry, String>);

/// An incomplete entry.
struct OpenEntry {
    line: usize,
    entry_type: String,
    body: Vec<u8>,
    depth: usize,
    /// Whether a parenthesis closes the entry, instead of a brace.
    in_parentheses: bool,
    /// Whether a parenthesis cannot belong to the key.
    is_after_key: bool,
    in_quotes: bool,
    in_comment: bool,
    is_long: bool,
}

/// The result of reading a line.
enum Line {
    /// The end of the file.
    End,
    /// A line to scan.
    Read,
    /// An entry that ends before the line, or a line that cannot be read.
    Ended(LocatedEntry),
}

impl<'a> Entries<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self {
            input,
            bytes: Vec::new(),
            at: 0,
            entry: None,
            comment_depth: 0,
            reported_stray_field: false,
        }
    }

    /// Scans the remaining line for the start of an entry or for stray fields.
    fn scan_outside(&mut self) -> Option<LocatedEntry> {
        let line = self.input.line();
        let remaining = &self.bytes[self.at..];
        if remaining.trim_ascii_start().starts_with(b"%") {
            let end = remaining.iter().position(|byte| *byte == b'\r');
            self.at += end.map_or(remaining.len(), |end| end + 1);
            return None;
        }
        let Some(found) = find_entry(remaining) else {
            let is_field = self.comment_depth == 0
                && !self.reported_stray_field
                && looks_like_field(remaining);
            self.comment_depth = depth_after(self.comment_depth, remaining);
            self.at = self.bytes.len();
            return is_field.then(|| {
                self.reported_stray_field = true;
                let reason = "a field outside of an entry; a brace before it may be one too many";
                (line, Err(reason.to_owned()))
            });
        };
        self.comment_depth = depth_after(self.comment_depth, &remaining[..found.at]);
        self.at += found.open + 1;
        let entry_type = remaining[found.at + 1..found.type_end].to_ascii_lowercase();
        let entry_type = String::from_utf8_lossy(&entry_type).into_owned();
        if entry_type == "comment" {
            // As in BibTeX, which looks for the next entry behind the word.
            self.comment_depth += 1;
            return None;
        }
        self.reported_stray_field = false;
        self.entry = Some(OpenEntry {
            line,
            is_after_key: matches!(&*entry_type, "string" | "preamble"),
            entry_type,
            body: Vec::new(),
            depth: 1,
            in_parentheses: remaining[found.open] == b'(',
            in_quotes: false,
            in_comment: self.comment_depth > 0,
            is_long: false,
        });
        None
    }

    /// Scans the remaining line for the end of the current entry.
    fn scan_entry(&mut self) -> Option<LocatedEntry> {
        let entry = self.entry.as_mut()?;
        let remaining = &self.bytes[self.at..];
        let end = remaining.iter().position(|byte| entry.ends_at(*byte));
        let taken = end.unwrap_or(remaining.len());
        if entry.body.len() + taken > MAX_RECORD {
            entry.is_long = true;
            entry.body.clear();
        }
        entry.body.extend_from_slice(&remaining[..taken]);
        self.at += taken;
        end?;
        self.at += 1;
        self.entry.take().map(|entry| entry.finish(None))
    }

    /// Reads the next line, which may end an entry that is not closed.
    fn read_line(&mut self) -> Line {
        if let Some(entry) = &mut self.entry {
            entry.body.push(b'\n');
        }
        let read = self.input.next_line(&mut self.bytes);
        self.at = 0;
        match read {
            None => {
                let Some(entry) = self.entry.take() else {
                    return Line::End;
                };
                Line::Ended(entry.finish(Some("the file ends in it".to_owned())))
            }
            Some(Ok(())) => {
                let line = self.input.line();
                let begins_entry = find_entry(&self.bytes)
                    .is_some_and(|found| self.bytes[..found.at].trim_ascii().is_empty());
                if !begins_entry {
                    return Line::Read;
                }
                match self.entry.take() {
                    Some(entry) => {
                        Line::Ended(entry.finish(Some(format!("line {line} begins the next"))))
                    }
                    None => Line::Read,
                }
            }
            Some(Err(reason)) => {
                self.bytes.clear();
                let line = self.input.line();
                Line::Ended(match self.entry.take() {
                    Some(entry) => (entry.line, Err(format!("line {line}: {reason}"))),
                    None => (line, Err(reason)),
                })
            }
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = LocatedEntry;

    fn next(&mut self) -> Option<LocatedEntry> {
        loop {
            let found = if self.at >= self.bytes.len() {
                match self.read_line() {
                    Line::End => return None,
                    Line::Read => None,
                    Line::Ended(entry) => Some(entry),
                }
            } else if self.entry.is_some() {
                self.scan_entry()
            } else {
                self.scan_outside()
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

impl OpenEntry {
    /// Counts a byte, and returns whether it closes the entry.
    fn ends_at(&mut self, byte: u8) -> bool {
        match byte {
            b'{' => self.depth += 1,
            b'}' if self.depth > 1 || !self.in_parentheses => self.depth -= 1,
            b'"' if self.depth == 1 => self.in_quotes = !self.in_quotes,
            b',' if self.depth == 1 => self.is_after_key = true,
            b')' if self.depth == 1 && self.in_parentheses => {
                return self.is_after_key && !self.in_quotes;
            }
            _ => {}
        }
        self.depth == 0
    }

    /// Returns a complete entry; `unclosed` is the reason why it ends if nothing closes it.
    fn finish(self, unclosed: Option<String>) -> LocatedEntry {
        if self.is_long {
            return (self.line, Err(input::too_long()));
        }
        let before_body = "@{".len() + self.entry_type.len();
        let entry = match std::str::from_utf8(&self.body) {
            Ok(body) => Ok(SourceEntry {
                entry_type: self.entry_type,
                body: body.to_owned(),
                in_comment: self.in_comment,
                unclosed,
            }),
            Err(error) => {
                let valid = before_body + error.valid_up_to();
                Err(format!("not UTF-8 after {valid} bytes"))
            }
        };
        (self.line, entry)
    }
}

/// The positions of the start of an entry in a line.
struct EntryStart {
    /// The position of the `@`.
    at: usize,
    type_end: usize,
    /// The position of the delimiter after the type.
    open: usize,
}

/// Returns the start of the first entry in a line.
fn find_entry(line: &[u8]) -> Option<EntryStart> {
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'@', &line[from..]) {
        let at = from + found;
        let begins_word = at == 0 || !line[at - 1].is_ascii_alphanumeric();
        let text = &line[at + 1..];
        let is_type = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let letters = text.iter().take_while(|byte| is_type(byte)).count();
        let spaces = text[letters..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let open = letters + spaces;
        let is_name = text.first().is_some_and(u8::is_ascii_alphabetic);
        if begins_word && is_name && matches!(text.get(open), Some(b'{' | b'(')) {
            return Some(EntryStart {
                at,
                type_end: at + 1 + letters,
                open: at + 1 + open,
            });
        }
        from = at + 1;
    }
    None
}

/// Returns the number of braces that are open after a text, if `depth` were open before.
fn depth_after(depth: usize, text: &[u8]) -> usize {
    if depth == 0 {
        return 0;
    }
    text.iter().fold(depth, |depth, byte| match byte {
        b'{' if depth > 0 => depth + 1,
        b'}' => depth.saturating_sub(1),
        _ => depth,
    })
}

/// Returns whether a line outside of entries begins like a field: `name = {`, or `, name = word`.
fn looks_like_field(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else {
        return false;
    };
    line.split_once('=').is_some_and(|(name, value)| {
        let name = name.trim_start_matches([',', '}']).trim();
        let is_name = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let value = value.trim_start();
        let follows_comma = line.trim_start_matches('}').starts_with(',');
        is_name
            && (value.starts_with(['{', '"'])
                || follows_comma && value.starts_with(|c: char| c.is_alphanumeric()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &[u8]) -> Vec<LocatedEntry> {
        Entries::new(Input::new(text, "f").unwrap()).collect()
    }

    fn entry(entry_type: &str, body: &str) -> SourceEntry {
        SourceEntry {
            entry_type: entry_type.to_owned(),
            body: body.to_owned(),
            in_comment: false,
            unclosed: None,
        }
    }

    #[test]
    fn splits_at_the_closing_delimiter() {
        let text =
            b"A note by me@home{x}.\n@article{a,\n t = {{B} \\}}@Misc(b(1), t = {)}, u=\")\")\n\
                     % @book{no,}\n@string(x = \"y\") @misc {c, f = {D:\\}}";
        let expected = [
            (2, Ok(entry("article", "a,\n t = {{B} \\}"))),
            (3, Ok(entry("misc", "b(1), t = {)}, u=\")\""))),
            (5, Ok(entry("string", "x = \"y\""))),
            (5, Ok(entry("misc", "c, f = {D:\\}"))),
        ];
        assert_eq!(split(text), expected);
    }

    #[test]
    fn an_entry_that_is_not_closed_affects_no_other() {
        let text = b"@article{a,\n t = {B,\n}\n@misc{b, t = {C}}\n@misc{c, t = {D}";
        let unclosed = |entry_type: &str, body: &str, reason: &str| SourceEntry {
            unclosed: Some(reason.to_owned()),
            ..entry(entry_type, body)
        };
        let expected = [
            (
                1,
                Ok(unclosed(
                    "article",
                    "a,\n t = {B,\n}\n",
                    "line 4 begins the next",
                )),
            ),
            (4, Ok(entry("misc", "b, t = {C}"))),
            (
                5,
                Ok(unclosed("misc", "c, t = {D}\n", "the file ends in it")),
            ),
        ];
        assert_eq!(split(text), expected);
    }

    #[test]
    fn an_entry_within_a_comment_is_marked() {
        let text = b"@comment{\n title = {no field}\n@misc{a, t = {A}}\n}@comment{x} @comment y\n@misc{b, t = {B}}";
        let commented = SourceEntry {
            in_comment: true,
            ..entry("misc", "a, t = {A}")
        };
        let expected = [(3, Ok(commented)), (5, Ok(entry("misc", "b, t = {B}")))];
        assert_eq!(split(text), expected);
    }

    #[test]
    fn lines_may_end_with_carriage_returns() {
        let found = split(b"% Encoding\r@misc{a, t = {A}}\r@misc{b, t = {B}}\r");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn fields_after_a_surplus_brace_are_one_error() {
        let text = b"@misc{a, t = {B}}},\n year = {2000},\n note = {x}\n}\n@misc{b,\xff}\n";
        let stray = "a field outside of an entry; a brace before it may be one too many";
        let expected = [
            (1, Ok(entry("misc", "a, t = {B}"))),
            (2, Err(stray.to_owned())),
            (5, Err("not UTF-8 after 8 bytes".to_owned())),
        ];
        assert_eq!(split(text), expected);
    }
}
