//! Commands, arguments and comments in LaTeX source that still has its comments.

use std::ops::Range;

/// The maximum length in bytes of an argument that is read, which keeps the time linear if there are
/// many openings without an end.
const MAX_ARGUMENT: usize = 2_048;

/// Returns the letters of the command whose backslash is at `at`.
pub(super) fn command(text: &str, at: usize) -> &str {
    let name = &text[at + 1..];
    let end = name.find(|c: char| !c.is_ascii_alphabetic());
    &name[..end.unwrap_or(name.len())]
}

/// Returns the position after the comment whose `%` is at `at`.
///
/// As in TeX, a comment includes its line break and the white space at the start of the next line. If
/// that line is empty, the line break remains, because it ends the paragraph.
pub(super) fn comment_end(text: &str, at: usize) -> usize {
    let Some(line) = text[at..].find('\n') else {
        return text.len();
    };
    let next = at + line + 1;
    let blank = text[next..].len() - text[next..].trim_start_matches([' ', '\t']).len();
    match &text.as_bytes()[next + blank..] {
        [b'\n', ..] | [b'\r', b'\n', ..] => next - 1,
        _ => next + blank,
    }
}

/// Returns the position after the white space and the comments at `at`, or `at` if an empty line is among
/// them.
pub(super) fn skip_space(text: &str, at: usize) -> usize {
    let mut to = at;
    let mut line_breaks = 0;
    while let Some(byte) = text.as_bytes().get(to) {
        match byte {
            b'\n' if line_breaks == 1 => return at,
            b'\n' => {
                line_breaks += 1;
                to += 1;
            }
            b' ' | b'\t' | b'\r' => to += 1,
            b'%' => {
                to = comment_end(text, to);
                line_breaks = 0;
            }
            _ => break,
        }
    }
    to
}

/// Returns the content of the group in braces at `at`, and the position after the group.
pub(super) fn group(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let start = skip_space(text, at);
    delimited(text, start, b'{', b'}')
}

/// Returns the content of the optional argument in square brackets at `at`, and the position after it.
pub(super) fn optional(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let start = skip_space(text, at);
    delimited(text, start, b'[', b']')
}

/// Returns the position after a star and the optional arguments at `at`.
pub(super) fn skip_optional(text: &str, at: usize) -> usize {
    let mut at = at;
    if text[at..].starts_with('*') {
        at += 1;
    }
    while let Some((_, end)) = optional(text, at) {
        at = end;
    }
    at
}

/// Returns the argument of a command at `at`, in braces or not, and the position after it.
pub(super) fn argument(text: &str, at: usize) -> Option<(&str, usize)> {
    let start = skip_space(text, at);
    if let Some((inner, end)) = delimited(text, start, b'{', b'}') {
        return Some((&text[inner], end));
    }
    let first = text[start..].chars().next()?;
    let end = match first {
        '{' | '}' | '\n' => return None,
        '\\' => {
            let name = command(text, start);
            let symbol = text[start + 1..].chars().next().map_or(0, char::len_utf8);
            start + 1 + if name.is_empty() { symbol } else { name.len() }
        }
        _ => start + first.len_utf8(),
    };
    Some((&text[start..end], end))
}

/// Returns the name of the command at `at`, in braces or not, with `@` as a letter, and the position
/// after it.
pub(super) fn command_argument(text: &str, at: usize) -> Option<(&str, usize)> {
    let start = skip_space(text, at);
    let (from, closes) = match text[start..].strip_prefix('{') {
        Some(_) => (skip_space(text, start + 1), true),
        None => (start, false),
    };
    let name = text[from..].strip_prefix('\\')?;
    let end = name.find(|c: char| !c.is_ascii_alphabetic() && c != '@');
    let name = &name[..end.unwrap_or(name.len())];
    let mut end = from + 1 + name.len();
    if closes {
        end = skip_space(text, end);
        if !text[end..].starts_with('}') {
            return None;
        }
        end += 1;
    }
    (!name.is_empty()).then_some((name, end))
}

/// Returns the range between two delimiters, of which the first is at `start`.
fn delimited(text: &str, start: usize, open: u8, close: u8) -> Option<(Range<usize>, usize)> {
    let bytes = text.as_bytes();
    if bytes.get(start) != Some(&open) {
        return None;
    }
    let limit = bytes.len().min(start + MAX_ARGUMENT);
    let (mut at, mut braces) = (start + 1, 0_usize);
    while at < limit {
        match bytes[at] {
            b'\\' => at += 1,
            b'%' => {
                at = comment_end(text, at);
                continue;
            }
            byte if byte == close && braces == 0 => return Some((start + 1..at, at + 1)),
            b'{' => braces += 1,
            b'}' => braces = braces.checked_sub(1)?,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Returns a text without its comments.
pub(super) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find(['\\', '%']) {
        out.push_str(&text[at..at + found]);
        at += found;
        if text.as_bytes()[at] == b'%' {
            at = comment_end(text, at);
        } else {
            let escaped = text[at + 1..].chars().next().map_or(0, char::len_utf8);
            out.push_str(&text[at..at + 1 + escaped]);
            at += 1 + escaped;
        }
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_ends_with_the_indentation_of_the_next_line() {
        let text = "a % x }\n  b % y\n\nc \\% d";
        assert_eq!(without_comments(text), "a b \n\nc \\% d");
        let (inner, end) = group("{a % }\n b\\}{c}} d", 0).unwrap();
        assert_eq!((inner, end), (1..14, 15));
        assert_eq!(group("{a", 0), None);
        assert_eq!(group("\n\n{a}", 0), None);
    }

    #[test]
    fn an_argument_is_a_group_or_a_token() {
        assert_eq!(argument(" {a b}c", 0), Some(("a b", 6)));
        assert_eq!(argument("\\foo bar", 0), Some(("\\foo", 4)));
        assert_eq!(argument(" é", 0), Some(("é", 3)));
        assert_eq!(argument("}", 0), None);
        assert_eq!(command_argument("{ \\a@b }c", 0), Some(("a@b", 8)));
        assert_eq!(command_argument("\\a1", 0), Some(("a", 2)));
    }
}
