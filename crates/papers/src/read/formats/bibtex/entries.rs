//! The entries of a BibTeX file, cut out one at a time.

use crate::read::input::{self, Input, MAX_RECORD};

/// Cuts a file into entries, each from its `@` to the bracket that closes it, with the line on which
/// it begins. Memory is bounded by one entry.
///
/// An entry that is not closed ends where a line begins the next, so it costs no more than itself.
/// Text between entries is a comment, as BibTeX has it, unless it looks like fields that a brace
/// too many cut off.
pub(super) struct Entries<'a> {
    source: Input<'a>,
    bytes: Vec<u8>,
    /// The place in `bytes` from which the line is still to be read.
    at: usize,
    entry: Option<Entry>,
    /// A remainder of an entry was told, up to the next one.
    told: bool,
}

struct Entry {
    line: usize,
    text: Vec<u8>,
    depth: usize,
    /// What closes it: a brace, or a parenthesis outside of all braces.
    in_parentheses: bool,
    is_long: bool,
}

/// What the next line brings.
enum Next {
    /// There is none.
    End,
    /// Something to look at.
    More,
    Found(Cut),
}

/// An entry, or what is wrong with it, and the line on which it begins.
pub(super) type Cut = (usize, Result<String, String>);

impl<'a> Entries<'a> {
    pub(super) fn new(source: Input<'a>) -> Self {
        Self {
            source,
            bytes: Vec::new(),
            at: 0,
            entry: None,
            told: false,
        }
    }

    /// Looks for an entry in what is left of the line, or for something that is no comment.
    fn outside(&mut self) -> Option<Cut> {
        let line = self.source.line();
        let rest = &self.bytes[self.at..];
        let begin = match rest.trim_ascii_start().first() {
            Some(b'%') => None,
            _ => find_entry(rest),
        };
        if let Some((start, open)) = begin {
            let text = &rest[start..=open];
            self.entry = Some(Entry {
                line,
                text: [&text[..text.len() - 1], b"{"].concat(),
                depth: 1,
                in_parentheses: text.ends_with(b"("),
                is_long: false,
            });
            self.at += open + 1;
            self.told = false;
            return None;
        }
        let is_field = !self.told && looks_like_field(rest);
        self.at = self.bytes.len();
        is_field.then(|| {
            self.told = true;
            let reason = "a field outside of an entry; a brace before it may be one too many";
            (line, Err(reason.to_owned()))
        })
    }

    /// Reads on in the entry that is open, to its end or that of the line.
    fn inside(&mut self) -> Option<Cut> {
        let entry = self.entry.as_mut()?;
        let rest = &self.bytes[self.at..];
        let mut escaped = false;
        let mut end = None;
        for (at, &byte) in rest.iter().enumerate() {
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
        let taken = end.unwrap_or(rest.len());
        if entry.text.len() + taken > MAX_RECORD {
            entry.is_long = true;
            entry.text.clear();
        }
        entry.text.extend_from_slice(&rest[..taken]);
        self.at += taken;
        end?;
        entry.text.push(b'}');
        self.at += 1;
        self.entry.take().map(Entry::cut)
    }

    /// Reads the next line, which may leave an entry without its end.
    fn advance(&mut self) -> Next {
        if let Some(entry) = &mut self.entry {
            entry.text.push(b'\n');
        }
        let read = self.source.next_line(&mut self.bytes);
        self.at = 0;
        match read {
            None => {
                let Some(entry) = self.entry.take() else {
                    return Next::End;
                };
                Next::Found(entry.unclosed("the file ends in it".to_owned()))
            }
            Some(Ok(())) => {
                let line = self.source.line();
                let begins = find_entry(&self.bytes)
                    .is_some_and(|(start, _)| self.bytes[..start].trim_ascii().is_empty());
                if !begins {
                    return Next::More;
                }
                match self.entry.take() {
                    Some(entry) => {
                        Next::Found(entry.unclosed(format!("line {line} begins the next")))
                    }
                    None => Next::More,
                }
            }
            Some(Err(reason)) => {
                self.bytes.clear();
                let line = self.source.line();
                Next::Found(match self.entry.take() {
                    Some(entry) => (entry.line, Err(format!("line {line}: {reason}"))),
                    None => (line, Err(reason)),
                })
            }
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Cut;

    fn next(&mut self) -> Option<Cut> {
        loop {
            let found = if self.at >= self.bytes.len() {
                // An empty rest of a line is its break.
                match self.advance() {
                    Next::End => return None,
                    Next::More => None,
                    Next::Found(cut) => Some(cut),
                }
            } else if self.entry.is_some() {
                self.inside()
            } else {
                self.outside()
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

impl Entry {
    fn cut(self) -> Cut {
        if self.is_long {
            return (self.line, Err(input::too_long()));
        }
        let text = input::text(&self.text).map(str::to_owned);
        (self.line, text)
    }

    fn unclosed(self, reason: String) -> Cut {
        let begin = String::from_utf8_lossy(&self.text);
        let begin: String = begin
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(60)
            .collect();
        let reason = format!("`{}` is not closed, {reason}", begin.trim());
        (self.line, Err(reason))
    }
}

/// Where an entry begins in a line: its `@`, and the bracket behind its type.
fn find_entry(line: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(found) = line[from..].iter().position(|byte| *byte == b'@') {
        let start = from + found;
        let is_free = start == 0 || !line[start - 1].is_ascii_alphanumeric();
        let rest = &line[start + 1..];
        let letters = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let spaces = rest[letters..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let open = letters + spaces;
        if is_free && letters > 0 && matches!(rest.get(open), Some(b'{' | b'(')) {
            return Some((start, start + 1 + open));
        }
        from = start + 1;
    }
    None
}

/// Whether a line outside of entries begins as `name = {` does.
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

    fn cut(text: &[u8]) -> Vec<Cut> {
        Entries::new(Input::new(text, "f").unwrap()).collect()
    }

    #[test]
    fn cuts_at_the_brace_that_closes() {
        let text = b"A note by me@home{x}.\n@article{a,\n t = {{B} \\} c}}@misc(b, t = {)})\n\
                     % @book{no,}\n@string{x = \"y\"}";
        let expected = [
            (2, Ok("@article{a,\n t = {{B} \\} c}}".to_owned())),
            (3, Ok("@misc{b, t = {)}}".to_owned())),
            (5, Ok("@string{x = \"y\"}".to_owned())),
        ];
        assert_eq!(cut(text), expected);
    }

    #[test]
    fn an_entry_that_is_not_closed_costs_itself_only() {
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
        assert_eq!(cut(text), expected);
    }

    #[test]
    fn fields_that_a_brace_cut_off_are_told_once() {
        let text = b"@misc{a, t = {B}}},\n year = {2000},\n note = {x}\n}\n@misc{b,\xff}\n";
        let stray = "a field outside of an entry; a brace before it may be one too many";
        let expected = [
            (1, Ok("@misc{a, t = {B}}".to_owned())),
            (2, Err(stray.to_owned())),
            (5, Err("not UTF-8 after 8 bytes".to_owned())),
        ];
        assert_eq!(cut(text), expected);
    }
}
