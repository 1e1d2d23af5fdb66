//! What the formats have in common: years, persons, identifiers.

use crate::text::{is_stop_word, words};
use crate::{Paper, identifiers};

/// The first year in a date or in free text: four digits of their own, from 1000 to 2999.
pub(super) fn year_in(text: &str) -> Option<i32> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() == 4)
        .filter_map(|digits| digits.parse().ok())
        .find(|year| (1000..3000).contains(year))
}

/// A text that is not blank.
pub(super) fn filled(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !text.trim().is_empty())
}

/// A name as one says it: `Last, First` and `Last, Jr, First` turned around.
pub(super) fn person(name: &str) -> String {
    let mut parts = name.split(',').map(str::trim);
    let (last, middle, end) = (parts.next(), parts.next(), parts.next());
    let parts = match (last, middle, end) {
        (Some(last), Some(suffix), Some(first)) => [first, last, suffix],
        (Some(last), Some(first), None) => [first, last, ""],
        _ => [name.trim(), "", ""],
    };
    joined(&parts)
}

/// The parts of a name that there are, with spaces between.
pub(super) fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(" ")
}

/// The DOI in `text` in normal form.
pub(super) fn doi(text: &str) -> Option<String> {
    // In normal form it is what its normal form is.
    identifiers::doi(text).filter(|doi| identifiers::doi(doi).as_ref() == Some(doi))
}

/// Sets the DOI and the arXiv number of `paper` from where they may stand. What is no DOI is left
/// out: the field of the formats takes any text, `n/a` too.
pub(super) fn identify(paper: &mut Paper, doi_text: &str, arxiv_texts: &[&str]) {
    paper.doi = doi(doi_text);
    // Only an address, or a number that says what it is, is taken for a number of arXiv.
    let says_so = |text: &&&str| text.to_ascii_lowercase().contains("arxiv");
    paper.arxiv = arxiv_texts
        .iter()
        .chain([&doi_text])
        .filter(says_so)
        .find_map(|text| identifiers::arxiv(text));
}

/// The id of `paper`: its own in the format, or the DOI, or the arXiv number; an error that names
/// the fields of the format that were looked for.
pub(super) fn name(paper: &mut Paper, own: Option<String>, fields: &str) -> Result<(), String> {
    let doi = paper.doi.clone();
    let arxiv = paper.arxiv.clone();
    match own.and_then(filled).or(doi).or(arxiv) {
        Some(id) => {
            id.trim().clone_into(&mut paper.id);
            Ok(())
        }
        None => Err(format!("there is no {fields} to name the paper")),
    }
}

/// A name for a paper of a format whose records need have none, from what never changes about it: family
/// name of the first author, year, and the first words of the title that say something, as
/// `watts1998-collective-dynamics-small-world`. Nothing without a title.
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
    fn labels_a_paper_by_author_year_and_title() {
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
    fn finds_the_year_of_any_date() {
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
    fn turns_names_around() {
        assert_eq!(person("Curie, Marie"), "Marie Curie");
        assert_eq!(person("King, Jr., Martin Luther"), "Martin Luther King Jr.");
        assert_eq!(person("Marie Curie"), "Marie Curie");
        assert_eq!(person("Plato,"), "Plato");
    }
}
