//! Tests of the public API, with test doubles in place of a model.

#![expect(clippy::unwrap_used, reason = "a failure in a test should be loud")]

mod add;
mod compact;
mod damage;
mod duplicates;
mod evaluation;
mod export;
mod format_upgrade;
mod json;
mod keywords;
mod linking;
mod model_test;
mod open;
mod queries;
mod rerank;
mod sets;
mod topics;
mod upgrade;
mod words;
mod writers;
