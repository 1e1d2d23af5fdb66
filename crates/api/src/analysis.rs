//! Analyses of a whole library: its topics and duplicates, what a draft misses, and how well search
//! works.

pub(crate) mod duplicates;
pub(crate) mod evaluation;
pub(crate) mod missed;
pub(crate) mod self_evaluation;
pub(crate) mod topics;
