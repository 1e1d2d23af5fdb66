use cognate::Paper;
use serde::Serialize;

/// The content of the documents of `list` and `show`. A paper has the fields that it has in JSON Lines.
#[derive(Debug, Serialize)]
#[expect(dead_code, reason = "`list` and `show` will print it")]
pub(crate) struct PapersDocument<'a> {
    /// The number of papers that there are, of which `papers` may have the first only.
    pub(crate) total: usize,
    pub(crate) papers: &'a [Paper],
}
