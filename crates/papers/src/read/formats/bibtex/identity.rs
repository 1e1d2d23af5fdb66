//! The identifiers and addresses of a BibTeX entry.

use super::fields::Fields;
use super::values::address_in;
use crate::Paper;
use crate::identifiers;
use crate::read::formats::normalize::{filled, identify};

/// Sets the address, the DOI, and the identifiers of arXiv and PubMed.
pub(super) fn set_identifiers(paper: &mut Paper, fields: &Fields) {
    paper.url = address(fields);
    let eprint = Eprint::of(fields);
    let address = paper.url.clone().unwrap_or_default();
    let doi = [fields.verbatim(&["doi"]), eprint.doi, address.clone()]
        .into_iter()
        .find(|text| text.to_ascii_lowercase().contains("10."))
        .unwrap_or_default();
    let mut arxiv: Vec<String> = eprint.arxiv;
    arxiv.extend(labeled(&address));
    // Programs write the identifier into many fields.
    for name in [
        "journal",
        "journaltitle",
        "howpublished",
        "note",
        "eid",
        "pages",
        "number",
    ] {
        if let Some(identifier) = labeled(&super::values::verbatim(fields.peek(name))) {
            if matches!(name, "howpublished" | "note" | "eid" | "pages") {
                fields.first(&[name]);
            }
            arxiv.push(identifier);
        }
    }
    // In the preprints of DBLP the journal is CoRR and the volume `abs/1706.03762`.
    if let Some(identifier) = fields.peek("volume").strip_prefix("abs/") {
        arxiv.push(format!("arXiv:{identifier}"));
    }
    let arxiv: Vec<&str> = arxiv.iter().map(String::as_str).collect();
    identify(paper, &doi, &arxiv);
    let pmid = |text: &str| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        filled(digits).filter(|digits| digits.len() <= 9)
    };
    paper.details.pmid = pmid(&fields.verbatim(&["pmid"]))
        .or_else(|| pmid(&eprint.pmid))
        .or_else(|| {
            let note = fields.peek("note");
            let (_, after) = note.split_once("PMID:")?;
            fields.first(&["note"]);
            pmid(
                after
                    .trim_start()
                    .split(|c: char| !c.is_ascii_digit())
                    .next()?,
            )
        });
    let pmcid = [fields.verbatim(&["pmcid", "pmc"]), eprint.pmcid];
    paper.details.pmcid = pmcid.iter().find_map(|text| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        filled(digits).map(|digits| format!("PMC{digits}"))
    });
}

/// Returns the address of the paper.
fn address(fields: &Fields) -> Option<String> {
    let url = fields.verbatim(&["url", "link", "ee"]);
    // A field may have several addresses.
    if let Some(url) = address_in(&url)
        .filter(|_| url.contains(' '))
        .or(filled(url))
    {
        return Some(url);
    }
    ["howpublished", "note", "eprint", "bdsk-url-1", "adsurl"]
        .into_iter()
        .find_map(|name| {
            let address = address_in(fields.peek(name))?;
            fields.first(&[name]);
            Some(address)
        })
}

/// What the fields `eprint`, `eprinttype` and `eprintclass` name.
#[derive(Default)]
struct Eprint {
    arxiv: Vec<String>,
    doi: String,
    pmid: String,
    pmcid: String,
}

impl Eprint {
    fn of(fields: &Fields) -> Self {
        let mut found = Self::default();
        let eprint = super::values::verbatim(fields.peek("eprint"));
        let archive = fields.verbatim(&["archiveprefix", "eprinttype"]);
        let class = fields.verbatim(&["primaryclass", "eprintclass"]);
        let own = fields.verbatim(&["arxivid", "arxiv"]);
        found.arxiv.extend(labeled(&format!("arXiv {own}")));
        match &*archive.to_ascii_lowercase() {
            "" | "arxiv" | "arxiv.org" => {
                // Until March 2007, an identifier began with the archive.
                let archive = class.split('.').next().unwrap_or_default();
                let candidates = [
                    labeled(&format!("arXiv {eprint}")),
                    labeled(&format!("arXiv {archive}/{eprint}")),
                ];
                found.arxiv.extend(candidates.into_iter().flatten());
            }
            "pubmed" | "pmid" | "medline" => found.pmid.clone_from(&eprint),
            "pmc" | "pmcid" | "pubmedcentral" => found.pmcid.clone_from(&eprint),
            "doi" => found.doi.clone_from(&eprint),
            archive => {
                let identifier = format!("arXiv {archive}/{eprint}");
                found.arxiv.extend(labeled(&identifier));
            }
        }
        let names_something = !found.arxiv.is_empty()
            || [&found.doi, &found.pmid, &found.pmcid]
                .iter()
                .any(|text| !text.is_empty());
        if names_something {
            fields.first(&["eprint"]);
        }
        found
    }
}

/// Returns the arXiv identifier in a text that mentions arXiv, with `arXiv:` before it.
pub(super) fn labeled(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if !lower.contains("arxiv") {
        return None;
    }
    let separators = |c: char| c.is_whitespace() || ",;()[]{}<>\"".contains(c);
    let mut words = lower.split(separators).filter(|word| !word.is_empty());
    words.find_map(|word| {
        let word = word.trim_end_matches(['.', ':']);
        identifiers::arxiv(word).map(|identifier| format!("arXiv:{identifier}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(fields: &[(&str, &str)]) -> Paper {
        let mut all = Fields::default();
        for (name, value) in fields {
            all.set((*name).to_owned(), (*value).to_owned());
        }
        let mut paper = Paper::new("a");
        set_identifiers(&mut paper, &all);
        paper
    }

    #[test]
    fn finds_the_arxiv_identifier_in_the_fields_where_programs_write_it() {
        for fields in [
            vec![("eprint", "2001.00042")],
            vec![
                ("eprint", "arXiv:2001.00042v2 [cs.CL]"),
                ("archiveprefix", "arXiv"),
            ],
            vec![
                ("eprint", "2001.00042"),
                ("eprinttype", "arXiv"),
                ("eprintclass", "cs.SD"),
            ],
            vec![("arxivid", "2001.00042")],
            vec![("journal", "arXiv preprint arXiv:2001.00042")],
            vec![("journal", "CoRR"), ("volume", "abs/2001.00042")],
            vec![("howpublished", "arXiv:2001.00042 [cs.SD]")],
            vec![("howpublished", r"\url{https://arxiv.org/abs/2001.00042v1}")],
            vec![("note", "Accepted (arXiv:2001.00042), to appear")],
            vec![("eid", "arXiv:2001.00042")],
            vec![("url", "http://arxiv.org/abs/2001.00042")],
        ] {
            assert_eq!(
                paper(&fields).arxiv.as_deref(),
                Some("2001.00042"),
                "{fields:?}"
            );
        }
        for (fields, expected) in [
            (
                vec![("eprint", "9901001"), ("archiveprefix", "hep-th")],
                Some("hep-th/9901001"),
            ),
            (
                vec![
                    ("eprint", "0309136"),
                    ("archiveprefix", "arXiv"),
                    ("primaryclass", "math.GT"),
                ],
                Some("math/0309136"),
            ),
            (
                vec![("eprint", "2001.00042"), ("eprinttype", "jstor")],
                None,
            ),
        ] {
            assert_eq!(paper(&fields).arxiv.as_deref(), expected, "{fields:?}");
        }
    }

    #[test]
    fn finds_other_identifiers() {
        let found = paper(&[
            ("eprint", "12345678"),
            ("eprinttype", "pubmed"),
            ("pmcid", "7654321"),
        ]);
        assert_eq!(found.details.pmid.as_deref(), Some("12345678"));
        assert_eq!(found.details.pmcid.as_deref(), Some("PMC7654321"));
        assert_eq!(
            paper(&[("note", "PMID: 123")]).details.pmid.as_deref(),
            Some("123")
        );
        let found = paper(&[("url", "https://doi.org/10.1000/X1")]);
        assert_eq!(found.doi.as_deref(), Some("10.1000/x1"));
        assert_eq!(found.url.as_deref(), Some("https://doi.org/10.1000/X1"));
        let found = paper(&[("howpublished", r"Online at \url{https://example.org/a\_b}")]);
        assert_eq!(found.url.as_deref(), Some("https://example.org/a_b"));
    }
}
