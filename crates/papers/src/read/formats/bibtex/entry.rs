//! Parsing of one BibTeX entry.

#[cfg(test)]
mod tests;

use crate::read::input::{self, MAX_VALUES};

/// The names of common fields. One of these begins a field even if a comma, an equals sign or the citation
/// key before it is missing.
const COMMON_FIELDS: [&str; 32] = [
    "abstract",
    "address",
    "author",
    "booktitle",
    "chapter",
    "crossref",
    "date",
    "doi",
    "edition",
    "editor",
    "eprint",
    "howpublished",
    "institution",
    "isbn",
    "issn",
    "issue",
    "journal",
    "journaltitle",
    "keywords",
    "language",
    "month",
    "note",
    "number",
    "organization",
    "pages",
    "publisher",
    "school",
    "series",
    "title",
    "url",
    "volume",
    "year",
];

/// The maximum length in bytes of the name of a field that is looked for after a value.
const MAX_NAME: usize = 64;

/// The parts of an entry.
#[derive(Debug, Default)]
pub(super) struct Entry<'t> {
    /// The citation key, or an empty string.
    pub(super) key: &'t str,
    /// The names of fields, in lower case, with their values.
    pub(super) fields: Vec<(String, Vec<Part<'t>>)>,
    /// What was repaired or left out.
    pub(super) remarks: Vec<String>,
    /// Whether the text ends within a value.
    pub(super) ends_in_value: bool,
}

/// A part of a value; `#` joins several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'t> {
    Text(&'t str),
    /// The name of an abbreviation, or a text without delimiters.
    Name(&'t str),
}

/// Parses the text between the delimiters of an entry.
///
/// The parser accepts what BibTeX, biber or pybtex accept, and repairs common mistakes, which it remarks on:
/// a missing comma, equals sign or citation key, and text where a field is expected. If the entry
/// `is_unclosed`, a line that begins a field ends the value before it.
///
/// # Complexity
///
/// Linear in the length of the text.
pub(super) fn parse(text: &str, is_unclosed: bool) -> Result<Entry<'_>, String> {
    let mut parser = Parser::new(text, is_unclosed);
    parser.skips_escaped = is_unclosed && escaped_braces_are_text(text);
    parser.key();
    parser.fields()?;
    Ok(parser.entry)
}

/// Parses the definitions of a `@string`, which have the form of fields.
pub(super) fn parse_definitions(text: &str, is_unclosed: bool) -> Result<Entry<'_>, String> {
    let mut parser = Parser::new(text, is_unclosed);
    parser.fields()?;
    Ok(parser.entry)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    is_unclosed: bool,
    /// Whether a brace behind a backslash does not count.
    skips_escaped: bool,
    entry: Entry<'t>,
    /// The number of parts of values.
    parts: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, is_unclosed: bool) -> Self {
        Self {
            text,
            at: 0,
            is_unclosed,
            skips_escaped: false,
            entry: Entry::default(),
            parts: 0,
        }
    }

    fn remaining(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.remaining().chars().next()
    }

    fn skip_white_space(&mut self) {
        self.at = self.text.len() - self.remaining().trim_start().len();
    }

    /// Reads the citation key up to its comma, or nothing if a field begins the entry.
    fn key(&mut self) {
        let end = self.text.find([',', '=']).unwrap_or(self.text.len());
        let before = &self.text[..end];
        let mut key = before;
        self.at = (end + 1).min(self.text.len());
        if self.text[end..].starts_with('=') {
            let field_start = field_start(before);
            let name = before[field_start..].trim();
            let value = self.text[end + 1..].trim_start();
            if field_start > 0 || is_common(name) || value.starts_with(['{', '"']) {
                key = &before[..field_start];
                self.at = field_start;
            } else {
                // The key has an equals sign.
                let end = self.text.find(',').unwrap_or(self.text.len());
                key = &self.text[..end];
                self.at = (end + 1).min(self.text.len());
            }
        } else if before.contains(['{', '"']) {
            key = "";
            self.at = 0;
        }
        self.entry.key = key.trim();
    }

    fn fields(&mut self) -> Result<(), String> {
        loop {
            self.skip_separators();
            if self.at >= self.text.len() {
                return Ok(());
            }
            self.field()?;
        }
    }

    /// Skips white space, commas, comments and closing delimiters between fields.
    fn skip_separators(&mut self) {
        loop {
            self.skip_white_space();
            match self.peek() {
                Some(',') => self.at += 1,
                Some('%') => {
                    let line = self.remaining().find('\n');
                    self.at += line.unwrap_or(self.remaining().len());
                }
                Some(c @ ('}' | ')')) => {
                    self.at += 1;
                    if !self.is_unclosed {
                        self.remark(format!("a surplus `{c}` between fields was left out"));
                    }
                }
                _ => return,
            }
        }
    }

    fn field(&mut self) -> Result<(), String> {
        let remaining = self.remaining();
        let end = remaining
            .find(['=', ',', '{', '}', '"'])
            .unwrap_or(remaining.len());
        let before = &remaining[..end];
        self.at += end;
        let start = field_start(before);
        let name = before[start..].trim();
        match self.peek() {
            Some('=') => {
                self.left_out(&before[..start]);
                self.at += 1;
            }
            Some('{' | '"') if is_common(name) => {
                self.left_out(&before[..start]);
                self.remark(format!("there is no `=` after `{name}`"));
            }
            Some('{' | '"') => {
                // A value without a name.
                let from = self.at - end;
                self.value(name)?;
                let surplus = &self.text[from..self.at];
                self.left_out(surplus);
                return Ok(());
            }
            _ => {
                self.left_out(before);
                return Ok(());
            }
        }
        let parts = self.value(name)?;
        if name.is_empty() {
            self.remark("a value without the name of a field was left out".to_owned());
        } else {
            self.entry.fields.push((name.to_lowercase(), parts));
        }
        Ok(())
    }

    fn value(&mut self, name: &str) -> Result<Vec<Part<'t>>, String> {
        let mut parts = Vec::new();
        loop {
            self.parts += 1;
            if self.parts > MAX_VALUES {
                return Err(input::too_many());
            }
            self.skip_white_space();
            match self.peek() {
                Some('{') => parts.push(self.braced(name)?),
                Some('"') => parts.push(self.quoted(name)?),
                None | Some(',' | '#' | '}') => {}
                Some(_) => parts.push(self.bare()),
            }
            let after = self.remaining().trim_start();
            if !after.starts_with('#') {
                return Ok(parts);
            }
            self.at = self.text.len() - after.len() + 1;
        }
    }

    fn braced(&mut self, name: &str) -> Result<Part<'t>, String> {
        let text = &self.remaining()[1..];
        let mut depth = 1_usize;
        let mut is_escaped = false;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = self.skips_escaped,
                b'{' => depth += 1,
                b'}' => depth -= 1,
                b'\n' if self.is_unclosed && begins_field(&text[at + 1..]) => {
                    return Ok(self.end_value(at, 0, name));
                }
                _ => {}
            }
            if depth == 0 {
                self.at += at + 2;
                return Ok(Part::Text(&text[..at]));
            }
        }
        self.unclosed_value(name)
    }

    /// Reads a quoted value. A quote within braces does not end it, nor one that is followed by text.
    fn quoted(&mut self, name: &str) -> Result<Part<'t>, String> {
        let text = &self.remaining()[1..];
        let mut depth = 0_usize;
        let mut last = None;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                b'"' if depth == 0 => {
                    if ends_value(&text[at + 1..]) {
                        self.at += at + 2;
                        return Ok(Part::Text(&text[..at]));
                    }
                    last = Some(at);
                }
                b'\n' if self.is_unclosed && begins_field(&text[at + 1..]) => {
                    return Ok(self.end_value(at, 0, name));
                }
                _ => {}
            }
        }
        match last {
            Some(at) => Ok(self.end_value(at, 1, name)),
            None => self.unclosed_value(name),
        }
    }

    /// Ends a delimited value after `length` bytes, followed by `closing` bytes, because nothing closes it.
    fn end_value(&mut self, length: usize, closing: usize, name: &str) -> Part<'t> {
        let text = &self.remaining()[1..=length];
        self.at += 1 + length + closing;
        self.remark(format!("the value of `{name}` is not closed"));
        Part::Text(text.trim_end().trim_end_matches([',', '}', '"']))
    }

    fn unclosed_value(&mut self, name: &str) -> Result<Part<'t>, String> {
        if !self.is_unclosed {
            return Err(format!("not BibTeX: the value of `{name}` is not closed"));
        }
        self.entry.ends_in_value = true;
        let text = &self.remaining()[1..];
        self.at = self.text.len();
        Ok(Part::Text(text))
    }

    /// Reads a number, the name of an abbreviation, or words without delimiters.
    fn bare(&mut self) -> Part<'t> {
        let start = self.at;
        loop {
            let remaining = self.remaining();
            let word = remaining
                .find(|c: char| c.is_whitespace() || matches!(c, ',' | '#' | '{' | '}' | '"'))
                .unwrap_or(remaining.len());
            self.at += word;
            let after = self.remaining().trim_start();
            if word == 0 || after.starts_with([',', '#', '{', '}', '"', '%']) || after.is_empty() {
                break;
            }
            if name_end(after).is_some() {
                break;
            }
            self.at = self.text.len() - after.len();
        }
        let text = self.text[start..self.at].trim();
        if text.contains(char::is_whitespace) || text.bytes().all(|byte| byte.is_ascii_digit()) {
            Part::Text(text)
        } else {
            Part::Name(text)
        }
    }

    /// Remarks on text where a field is expected.
    fn left_out(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            let start: String = text.chars().take(40).collect();
            self.remark(format!("`{start}` was left out, expected a field"));
        }
    }

    fn remark(&mut self, remark: String) {
        if self.entry.remarks.len() < 10 {
            self.entry.remarks.push(remark);
        }
    }
}

fn is_common(name: &str) -> bool {
    COMMON_FIELDS
        .iter()
        .any(|common| common.eq_ignore_ascii_case(name))
}

/// Returns whether more braces of an unclosed entry are closed if those behind a backslash do not count.
fn escaped_braces_are_text(text: &str) -> bool {
    let opened = text.matches("\\{").count();
    opened > text.matches("\\}").count()
}

/// Returns the start of the name of a field at the end of `text`: its last line, or its last word if that is
/// the name of a common field. Names may contain spaces.
fn field_start(text: &str) -> usize {
    let trimmed = text.trim_end();
    if let Some(line) = trimmed.rfind(['\n', '\r']) {
        return line + 1;
    }
    let word = trimmed.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    match trimmed.get(word..) {
        Some(name) if is_common(name) => word,
        _ => 0,
    }
}

/// Returns the position after the equals sign if `text` begins like a field: `name =`.
fn name_end(text: &str) -> Option<usize> {
    let start = &text[..text.floor_char_boundary(MAX_NAME)];
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.' | '+');
    let end = start.find(|c| !is_name(c))?;
    let after = start[end..].trim_start();
    let is_field = text.starts_with(char::is_alphabetic) && after.starts_with('=');
    is_field.then(|| start.len() - after.len() + 1)
}

/// Returns whether `text` begins with a field whose value has delimiters.
fn begins_field(text: &str) -> bool {
    let text = &text[..text.floor_char_boundary(4 * MAX_NAME)];
    let text = text.trim_start();
    name_end(text).is_some_and(|end| text[end..].trim_start().starts_with(['{', '"']))
}

/// Returns whether a quote before `text` can end a value.
fn ends_value(text: &str) -> bool {
    let start = &text[..text.floor_char_boundary(4 * MAX_NAME)];
    let after = start.trim_start();
    // Only white space up to the limit: what follows may be anything.
    after.is_empty() || after.starts_with([',', '#', '}', ')', '%']) || name_end(after).is_some()
}
