use std::path::Path;
use std::time::Duration;

use crate::source::pinned::PinnedModel;
use crate::source::token::Token;

/// A request for the files of a model on the Hub.
pub(in crate::source) struct Request<'a> {
    /// `owner/name`.
    pub(in crate::source) name: &'a str,
    /// The exact files that are expected, or `None` for those of the branch `main`.
    pub(in crate::source) pin: Option<&'a PinnedModel>,
    pub(in crate::source) cache: &'a Path,
    pub(in crate::source) endpoint: &'a str,
    pub(in crate::source) token: Option<&'a Token>,
    /// How long to wait for an answer, other than the contents of a file.
    pub(in crate::source) answer_timeout: Duration,
    /// How long to wait for the next bytes of an answer.
    pub(in crate::source) read_timeout: Duration,
}
