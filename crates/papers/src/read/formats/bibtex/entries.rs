//! Splitting of a BibTeX file into entries.

use crate::read::input::{self, Input, MAX_RECORD};

/// Splits a file into entries, each from its `@` to its closing bracket, with the number of the
/// line on which it begins. Memory is bounded by one entry.
///
/// An entry that is not closed ends where a line begins the next one, so it affects no other entry.
/// Text between entries is a comment, as in BibTeX, unless it looks like fields after a surplus
/// brace.
pub(super) struct Entries<'a> {
    input: Input<'a>,
    /// The current line.
    bytes: Vec<u8>,
    /// The position of the first byte of the line that was not read.
    at: usize,
    /// The entry that is being read.
    entry: Option<Entry>,
    /// Whether an error for fields outside an entry was returned since the last entry.
    reported_stray_field: bool,
}

/// An incomplete entry.
struct Entry {
    line: usize,
    text: Vec<u8>,
    depth: usize,
    /// Whether a parenthesis outside all braces closes the entry, instead of a brace.
    in_parentheses: bool,
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

/// The number of the line on which an entry begins, and the entry or the reason why it is invalid.
pub(super) type LocatedEntry = (usize, Result<String, String>);

impl<'a> Entries<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self {
            input,
            bytes: Vec::new(),
            at: 0,
            entry: None,
            reported_stray_field: false,
        }
    }

    /// Scans the remaining line for the start of an entry or for stray fields.
    fn scan_outside(&mut self) -> Option<LocatedEntry> {
        let line = self.input.line();
        let remaining = &self.bytes[self.at..];
        let entry_start = match remaining.trim_ascii_start().first() {
            Some(b'%') => None,
            _ => find_entry(remaining),
        };
        if let Some((start, open)) = entry_start {
            let text = &remaining[start..=open];
            self.entry = Some(Entry {
                line,
                text: [&text[..text.len() - 1], b"{"].concat(),
                depth: 1,
                in_parentheses: text.ends_with(b"("),
                is_long: false,
            });
            self.at += open + 1;
            self.reported_stray_field = false;
            return None;
        }
        let is_field = !self.reported_stray_field && looks_like_field(remaining);
        self.at = self.bytes.len();
        is_field.then(|| {
            self.reported_stray_field = true;
            let reason = "a field outside of an entry; a brace before it may be one too many";
            (line, Err(reason.to_owned()))
        })
    }

    /// Scans the remaining line for the end of the current entry.
    fn scan_entry(&mut self) -> Option<LocatedEntry> {
        let entry = self.entry.as_mut()?;
        let remaining = &self.bytes[self.at..];
        let mut escaped = false;
        let mut end = None;
        for (at, &byte) in remaining.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'{' => entry.depth += 1,
                b'}' if entry.depth > 1 || !entry.in_parentheses => entry.depth -= 1,
                b')' if entry.in_parentheses && entry.depth == 1 => entry.depth = 0,
                _ => {}
            }
            if entry.depth == 0 {
                end = Some(at);
                break;
            }
        }
        let taken = end.unwrap_or(remaining.len());
        if entry.text.len() + taken > MAX_RECORD {
            entry.is_long = true;
            entry.text.clear();
        }
        entry.text.extend_from_slice(&remaining[..taken]);
        self.at += taken;
        end?;
        entry.text.push(b'}');
        self.at += 1;
        self.entry.take().map(Entry::finish)
    }

    /// Reads the next line, which may end an entry that is not closed.
    fn read_line(&mut self) -> Line {
        if let Some(entry) = &mut self.entry {
            entry.text.push(b'\n');
        }
        let read = self.input.next_line(&mut self.bytes);
        self.at = 0;
        match read {
            None => {
                let Some(entry) = self.entry.take() else {
                    return Line::End;
                };
                Line::Ended(entry.unclosed("the file ends in it".to_owned()))
            }
            Some(Ok(())) => {
                let line = self.input.line();
                let begins_entry = find_entry(&self.bytes)
                    .is_some_and(|(start, _)| self.bytes[..start].trim_ascii().is_empty());
                if !begins_entry {
                    return Line::Read;
                }
                match self.entry.take() {
                    Some(entry) => {
                        Line::Ended(entry.unclosed(format!("line {line} begins the next")))
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

impl Entry {
    /// Returns a complete entry.
    fn finish(self) -> LocatedEntry {
        if self.is_long {
            return (self.line, Err(input::too_long()));
        }
        let text = input::text(&self.text).map(str::to_owned);
        (self.line, text)
    }

    /// Returns the error of an entry that is not closed.
    fn unclosed(self, reason: String) -> LocatedEntry {
        let start = String::from_utf8_lossy(&self.text);
        let start: String = start
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(60)
            .collect();
        let reason = format!("`{}` is not closed, {reason}", start.trim());
        (self.line, Err(reason))
    }
}

/// Returns the positions of the `@` of the first entry in a line and of the bracket after its type.
fn find_entry(line: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(found) = line[from..].iter().position(|byte| *byte == b'@') {
        let start = from + found;
        let begins_word = start == 0 || !line[start - 1].is_ascii_alphanumeric();
        let text = &line[start + 1..];
        let letters = text
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let spaces = text[letters..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let open = letters + spaces;
        if begins_word && letters > 0 && matches!(text.get(open), Some(b'{' | b'(')) {
            return Some((start, start + 1 + open));
        }
        from = start + 1;
    }
    None
}

/// Returns whether a line outside of entries begins like a field: `name = {`.
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
        is_name && value.trim_start().starts_with(['{', '"'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &[u8]) -> Vec<LocatedEntry> {
        Entries::new(Input::new(text, "f").unwrap()).collect()
    }

    #[test]
    fn splits_at_the_closing_brace() {
        let text = b"A note by me@home{x}.\n@article{a,\n t = {{B} \\} c}}@misc(b, t = {)})\n\
                     % @book{no,}\n@string{x = \"y\"}";
        let expected = [
            (2, Ok("@article{a,\n t = {{B} \\} c}}".to_owned())),
            (3, Ok("@misc{b, t = {)}}".to_owned())),
            (5, Ok("@string{x = \"y\"}".to_owned())),
        ];
        assert_eq!(split(text), expected);
    }

    #[test]
    fn an_entry_that_is_not_closed_affects_no_other() {
        let text = b"@article{a,\n t = {B,\n}\n@misc{b, t = {C}}\n@misc{c, t = {D}";
        let expected = [
            (
                1,
                Err("`@article{a,` is not closed, line 4 begins the next".to_owned()),
            ),
            (4, Ok("@misc{b, t = {C}}".to_owned())),
            (
                5,
                Err("`@misc{c, t = {D}` is not closed, the file ends in it".to_owned()),
            ),
        ];
        assert_eq!(split(text), expected);
    }

    #[test]
    fn fields_after_a_surplus_brace_are_one_error() {
        let text = b"@misc{a, t = {B}}},\n year = {2000},\n note = {x}\n}\n@misc{b,\xff}\n";
        let stray = "a field outside of an entry; a brace before it may be one too many";
        let expected = [
            (1, Ok("@misc{a, t = {B}}".to_owned())),
            (2, Err(stray.to_owned())),
            (5, Err("not UTF-8 after 8 bytes".to_owned())),
        ];
        assert_eq!(split(text), expected);
    }
}
