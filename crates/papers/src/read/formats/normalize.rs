//! Normalization of years, names and identifiers, shared by the formats.

use crate::text::{is_stop_word, words};
use crate::{Paper, identifiers};

/// Returns the first year in a date or free text: a number of four digits from 1000 to 2999.
pub(super) fn year_in(text: &str) -> Option<i32> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() == 4)
        .filter_map(|digits| digits.parse().ok())
        .find(|year| (1000..3000).contains(year))
}

/// Returns the text, or `None` if it is blank.
pub(super) fn filled(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !text.trim().is_empty())
}

/// Converts a name from `Last, First` or `Last, Jr, First` to the spoken order.
pub(super) fn person(name: &str) -> String {
    let mut parts = name.split(',').map(str::trim);
    let (first_part, second_part, third_part) = (parts.next(), parts.next(), parts.next());
    let parts = match (first_part, second_part, third_part) {
        (Some(last), Some(suffix), Some(first)) => [first, last, suffix],
        (Some(last), Some(first), None) => [first, last, ""],
        _ => [name.trim(), "", ""],
    };
    joined(&parts)
}

/// Joins the non-blank parts of a name by spaces.
pub(super) fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(" ")
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
    let mentions_arxiv = |text: &&&str| text.to_ascii_lowercase().contains("arxiv");
    paper.arxiv = arxiv_texts
        .iter()
        .chain([&doi_text])
        .filter(mentions_arxiv)
        .find_map(|text| identifiers::arxiv(text));
}

/// Sets the id of `paper`: `id`, the id in the format, or else the DOI or the arXiv identifier.
///
/// If the paper has none of them, the error names `fields`, the fields of the format that may
/// contain one.
pub(super) fn set_id(paper: &mut Paper, id: Option<String>, fields: &str) -> Result<(), String> {
    let doi = paper.doi.clone();
    let arxiv = paper.arxiv.clone();
    match id.and_then(filled).or(doi).or(arxiv) {
        Some(id) => {
            id.trim().clone_into(&mut paper.id);
            Ok(())
        }
        None => Err(format!("there is no {fields} to name the paper")),
    }
}

/// Returns an id for a paper from stable data, such as `watts1998-collective-dynamics-small-world`:
/// the family name of the first author, the year, and the first words of the title that are not
/// stop words.
///
/// Returns `None` if the title has no such words.
pub(super) fn label(paper: &Paper) -> Option<String> {
    let author = paper.authors.first().and_then(|name| words(name).last());
    let year = paper.year.map(|year| year.to_string());
    let title = words(&paper.title).filter(|word| !is_stop_word(word));
    let title: Vec<String> = title.take(4).collect();
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
        assert_eq!(label(&Paper::new("").year(1998)), None);
    }

    #[test]
    fn finds_the_year_in_dates_of_any_form() {
        for (text, year) in [
            ("2017", Some(2017)),
            ("12 June 2017", Some(2017)),
            ("2017/06/12/", Some(2017)),
            ("1998 Dec-1999 Jan", Some(1998)),
            ("20170612", None),
            ("to appear", None),
        ] {
            assert_eq!(year_in(text), year, "{text}");
        }
    }

    #[test]
    fn converts_names_to_the_spoken_order() {
        assert_eq!(person("Curie, Marie"), "Marie Curie");
        assert_eq!(person("King, Jr., Martin Luther"), "Martin Luther King Jr.");
        assert_eq!(person("Marie Curie"), "Marie Curie");
        assert_eq!(person("Plato,"), "Plato");
    }
}
