//! Line ends without line feeds.

use std::io::{self, Read};

/// Returns whether a text that begins with `start` has carriage returns without line feeds at the ends of its
/// lines. `is_whole` states that the text ends with `start`.
pub(super) fn has_only_returns(start: &[u8], is_whole: bool) -> bool {
    // The line feed may follow.
    let start = match start.strip_suffix(b"\r") {
        Some(before) if !is_whole => before,
        _ => start,
    };
    let is_text = !start.contains(&0) && !start.starts_with(b"PAR1");
    start.contains(&b'\r') && !start.contains(&b'\n') && is_text
}

/// Replaces the carriage returns that end lines, with or without a line feed, by line feeds.
pub(super) struct ReturnsToLineFeeds<R> {
    inner: R,
    /// Whether the last byte read was a carriage return.
    after_return: bool,
}

impl<R> ReturnsToLineFeeds<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            after_return: false,
        }
    }
}

impl<R: Read> Read for ReturnsToLineFeeds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.inner.read(buffer)?;
            let mut kept = 0;
            for at in 0..read {
                let byte = buffer[at];
                let completes_break = byte == b'\n' && self.after_return;
                self.after_return = byte == b'\r';
                if !completes_break {
                    buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                    kept += 1;
                }
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_becomes_a_line_feed() {
        for capacity in 1..8 {
            let inner = io::BufReader::with_capacity(capacity, &b"a\rb\r\nc\n\rd\r\r\n\n"[..]);
            let mut text = String::new();
            let mut reader = ReturnsToLineFeeds::new(inner);
            reader.read_to_string(&mut text).unwrap();
            assert_eq!(text, "a\nb\nc\n\nd\n\n\n");
        }
    }
}
