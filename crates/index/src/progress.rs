/// The state of long work, as passed to a progress callback.
///
/// The callback returns [`ControlFlow::Continue`](std::ops::ControlFlow::Continue) to carry on, or
/// [`ControlFlow::Break`](std::ops::ControlFlow::Break) to cancel the work.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The number of rows processed so far.
    pub done: usize,
    /// The number of rows to process in all.
    pub total: usize,
}
