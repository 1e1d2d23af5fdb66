//! What names a paper everywhere: its DOI, its arXiv number, and, failing both, its title.

use crate::text::words;

/// The DOI in `text`, which may be one in any usual writing (`doi:10.1/X`, an address at doi.org),
/// in small letters, since DOIs do not tell letters apart. Nothing when `text` is no DOI.
pub fn doi(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let at = text.find("10.")?;
    let (before, doi) = text.split_at(at);
    let is_prefix = before.is_empty()
        || before.ends_with("doi.org/")
        || before.trim_end().ends_with("doi:")
        || before.trim_end().ends_with("doi");
    let (registrant, name) = doi["10.".len()..].split_once('/')?;
    let is_registrant = registrant.len() >= 4
        && registrant.chars().all(|c| c.is_ascii_digit() || c == '.')
        && registrant.starts_with(|c: char| c.is_ascii_digit());
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    (is_prefix && is_registrant && is_name)
        .then(|| doi.trim_end_matches(['.', ',', ';']).to_owned())
}

/// The arXiv number in `text`, which may be one in any usual writing (`arXiv:1706.03762v5`, an
/// address at arxiv.org, a DOI that arXiv gave), without its version. Nothing when `text` is none.
pub fn arxiv(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let text = [
        "10.48550/arxiv.",
        "arxiv.org/abs/",
        "arxiv.org/pdf/",
        "arxiv:",
    ]
    .iter()
    .find_map(|before| text.split_once(before).map(|(_, number)| number))
    .unwrap_or(&text)
    .trim();
    let text = text.strip_suffix(".pdf").unwrap_or(text);
    let number = match text.rsplit_once('v') {
        Some((number, version))
            if is_digits(version) && number.ends_with(|c: char| c.is_ascii_digit()) =>
        {
            number
        }
        _ => text,
    };
    let is_new = number.split_once('.').is_some_and(|(month, serial)| {
        month.len() == 4 && is_digits(month) && (4..=5).contains(&serial.len()) && is_digits(serial)
    });
    // Until March 2007: `hep-th/9901001`, `math.GT/0309136`.
    let is_old = number.split_once('/').is_some_and(|(archive, serial)| {
        !archive.is_empty()
            && archive
                .chars()
                .all(|c| c.is_ascii_alphabetic() || c == '-' || c == '.')
            && serial.len() == 7
            && is_digits(serial)
    });
    (is_new || is_old).then(|| number.to_owned())
}

/// What two writings of one title have in common: its words, folded.
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
    fn reads_a_doi_in_every_writing() {
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
    fn reads_an_arxiv_number_in_every_writing() {
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
    fn knows_a_title_by_its_words() {
        assert_eq!(
            title_key("Attention is all you need!"),
            title_key("ATTENTION IS ALL  YOU NEED")
        );
    }
}
