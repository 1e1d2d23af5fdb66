//! The papers that a request names: by id, DOI, arXiv identifier, title, or the beginning of an id.

use cognate::{Library, Paper};

use super::ranking::{check_count, check_text};
use crate::options::ServerOptions;
use crate::problem::Problem;

/// Fails if a parameter names more papers than the server allows, or one of them by a longer text.
pub(super) fn check(
    parameter: &str,
    references: &[String],
    options: &ServerOptions,
) -> Result<(), Problem> {
    check_count(parameter, references.len(), options)?;
    for reference in references {
        check_text(parameter, reference, options)?;
    }
    Ok(())
}

/// Returns the papers that `references` name, in their order.
pub(super) fn papers(library: &Library, references: &[String]) -> Result<Vec<Paper>, Problem> {
    let found = library.lookup_all(references)?;
    let found = references.iter().zip(found);
    found
        .map(|(reference, lookup)| Ok(lookup.into_paper(reference)?))
        .collect()
}

/// Returns the ids of these papers.
pub(super) fn ids(library: &Library, references: &[String]) -> Result<Vec<String>, Problem> {
    let papers = papers(library, references)?;
    Ok(papers.into_iter().map(|paper| paper.id).collect())
}
