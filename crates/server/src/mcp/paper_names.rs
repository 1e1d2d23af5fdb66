//! Papers that an agent names by id, DOI, arXiv identifier, title, or the beginning of an id.

use cognate::{Library, Paper};

use crate::problem::Problem;

/// Returns the papers that `names` name, in their order.
///
/// # Errors
///
/// Returns a problem for the first name that names no paper, or several.
pub(super) fn papers(library: &Library, names: &[String]) -> Result<Vec<Paper>, Problem> {
    let found = library.lookup_all(names)?;
    let found = names.iter().zip(found);
    found
        .map(|(name, lookup)| Ok(lookup.into_paper(name)?))
        .collect()
}

/// Returns the ids of [`papers`].
///
/// # Errors
///
/// Returns the problems of [`papers`].
pub(super) fn ids(library: &Library, names: &[String]) -> Result<Vec<String>, Problem> {
    let papers = papers(library, names)?;
    Ok(papers.into_iter().map(|paper| paper.id).collect())
}
