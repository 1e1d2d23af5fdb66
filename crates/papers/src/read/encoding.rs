//! Decoding of text that is not UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::memchr_iter;

use super::line_ends::has_only_returns;
use super::lookahead::Lookahead;
use super::notes::Notes;
use crate::RecordLocation;

/// The number of bytes, from the first that is not ASCII on, that decide on the encoding.
const WINDOW: usize = 1 << 16;

/// A byte that is in no UTF-8 text. It takes the place of what is invalid in another encoding, so that the
/// record that contains it is rejected.
const INVALID: u8 = 0xff;

/// Converts text in UTF-16, in an encoding that the file declares, or in the usual encoding of a region, to
/// UTF-8. Other bytes stay as they are.
///
/// A byte order mark or the zero bytes of ASCII characters show UTF-16. XML and BibTeX can declare an encoding.
/// In other text that is not JSON, the first bytes that are not ASCII decide: if next to nothing of them is
/// UTF-8, they are read as Windows-1252, or as Mac OS Roman in a file with the line ends of the classic Mac OS.
pub(super) struct ToUtf8<R> {
    inner: R,
    notes: Notes,
    state: State,
    /// The bytes that were read from `inner`, of which those before `raw_at` were converted.
    raw: Vec<u8>,
    raw_at: usize,
    /// The converted text, of which the bytes before `text_at` were returned.
    text: Vec<u8>,
    text_at: usize,
    /// The error that ended the reading of the window.
    error: Option<io::Error>,
    is_at_end: bool,
}

enum State {
    /// All bytes so far were ASCII.
    Undecided {
        line_breaks: usize,
        otherwise: &'static Encoding,
    },
    Unchanged,
    Decoding(Decoder),
    Ended,
}

impl<R: Read> ToUtf8<Lookahead<R>> {
    pub(super) fn new(inner: Lookahead<R>, notes: Notes) -> Self {
        let start = inner.start();
        let (encoding, mark) = match start {
            [0xff, 0xfe, ..] => (Some(UTF_16LE), 2),
            [0xfe, 0xff, ..] => (Some(UTF_16BE), 2),
            _ => (of_zero_bytes(start).or_else(|| declared(start)), 0),
        };
        let state = match encoding {
            Some(encoding) => State::Decoding(encoding.new_decoder_without_bom_handling()),
            None if is_utf8_by_definition(start) => State::Unchanged,
            None => State::Undecided {
                line_breaks: 0,
                otherwise: if has_only_returns(start, true) {
                    MACINTOSH
                } else {
                    WINDOWS_1252
                },
            },
        };
        let mut converted = Self {
            inner,
            notes,
            state,
            raw: Vec::new(),
            raw_at: 0,
            text: Vec::new(),
            text_at: 0,
            error: None,
            is_at_end: false,
        };
        if mark > 0 && converted.fill_window().is_ok() {
            converted.raw_at = mark.min(converted.raw.len());
        }
        converted
    }
}

impl<R: Read> ToUtf8<R> {
    /// Reads until `raw` has the bytes of a window, or to the end.
    fn fill_window(&mut self) -> io::Result<()> {
        let mut filled = self.raw.len();
        self.raw.resize(filled.max(WINDOW), 0);
        while filled < self.raw.len() {
            match self.inner.read(&mut self.raw[filled..]) {
                Ok(0) => {
                    self.is_at_end = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.error = Some(error);
                    break;
                }
            }
        }
        self.raw.truncate(filled);
        match self.error.take() {
            Some(error) if filled == 0 => Err(error),
            error => {
                self.error = error;
                Ok(())
            }
        }
    }

    /// Reads on while all bytes are ASCII, and decides on the encoding at the first other byte.
    fn read_undecided(
        &mut self,
        buffer: &mut [u8],
        line_breaks: usize,
        otherwise: &'static Encoding,
    ) -> io::Result<Option<usize>> {
        let read = self.inner.read(buffer)?;
        let bytes = &buffer[..read];
        if bytes.is_ascii() {
            self.state = State::Undecided {
                line_breaks: line_breaks + memchr_iter(b'\n', bytes).count(),
                otherwise,
            };
            return Ok(Some(read));
        }
        self.raw = bytes.to_vec();
        self.fill_window()?;
        self.state = match first_invalid(&self.raw, self.is_at_end, otherwise) {
            None => State::Unchanged,
            Some(at) => {
                let line = line_breaks + memchr_iter(b'\n', &self.raw[..at]).count() + 1;
                let name = if otherwise == MACINTOSH {
                    "Mac OS Roman"
                } else {
                    "Windows-1252"
                };
                self.notes.remark_at(
                    RecordLocation::Line(line),
                    format!("the file is not in UTF-8, it was read as {name}"),
                );
                State::Decoding(otherwise.new_decoder_without_bom_handling())
            }
        };
        Ok(None)
    }

    /// Converts bytes to `text`, which is empty. Returns whether this was the last call with an effect.
    fn decode(&mut self) -> io::Result<bool> {
        if self.raw_at >= self.raw.len() && !self.is_at_end {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            self.raw.clear();
            self.raw_at = 0;
            self.fill_window()?;
        }
        let State::Decoding(decoder) = &mut self.state else {
            return Ok(true);
        };
        let raw = &self.raw[self.raw_at..];
        // A character takes three bytes at most, and the decoder needs room for one more.
        self.text.resize(raw.len().saturating_mul(3) + 8, 0);
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(raw, &mut self.text, self.is_at_end);
        self.raw_at += read;
        self.text.truncate(written);
        self.text_at = 0;
        if matches!(result, DecoderResult::Malformed(..)) {
            self.text.push(INVALID);
        }
        Ok(self.is_at_end && matches!(result, DecoderResult::InputEmpty))
    }
}

impl<R: Read> Read for ToUtf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.text_at < self.text.len() {
                let read = (&self.text[self.text_at..]).read(buffer)?;
                self.text_at += read;
                return Ok(read);
            }
            match self.state {
                State::Ended => return Ok(0),
                State::Undecided {
                    line_breaks,
                    otherwise,
                } => {
                    if let Some(read) = self.read_undecided(buffer, line_breaks, otherwise)? {
                        return Ok(read);
                    }
                }
                State::Unchanged if self.raw_at < self.raw.len() => {
                    let read = (&self.raw[self.raw_at..]).read(buffer)?;
                    self.raw_at += read;
                    return Ok(read);
                }
                State::Unchanged => {
                    self.raw = Vec::new();
                    return match self.error.take() {
                        Some(error) => Err(error),
                        None => self.inner.read(buffer),
                    };
                }
                State::Decoding(_) => {
                    if self.decode()? {
                        self.state = State::Ended;
                    }
                }
            }
        }
    }
}

/// Returns UTF-16 if the first two characters are ASCII in UTF-16.
fn of_zero_bytes(start: &[u8]) -> Option<&'static Encoding> {
    let is_ascii = |byte: u8| (1..0x80).contains(&byte);
    match *start {
        [a, 0, b, 0, ..] if is_ascii(a) && is_ascii(b) => Some(UTF_16LE),
        [0, a, 0, b, ..] if is_ascii(a) && is_ascii(b) => Some(UTF_16BE),
        _ => None,
    }
}

/// Returns the encoding that the declaration of XML or a comment of JabRef names, unless it is UTF-8 or not
/// known. A declaration of UTF-16 that can be read as ASCII is wrong.
fn declared(start: &[u8]) -> Option<&'static Encoding> {
    let start = start.trim_ascii_start();
    let first = start.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
    let label = if start.starts_with(b"<?xml") {
        let end = memchr::memmem::find(start, b"?>")?;
        let declaration = std::str::from_utf8(&start[..end]).ok()?;
        let (_, value) = declaration.split_once("encoding")?;
        let value = value.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        value[1..].split(quote).next()?
    } else {
        let comment = std::str::from_utf8(first).ok()?.strip_prefix('%')?;
        comment.trim().strip_prefix("Encoding:")?.trim()
    };
    let encoding = of_label(label)?;
    let is_other = encoding != encoding_rs::UTF_8 && encoding != UTF_16LE && encoding != UTF_16BE;
    is_other.then_some(encoding)
}

/// Returns the encoding that a label names, also as Java spells it.
pub(super) fn of_label(label: &str) -> Option<&'static Encoding> {
    let label = label.trim();
    Encoding::for_label(label.as_bytes()).or_else(|| {
        let label = label.to_ascii_lowercase().replace('_', "-");
        match label.as_str() {
            "macroman" => Some(MACINTOSH),
            label => Encoding::for_label(label.as_bytes()),
        }
    })
}

/// Returns whether the text can only be UTF-8: it has its byte order mark, is XML or JSON, or is not text.
fn is_utf8_by_definition(start: &[u8]) -> bool {
    let first = start.trim_ascii_start().first();
    start.starts_with(b"\xef\xbb\xbf")
        || start.starts_with(b"PAR1")
        || start.contains(&0)
        || matches!(first, Some(b'<' | b'{' | b'['))
}

/// Returns the position of the first byte that is not UTF-8 if a text is rather in an encoding with one byte for
/// each character.
///
/// In such a text almost nothing is valid UTF-8 by chance. Its letters that are not ASCII stand between others;
/// in other scripts they make whole words, so that the text is in none of these encodings.
fn first_invalid(bytes: &[u8], is_whole: bool, encoding: &'static Encoding) -> Option<usize> {
    let (mut valid, mut invalid, mut first, mut at) = (0_usize, 0_usize, None, 0);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        at += chunk.valid().len();
        let is_cut = !is_whole && at + chunk.invalid().len() == bytes.len();
        if !chunk.invalid().is_empty() && !is_cut {
            invalid += 1;
            first.get_or_insert(at);
        }
        at += chunk.invalid().len();
    }
    // Windows-1252 has no characters for these.
    let has_undefined = memchr::memchr3_iter(0x81, 0x8d, 0x8f, bytes)
        .chain(memchr::memchr2_iter(0x90, 0x9d, bytes))
        .next()
        .is_some();
    let (mut in_words, mut all) = (0_usize, 0_usize);
    for run in bytes.split(u8::is_ascii).filter(|run| !run.is_empty()) {
        all += run.len();
        in_words += if run.len() >= 3 { run.len() } else { 0 };
    }
    // Most of the letters of Windows-1252 are not alone.
    let (mut letters, mut in_company) = (0_usize, 0_usize);
    let is_letter =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0xc0);
    for at in (0..bytes.len()).filter(|at| bytes[*at] >= 0xc0) {
        letters += 1;
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        in_company += usize::from(is_letter(before) || is_letter(bytes.get(at + 1)));
    }
    let is_text = encoding == MACINTOSH || !has_undefined && 2 * in_company >= letters;
    let is_encoded = invalid > 8 * valid && is_text && 2 * in_words < all;
    first.filter(|_| is_encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that returns few bytes at a time.
    struct Few<'a>(&'a [u8], usize);

    impl Read for Few<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(self.1);
            (&mut self.0).take(length as u64).read(buffer)
        }
    }

    fn decoded(bytes: &[u8]) -> (Vec<u8>, Vec<String>) {
        let mut results = [1, 7, 1 << 20].map(|length| {
            let notes = Notes::default();
            let start = Lookahead::new(Few(bytes, length), 100);
            let mut text = Vec::new();
            ToUtf8::new(start, notes.clone())
                .read_to_end(&mut text)
                .unwrap();
            let remarks = notes.take_remarks().into_iter();
            let remarks = remarks.map(|remark| format!("{}: {}", remark.location, remark.text));
            (text, remarks.collect::<Vec<_>>())
        });
        assert!(results.iter().all(|result| *result == results[0]));
        std::mem::take(&mut results[0])
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn utf_16_is_converted_with_and_without_its_mark() {
        let text = format!("id,title\na,Moß 😀{}\n", "ä".repeat(70_000));
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes = utf16(&text, to_bytes);
            assert_eq!(decoded(&bytes), (text.clone().into_bytes(), vec![]));
            let marked = [to_bytes(0xfeff).to_vec(), bytes.clone()].concat();
            assert_eq!(decoded(&marked), (text.clone().into_bytes(), vec![]));
            // Half a character at the end is not text.
            let cut = &bytes[..bytes.len() - 1];
            assert_eq!(decoded(cut).0.last(), Some(&INVALID));
        }
    }

    #[test]
    fn text_of_single_bytes_is_converted_with_a_remark() {
        let remark = |line: usize, name: &str| {
            vec![format!(
                "{line}: the file is not in UTF-8, it was read as {name}"
            )]
        };
        let windows = decoded(b"id,title\na,Mo\xdf \x96 \x80\n");
        let expected = "id,title\na,Moß – €\n".to_owned().into_bytes();
        assert_eq!(windows, (expected, remark(2, "Windows-1252")));
        let mac = decoded(b"id,title\ra,Mo\xa7 \xd0 \xdb\r");
        let expected = "id,title\ra,Moß – €\r".to_owned().into_bytes();
        assert_eq!(mac, (expected, remark(1, "Mac OS Roman")));
        let late = format!("{}\n", "x".repeat(99)).repeat(1000);
        let (text, remarks) = decoded(&[late.as_bytes(), b"\xe9t\xe9\n"].concat());
        assert_eq!(text, format!("{late}été\n").into_bytes());
        assert_eq!(remarks, remark(1001, "Windows-1252"));
    }

    #[test]
    fn declared_encodings_are_converted() {
        let xml = b"<?xml version='1.0' encoding = \"ISO-8859-2\"?><a>\xb9</a>";
        assert!(decoded(xml).0.ends_with("<a>š</a>".as_bytes()));
        let jabref = b"% Encoding: ISO8859_1\n@misc{a, title={\xe9}}";
        assert!(decoded(jabref).0.ends_with("{é}}".as_bytes()));
        assert_eq!(of_label("MacRoman"), Some(MACINTOSH));
        assert_eq!(of_label("Cp1252"), Some(WINDOWS_1252));
        assert_eq!(of_label("none"), None);
    }

    #[test]
    fn a_few_bad_bytes_and_what_is_no_text_stay_unchanged() {
        let damaged = b"title\nM\xc3\xb6we, M\xc3\xbche, \xe9t\n".to_vec();
        let cyrillic = b"title\n\xcc\xee\xf5 \xe8 \xea\xe0\xec\xed\xe8\n".to_vec();
        let json = b"{\"id\": \"\xe9\"}".to_vec();
        let parquet = b"PAR1\x00\xe9\x15".to_vec();
        let long = [vec![b'a'; WINDOW - 1], "äö".into()].concat();
        let undefined = b"title\nM\x81we\n".to_vec();
        let alone = b"title\n{\xff}\n".to_vec();
        for bytes in [damaged, cyrillic, json, parquet, long, undefined, alone] {
            assert_eq!(decoded(&bytes), (bytes, vec![]));
        }
    }
}
