use cognate::Paper;
use serde::Serialize;

/// The content of the documents of `list` and `show`. A paper has the fields that it has in JSON Lines.
#[derive(Debug, Serialize)]
pub(crate) struct PapersDocument<'a> {
    pub(crate) papers: &'a [Paper],
}
