//! What a library promises, with an embedder that is a test double.

#![expect(
    clippy::unwrap_used,
    reason = "what fails in a test should fail loudly"
)]

mod add;
mod damage;
mod double;
mod duplicates;
mod export;
mod keywords;
mod merge;
mod model_test;
mod open;
mod queries;
mod rerank;
mod sets;
mod topics;
mod writers;
