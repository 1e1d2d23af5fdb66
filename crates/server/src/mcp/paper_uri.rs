//! The addresses of resources, such as `cognate://paper/10.1000%2Fxyz?library=physics`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::problem::{Kind, Problem};

/// What an address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A paper, by its id.
    Paper(String),
    /// The library.
    Library,
}

const SCHEME: &str = "cognate://";

/// What is encoded in an address: all but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Returns a percent-encoded id.
pub(super) fn encoded(id: &str) -> String {
    utf8_percent_encode(id, ENCODED).to_string()
}

/// Returns the address of a library, or of the first one if the name is `None`.
pub(super) fn of_library(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{SCHEME}library?library={}", encoded(name)),
        None => format!("{SCHEME}library"),
    }
}

/// Returns the name of the library in an address, if any, and what the address names.
///
/// # Errors
///
/// Returns a problem if no resource has the address.
pub(super) fn parse(uri: &str) -> Result<(Option<String>, Target), Problem> {
    let unknown = || {
        let detail = format!(
            "there is no resource `{uri}`, expected `cognate://library` or `cognate://paper/` and a \
             percent-encoded id"
        );
        Problem::new(Kind::UnknownRoute, detail)
    };
    let rest = uri.strip_prefix(SCHEME).ok_or_else(unknown)?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut library = None;
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let name = parameter.strip_prefix("library=").ok_or_else(unknown)?;
        library = Some(decoded(name).ok_or_else(unknown)?);
    }
    let target = match path.split_once('/') {
        Some(("paper", id)) if !id.is_empty() => Target::Paper(decoded(id).ok_or_else(unknown)?),
        None if path == "library" => Target::Library,
        _ => return Err(unknown()),
    };
    Ok((library, target))
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_decoded_and_may_have_slashes() {
        let paper = |id: &str| Target::Paper(id.to_owned());
        let parsed = |uri: &str| parse(uri).ok();
        assert_eq!(
            parsed("cognate://paper/10.1000%2Fx%20y?library=my%20papers"),
            Some((Some("my papers".to_owned()), paper("10.1000/x y")))
        );
        assert_eq!(parsed("cognate://paper/a/b"), Some((None, paper("a/b"))));
        assert_eq!(parsed("cognate://library"), Some((None, Target::Library)));
        let library = of_library(Some("a&b"));
        assert_eq!(
            parsed(&library),
            Some((Some("a&b".to_owned()), Target::Library))
        );
        for wrong in [
            "cognate://paper/",
            "cognate://paper",
            "cognate://papers/a",
            "file:///etc/passwd",
            "cognate://paper/a?lib=b",
            "cognate://paper/%ff",
            "",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
