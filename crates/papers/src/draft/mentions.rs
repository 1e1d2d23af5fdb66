//! DOIs and arXiv numbers anywhere in a text.

use super::citation::Citations;
use crate::identifiers;

/// An identifier, and the byte where it begins.
#[derive(Debug, PartialEq, Eq)]
enum Mention {
    Doi(String),
    Arxiv(String),
}

/// Puts what `text` mentions into `citations`.
pub(super) fn gather(text: &str, citations: &mut Citations) {
    for mention in mentions(text) {
        match mention {
            Mention::Doi(doi) => citations.doi(doi),
            Mention::Arxiv(number) => citations.arxiv(number),
        }
    }
}

/// The first DOI and the first arXiv number of an entry.
pub(super) fn first(text: &str) -> (Option<String>, Option<String>) {
    let (mut doi, mut arxiv) = (None, None);
    for mention in mentions(text) {
        match mention {
            Mention::Doi(found) => match identifiers::arxiv(&found) {
                Some(number) if found.starts_with("10.48550/") => arxiv = arxiv.or(Some(number)),
                _ => doi = doi.or(Some(found)),
            },
            Mention::Arxiv(found) => arxiv = arxiv.or(Some(found)),
        }
    }
    (doi, arxiv)
}

/// The identifiers in a text, in order.
fn mentions(text: &str) -> Vec<Mention> {
    // Lower-casing ASCII alone keeps every byte in its place.
    let text = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for (at, _) in text.match_indices("10.") {
        if !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.') {
            let name = trimmed(token(&text[at..]));
            // LaTeX writes the underline of a DOI with a backslash.
            let name = name.replace("\\_", "_");
            found.extend(identifiers::doi(&name).map(|doi| (at, Mention::Doi(doi))));
        }
    }
    for before in ["arxiv:", "arxiv.org/abs/", "arxiv.org/pdf/"] {
        for (at, _) in text.match_indices(before) {
            let behind = text[at + before.len()..].trim_start_matches(' ');
            let number = trimmed(token(behind));
            let number = number.split(['?', '#', ',', ';']).next().unwrap_or(number);
            found.extend(identifiers::arxiv(number).map(|number| (at, Mention::Arxiv(number))));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, mention)| mention).collect()
}

/// What comes before white space or a sign that no identifier has.
fn token(text: &str) -> &str {
    let end = text.find(|c: char| c.is_whitespace() || c.is_control() || "{}\"<>|^`".contains(c));
    &text[..end.unwrap_or(text.len())]
}

/// Without the punctuation behind, and a bracket that was opened before it.
fn trimmed(mut token: &str) -> &str {
    loop {
        let before = token.len();
        token = token.trim_end_matches([
            '.', ',', ';', ':', '!', '?', '\'', '*', '~', '\\', '$', '”', '’',
        ]);
        for (open, close) in [('(', ')'), ('[', ']')] {
            if token.ends_with(close) && token.matches(close).count() > token.matches(open).count()
            {
                token = &token[..token.len() - 1];
            }
        }
        if token.len() == before {
            // `](`: the end of a link's text and the beginning of its address.
            return token.split("](").next().unwrap_or(token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doi(text: &str) -> Mention {
        Mention::Doi(text.to_owned())
    }

    fn arxiv(text: &str) -> Mention {
        Mention::Arxiv(text.to_owned())
    }

    #[test]
    fn finds_identifiers_in_order_and_without_punctuation() {
        let text = "See https://doi.org/10.1234/Ab.C-1, (10.5555/x(2)y) and arXiv:1706.03762v5. \
                    Also https://arxiv.org/pdf/2001.00001.pdf, arXiv: hep-th/9901001 \
                    and \\doi{10.1000/a\\_b}.";
        assert_eq!(
            mentions(text),
            [
                doi("10.1234/ab.c-1"),
                doi("10.5555/x(2)y"),
                arxiv("1706.03762"),
                arxiv("2001.00001"),
                arxiv("hep-th/9901001"),
                doi("10.1000/a_b"),
            ]
        );
    }

    #[test]
    fn takes_no_number_for_an_identifier() {
        for text in [
            "It costs 10.50 or 10.5/6.",
            "version 3.10.1234/x",
            "arXiv: none",
            "10.",
        ] {
            assert_eq!(mentions(text), [], "{text}");
        }
    }

    #[test]
    fn reads_a_preprints_doi_as_its_number() {
        let (doi, arxiv) = first("A. Author. A title. doi:10.48550/arXiv.2001.00001, 2020.");
        assert_eq!((doi, arxiv.as_deref()), (None, Some("2001.00001")));
    }
}
