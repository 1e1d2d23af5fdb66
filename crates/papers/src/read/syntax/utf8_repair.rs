//! Bytes that are UTF-8 whatever the file is.

use std::io::{self, BufRead, Read};

use memchr::memchr_iter;

use crate::read::input::{self, Input, MAX_RECORD};

/// What stands for bytes that are not UTF-8: a character that no XML may have.
pub(crate) const INVALID: char = '\u{ffff}';

/// Passes on the bytes of a source, with [`INVALID`] in place of what is not UTF-8, so that a parser
/// that stops there goes on. Lines and the bytes of a record are counted as they are consumed.
pub(crate) struct Utf8Repair<'a> {
    source: Input<'a>,
    ready: Vec<u8>,
    /// Bytes of `ready` that were consumed.
    at: usize,
    /// The beginning of a character of which the rest is to come.
    begun: Vec<u8>,
    breaks: usize,
    record: usize,
}

impl<'a> Utf8Repair<'a> {
    pub(crate) fn new(source: Input<'a>) -> Self {
        Self {
            source,
            ready: Vec::new(),
            at: 0,
            begun: Vec::new(),
            breaks: 0,
            record: 0,
        }
    }

    /// The number of the line that the next byte is on, counted from 1.
    pub(crate) fn line(&self) -> usize {
        self.breaks + 1
    }

    pub(crate) fn begin_record(&mut self) {
        self.record = 0;
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        while self.ready.is_empty() {
            self.source.begin_record();
            let bytes = self.source.fill_buf()?;
            let is_end = bytes.is_empty();
            let read = bytes.len();
            self.begun.extend_from_slice(bytes);
            self.source.consume(read);
            let mut rest = &self.begun[..];
            while let Err(error) = std::str::from_utf8(rest) {
                let (good, bad) = rest.split_at(error.valid_up_to());
                self.ready.extend_from_slice(good);
                let length = match error.error_len() {
                    Some(length) => length,
                    None if is_end => bad.len(),
                    // Its rest comes with the next bytes.
                    None => {
                        rest = bad;
                        break;
                    }
                };
                let mut spoiled = [0; 4];
                let spoiled = INVALID.encode_utf8(&mut spoiled);
                self.ready.extend_from_slice(spoiled.as_bytes());
                rest = &bad[length..];
            }
            let kept = match std::str::from_utf8(rest) {
                Ok(_) => {
                    self.ready.extend_from_slice(rest);
                    0
                }
                Err(_) => rest.len(),
            };
            self.begun.drain(..self.begun.len() - kept);
            if is_end {
                break;
            }
        }
        Ok(())
    }
}

impl Read for Utf8Repair<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Utf8Repair<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.record > MAX_RECORD {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                input::too_long(),
            ));
        }
        if self.at >= self.ready.len() {
            self.refill()?;
        }
        Ok(&self.ready[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        let end = self.ready.len().min(self.at.saturating_add(amount));
        self.breaks += memchr_iter(b'\n', &self.ready[self.at..end]).count();
        self.record = self.record.saturating_add(end - self.at);
        self.at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(1);
            (&mut self.0).take(length as u64).read(buffer)
        }
    }

    #[test]
    fn whole_characters_stay_and_the_rest_is_marked() {
        let bytes = b"a\xc3\xa4\xff\xe2\x82\xac \xe2\x82";
        let long = [vec![b'x'; 65_535], "ä".into()].concat();
        for (bytes, expected) in [
            (&bytes[..], "aä\u{ffff}€ \u{ffff}".to_owned()),
            (&long, format!("{}ä", "x".repeat(65_535))),
        ] {
            let mut text = String::new();
            let source = Input::new(Drip(bytes), "f").unwrap();
            Utf8Repair::new(source).read_to_string(&mut text).unwrap();
            assert_eq!(text, expected);
        }
    }
}
