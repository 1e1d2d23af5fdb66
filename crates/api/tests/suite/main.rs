//! Tests of the public API, with test doubles in place of a model.

#![expect(clippy::unwrap_used, reason = "a failure in a test should be loud")]

mod add;
mod compact;
mod damage;
mod dates;
mod duplicates;
mod evaluation;
mod export;
mod facets;
mod format_upgrade;
mod json;
mod keywords;
mod linking;
mod lists;
mod map;
mod model_test;
mod open;
mod queries;
mod rerank;
mod sets;
mod topics;
mod upgrade;
mod words;
mod writers;

use cognate::{Library, Paper};

/// Returns a paper of a library without the day on which it was added.
fn undated(library: &Library, id: &str) -> Option<Paper> {
    library.get(id).unwrap().map(without_day)
}

/// Returns a paper, which a library has, without the day on which it was added.
fn without_day(mut paper: Paper) -> Paper {
    assert!(paper.added.take().is_some());
    paper
}
