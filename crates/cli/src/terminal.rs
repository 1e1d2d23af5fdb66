//! Protection of the terminal from the texts of others.
//!
//! A title or an identifier may contain sequences that move the cursor, change colors, write to the
//! clipboard or reverse the order of the characters on a line. Everything that the command prints for
//! a person passes through [`neutralized`].

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Returns whether a character controls a terminal, changes the order of other characters, or hides
/// itself or others. `previous` is the character before it.
///
/// These are the control characters except line feed and tab, the characters that separate lines, and
/// the characters of the class Cf (format) of Unicode 16.0, except where a script needs them. Of several variation
/// selectors in a row only the first selects anything; the others may carry a hidden text.
fn is_active(previous: Option<char>, c: char) -> bool {
    match c {
        '\n' | '\t'
        // Visible signs of Arabic, Syriac and Kaithi, and the arrangement of hieroglyphs.
        | '\u{600}'..='\u{605}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{890}'..='\u{891}'
        | '\u{8e2}'
        | '\u{110bd}'
        | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' => false,
        '\u{200b}' => !previous.is_some_and(has_no_spaces),
        '\u{180e}' | '\u{200c}' => !previous.is_some_and(has_joined_letters),
        '\u{200d}' => !previous.is_some_and(|c| has_joined_letters(c) || is_pictograph(c)),
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => previous
            .is_none_or(|previous| is_variation_selector(previous) || previous.is_whitespace()),
        '\u{ad}'
        | '\u{61c}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

/// Returns whether a character may be of a script that is written without spaces between words, where a
/// zero-width space allows a line break: Thai, Lao, Tibetan, Burmese and Khmer.
fn has_no_spaces(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

/// Returns whether a character may be of a script whose letters join or change their form, where a
/// zero-width joiner or non-joiner selects the form: scripts such as Arabic, Devanagari and Mongolian.
fn has_joined_letters(c: char) -> bool {
    let may_be = matches!(
        c,
        '\u{620}'..='\u{109f}'
            | '\u{1780}'..='\u{1cff}'
            | '\u{a800}'..='\u{abff}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}'
            | '\u{10a00}'..='\u{11fff}'
            | '\u{1e900}'..='\u{1e95f}'
    );
    may_be && c != '\u{180e}'
}

/// Returns whether a character may be part of an emoji that a zero-width joiner combines with another.
fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Replaces the characters that control a terminal by visible ones: ASCII control characters by their
/// symbols, such as `␛`, and all others by `�`. A carriage return before a line feed stays.
pub(crate) fn neutralized(text: &str) -> Cow<'_, str> {
    neutralized_after(None, text)
}

/// Replaces the same characters in a text that follows the character `previous`.
fn neutralized_after(previous: Option<char>, text: &str) -> Cow<'_, str> {
    replaced(previous, text, is_active, |c, out| out.push(symbol(c)))
}

/// Replaces control characters only, and leaves the direction of text alone.
fn without_controls(text: &str) -> Cow<'_, str> {
    let is_control = |previous, c: char| c.is_control() && is_active(previous, c);
    replaced(None, text, is_control, |c, out| out.push(symbol(c)))
}

/// Escapes the characters that control a terminal in a JSON document, whose values stay the same.
///
/// JSON requires the escapes of most control characters already; this adds the others.
pub(crate) fn escaped_json(document: &str) -> Cow<'_, str> {
    escaped_json_after(None, document)
}

/// Escapes the same characters in a part of a document that follows the character `previous`.
fn escaped_json_after(previous: Option<char>, part: &str) -> Cow<'_, str> {
    replaced(previous, part, is_active, |c, out| {
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

/// Replaces the characters for which `is_replaced` returns true, given the character before them.
fn replaced(
    mut previous: Option<char>,
    text: &str,
    is_replaced: impl Fn(Option<char>, char) -> bool,
    replace: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    let first = text.char_indices().find_map(|(at, c)| {
        let is_first = is_replaced(previous, c);
        if !is_first {
            previous = Some(c);
        }
        is_first.then_some(at)
    });
    let Some(first) = first else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    let mut chars = text[first..].chars().peekable();
    while let Some(c) = chars.next() {
        let ends_line = c == '\r' && chars.peek() == Some(&'\n');
        if is_replaced(previous, c) && !ends_line {
            replace(c, &mut out);
        } else {
            out.push(c);
        }
        previous = Some(c);
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
    /// The last character that was written.
    previous: Option<char>,
}

impl<W: Write> ProtectedWriter<W> {
    pub(crate) fn new(inner: W, protection: Protection) -> Self {
        Self {
            inner,
            protection,
            incomplete: Vec::new(),
            previous: None,
        }
    }

    fn write_text(&mut self, text: &str) -> io::Result<()> {
        let previous = self.previous;
        self.previous = text.chars().next_back().or(previous);
        let text = match self.protection {
            Protection::Faithful => Cow::Borrowed(text),
            Protection::Controls => without_controls(text),
            Protection::Terminal => neutralized_after(previous, text),
            Protection::Json => escaped_json_after(previous, text),
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
        let hidden = "\u{ad}\u{200b}\u{200c}\u{200d}\u{180e}\u{2060}\u{2064}\u{feff}\u{fff9}\u{1bca0}\u{1d173}";
        let tags = '\u{e0001}'..='\u{e007f}';
        controls
            .filter(|c| !matches!(c, '\n' | '\t'))
            .chain(directions)
            .chain(marks)
            .chain(hidden.chars())
            .chain(tags)
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
    fn format_characters_stay_where_a_script_needs_them() {
        for text in [
            "می\u{200c}خواهم",
            "क्\u{200d}ष क्\u{200c}ष",
            "ශ්\u{200d}රී",
            "ᠠ\u{180e}ᠠ",
            "ភាសា\u{200b}ខ្មែរ",
            "👩\u{200d}💻 ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3}",
            "葛\u{e0100}",
            "\u{600}٣ \u{6dd}",
        ] {
            assert_eq!(neutralized(text), text);
            let mut writer = ProtectedWriter::new(Vec::new(), Protection::Terminal);
            for byte in text.bytes() {
                writer.write_all(&[byte]).unwrap();
            }
            writer.flush().unwrap();
            assert_eq!(String::from_utf8(writer.inner).unwrap(), text);
        }
        for (text, shown) in [
            ("paper\u{200d}-1 paper\u{200c}", "paper�-1 paper�"),
            ("\u{200d}x com\u{ad}puter \u{feff}", "�x com�puter �"),
            ("می\u{200c}\u{200c}\u{200d}", "می\u{200c}��"),
            ("a\u{fe0f}\u{fe01}\u{e0101}b", "a\u{fe0f}��b"),
            ("🏴\u{e0067}\u{e007f}", "🏴��"),
        ] {
            assert_eq!(neutralized(text), shown);
        }
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
