//! A reader whose first bytes can be inspected before they are read.

use std::io::{self, Read};

/// A reader that has read its first bytes ahead and returns them again.
pub(super) struct Lookahead<R> {
    start: Vec<u8>,
    /// The number of bytes of `start` that were returned again.
    position: usize,
    /// The error that ended the lookahead, returned after `start`.
    error: Option<io::Error>,
    inner: R,
}

impl<R: Read> Lookahead<R> {
    /// Reads up to `length` bytes ahead.
    pub(super) fn new(mut inner: R, length: usize) -> Self {
        let mut start = vec![0; length];
        let mut filled = 0;
        let mut error = None;
        while filled < length {
            match inner.read(&mut start[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(found) if found.kind() == io::ErrorKind::Interrupted => {}
                Err(found) => {
                    error = Some(found);
                    break;
                }
            }
        }
        start.truncate(filled);
        Self {
            start,
            position: 0,
            error,
            inner,
        }
    }

    /// Returns the first bytes.
    pub(super) fn start(&self) -> &[u8] {
        &self.start
    }

    /// Returns the error that ended the lookahead, if it has not been returned by `read`.
    pub(super) fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }
}

impl<R: Read> Read for Lookahead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position < self.start.len() {
            let read = (&self.start[self.position..]).read(buffer)?;
            self.position += read;
            return Ok(read);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.inner.read(buffer),
        }
    }
}
