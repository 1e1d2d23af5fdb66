/// How far an encoder or a reranker has come, in texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of texts finished.
    pub done: usize,
    /// The number of texts in the call.
    pub total: usize,
}
