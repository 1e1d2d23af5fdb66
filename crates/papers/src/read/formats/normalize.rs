//! Normalization of years, names and identifiers, shared by the formats.

pub(super) use crate::read::syntax::year::year_in;
use crate::{Paper, identifiers};

/// Returns the text, or `None` if it is blank.
pub(super) fn filled(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !text.trim().is_empty())
}

/// Returns the DOI in `text` in normal form.
pub(super) fn doi(text: &str) -> Option<String> {
    // Normalization may leave a text that is not a DOI, such as `10.1234/` of `10.1234/.`.
    identifiers::doi(text).filter(|doi| identifiers::doi(doi).as_ref() == Some(doi))
}

/// Sets the DOI and the arXiv identifier of `paper` from texts that may contain them.
///
/// A text that is not a DOI is ignored, because the formats permit any text in that field, even
/// `n/a`.
pub(super) fn identify(paper: &mut Paper, doi_text: &str, arxiv_texts: &[&str]) {
    paper.doi = doi(doi_text);
    // A bare number is ambiguous: only an address or a labeled number counts as an arXiv
    // identifier.
    let mentions_arxiv =
        |text: &&&str| text.to_ascii_lowercase().contains("arxiv") || text.contains("://");
    paper.arxiv = arxiv_texts
        .iter()
        .chain([&doi_text])
        .filter(mentions_arxiv)
        .find_map(|text| identifiers::arxiv(text));
}

/// Sets the id of `paper`: `id`, the id in the format, or else the DOI, the arXiv identifier, the PubMed
/// identifier or an [id made of its data](Paper::derived_id).
///
/// If the paper has none of them, the error names `fields`, the fields of the format that may
/// contain one.
pub(super) fn set_id(paper: &mut Paper, id: Option<String>, fields: &str) -> Result<(), String> {
    let doi = paper.doi.clone();
    let arxiv = paper.arxiv.clone();
    let pmid = paper
        .details
        .pmid
        .as_ref()
        .map(|pmid| format!("pmid:{pmid}"));
    let id = id.and_then(filled).or(doi).or(arxiv).or(pmid);
    match id.or_else(|| paper.derived_id()) {
        Some(id) => {
            id.trim().clone_into(&mut paper.id);
            Ok(())
        }
        None => Err(format!("there is no {fields} to name the paper")),
    }
}
