//! The bytes of an input file: unpacked, counted in lines, bounded by record.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use memchr::{memchr, memchr_iter};

use crate::{Error, Result};

/// The most bytes of one record, so that memory is bounded whatever the file holds.
pub(crate) const MAX_RECORD: usize = 64 << 20;

/// Bytes that are looked at to tell formats apart.
const HEAD: usize = 1 << 16;

const BUFFER: usize = 1 << 16;

/// Reads bytes or lines of a file that may be compressed with gzip or zstd.
pub(crate) struct Input<'a> {
    reader: BufReader<Peeked<Box<dyn Read + 'a>>>,
    /// Line breaks that were consumed.
    breaks: usize,
    /// The number of the line that was read last.
    line: usize,
    /// Bytes consumed since the record began.
    record: usize,
    failed: bool,
    packed: bool,
}

impl<'a> Input<'a> {
    /// Reads from anything; `origin` names it in messages.
    pub(crate) fn new(reader: impl Read + 'a, origin: &str) -> Result<Self> {
        let packed = Peeked::new(reader, 8);
        // Before the first byte there is no record that could be at fault.
        if let (true, Some(error)) = (packed.head.is_empty(), &packed.error) {
            let source = io::Error::new(error.kind(), error.to_string());
            return Err(Error::io("read", Path::new(origin))(source));
        }
        let mut is_packed = true;
        let unpacked: Box<dyn Read + 'a> = match &*packed.head {
            [0x1f, 0x8b, ..] => {
                let packed = BufReader::with_capacity(BUFFER, packed);
                Box::new(MultiGzDecoder::new(packed))
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                let packed = BufReader::with_capacity(BUFFER, packed);
                let decoder = zstd::stream::read::Decoder::with_buffer(packed);
                Box::new(decoder.map_err(Error::io("read", Path::new(origin)))?)
            }
            head => match foreign(head) {
                None => {
                    is_packed = false;
                    Box::new(packed)
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
            reader: BufReader::with_capacity(BUFFER, Peeked::new(unpacked, HEAD)),
            breaks: 0,
            line: 0,
            record: 0,
            failed: false,
            packed: is_packed,
        })
    }

    /// The first bytes, without a byte order mark; to be asked before anything is read.
    pub(crate) fn head(&self) -> &[u8] {
        without_mark(&self.reader.get_ref().head)
    }

    /// Whether the file is compressed.
    pub(crate) fn is_packed(&self) -> bool {
        self.packed
    }

    /// The unpacked bytes, of which none was read.
    pub(crate) fn into_reader(self) -> impl Read + 'a {
        self.reader
    }

    /// The number of the line that [`next_line`](Self::next_line) gave last, counted from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// The number of the line that the next byte is on, counted from 1.
    pub(crate) fn next_byte_line(&self) -> usize {
        self.breaks + 1
    }

    /// Counts the bytes of a record from here, for those who read bytes.
    pub(crate) fn begin_record(&mut self) {
        self.record = 0;
    }

    /// Reads the next line into `line`, in place of what is there and without its break. Behind an
    /// error the iteration may go on; nothing comes when the file could not be read.
    pub(crate) fn next_line(&mut self, line: &mut Vec<u8>) -> Option<Result<(), String>> {
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
        while line.ends_with(b"\n") || line.ends_with(b"\r") {
            line.pop();
        }
        if self.line == 1 && line.starts_with(MARK) {
            line.drain(..MARK.len());
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
        if self.record > MAX_RECORD {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, too_long()));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let bytes = self.reader.buffer();
        let bytes = &bytes[..amount.min(bytes.len())];
        self.breaks += memchr_iter(b'\n', bytes).count();
        self.record = self.record.saturating_add(bytes.len());
        self.reader.consume(amount);
    }
}

const MARK: &[u8] = b"\xef\xbb\xbf";

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

/// The text of a line, or what is wrong with it.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8 after {} bytes", error.valid_up_to()))
}

pub(crate) fn unreadable(error: &io::Error) -> String {
    format!("cannot read the file: {error}")
}

pub(crate) fn too_long() -> String {
    format!(
        "longer than {} MiB, the most for a record",
        MAX_RECORD >> 20
    )
}

/// What the first bytes say of a file that holds no papers.
fn foreign(head: &[u8]) -> Option<&'static str> {
    let signs: [(&[u8], &str); 7] = [
        (b"PK\x03\x04", "is a zip archive or an office document"),
        (b"BZh", "is compressed with bzip2"),
        (b"\xfd7zXZ", "is compressed with xz"),
        (b"%PDF", "is a PDF document"),
        (b"\xff\xfe", "is in UTF-16"),
        (b"\xfe\xff", "is in UTF-16"),
        (b"SQLite f", "is an SQLite file"),
    ];
    signs
        .iter()
        .find_map(|(sign, found)| head.starts_with(sign).then_some(*found))
}

/// A reader of which the first bytes were looked at.
struct Peeked<R> {
    head: Vec<u8>,
    /// Bytes of the head that were read again.
    at: usize,
    /// What stopped the look, to be told behind the head.
    error: Option<io::Error>,
    rest: R,
}

impl<R: Read> Peeked<R> {
    fn new(mut rest: R, length: usize) -> Self {
        let mut head = vec![0; length];
        let mut filled = 0;
        let mut error = None;
        while filled < length {
            match rest.read(&mut head[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(found) if found.kind() == io::ErrorKind::Interrupted => {}
                Err(found) => {
                    error = Some(found);
                    break;
                }
            }
        }
        head.truncate(filled);
        Self {
            head,
            at: 0,
            error,
            rest,
        }
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at < self.head.len() {
            let read = (&self.head[self.at..]).read(buffer)?;
            self.at += read;
            return Ok(read);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.rest.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_takes_bounded_memory_and_the_next_one_comes() {
        let long = io::repeat(b'x').take(MAX_RECORD as u64 + 5);
        let mut source = Input::new(long.chain(&b"\nnext"[..]), "f").unwrap();
        let mut line = Vec::new();
        let found = source.next_line(&mut line);
        assert_eq!(
            found,
            Some(Err("longer than 64 MiB, the most for a record".to_owned()))
        );
        assert!(line.capacity() <= 2 * MAX_RECORD);
        assert_eq!(source.next_line(&mut line), Some(Ok(())));
        assert_eq!((&*line, source.line()), (&b"next"[..], 2));
        assert_eq!(source.next_line(&mut line), None);
    }

    #[test]
    fn what_is_packed_otherwise_is_named() {
        let error = Input::new(&b"PK\x03\x04rest"[..], "a.xlsx").err().unwrap();
        assert_eq!(
            error.to_string(),
            "`a.xlsx` is a zip archive or an office document, expected UTF-8 text or Parquet, \
             plain or compressed with gzip or zstd"
        );
    }
}
