//! An input file as a stream of decompressed UTF-8 text with line numbers and a limit on the size of a
//! line.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use memchr::{memchr_iter, memchr2};

use super::encoding::ToUtf8;
use super::line_ends::{ReturnsToLineFeeds, has_only_returns};
use super::lookahead::Lookahead;
use super::notes::Notes;
use crate::{Error, Result};

/// The maximum size of a record in bytes, which bounds memory whatever the file contains.
pub(crate) const MAX_RECORD: usize = 64 << 20;

/// The maximum number of values of a record: fields, items of lists, elements. Each takes about 100
/// bytes of memory, however few bytes it has in the file.
pub(crate) const MAX_VALUES: usize = 1 << 20;

/// The maximum size in bytes of the texts of a paper, with 32 bytes for each item of a list. A record may
/// be longer, since most of its fields may be unknown.
pub(crate) const MAX_PAPER: usize = 4 << 20;

/// The number of bytes that format detection inspects.
const LOOKAHEAD: usize = 1 << 16;

const BUFFER: usize = 1 << 16;

/// Reads bytes or lines of a file that may be compressed with gzip or Zstandard.
///
/// Text in UTF-16 or another encoding than UTF-8 is converted, and in a file whose lines end in carriage
/// returns alone, these are converted to line feeds.
pub(crate) struct Input<'a> {
    reader: BufReader<Lookahead<Box<dyn Read + Send + 'a>>>,
    /// The number of line breaks consumed.
    line_breaks: usize,
    /// The number of the line that [`next_line`](Self::next_line) read last, counted from 1.
    line: usize,
    failed: bool,
    is_compressed: bool,
    notes: Notes,
}

impl<'a> Input<'a> {
    /// Starts to read; `origin` is the name of the input in errors.
    pub(crate) fn new(reader: impl Read + Send + 'a, origin: &str) -> Result<Self> {
        let raw = Lookahead::new(reader, 8);
        // An error before the first byte is not an error of a record.
        if let (true, Some(error)) = (raw.start().is_empty(), raw.error()) {
            let source = io::Error::new(error.kind(), error.to_string());
            return Err(Error::io("read", Path::new(origin))(source));
        }
        let mut is_compressed = true;
        let decompressed: Box<dyn Read + Send + 'a> = match raw.start() {
            [0x1f, 0x8b, ..] => {
                let raw = BufReader::with_capacity(BUFFER, raw);
                Box::new(MultiGzDecoder::new(raw))
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                let raw = BufReader::with_capacity(BUFFER, raw);
                let decoder = zstd::stream::read::Decoder::with_buffer(raw);
                Box::new(decoder.map_err(Error::io("read", Path::new(origin)))?)
            }
            start => match unsupported_content(start) {
                None => {
                    is_compressed = false;
                    Box::new(raw)
                }
                Some(found) => {
                    return Err(Error::UnknownFormat {
                        origin: origin.to_owned(),
                        found: found.to_owned(),
                        expected: expected_instead(start).to_owned(),
                    });
                }
            },
        };
        let notes = Notes::default();
        let text = ToUtf8::new(Lookahead::new(decompressed, LOOKAHEAD), notes.clone());
        let text: Box<dyn Read + Send + 'a> = Box::new(text);
        let mut text = Lookahead::new(text, LOOKAHEAD);
        if has_only_returns(text.start(), text.start().len() < LOOKAHEAD) {
            let with_line_feeds: Box<dyn Read + Send + 'a> =
                Box::new(ReturnsToLineFeeds::new(text));
            text = Lookahead::new(with_line_feeds, LOOKAHEAD);
        }
        Ok(Self {
            reader: BufReader::with_capacity(BUFFER, text),
            line_breaks: 0,
            line: 0,
            failed: false,
            is_compressed,
            notes,
        })
    }

    /// Returns the first bytes of the text, without the byte order mark.
    pub(crate) fn start(&self) -> &[u8] {
        let start = self.reader.get_ref().start();
        start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start)
    }

    /// Returns whether the file is compressed.
    pub(crate) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// Returns the collection of what is left out of the records of the file.
    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Returns the reader of the decompressed bytes.
    pub(crate) fn into_reader(self) -> impl Read + 'a {
        self.reader
    }

    /// Returns the number of the line that [`next_line`](Self::next_line) read last, counted from
    /// 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// Returns the number of the line of the next byte, counted from 1.
    pub(crate) fn next_byte_line(&self) -> usize {
        self.line_breaks + 1
    }

    /// Replaces the content of `line` by the next line, without its line break.
    ///
    /// Returns `None` at the end of the file. After an error, further calls read the next lines, or
    /// return `None` if the file cannot be read.
    pub(crate) fn next_line(&mut self, line: &mut Vec<u8>) -> Option<Result<(), String>> {
        let read = self.next_whole_line(line)?;
        line.truncate(without_break(line).len());
        Some(read)
    }

    /// Replaces the content of `line` by the next line with its line break, as
    /// [`next_line`](Self::next_line) does without it.
    ///
    /// A line ends in a line feed, a carriage return, or both; the carriage return alone stands for both.
    pub(crate) fn next_whole_line(&mut self, line: &mut Vec<u8>) -> Option<Result<(), String>> {
        line.clear();
        if self.failed {
            return None;
        }
        self.line = self.next_byte_line();
        let mut length = 0_usize;
        let mut has_end = false;
        loop {
            let bytes = match self.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.failed = true;
                    self.notes.set_incomplete();
                    return Some(Err(unreadable(&error)));
                }
            };
            if bytes.is_empty() {
                if length == 0 {
                    return None;
                }
                break;
            }
            let (taken, found) = line_end(bytes, has_end);
            length = length.saturating_add(taken);
            if length <= MAX_RECORD {
                line.extend_from_slice(&bytes[..taken]);
            }
            self.reader.consume(taken);
            match found {
                LineEnd::Missing => {}
                LineEnd::Found => {
                    has_end = true;
                    break;
                }
                // The next byte may be the line feed of the same line end.
                LineEnd::Return => has_end = true,
            }
        }
        self.line_breaks += usize::from(has_end);
        if length > MAX_RECORD {
            line.clear();
            return Some(Err(too_long()));
        }
        if self.line == 1 && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        Some(Ok(()))
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let bytes = self.reader.buffer();
        let bytes = &bytes[..amount.min(bytes.len())];
        self.line_breaks += memchr_iter(b'\n', bytes).count();
        self.reader.consume(amount);
    }
}

/// How the bytes of a buffer end a line.
enum LineEnd {
    Missing,
    Found,
    /// The last byte is a carriage return.
    Return,
}

/// Returns the number of bytes that belong to the line, and how they end it. `after_return` states that the
/// bytes before ended in a carriage return.
fn line_end(bytes: &[u8], after_return: bool) -> (usize, LineEnd) {
    if after_return {
        return (usize::from(bytes.first() == Some(&b'\n')), LineEnd::Found);
    }
    match memchr2(b'\n', b'\r', bytes) {
        None => (bytes.len(), LineEnd::Missing),
        Some(at) if bytes[at] == b'\n' => (at + 1, LineEnd::Found),
        Some(at) => match bytes.get(at + 1) {
            None => (at + 1, LineEnd::Return),
            Some(b'\n') => (at + 2, LineEnd::Found),
            Some(_) => (at + 1, LineEnd::Found),
        },
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns a line without the line feeds and carriage returns at its end.
pub(crate) fn without_break(line: &[u8]) -> &[u8] {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let end = line.iter().rposition(|byte| !is_break(byte));
    &line[..end.map_or(0, |last| last + 1)]
}

/// Returns `bytes` as text. The error is a reason for [`Error::Record`].
pub(crate) fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8 after {} bytes", error.valid_up_to()))
}

/// Returns the reason for [`Error::Record`] if the file cannot be read.
pub(crate) fn unreadable(error: &io::Error) -> String {
    format!("cannot read the file: {error}")
}

/// Returns the reason for [`Error::Record`] if a record exceeds [`MAX_RECORD`].
pub(crate) fn too_long() -> String {
    format!(
        "longer than {} MiB, the most for a record",
        MAX_RECORD >> 20
    )
}

/// Returns the reason for [`Error::Record`] if the texts of a paper exceed [`MAX_PAPER`].
pub(crate) fn too_long_a_paper() -> String {
    format!("longer than {} MiB, the most for a paper", MAX_PAPER >> 20)
}

/// Returns the reason for [`Error::Record`] if a record has more than [`MAX_VALUES`].
pub(crate) fn too_many() -> String {
    format!("more than {MAX_VALUES} values, the most for a record")
}

/// The first bytes of a PDF document.
const PDF: &[u8] = b"%PDF";

/// Returns what to read instead of a file that is not supported.
fn expected_instead(start: &[u8]) -> &'static str {
    if start.starts_with(PDF) {
        "a file that lists papers, such as an export of a reference manager in BibTeX, RIS or CSL JSON, \
         or a CSV file with title and abstract"
    } else {
        "text or Parquet, plain or compressed with gzip or zstd"
    }
}

/// Returns a description of the file if its first bytes show that it has no papers.
fn unsupported_content(start: &[u8]) -> Option<&'static str> {
    let signatures: [(&[u8], &str); 12] = [
        (b"PK\x03\x04", "is a zip archive or an office document"),
        (
            b"\xd0\xcf\x11\xe0",
            "is an office document of Excel or Word",
        ),
        (b"BZh", "is compressed with bzip2"),
        (b"\xfd7zXZ", "is compressed with xz"),
        (PDF, "is a PDF document"),
        (b"\xff\xfe\x00\x00", "is in UTF-32"),
        (b"\x00\x00\xfe\xff", "is in UTF-32"),
        (b"SQLite f", "is an SQLite file"),
        (b"\x89PNG", "is an image"),
        (b"\xff\xd8\xff", "is an image"),
        (b"GIF8", "is an image"),
        (b"\x7fELF", "is a program"),
    ];
    signatures
        .iter()
        .find_map(|(signature, found)| start.starts_with(signature).then_some(*found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_line_feeds_and_carriage_returns() {
        let text = b"a\rb\r\nc\n\rd\r\n";
        for step in 1..=text.len() {
            let parts = text.chunks(step).map(io::Cursor::new);
            let reader = parts.fold(
                Box::new(io::empty()) as Box<dyn Read + Send>,
                |all, part| Box::new(all.chain(part)),
            );
            let mut input = Input::new(reader, "f").unwrap();
            let (mut line, mut found) = (Vec::new(), Vec::new());
            while input.next_whole_line(&mut line).is_some() {
                found.push((input.line(), line.clone()));
            }
            let expected: [(usize, &[u8]); 5] = [
                (1, b"a\r"),
                (2, b"b\r\n"),
                (3, b"c\n"),
                (4, b"\r"),
                (5, b"d\r\n"),
            ];
            assert_eq!(found, expected.map(|(line, text)| (line, text.to_vec())));
        }
        // A line end that is cut in two by the buffer.
        let long = [vec![b'x'; BUFFER - 1], b"\r\ny\r".to_vec()].concat();
        let mut input = Input::new(&long[..], "f").unwrap();
        let mut line = Vec::new();
        assert_eq!(input.next_whole_line(&mut line), Some(Ok(())));
        assert_eq!(line.len(), BUFFER + 1);
        assert_eq!(input.next_line(&mut line), Some(Ok(())));
        assert_eq!((&*line, input.line()), (&b"y"[..], 2));
        assert_eq!(input.next_line(&mut line), None);
    }

    #[test]
    fn carriage_returns_alone_end_lines_of_every_reader() {
        let mut input = Input::new(&b"a\rb\r"[..], "f").unwrap();
        assert_eq!(input.start(), b"a\nb\n");
        let mut text = String::new();
        input.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), input.next_byte_line()), ("a\nb\n", 3));
    }

    #[test]
    fn a_line_that_is_too_long_takes_bounded_memory_and_the_next_line_is_read() {
        let long = io::repeat(b'x').take(MAX_RECORD as u64 + 5);
        let mut input = Input::new(long.chain(&b"\nnext"[..]), "f").unwrap();
        let mut line = Vec::new();
        let found = input.next_line(&mut line);
        assert_eq!(
            found,
            Some(Err("longer than 64 MiB, the most for a record".to_owned()))
        );
        assert!(line.capacity() <= 2 * MAX_RECORD);
        assert_eq!(input.next_line(&mut line), Some(Ok(())));
        assert_eq!((&*line, input.line()), (&b"next"[..], 2));
        assert_eq!(input.next_line(&mut line), None);
    }

    #[test]
    fn an_unsupported_file_type_is_named() {
        let error = Input::new(&b"PK\x03\x04rest"[..], "a.xlsx").err().unwrap();
        assert_eq!(
            error.to_string(),
            "`a.xlsx` is a zip archive or an office document, expected text or Parquet, plain or \
             compressed with gzip or zstd"
        );
    }
}
