//! The identifiers of PubMed and PubMed Central, bare or in addresses.

/// Returns the digits of a PubMed identifier: of `123`, `PMID: 123` or `https://pubmed.ncbi.nlm.nih.gov/123/`.
pub(super) fn pmid(text: &str) -> Option<String> {
    last_digits(text).map(str::to_owned)
}

/// Returns an identifier of PubMed Central, such as `PMC123`, which may lack its letters or be in an address.
pub(super) fn pmcid(text: &str) -> Option<String> {
    last_digits(text).map(|digits| format!("PMC{digits}"))
}

/// Returns the digits at the end of a text, before a slash or a version.
fn last_digits(text: &str) -> Option<&str> {
    let text = text.trim().trim_end_matches('/');
    let text = text.rsplit(['/', ' ', ':']).next().unwrap_or(text);
    let text = text.split('.').next().unwrap_or(text);
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits = &text[start..];
    let is_prefix = matches!(
        text[..start].to_ascii_lowercase().as_str(),
        "" | "pmc" | "pmid"
    );
    let is_id = digits.len() <= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_prefix && is_id).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_identifiers_in_every_notation() {
        for text in [
            "123",
            "PMID: 123",
            "pmid:123",
            "https://pubmed.ncbi.nlm.nih.gov/123/",
        ] {
            assert_eq!(pmid(text).as_deref(), Some("123"), "{text}");
        }
        for text in [
            "PMC77",
            "77",
            "pmc77",
            "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC77/",
            "https://www.ncbi.nlm.nih.gov/pmc/articles/77",
            "PMC77.2",
        ] {
            assert_eq!(pmcid(text).as_deref(), Some("PMC77"), "{text}");
        }
        for text in ["", "n/a", "abc12", "12a"] {
            assert_eq!(pmid(text), None, "{text}");
        }
    }
}
