//! DOIs and arXiv identifiers in running text.

use super::citation::Citations;
use crate::identifiers;

/// An identifier that a text mentions.
#[derive(Debug, PartialEq, Eq)]
enum Mention {
    Doi(String),
    Arxiv(String),
}

/// Adds the identifiers in `text` to `citations`.
pub(super) fn gather(text: &str, citations: &mut Citations) {
    for mention in mentions(text) {
        match mention {
            Mention::Doi(doi) => citations.add_doi(doi),
            Mention::Arxiv(identifier) => citations.add_arxiv(identifier),
        }
    }
}

/// Returns the first DOI and the first arXiv identifier in an entry of the list of references.
pub(super) fn first(text: &str) -> (Option<String>, Option<String>) {
    let (mut doi, mut arxiv) = (None, None);
    for mention in mentions(text) {
        match mention {
            Mention::Doi(found) => match identifiers::arxiv(&found) {
                Some(identifier) if found.starts_with("10.48550/") => {
                    arxiv = arxiv.or(Some(identifier));
                }
                _ => doi = doi.or(Some(found)),
            },
            Mention::Arxiv(found) => arxiv = arxiv.or(Some(found)),
        }
    }
    (doi, arxiv)
}

/// Returns the identifiers in a text, in order.
fn mentions(text: &str) -> Vec<Mention> {
    // Converting only ASCII to lower case preserves byte positions.
    let text = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for (at, _) in text.match_indices("10.") {
        let before = &text[..at];
        let goes_on = before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
        if !goes_on && !is_in_key(before) {
            let name = trim_punctuation(token(&text[at..]));
            // LaTeX escapes the underscores of a DOI.
            let name = name.replace("\\_", "_");
            found.extend(identifiers::doi(&name).map(|doi| (at, Mention::Doi(doi))));
        }
    }
    for prefix in ["arxiv:", "arxiv.org/abs/", "arxiv.org/pdf/"] {
        for (at, _) in text.match_indices(prefix) {
            if is_in_key(&text[..at]) {
                continue;
            }
            let identifier = text[at + prefix.len()..].trim_start_matches(' ');
            let identifier = trim_punctuation(token(identifier));
            let identifier = identifier
                .split(['?', '#', ',', ';'])
                .next()
                .unwrap_or(identifier);
            let identifier = identifiers::arxiv(identifier);
            found.extend(identifier.map(|identifier| (at, Mention::Arxiv(identifier))));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, mention)| mention).collect()
}

/// Returns whether a text ends in a citation key of Pandoc, such as `@doi:` or `@https://doi.org/`, which is read as
/// one.
fn is_in_key(text: &str) -> bool {
    /// The maximum length in bytes of the part of a key before its identifier, which keeps the time linear.
    const MAX_START: usize = 64;
    let start = text.ceil_char_boundary(text.len().saturating_sub(MAX_START));
    let is_end = |c: char| c.is_whitespace() || "[](){};,".contains(c);
    let word = text[start..].rsplit(is_end).next().unwrap_or_default();
    word.trim_start_matches('-').starts_with('@')
}

/// Returns the text before the first character that no identifier contains.
fn token(text: &str) -> &str {
    let end = text.find(|c: char| c.is_whitespace() || c.is_control() || "{}\"<>|^`".contains(c));
    &text[..end.unwrap_or(text.len())]
}

/// Removes trailing punctuation and closing brackets without an opening one.
fn trim_punctuation(mut token: &str) -> &str {
    loop {
        let length = token.len();
        token = token.trim_end_matches([
            '.', ',', ';', ':', '!', '?', '\'', '*', '~', '\\', '$', '”', '’',
        ]);
        for (open, close) in [('(', ')'), ('[', ']')] {
            if token.ends_with(close) && token.matches(close).count() > token.matches(open).count()
            {
                token = &token[..token.len() - 1];
            }
        }
        if token.len() == length {
            // `](` separates the text of a Markdown link from its address.
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
    fn finds_identifiers_in_order_without_punctuation() {
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
    fn other_numbers_are_not_identifiers() {
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
    fn the_doi_of_a_preprint_is_its_arxiv_identifier() {
        let (doi, arxiv) = first("A. Author. A title. doi:10.48550/arXiv.2001.00001, 2020.");
        assert_eq!((doi, arxiv.as_deref()), (None, Some("2001.00001")));
    }
}
