//! Replacement of invalid UTF-8 in a stream.

use std::io::{self, BufRead, Read};

use crate::read::input::Input;

/// The character that replaces invalid bytes. It must not occur in XML, so it marks them reliably.
pub(crate) const INVALID: char = '\u{ffff}';

/// Replaces bytes that are not UTF-8 by [`INVALID`], so that a parser that would stop at them
/// continues.
pub(crate) struct Utf8Repair<'a> {
    input: Input<'a>,
    valid: Vec<u8>,
    /// The number of bytes of `valid` that were consumed.
    consumed: usize,
    /// The bytes that were read and are not in `valid` yet; between calls, an incomplete character.
    pending: Vec<u8>,
}

impl<'a> Utf8Repair<'a> {
    pub(crate) fn new(input: Input<'a>) -> Self {
        Self {
            input,
            valid: Vec::new(),
            consumed: 0,
            pending: Vec::new(),
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.valid.clear();
        self.consumed = 0;
        while self.valid.is_empty() {
            let bytes = self.input.fill_buf()?;
            let is_end = bytes.is_empty();
            let read = bytes.len();
            self.pending.extend_from_slice(bytes);
            self.input.consume(read);
            let mut remaining = &self.pending[..];
            while let Err(error) = std::str::from_utf8(remaining) {
                let (valid, invalid) = remaining.split_at(error.valid_up_to());
                self.valid.extend_from_slice(valid);
                let length = match error.error_len() {
                    Some(length) => length,
                    None if is_end => invalid.len(),
                    // The next bytes complete the character.
                    None => {
                        remaining = invalid;
                        break;
                    }
                };
                let mut replacement = [0; 4];
                let replacement = INVALID.encode_utf8(&mut replacement);
                self.valid.extend_from_slice(replacement.as_bytes());
                remaining = &invalid[length..];
            }
            let kept = match std::str::from_utf8(remaining) {
                Ok(_) => {
                    self.valid.extend_from_slice(remaining);
                    0
                }
                Err(_) => remaining.len(),
            };
            self.pending.drain(..self.pending.len() - kept);
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
        if self.consumed >= self.valid.len() {
            self.refill()?;
        }
        Ok(&self.valid[self.consumed..])
    }

    fn consume(&mut self, amount: usize) {
        self.consumed = self.valid.len().min(self.consumed.saturating_add(amount));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that returns one byte at a time.
    struct OneByte<'a>(&'a [u8]);

    impl Read for OneByte<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(1);
            (&mut self.0).take(length as u64).read(buffer)
        }
    }

    #[test]
    fn replaces_invalid_bytes_and_keeps_split_characters() {
        let bytes = b"a\xc3\xa4\xff\xe2\x82\xac \xe2\x82";
        let long = [vec![b'x'; 65_535], "ä".into()].concat();
        for (bytes, expected) in [
            (&bytes[..], "aä\u{ffff}€ \u{ffff}".to_owned()),
            (&long, format!("{}ä", "x".repeat(65_535))),
        ] {
            let mut text = String::new();
            let input = Input::new(OneByte(bytes), "f").unwrap();
            Utf8Repair::new(input).read_to_string(&mut text).unwrap();
            assert_eq!(text, expected);
        }
    }
}
