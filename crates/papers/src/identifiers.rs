//! Normalization of the identifiers that name a paper across libraries: its DOI, its arXiv
//! identifier and, if it has neither, its title.
//!
//! ```
//! use cognate_papers::identifiers::{arxiv, doi, title_key};
//!
//! assert_eq!(doi("https://doi.org/10.1145/ABC"), doi("doi:10.1145/abc"));
//! assert_eq!(arxiv("arXiv:1706.03762v5"), arxiv("https://arxiv.org/pdf/1706.03762.pdf"));
//! assert_eq!(title_key("Attention is all you need!"), title_key("Attention Is All You Need"));
//! ```

use crate::text::words;

/// Returns the DOI in `text`, or `None` if the text is not a DOI.
///
/// The text may be a bare DOI, a DOI after `doi:`, or an address at doi.org. The result is in lower
/// case, because DOIs are case-insensitive.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::doi;
///
/// assert_eq!(doi("https://doi.org/10.1145/3292500.ABC").as_deref(), Some("10.1145/3292500.abc"));
/// assert_eq!(doi("see 10.1145/3292500"), None);
/// ```
pub fn doi(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let start = text.find("10.")?;
    let (prefix, doi) = text.split_at(start);
    let is_prefix = prefix.is_empty()
        || prefix.ends_with("doi.org/")
        || prefix.trim_end().ends_with("doi:")
        || prefix.trim_end().ends_with("doi");
    let (registrant, name) = doi["10.".len()..].split_once('/')?;
    let is_registrant = registrant.len() >= 4
        && registrant.chars().all(|c| c.is_ascii_digit() || c == '.')
        && registrant.starts_with(|c: char| c.is_ascii_digit());
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    (is_prefix && is_registrant && is_name)
        .then(|| doi.trim_end_matches(['.', ',', ';']).to_owned())
}

/// Returns the arXiv identifier in `text` without its version, or `None` if the text is not an
/// arXiv identifier.
///
/// The text may be a bare identifier, an identifier after `arXiv:`, an address at arxiv.org, or a
/// DOI that arXiv assigned. The result is in lower case.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::arxiv;
///
/// assert_eq!(arxiv("arXiv:1706.03762v5").as_deref(), Some("1706.03762"));
/// assert_eq!(arxiv("https://arxiv.org/abs/hep-th/9901001").as_deref(), Some("hep-th/9901001"));
/// assert_eq!(arxiv("3.14159"), None);
/// ```
pub fn arxiv(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let text = [
        "10.48550/arxiv.",
        "arxiv.org/abs/",
        "arxiv.org/pdf/",
        "arxiv:",
    ]
    .iter()
    .find_map(|prefix| text.split_once(prefix).map(|(_, identifier)| identifier))
    .unwrap_or(&text)
    .trim();
    let text = text.strip_suffix(".pdf").unwrap_or(text);
    let identifier = match text.rsplit_once('v') {
        Some((identifier, version))
            if is_digits(version) && identifier.ends_with(|c: char| c.is_ascii_digit()) =>
        {
            identifier
        }
        _ => text,
    };
    let is_new = identifier.split_once('.').is_some_and(|(month, serial)| {
        month.len() == 4 && is_digits(month) && (4..=5).contains(&serial.len()) && is_digits(serial)
    });
    // Identifiers until March 2007: `hep-th/9901001`, `math.GT/0309136`.
    let is_old = identifier.split_once('/').is_some_and(|(archive, serial)| {
        !archive.is_empty()
            && archive
                .chars()
                .all(|c| c.is_ascii_alphabetic() || c == '-' || c == '.')
            && serial.len() == 7
            && is_digits(serial)
    });
    (is_new || is_old).then(|| identifier.to_owned())
}

/// Returns the words of a title, [folded](crate::text::fold) and separated by spaces.
///
/// Titles that differ only in case, accents, punctuation and white space have equal keys.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::title_key;
///
/// assert_eq!(title_key("Über formal unentscheidbare Sätze."), "uber formal unentscheidbare satze");
/// ```
pub fn title_key(title: &str) -> String {
    words(title).collect::<Vec<_>>().join(" ")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_doi_in_every_notation() {
        for text in [
            "10.1145/3292500.ABC",
            "https://doi.org/10.1145/3292500.abc",
            "http://dx.doi.org/10.1145/3292500.abc.",
            "doi: 10.1145/3292500.abc",
        ] {
            assert_eq!(doi(text).as_deref(), Some("10.1145/3292500.abc"), "{text}");
        }
        for text in [
            "",
            "10.1",
            "10.1145",
            "see 10.1145/x",
            "10.1145/",
            "10.12/a b",
        ] {
            assert_eq!(doi(text), None, "{text}");
        }
    }

    #[test]
    fn reads_an_arxiv_identifier_in_every_notation() {
        for text in [
            "1706.03762",
            "arXiv:1706.03762v5",
            "https://arxiv.org/abs/1706.03762v1",
            "https://arxiv.org/pdf/1706.03762.pdf",
            "10.48550/arXiv.1706.03762",
        ] {
            assert_eq!(arxiv(text).as_deref(), Some("1706.03762"), "{text}");
        }
        assert_eq!(arxiv("hep-th/9901001v2").as_deref(), Some("hep-th/9901001"));
        for text in ["", "1706", "3.14159", "10.1145/1234567", "a/b", "conv2"] {
            assert_eq!(arxiv(text), None, "{text}");
        }
    }

    #[test]
    fn the_key_of_a_title_ignores_case_and_punctuation() {
        assert_eq!(
            title_key("Attention is all you need!"),
            title_key("ATTENTION IS ALL  YOU NEED")
        );
    }
}
