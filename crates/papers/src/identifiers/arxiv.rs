//! arXiv identifiers.

use super::notation::{
    address, is_host_of, percent_decoded, proxied, strip_prefix_ignoring_case, unwrapped,
};

/// Hosts that show the papers of arXiv under addresses with their identifiers.
const HOSTS: [&str; 7] = [
    "arxiv.org",
    "ar5iv.org",
    "alphaxiv.org",
    "huggingface.co",
    "hf.co",
    "xxx.lanl.gov",
    "arxiv-vanity.com",
];

/// The archives of identifiers until March 2007, from <https://arxiv.org/archive>, with those that were renamed.
const ARCHIVES: [&str; 41] = [
    "acc-phys", "adap-org", "alg-geom", "ao-sci", "astro-ph", "atom-ph", "bayes-an", "chao-dyn",
    "chem-ph", "cmp-lg", "comp-gas", "cond-mat", "cs", "dg-ga", "econ", "eess", "funct-an",
    "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math", "math-ph", "mtrl-th", "nlin",
    "nucl-ex", "nucl-th", "patt-sol", "physics", "plasm-ph", "q-alg", "q-bio", "q-fin", "quant-ph",
    "solv-int", "stat", "supr-con", "test", "cs-lg", "stat-me",
];

/// Returns the arXiv identifier in `text` without its version, or `None` if the text is not an
/// arXiv identifier.
///
/// The text may be a bare identifier, an identifier after `arXiv:`, an address at arxiv.org or at a site that shows
/// arXiv's papers, such as alphaxiv.org, or a DOI that arXiv assigned. Categories, as in `[cs.CL]`, and, behind a
/// label or in an address, any other text may follow. The result is in lower case, without the subject class of an
/// old identifier: `math/0309136` for `math.GT/0309136`.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::arxiv;
///
/// assert_eq!(arxiv("arXiv:1706.03762v5 [cs.CL]").as_deref(), Some("1706.03762"));
/// assert_eq!(arxiv("https://arxiv.org/abs/hep-th/9901001").as_deref(), Some("hep-th/9901001"));
/// assert_eq!(arxiv("3.14159"), None);
/// ```
pub fn arxiv(text: &str) -> Option<String> {
    arxiv_within(text, 2)
}

fn arxiv_within(text: &str, nesting: usize) -> Option<String> {
    let text = unwrapped(text);
    let text = percent_decoded(&text);
    if let Some((host, path)) = address(&text) {
        if is_host_of(host, "doi.org") {
            let name = strip_prefix_ignoring_case(path.trim_start_matches('/'), "10.48550/arxiv.")?;
            return identifier(name).map(|(identifier, _)| identifier);
        }
        if HOSTS.iter().any(|name| is_host_of(host, name)) {
            return of_path(path);
        }
        if let Some(inner) = proxied(path) {
            return nesting
                .checked_sub(1)
                .and_then(|nesting| arxiv_within(&inner, nesting));
        }
        // `inspirehep.net/arxiv/1706.03762`, `scirate.com/arxiv/1706.03762`
        if let Some(path) = strip_prefix_ignoring_case(path, "/arxiv/") {
            return of_path(path);
        }
        // An old identifier, such as `math.GT/0309136`, looks like an address.
    }
    match after_label(&text) {
        Some(labeled) => identifier(labeled).map(|(identifier, _)| identifier),
        None => identifier(&text)
            .filter(|(_, after)| is_end(after))
            .map(|(identifier, _)| identifier),
    }
}

/// Returns the identifier in the path of an address.
fn of_path(path: &str) -> Option<String> {
    // `abs/1706.03762`, `html/1706.03762v1/`, `papers/1706.03762`, `pdf/cs/0501001v1.pdf`
    let mut remaining = path.trim_start_matches('/');
    for _ in 0..4 {
        if let Some((identifier, _)) = identifier(remaining) {
            return Some(identifier);
        }
        remaining = remaining.split_once('/')?.1.trim_start_matches('/');
    }
    None
}

/// Returns the text behind `arXiv:` and the like at the start of a text.
fn after_label(text: &str) -> Option<&str> {
    let mut remaining = text;
    let mut is_labeled = false;
    loop {
        // The words in front of an identifier: `arXiv preprint arXiv:1706.03762`, `CoRR abs/1706.03762`.
        let after = [
            "10.48550/arxiv.",
            "oai:arxiv.org:",
            "e-prints",
            "eprints",
            "e-print",
            "eprint",
            "preprints",
            "preprint",
            "arxiv.org",
            "arxiv",
            "corr",
            "abs/",
            "doi:",
        ]
        .iter()
        .find_map(|word| strip_prefix_ignoring_case(remaining, word));
        match after {
            Some(after) => {
                remaining = after.trim_start_matches([
                    ' ', ':', ',', '/', '(', '[', '=', '.', '\u{a0}', '\t', '\n',
                ]);
                is_labeled = true;
            }
            None => return is_labeled.then_some(remaining),
        }
    }
}

/// Returns the identifier at the start of a text, and the text behind it and its version.
fn identifier(text: &str) -> Option<(String, &str)> {
    let (identifier, after) = new_identifier(text).or_else(|| old_identifier(text))?;
    let version = after.strip_prefix(['v', 'V']).map(|version| {
        let digits = version.bytes().take_while(u8::is_ascii_digit).count();
        version.split_at(digits)
    });
    let after = match version {
        Some((digits, after)) if !digits.is_empty() => after,
        _ => after,
    };
    let decimals = after.strip_prefix('.').unwrap_or_default();
    let goes_on = after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        || decimals.starts_with(|c: char| c.is_ascii_digit());
    (!goes_on).then_some((identifier, after))
}

/// Splits off an identifier as they are since April 2007: `0704.0001`, `1706.03762`.
fn new_identifier(text: &str) -> Option<(String, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).take(6).count();
    let after_month = text.get(4..)?;
    let serial = after_month.strip_prefix('.')?;
    let length = digits(serial);
    let month = text.get(2..4)?.parse::<u8>().ok()?;
    // A text such as `1999.1234` is a number.
    let is_identifier = digits(text) == 4 && (4..=5).contains(&length) && (1..=12).contains(&month);
    is_identifier.then(|| {
        let (identifier, after) = text.split_at(5 + length);
        (identifier.to_owned(), after)
    })
}

/// Splits off an identifier as they were until March 2007: `hep-th/9901001`, `math.GT/0309136`.
fn old_identifier(text: &str) -> Option<(String, &str)> {
    let end = text.bytes().take(16).position(|byte| byte == b'/')?;
    let archive = text[..end].to_ascii_lowercase();
    let (archive, class) = archive.split_once('.').unwrap_or((&archive, ""));
    let is_archive = ARCHIVES.contains(&archive)
        && class
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let serial = &text[end + 1..];
    let length = serial
        .bytes()
        .take(8)
        .take_while(u8::is_ascii_digit)
        .count();
    (is_archive && length == 7).then(|| {
        let (serial, after) = serial.split_at(7);
        (format!("{archive}/{serial}"), after)
    })
}

/// Returns whether nothing of importance follows a bare identifier: the name of a format, a category, or a note in
/// brackets.
fn is_end(after: &str) -> bool {
    let after = [".pdf", ".html", ".ps", ".tar.gz"]
        .iter()
        .find_map(|format| strip_prefix_ignoring_case(after, format))
        .unwrap_or(after);
    let after = after.trim_start_matches([
        ' ', '\t', '\n', '\r', '\u{a0}', '.', ',', ';', '>', ')', ']', '}', '"', '\'', '/',
    ]);
    let is_category = |word: &str| {
        let (archive, class) = word.split_once('.').unwrap_or((word, ""));
        let class_length = class.bytes().filter(u8::is_ascii_alphabetic).count();
        ARCHIVES.contains(&archive.to_ascii_lowercase().as_str()) && class_length <= 10
    };
    after.is_empty()
        || after.starts_with(['[', '(', '?', '#'])
        || after
            .split([' ', ',', ';'])
            .filter(|word| !word.is_empty())
            .take(64)
            .all(is_category)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_an_arxiv_identifier_in_every_notation() {
        for text in [
            "1706.03762",
            "1706.03762v5",
            "1706.03762.pdf",
            "1706.03762v5 [cs.CL]",
            "1706.03762 cs.CL",
            "1706.03762 (cs)",
            "arXiv:1706.03762v5",
            "arXiv:1706.03762v5 [cs.CL] 6 Dec 2017",
            "arXiv: 1706.03762",
            "ARXIV:1706.03762",
            "arXiv 1706.03762",
            "arXiv/1706.03762",
            "arXiv.1706.03762",
            "[arXiv:1706.03762]",
            "arXiv preprint arXiv:1706.03762, 2017",
            "arXiv preprint 1706.03762",
            "arXiv e-prints, arXiv:1706.03762",
            "arXiv (1706.03762)",
            "CoRR abs/1706.03762",
            "CoRR, abs/1706.03762 (2017)",
            "abs/1706.03762",
            "oai:arXiv.org:1706.03762",
            "https://arxiv.org/abs/1706.03762v1",
            "https://arxiv.org/abs/1706.03762v1?context=cs",
            "http://arxiv.org/abs/1706.03762#abstract",
            "https://arxiv.org/pdf/1706.03762.pdf",
            "https://arxiv.org/pdf/1706.03762v2.pdf",
            "https://arxiv.org/pdf/1706.03762",
            "https://arxiv.org/html/1706.03762v7",
            "https://arxiv.org/html/1706.03762v7/",
            "https://arxiv.org/format/1706.03762",
            "https://arxiv.org/ps/1706.03762",
            "https://arxiv.org/e-print/1706.03762",
            "https://export.arxiv.org/abs/1706.03762",
            "http://xxx.lanl.gov/abs/1706.03762",
            "arxiv.org/abs/1706.03762",
            "www.arxiv.org/abs/1706.03762",
            "<https://arxiv.org/abs/1706.03762>",
            "https://arxiv-org.proxy.example.edu/abs/1706.03762",
            "https://login.proxy.example.edu/login?url=https://arxiv.org/abs/1706.03762",
            "https://ar5iv.org/html/1706.03762",
            "https://inspirehep.net/arxiv/1706.03762",
            "[the paper](https://arxiv.org/abs/1706.03762)",
            "\u{200e}arXiv:1706.03762",
            "https://ar5iv.labs.arxiv.org/html/1706.03762",
            "https://www.alphaxiv.org/abs/1706.03762v1",
            "https://alphaxiv.org/overview/1706.03762",
            "https://huggingface.co/papers/1706.03762",
            "10.48550/arXiv.1706.03762",
            "10.48550/arXiv.1706.03762v2",
            "doi:10.48550/arXiv.1706.03762",
            "https://doi.org/10.48550/arXiv.1706.03762",
            "https://doi.org/10.48550%2FarXiv.1706.03762",
        ] {
            assert_eq!(arxiv(text).as_deref(), Some("1706.03762"), "{text}");
        }
        for text in [
            "",
            "1706",
            "3.14159",
            "1999.1234",
            "10.1145/1234567",
            "a/b",
            "conv2",
            "1706.037621",
            "1706.03762.1",
            "1706.03762 and more",
            "12 pages, overlaps with arXiv:1706.03762",
            "https://example.org/papers/1706.03762",
            "https://example.org/math/0309136",
            "https://huggingface.co/spaces/1",
            "abcd/1234567",
            "https://doi.org/10.1000/1706.03762",
        ] {
            assert_eq!(arxiv(text), None, "{text}");
        }
    }

    #[test]
    fn an_old_identifier_has_no_subject_class() {
        for text in [
            "math/0309136",
            "math.GT/0309136",
            "math.GT/0309136v1",
            "math/0309136 [math.GT]",
            "arXiv:math/0309136 [math.GT]",
            "arXiv:math.GT/0309136",
            "https://arxiv.org/abs/math/0309136v1",
            "https://arxiv.org/pdf/math.GT/0309136v1.pdf",
            "arxiv.org/ps/math/0309136",
        ] {
            assert_eq!(arxiv(text).as_deref(), Some("math/0309136"), "{text}");
        }
        assert_eq!(arxiv("hep-th/9901001v2").as_deref(), Some("hep-th/9901001"));
    }

    #[test]
    fn a_long_text_takes_linear_time() {
        for part in [
            "arxiv:",
            "1706.03762 ",
            "/",
            "abs/",
            "%",
            "cs ",
            "v1",
            "?url=https://",
        ] {
            for start in ["", "https://arxiv.org/", "1706.03762"] {
                let _ = arxiv(&format!("{start}{}", part.repeat(200_000)));
            }
        }
    }

    proptest! {
        #[test]
        fn normalization_is_idempotent(text in r"(arXiv:|https://arxiv\.org/abs/)?([0-9]{4}\.[0-9]{4,5}|(hep-th|math\.GT)/[0-9]{7})(v[0-9])?\PC{0,8}") {
            if let Some(found) = arxiv(&text) {
                prop_assert_eq!(arxiv(&found), Some(found.clone()), "{}", text);
            }
        }
    }
}
