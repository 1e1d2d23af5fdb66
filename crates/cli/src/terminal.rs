//! Protection of the terminal from the texts of others.
//!
//! A title or an identifier may contain sequences that move the cursor, change colors, write to the
//! clipboard or reverse the order of the characters on a line. Everything that the command prints for
//! a person passes through [`neutralized`].

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Returns whether a character controls a terminal or the order of other characters.
///
/// These are the control characters except line feed and tab, the characters that separate lines or
/// annotate text, and those that change its direction.
fn is_active(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{061c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}' => true,
        c => c.is_control(),
    }
}

/// Replaces the characters that control a terminal by visible ones: ASCII control characters by their
/// symbols, such as `␛`, and all others by `�`. A carriage return before a line feed stays.
pub(crate) fn neutralized(text: &str) -> Cow<'_, str> {
    replaced(text, is_active, |c, out| out.push(symbol(c)))
}

/// Replaces control characters only, and leaves the direction of text alone.
fn without_controls(text: &str) -> Cow<'_, str> {
    let is_control = |c: char| c.is_control() && is_active(c);
    replaced(text, is_control, |c, out| out.push(symbol(c)))
}

/// Escapes the characters that control a terminal in a JSON document, whose values stay the same.
///
/// JSON requires the escapes of most control characters already; this adds the others.
pub(crate) fn escaped_json(document: &str) -> Cow<'_, str> {
    replaced(document, is_active, |c, out| {
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// Returns the symbol of a character that controls a terminal.
fn symbol(c: char) -> char {
    match u32::from(c) {
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

fn replaced(
    text: &str,
    is_replaced: impl Fn(char) -> bool,
    replace: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    let Some(first) = text.find(&is_replaced) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    let mut chars = text[first..].chars().peekable();
    while let Some(c) = chars.next() {
        let ends_line = c == '\r' && chars.peek() == Some(&'\n');
        if is_replaced(c) && !ends_line {
            replace(c, &mut out);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The characters that a [`ProtectedWriter`] replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    /// None.
    Faithful,
    /// Control characters.
    Controls,
    /// All that control a terminal.
    Terminal,
    /// All that control a terminal, by the escapes of JSON.
    Json,
}

/// Writes UTF-8 text with the characters replaced that its [`Protection`] names.
#[derive(Debug)]
pub(crate) struct ProtectedWriter<W: Write> {
    inner: W,
    protection: Protection,
    /// The first bytes of a character whose other bytes were not written yet, or a carriage return.
    incomplete: Vec<u8>,
}

impl<W: Write> ProtectedWriter<W> {
    pub(crate) fn new(inner: W, protection: Protection) -> Self {
        Self {
            inner,
            protection,
            incomplete: Vec::new(),
        }
    }

    fn write_text(&mut self, text: &str) -> io::Result<()> {
        let text = match self.protection {
            Protection::Faithful => Cow::Borrowed(text),
            Protection::Controls => without_controls(text),
            Protection::Terminal => neutralized(text),
            Protection::Json => escaped_json(text),
        };
        self.inner.write_all(text.as_bytes())
    }
}

impl<W: Write> Write for ProtectedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.protection == Protection::Faithful {
            return self.inner.write(bytes);
        }
        let mut text = std::mem::take(&mut self.incomplete);
        text.extend_from_slice(bytes);
        let complete = match std::str::from_utf8(&text) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(text) if text.ends_with('\r') => text.len() - 1,
            _ => text.len(),
        };
        self.incomplete = text.split_off(complete);
        self.write_text(&String::from_utf8_lossy(&text))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.incomplete);
        self.write_text(&String::from_utf8_lossy(&text))?;
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every character that a terminal may act on.
    fn active() -> impl Iterator<Item = char> {
        let controls = ('\0'..' ').chain('\u{7f}'..='\u{9f}');
        let directions = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        let marks = ['\u{200e}', '\u{200f}', '\u{61c}', '\u{2028}', '\u{2029}'];
        controls
            .filter(|c| !matches!(c, '\n' | '\t'))
            .chain(directions)
            .chain(marks)
    }

    #[test]
    fn active_characters_become_visible_and_others_stay() {
        for c in active() {
            let text = format!("a{c}b");
            let shown = neutralized(&text);
            assert_eq!(shown.chars().count(), 3, "{c:?}");
            assert!(!shown.contains(c) && !shown.contains(active().collect::<Vec<_>>().as_slice()));
        }
        assert_eq!(
            neutralized("e\u{1b}[2J \u{9b}31m \u{202e}abc\r\u{7f}"),
            "e␛[2J �31m �abc␍␡"
        );
        let plain = "A title\n\twith שלום, 日本語, a\u{300}, 👩\u{200d}💻 and –";
        assert!(matches!(neutralized(plain), Cow::Borrowed(text) if text == plain));
    }

    #[test]
    fn a_json_document_keeps_its_values() {
        let value: String = active().collect();
        let document = serde_json::to_string(&[&value]).unwrap();
        let escaped = escaped_json(&document);
        assert!(neutralized(&escaped) == escaped);
        let read: Vec<String> = serde_json::from_str(&escaped).unwrap();
        assert_eq!(read, [value]);
    }

    #[test]
    fn a_writer_protects_text_that_arrives_in_pieces() {
        let text = "ä\u{9b}日\u{1b}\u{202e}x\ry\r\n\r";
        for (protection, expected) in [
            (Protection::Faithful, text),
            (Protection::Controls, "ä�日␛\u{202e}x␍y\r\n␍"),
            (Protection::Terminal, "ä�日␛�x␍y\r\n␍"),
        ] {
            let mut writer = ProtectedWriter::new(Vec::new(), protection);
            for byte in text.as_bytes() {
                writer.write_all(&[*byte]).unwrap();
            }
            writer.flush().unwrap();
            assert_eq!(String::from_utf8(writer.inner).unwrap(), expected);
        }
    }
}
