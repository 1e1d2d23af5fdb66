//! Answers that hyper gives by itself to bytes that it cannot read as a request, and the problems that take
//! their place.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::http::header;
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::problem::{Kind, Problem};

/// A connection that keeps back the answers of hyper itself, which have no body.
#[derive(Debug)]
pub(crate) struct WithoutRefusals<T> {
    pub(crate) io: T,
    /// The problem of the answer that was kept back.
    pub(crate) refusal: Option<Problem>,
}

impl<T> WithoutRefusals<T> {
    pub(crate) fn new(io: T) -> Self {
        Self { io, refusal: None }
    }

    /// Keeps `bytes` back if they are an answer of hyper itself, and returns whether they are.
    fn keep_back(&mut self, bytes: &[u8]) -> bool {
        if let Some(problem) = refusal(bytes) {
            self.refusal = Some(problem);
        }
        self.refusal.is_some()
    }
}

/// Returns the problem that stands for an answer of hyper itself, or `None` if the answer is of a handler.
fn refusal(answer: &[u8]) -> Option<Problem> {
    let status = answer.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let (kind, detail) = match status {
        b"400" => (
            Kind::InvalidRequest,
            "the bytes are not a request in HTTP/1.1 or HTTP/1.0",
        ),
        b"414" => (Kind::AddressTooLong, "the address is too long"),
        b"431" => (
            Kind::HeadersTooLarge,
            "the headers are too many or too large",
        ),
        _ => return None,
    };
    // Every answer that has passed the checks of this crate has this header.
    let name = header::X_CONTENT_TYPE_OPTIONS;
    let name = name.as_str().as_bytes();
    let is_own = answer.windows(name.len()).any(|part| part == name);
    (!is_own).then(|| Problem::new(kind, detail))
}

impl<T: Read + Unpin> Read for WithoutRefusals<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<T: Write + Unpin> Write for WithoutRefusals<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.keep_back(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.first().map_or(&[][..], |slice| slice);
        if self.keep_back(first) {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_of_hyper_itself_are_refusals() {
        let kind = |answer: &str| refusal(answer.as_bytes()).map(|problem| problem.kind());
        let bare = "content-length: 0\r\ndate: Mon, 30 Nov 2026 12:00:00 GMT\r\n\r\n";
        for (line, expected) in [
            ("HTTP/1.1 400 Bad Request", Some(Kind::InvalidRequest)),
            ("HTTP/1.1 414 URI Too Long", Some(Kind::AddressTooLong)),
            (
                "HTTP/1.1 431 Request Header Fields Too Large",
                Some(Kind::HeadersTooLarge),
            ),
            ("HTTP/1.1 200 OK", None),
            ("", None),
        ] {
            assert_eq!(kind(&format!("{line}\r\n{bare}")), expected, "{line}");
        }
        let own = "HTTP/1.1 400 Bad Request\r\nx-content-type-options: nosniff\r\n";
        assert_eq!(kind(&format!("{own}{bare}")), None);
    }
}
