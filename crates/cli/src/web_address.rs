//! Addresses of papers on the web.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use cognate::Paper;

use crate::output::{one_line, shortened};

/// Returns the address of a paper on the web: its URL, or else the address of its DOI or of its arXiv
/// identifier.
pub(crate) fn web_address(paper: &Paper) -> Result<String> {
    let url = paper.url.as_deref().map(str::trim);
    if let Some(url) = url.filter(|url| !url.is_empty()) {
        return checked(url, &paper.id);
    }
    let doi = paper.doi.as_ref().map(|doi| ("https://doi.org/", doi));
    let arxiv = paper.arxiv.as_ref();
    let arxiv = arxiv.map(|identifier| ("https://arxiv.org/abs/", identifier));
    match doi.or(arxiv) {
        Some((resolver, identifier)) => Ok(format!("{resolver}{}", percent_encoded(identifier))),
        None => bail!(
            "the paper `{}` has no URL, no DOI and no arXiv identifier, so that there is nothing to open",
            paper.id
        ),
    }
}

/// Returns a URL of a paper with the characters encoded that a URL cannot have, if a browser is the program
/// to open it with. Others, such as `file:`, could start any program.
fn checked(url: &str, id: &str) -> Result<String> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    let is_web = scheme.is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    });
    if !is_web {
        let url = shortened(&one_line(url));
        bail!(
            "the URL of the paper `{id}` is `{url}`, expected one that begins with `https://` or `http://`"
        );
    }
    Ok(percent_encoded(url))
}

/// Encodes the characters of a URL that are not printable ASCII, and those that delimit URLs in texts.
fn percent_encoded(url: &str) -> String {
    let mut encoded = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_url_or_that_of_an_identifier() {
        let paper = || Paper::new("a").doi("10.1002/x<1>").arxiv("hep-th/9901001");
        for (paper, expected) in [
            (paper().url(" http://a.org/x y "), "http://a.org/x%20y"),
            (paper().url("HTTPS://a.org/%20é"), "HTTPS://a.org/%20%C3%A9"),
            (paper(), "https://doi.org/10.1002/x%3C1%3E"),
            (paper().url(" "), "https://doi.org/10.1002/x%3C1%3E"),
            (
                Paper::new("a").arxiv("hep-th/9901001"),
                "https://arxiv.org/abs/hep-th/9901001",
            ),
        ] {
            assert_eq!(web_address(&paper).unwrap(), expected);
        }
    }

    #[test]
    fn only_addresses_on_the_web_are_opened() {
        for url in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "javascript://x",
            "/usr/bin/env",
            "--help",
            "httpsx://a.org",
            "www.example.org",
        ] {
            let message = web_address(&Paper::new("a").url(url))
                .unwrap_err()
                .to_string();
            assert!(
                message.contains(&format!("is `{url}`, expected one")),
                "{message}"
            );
        }
        let message = web_address(&Paper::new("a")).unwrap_err().to_string();
        assert!(
            message.starts_with("the paper `a` has no URL, no DOI"),
            "{message}"
        );
    }
}
