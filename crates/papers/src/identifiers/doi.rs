//! Digital object identifiers.

use std::borrow::Cow;

use super::notation::{
    address, is_host_of, percent_decoded, proxied, strip_prefix_ignoring_case, unwrapped,
};

/// The maximum length of the number of the registrant, which is before the first slash.
const MAX_REGISTRANT: usize = 24;

/// The maximum number of times that a DOI may be encoded.
const MAX_ENCODINGS: usize = 4;

/// Returns the DOI in `text`, or `None` if the text is not a DOI.
///
/// The text may be a bare DOI, a DOI after `doi:` or `DOI`, an address at doi.org or at a proxy of a library for it,
/// or the address of a page of a publisher that contains the DOI; each of them may be in angle brackets, have
/// characters in percent encoding, and be followed by punctuation, by a query, by a fragment or by a note in
/// brackets such as `[doi]`. The result is in lower case, because DOIs are case-insensitive.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::doi;
///
/// assert_eq!(doi("https://doi.org/10.1145/3292500.ABC").as_deref(), Some("10.1145/3292500.abc"));
/// assert_eq!(doi("DOI 10.1145%2F3292500.").as_deref(), Some("10.1145/3292500"));
/// assert_eq!(doi("https://dl.acm.org/doi/pdf/10.1145/3292500?download=true").as_deref(), Some("10.1145/3292500"));
/// assert_eq!(doi("see 10.1145/3292500"), None);
/// ```
pub fn doi(text: &str) -> Option<String> {
    // An address in the query of an address is the deepest nesting that occurs.
    let mut found = doi_within(text, 2)?;
    // Some programs encode a DOI twice.
    for _ in 0..MAX_ENCODINGS {
        let again = normalized(&found, false)?;
        if again == found {
            let bare = without_version(&found);
            return Some(bare.to_owned());
        }
        found = again;
    }
    None
}

fn doi_within(text: &str, nesting: usize) -> Option<String> {
    let unwrapped = unwrapped(text);
    let text = without_labels(&unwrapped);
    if text.starts_with("10.") {
        return normalized(text, false);
    }
    let (host, path) = address(text)?;
    if is_host_of(host, "doi.org") {
        let name = percent_decoded(path.trim_start_matches('/'));
        let name = without_labels(&name);
        return name.starts_with("10.").then(|| normalized(name, true))?;
    }
    if let Some(inner) = proxied(path) {
        return nesting
            .checked_sub(1)
            .and_then(|nesting| doi_within(&inner, nesting));
    }
    if is_host_of(host, "arxiv.org") {
        return None;
    }
    of_landing_page(path)
}

/// Removes `doi:`, `DOI` and the like, also repeated.
fn without_labels(text: &str) -> &str {
    let mut text = text;
    loop {
        let separators: &[char] = &[':', '=', '/', ' ', '\t', '\u{a0}'];
        let label = [
            "info:doi/",
            "info:doi",
            "urn:doi",
            "hdl",
            "digital object identifier",
            "doi",
        ]
        .iter()
        .find_map(|label| strip_prefix_ignoring_case(text, label))
        // Neither the host `doi.org` nor a word such as `doing` is a label.
        .filter(|after| after.starts_with(separators) || after.starts_with("10."));
        match label {
            Some(after) => {
                text = after.trim_start_matches(separators);
                text = text.trim_start_matches(['<', '(', '[', '{']);
            }
            None => return text,
        }
    }
}

/// Returns the DOI that the path or the query of a publisher's page contains.
fn of_landing_page(path: &str) -> Option<String> {
    let path = percent_decoded(path);
    let (start, _) = path.match_indices("10.").find(|(at, _)| {
        let is_boundary = path[..*at].ends_with(['/', '=', ':']);
        is_boundary && registrant_length(&path[*at..]).is_some()
    })?;
    let is_in_query = path[..start].contains('?');
    let end = if is_in_query { '&' } else { '?' };
    let name = path[start..].split(end).next().unwrap_or_default();
    normalized(without_view(name), true)
}

/// Removes the view of a page behind a DOI, such as `/full` or `.pdf`.
fn without_view(name: &str) -> &str {
    const VIEWS: [&str; 20] = [
        "/full",
        "/abstract",
        "/pdf",
        "/epdf",
        "/html",
        "/epub",
        "/meta",
        "/summary",
        "/references",
        "/figures",
        "/metrics",
        "/citations",
        "/full/html",
        "/pdfdirect",
        "/fulltext",
        ".pdf",
        ".html",
        ".full",
        ".abstract",
        ".full-text",
    ];
    let mut name = name.split('#').next().unwrap_or(name).trim_end_matches('/');
    while let Some(shorter) = VIEWS.iter().find_map(|view| {
        let at = name.len().checked_sub(view.len())?;
        let end = name.get(at..)?;
        end.eq_ignore_ascii_case(view)
            .then(|| name[..at].trim_end_matches('/'))
    }) {
        name = shorter;
    }
    name
}

/// Removes the version that the addresses of openRxiv's archives and of arXiv append to a DOI.
fn without_version(doi: &str) -> &str {
    match doi.rsplit_once('v') {
        Some((bare, version))
            if ["10.1101/", "10.64898/", "10.48550/arxiv."]
                .iter()
                .any(|prefix| doi.starts_with(prefix))
                && bare.ends_with(|c: char| c.is_ascii_digit())
                && !version.is_empty()
                && version.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            bare
        }
        _ => doi,
    }
}

/// Returns the length of the registrant's part, such as `10.1000`, of a text that begins with a DOI.
fn registrant_length(text: &str) -> Option<usize> {
    let after = text.strip_prefix("10.")?;
    let mut bytes = after.bytes().take(MAX_REGISTRANT);
    let length = bytes.position(|byte| !(byte.is_ascii_digit() || byte == b'.'))?;
    let is_registrant = length >= 4 && after.as_bytes()[0].is_ascii_digit();
    (is_registrant && after[length..].starts_with('/')).then_some("10.".len() + length)
}

/// Returns the DOI at the start of a text in normal form.
fn normalized(text: &str, is_in_address: bool) -> Option<String> {
    let decoded = percent_decoded(text);
    // HTML and LaTeX escape characters that occur in DOIs.
    let decoded = if decoded.contains(['&', '\\']) {
        let unescaped = decoded.replace("&lt;", "<").replace("&gt;", ">");
        Cow::Owned(unescaped.replace("&amp;", "&").replace('\\', ""))
    } else {
        decoded
    };
    let registrant = registrant_length(&decoded)?;
    let (token, after) = match decoded.find(char::is_whitespace) {
        Some(end) => (&decoded[..end], decoded[end..].trim_start()),
        None => (&*decoded, ""),
    };
    let token = token.strip_suffix("[doi]").unwrap_or(token);
    // A note in brackets or another notation of a DOI may follow, but not a sentence.
    let is_alone = after.is_empty()
        || after.starts_with(['[', '('])
        || after.starts_with("10.")
        || token.ends_with([';', ',']);
    if !is_alone {
        return None;
    }
    let name = without_query(&token[registrant + 1..], is_in_address);
    let name = trimmed(name);
    let is_name = name.contains(|c: char| c.is_alphanumeric());
    let doi = format!("{}/{name}", &token[..registrant]);
    is_name.then(|| doi.to_lowercase())
}

/// Cuts a query or a fragment off the name of a DOI.
///
/// The names of articles by the SICI standard end with a check character, which may be `#`.
fn without_query(name: &str, is_in_address: bool) -> &str {
    let is_check_character = |at: usize| name[..at].ends_with("2-") && name.contains(['<', '(']);
    let fragment = name
        .match_indices('#')
        .map(|(at, _)| at)
        .find(|at| !is_check_character(*at));
    let name = &name[..fragment.unwrap_or(name.len())];
    match name.split_once('?') {
        Some((before, query)) if is_in_address || query.contains('=') => before,
        _ => name,
    }
}

/// Removes punctuation and brackets at the end that do not belong to the name of a DOI.
fn trimmed(name: &str) -> &str {
    const PAIRS: [(char, char); 4] = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>')];
    let mut excess = PAIRS.map(|(open, close)| {
        name.matches(close)
            .count()
            .saturating_sub(name.matches(open).count())
    });
    let mut name = name;
    while let Some(last) = name.chars().next_back() {
        let closes = PAIRS.iter().position(|(_, close)| *close == last);
        let is_excess = match closes {
            Some(pair) if excess[pair] > 0 => {
                excess[pair] -= 1;
                true
            }
            Some(_) => false,
            None => ".,;:'\"”’»*|/!?…".contains(last),
        };
        if !is_excess {
            break;
        }
        name = &name[..name.len() - last.len_utf8()];
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_a_doi_in_every_notation() {
        for text in [
            "10.1145/3292500.ABC",
            "10.1145%2F3292500.abc",
            "10.1145/3292500.abc [doi]",
            "10.1145/3292500.abc[doi]",
            "https://doi.org/10.1145%252F3292500.abc",
            "10.1145/3292500.abc (print)",
            "10.1145/3292500.abc; 10.1145/1",
            "10.1145/3292500.abc#sec1",
            "10.1145/3292500.abc?nosfx=y",
            "10.1145/3292500.abc).",
            "https://doi.org/10.1145/3292500.abc",
            "https://doi.org/10.1145%2f3292500.abc",
            "https://doi.org/doi:10.1145/3292500.abc",
            "http://dx.doi.org/10.1145/3292500.abc.",
            "HTTPS://DOI.ORG/10.1145/3292500.ABC",
            "doi.org/10.1145/3292500.abc",
            "//dx.doi.org/10.1145/3292500.abc/",
            "http://dx.doi.org/10.1145/3292500.ABC?nosfx=y",
            "https://doi.org/10.1145/3292500.abc#page=2",
            "https://www.doi.org/10.1145/3292500.abc",
            "https://doi-org.proxy.example.edu/10.1145/3292500.abc",
            "https://dx-doi-org.proxy.example.edu/10.1145/3292500.abc",
            "https://dx.doi.org.proxy.example.edu/10.1145/3292500.abc",
            "http://doi.org.proxy.example.edu:2048/10.1145/3292500.abc",
            "https://login.proxy.example.edu/login?url=https://doi.org/10.1145/3292500.abc",
            "https://proxy.example.edu/login?qurl=https%3A%2F%2Fdoi.org%2F10.1145%2F3292500.abc",
            "<https://doi.org/10.1145/3292500.abc>",
            "<https://doi.org/10.1145/3292500.abc>.",
            "(doi: 10.1145/3292500.abc)",
            "\"10.1145/3292500.abc\"",
            "doi: 10.1145/3292500.abc",
            "DOI 10.1145/3292500.abc",
            "DOI:10.1145/3292500.abc,",
            "doi:https://doi.org/10.1145/3292500.abc",
            "DOI: doi:10.1145/3292500.abc",
            "doi10.1145/3292500.abc",
            "doi=10.1145/3292500.abc",
            "info:doi/10.1145/3292500.abc",
            "urn:doi:10.1145/3292500.abc",
            "10.1145/\u{200b}3292500.abc",
            "https://dl.acm.org/doi/10.1145/3292500.abc",
            "https://dl.acm.org/doi/pdf/10.1145/3292500.abc?download=true",
            "https://dl-acm-org.proxy.example.edu/doi/abs/10.1145/3292500.abc",
            "https://publisher.example/content/pdf/10.1145/3292500.abc.pdf",
            "https://publisher.example/article/10.1145%2F3292500.abc/full#h1",
            "https://publisher.example/journal/article?id=10.1145/3292500.abc&type=printable",
            "https://publisher.example/content/10.1145/3292500.abc.full.pdf",
            "https://api.crossref.org/works/10.1145/3292500.abc",
        ] {
            assert_eq!(doi(text).as_deref(), Some("10.1145/3292500.abc"), "{text}");
        }
        for text in [
            "",
            "10.1",
            "10.1145",
            "see 10.1145/x",
            "10.1145/",
            "10.1145/.",
            "10.12/a b",
            "10.1145/a b",
            "doing 10.1145/x",
            "https://example.org/10.1145",
            "https://arxiv.org/abs/10.1145/x",
            "https://example.org/v10.1145/x",
            "version 10.1145",
        ] {
            assert_eq!(doi(text), None, "{text}");
        }
    }

    #[test]
    fn brackets_and_check_characters_of_a_name_stay() {
        for (text, expected) in [
            (
                "https://doi.org/10.1002/(SICI)1097-4571(199806)49:8%3C693::AID-ASI4%3E3.0.CO;2-O",
                "10.1002/(sici)1097-4571(199806)49:8<693::aid-asi4>3.0.co;2-o",
            ),
            (
                "10.1002/(SICI)1096-8644(199611)101:3&lt;303::AID-AJPA1&gt;3.0.CO;2-#",
                "10.1002/(sici)1096-8644(199611)101:3<303::aid-ajpa1>3.0.co;2-#",
            ),
            (
                "<https://doi.org/10.1002/(SICI)1096-8644(199611)101:3<303::AID-AJPA1>3.0.CO;2-V>",
                "10.1002/(sici)1096-8644(199611)101:3<303::aid-ajpa1>3.0.co;2-v",
            ),
            (
                "(10.1016/S0140-6736(17)31234-5)",
                "10.1016/s0140-6736(17)31234-5",
            ),
            ("10.1016/0024-3795(94)90153", "10.1016/0024-3795(94)90153"),
            ("10.1000/jla.2018\\_7", "10.1000/jla.2018_7"),
            ("10.1000.10/123456", "10.1000.10/123456"),
            (
                "https://www.biorxiv.org/content/10.1101/2020.01.02.123456v2.full.pdf",
                "10.1101/2020.01.02.123456",
            ),
            (
                "https://doi.org/10.48550/arXiv.1706.03762",
                "10.48550/arxiv.1706.03762",
            ),
        ] {
            assert_eq!(doi(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_long_text_takes_linear_time() {
        for part in [
            "10.", "/10.1000", "(", "doi:", "%2F", "10.1000/", ")", "?url=", "v1", ".pdf",
        ] {
            for start in ["", "https://a.org/", "10.1000/x"] {
                let _ = doi(&format!("{start}{}", part.repeat(200_000)));
            }
        }
    }

    proptest! {
        #[test]
        fn normalization_is_idempotent(text in r"(https?://(doi\.org|a\.org)/)?(doi:)?10\.[0-9]{4}[/%.]\PC{0,30}") {
            if let Some(found) = doi(&text) {
                prop_assert_eq!(doi(&found), Some(found.clone()), "{}", text);
            }
        }
    }
}
