//! What is said if no paper passes the filters or answers a query.

use anyhow::Result;
use cognate::{EmptyReason, Error, Filter, Library, Query};

use crate::output::{note, one_line};

/// Prints on stderr why no paper of a library passes a filter.
pub(crate) fn explain_filter(library: &Library, filter: &Filter) -> Result<()> {
    print(library.explain_no_papers(filter))
}

/// Prints on stderr why a query that was answered has no hits.
pub(crate) fn explain_query(library: &Library, query: &Query) -> Result<()> {
    print(library.explain_no_hits(query))
}

fn print(reasons: cognate::Result<Vec<EmptyReason>>) -> Result<()> {
    let reasons = match reasons {
        // The answer is right without its reasons.
        Err(Error::Index { .. }) => Vec::new(),
        reasons => reasons?,
    };
    if reasons.is_empty() {
        note("no paper passes the filters");
    }
    for reason in reasons {
        note(&one_line(&reason.to_string()));
    }
    Ok(())
}
