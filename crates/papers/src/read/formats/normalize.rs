//! Normalization of years, names and identifiers, shared by the formats.

pub(super) use crate::read::syntax::year::year_in;
use crate::text::{is_stop_word, words};
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
/// identifier or a [`label`].
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
    match id.or_else(|| label(paper)) {
        Some(id) => {
            id.trim().clone_into(&mut paper.id);
            Ok(())
        }
        None => Err(format!("there is no {fields} to name the paper")),
    }
}

/// Returns an id for a paper from stable data, such as `watts1998-collective-dynamics-small-world`:
/// the family name of the first author, the year, and the first words of the title that are not
/// stop words, or the first words if all are.
///
/// Returns `None` if the title has no words.
pub(super) fn label(paper: &Paper) -> Option<String> {
    let author = paper
        .authors
        .first()
        .and_then(|name| words(name.family()).last());
    let year = paper.year.map(|year| year.to_string());
    let title = words(&paper.title).filter(|word| !is_stop_word(word));
    let mut title: Vec<String> = title.take(4).collect();
    if title.is_empty() {
        title = words(&paper.title).take(4).collect();
    }
    let start = author.into_iter().chain(year).collect::<String>();
    let parts = filled(start).into_iter().chain(title.iter().cloned());
    (!title.is_empty()).then(|| parts.collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_consists_of_author_year_and_title() {
        let paper = Paper::new("")
            .title("The collective dynamics of ‘small-world’ networks")
            .authors(["Ann B. Döe", "Other"])
            .year(1998);
        assert_eq!(
            label(&paper).unwrap(),
            "doe1998-collective-dynamics-small-world"
        );
        assert_eq!(
            label(&Paper::new("").title("Networks")).unwrap(),
            "networks"
        );
        let stop_words = Paper::new("").title("To be or not to be");
        assert_eq!(label(&stop_words).unwrap(), "to-be-or-not");
        assert_eq!(label(&Paper::new("").year(1998)), None);
    }
}
