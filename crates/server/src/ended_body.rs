//! A body that drops a value at its end.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};

/// The body of an answer, with a value that counts its bytes and is dropped with it: when the last byte is
/// written, or when the client has gone away.
#[derive(Debug)]
pub(crate) struct EndedBody<T> {
    body: Body,
    value: Option<T>,
}

/// Counts the bytes of an answer.
pub(crate) trait Count {
    /// Counts bytes that are sent to the client.
    fn count(&mut self, _bytes: usize) {}
}

impl Count for crate::connections::Busy {}

impl<T> EndedBody<T> {
    pub(crate) fn new(body: Body, value: T) -> Self {
        Self {
            body,
            value: Some(value),
        }
    }
}

impl<T: Count + Unpin> hyper::body::Body for EndedBody<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let (Some(data), Some(value)) = (frame.data_ref(), &mut self.value) {
                    value.count(data.len());
                }
            }
            Poll::Ready(None | Some(Err(_))) => self.value = None,
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
