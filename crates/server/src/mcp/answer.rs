//! The answer of a tool.

use serde::Serialize;
use serde_json::Value;

use crate::problem::{Kind, Problem};

/// What a tool answers: a compact text, and a document with the same content for programs.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) document: Value,
}

impl Answer {
    /// Creates an answer.
    ///
    /// # Errors
    ///
    /// Returns a problem if the document has no JSON form, which is a fault of this crate.
    pub(super) fn new(text: String, document: &impl Serialize) -> Result<Self, Problem> {
        match serde_json::to_value(document) {
            Ok(document) => Ok(Self { text, document }),
            Err(error) => {
                tracing::error!(%error, "an answer has no JSON form");
                Err(Problem::internal())
            }
        }
    }
}

/// Writes a problem as an agent reads it: what is wrong, and what to do.
pub(super) fn problem_text(problem: &Problem) -> String {
    let detail = problem.detail();
    match advice(problem.kind()) {
        Some(advice) => format!("{detail}. {advice}"),
        None => detail.to_owned(),
    }
}

fn advice(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::UnknownPaper => "Call search_papers with the title to find the id.",
        Kind::UnknownLibrary | Kind::UnknownList => "Call library_info to see the names.",
        Kind::Overloaded | Kind::Locked => "Call the tool again in a second.",
        Kind::Timeout => "Narrow the request with filters or a smaller k, and call the tool again.",
        Kind::NoEmbedder => "Use the mode `keyword`, which needs no model.",
        Kind::Damaged => "The owner of the library can run `cognate check --repair`.",
        _ => return None,
    })
}
