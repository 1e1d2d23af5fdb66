//! An input file as a stream of decompressed bytes with line numbers and a limit on the size of a
//! record.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use memchr::{memchr, memchr_iter};

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
pub(crate) struct Input<'a> {
    reader: BufReader<Lookahead<Box<dyn Read + 'a>>>,
    /// The number of line breaks consumed.
    line_breaks: usize,
    /// The number of the line that [`next_line`](Self::next_line) read last, counted from 1.
    line: usize,
    /// The number of bytes consumed since the record began.
    record_bytes: usize,
    failed: bool,
    is_compressed: bool,
    notes: Notes,
}

impl<'a> Input<'a> {
    /// Starts to read; `origin` is the name of the input in errors.
    pub(crate) fn new(reader: impl Read + 'a, origin: &str) -> Result<Self> {
        let raw = Lookahead::new(reader, 8);
        // An error before the first byte is not an error of a record.
        if let (true, Some(error)) = (raw.start().is_empty(), raw.error()) {
            let source = io::Error::new(error.kind(), error.to_string());
            return Err(Error::io("read", Path::new(origin))(source));
        }
        let mut is_compressed = true;
        let decompressed: Box<dyn Read + 'a> = match raw.start() {
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
                        expected: "UTF-8 text or Parquet, plain or compressed with gzip or zstd"
                            .to_owned(),
                    });
                }
            },
        };
        Ok(Self {
            reader: BufReader::with_capacity(BUFFER, Lookahead::new(decompressed, LOOKAHEAD)),
            line_breaks: 0,
            line: 0,
            record_bytes: 0,
            failed: false,
            is_compressed,
            notes: Notes::default(),
        })
    }

    /// Returns the first decompressed bytes of the file, without the byte order mark.
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

    /// Starts to count the bytes of a new record. Callers that read lines do not need this
    /// function.
    pub(crate) fn begin_record(&mut self) {
        self.record_bytes = 0;
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
    pub(crate) fn next_whole_line(&mut self, line: &mut Vec<u8>) -> Option<Result<(), String>> {
        line.clear();
        if self.failed {
            return None;
        }
        self.line = self.next_byte_line();
        let mut length = 0_usize;
        loop {
            self.begin_record();
            let bytes = match self.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(unreadable(&error)));
                }
            };
            if bytes.is_empty() {
                if length == 0 {
                    return None;
                }
                break;
            }
            let end = memchr(b'\n', bytes);
            let taken = end.map_or(bytes.len(), |end| end + 1);
            length = length.saturating_add(taken);
            if length <= MAX_RECORD {
                line.extend_from_slice(&bytes[..taken]);
            }
            self.consume(taken);
            if end.is_some() {
                break;
            }
        }
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
        if self.record_bytes > MAX_RECORD {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, too_long()));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let bytes = self.reader.buffer();
        let bytes = &bytes[..amount.min(bytes.len())];
        self.line_breaks += memchr_iter(b'\n', bytes).count();
        self.record_bytes = self.record_bytes.saturating_add(bytes.len());
        self.reader.consume(amount);
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

/// Returns a description of the file if its first bytes show that it has no papers.
fn unsupported_content(start: &[u8]) -> Option<&'static str> {
    let signatures: [(&[u8], &str); 7] = [
        (b"PK\x03\x04", "is a zip archive or an office document"),
        (b"BZh", "is compressed with bzip2"),
        (b"\xfd7zXZ", "is compressed with xz"),
        (b"%PDF", "is a PDF document"),
        (b"\xff\xfe", "is in UTF-16"),
        (b"\xfe\xff", "is in UTF-16"),
        (b"SQLite f", "is an SQLite file"),
    ];
    signatures
        .iter()
        .find_map(|(signature, found)| start.starts_with(signature).then_some(*found))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "`a.xlsx` is a zip archive or an office document, expected UTF-8 text or Parquet, \
             plain or compressed with gzip or zstd"
        );
    }
}
