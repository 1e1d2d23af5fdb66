//! Analyses of a whole library: its topics, map and duplicates, what a draft misses, and how well search
//! works.

pub(crate) mod duplicates;
pub(crate) mod evaluation;
pub(crate) mod map;
pub(crate) mod missed;
pub(crate) mod self_evaluation;
pub(crate) mod topics;

use crate::Result;
use crate::library::Library;

/// Returns [`Error::EmptyLibrary`](crate::Error::EmptyLibrary) if a library has no paper.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method itself is not general over the lifetime of the snapshot"
)]
fn require_papers(library: &Library) -> Result<()> {
    library.read(|snapshot| snapshot.require_papers())
}
