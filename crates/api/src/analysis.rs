//! What can be said about a whole library, and how well it answers.

pub(crate) mod duplicates;
pub(crate) mod evaluation;
pub(crate) mod missed;
pub(crate) mod self_evaluation;
pub(crate) mod topics;
