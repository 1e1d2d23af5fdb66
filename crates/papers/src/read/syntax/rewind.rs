//! A stream that can be read again from the start of a record.

use std::io::{self, BufRead, Read};

use memchr::memchr_iter;

use crate::read::input::{self, MAX_RECORD};

/// The number of bytes that may be read again whatever the size of the file. Beyond it, the number is limited to
/// [`REPETITIONS`] times the bytes of the file, so that the time is linear.
const FREE_REPETITION: u64 = 1 << 30;
const REPETITIONS: u64 = 4;

/// Keeps the bytes of the current record, so that they can be read again if the record turns out to be damaged,
/// and counts lines.
///
/// A record may have [`MAX_RECORD`] bytes, beyond which reading is an error.
pub(crate) struct Rewind<'a> {
    inner: Box<dyn BufRead + Send + 'a>,
    /// The bytes from the start of the record on, and perhaps some before.
    buffer: Vec<u8>,
    /// The start of the record in `buffer`.
    start: usize,
    /// The position of the next byte in `buffer`.
    at: usize,
    /// The number of line breaks before the record, and before the next byte.
    start_breaks: usize,
    breaks: usize,
    bytes_read: u64,
    bytes_repeated: u64,
}

impl<'a> Rewind<'a> {
    pub(crate) fn new(inner: impl BufRead + Send + 'a) -> Self {
        Self {
            inner: Box::new(inner),
            buffer: Vec::new(),
            start: 0,
            at: 0,
            start_breaks: 0,
            breaks: 0,
            bytes_read: 0,
            bytes_repeated: 0,
        }
    }

    /// Begins a record at the next byte.
    pub(crate) fn begin_record(&mut self) {
        self.start = self.at;
        self.start_breaks = self.breaks;
    }

    /// Returns the bytes of the record that were read.
    pub(crate) fn record(&self) -> &[u8] {
        &self.buffer[self.start..self.at]
    }

    /// Returns the number of the line of the next byte, counted from 1.
    pub(crate) fn line(&self) -> usize {
        self.breaks + 1
    }

    /// Returns the number of the line on which the record begins, counted from 1.
    pub(crate) fn record_line(&self) -> usize {
        self.start_breaks + 1
    }

    /// Goes back to the start of the record. Returns false if so many bytes were read again that this would take
    /// too long.
    pub(crate) fn rewind(&mut self) -> bool {
        self.bytes_repeated += (self.at - self.start) as u64;
        let most = FREE_REPETITION.max(self.bytes_read.saturating_mul(REPETITIONS));
        let is_permitted = self.bytes_repeated <= most;
        if is_permitted {
            self.at = self.start;
            self.breaks = self.start_breaks;
        }
        is_permitted
    }

    /// Skips to a position that `find` finds, which begins a record. Returns false if the stream ends before.
    ///
    /// `find` gets bytes and returns the position in them, or how many of the last bytes it has to see again with
    /// those that follow.
    pub(crate) fn seek(
        &mut self,
        mut find: impl FnMut(&[u8]) -> Result<usize, usize>,
    ) -> io::Result<bool> {
        loop {
            let ahead = &self.buffer[self.at..];
            let (skipped, is_found) = match find(ahead) {
                Ok(at) => (at, true),
                Err(kept) => (ahead.len().saturating_sub(kept), false),
            };
            self.consume(skipped);
            self.begin_record();
            if is_found {
                return Ok(true);
            }
            if self.fill()? == 0 {
                let remaining = self.buffer.len() - self.at;
                self.consume(remaining);
                return Ok(false);
            }
        }
    }

    /// Appends bytes to the buffer, and returns their number.
    fn fill(&mut self) -> io::Result<usize> {
        // The bytes before the record are removed once they are the larger part, so that each byte moves at most
        // once on average.
        if self.start * 2 >= self.buffer.len() {
            self.buffer.drain(..self.start);
            self.at -= self.start;
            self.start = 0;
        }
        let bytes = loop {
            match self.inner.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(bytes) => break bytes.len(),
            }
        };
        let found = self.inner.fill_buf()?;
        self.buffer.extend_from_slice(found);
        self.inner.consume(bytes);
        self.bytes_read += bytes as u64;
        Ok(bytes)
    }
}

impl Read for Rewind<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Rewind<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at - self.start > MAX_RECORD {
            let reason = input::too_long();
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        Ok(&self.buffer[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        let end = self.buffer.len().min(self.at.saturating_add(amount));
        self.breaks += memchr_iter(b'\n', &self.buffer[self.at..end]).count();
        self.at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_again_and_its_lines_are_counted_once() {
        let text = b"one\ntwo\nthree\nfour\n";
        for capacity in 1..=text.len() {
            let inner = io::BufReader::with_capacity(capacity, &text[..]);
            let mut rewind = Rewind::new(inner);
            let mut line = String::new();
            rewind.read_line(&mut line).unwrap();
            rewind.begin_record();
            for _ in 0..3 {
                line.clear();
                rewind.read_line(&mut line).unwrap();
                rewind.read_line(&mut line).unwrap();
                assert_eq!((&*line, rewind.line()), ("two\nthree\n", 4));
                assert_eq!(
                    (rewind.record(), rewind.record_line()),
                    (&b"two\nthree\n"[..], 2)
                );
                assert!(rewind.rewind());
                assert_eq!(rewind.line(), 2);
            }
            let find = |bytes: &[u8]| bytes.windows(3).position(|found| found == b"fou").ok_or(2);
            assert!(rewind.seek(find).unwrap());
            assert_eq!((rewind.line(), rewind.record_line()), (4, 4));
            line.clear();
            rewind.read_line(&mut line).unwrap();
            assert_eq!(line, "four\n");
            assert!(!rewind.seek(find).unwrap());
        }
    }

    #[test]
    fn memory_is_bounded_by_a_record() {
        let mut rewind = Rewind::new(io::BufReader::new(io::repeat(b'x').take(1 << 22)));
        loop {
            rewind.begin_record();
            let read = rewind.fill_buf().unwrap().len();
            if read == 0 {
                break;
            }
            rewind.consume(read.min(1000));
        }
        assert!(rewind.buffer.capacity() < 1 << 17);
        let mut rewind = Rewind::new(io::BufReader::new(io::repeat(b'x')));
        let error = io::copy(&mut rewind, &mut io::sink()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "longer than 64 MiB, the most for a record"
        );
        // Nothing is read again without end.
        let times = (0..100_000).take_while(|_| {
            let is_permitted = rewind.rewind();
            rewind.consume(MAX_RECORD);
            is_permitted
        });
        assert!((10..20).contains(&times.count()));
    }
}
