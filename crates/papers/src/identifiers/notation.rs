//! The marks that people and programs put around an identifier.

use std::borrow::Cow;

/// Removes white space, quotes and brackets that enclose a text, and characters without a width. Of a link in
/// Markdown, the address remains.
pub(super) fn unwrapped(text: &str) -> Cow<'_, str> {
    let is_invisible = |c: char| {
        matches!(
            c,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}'
        )
    };
    let mut text = if text.contains(is_invisible) {
        Cow::Owned(text.replace(is_invisible, ""))
    } else {
        Cow::Borrowed(text)
    };
    if let Some(link) = text.trim().strip_prefix('[')
        && let Some((_, target)) = link.split_once("](")
        && let Some(target) = target.strip_suffix(')')
    {
        text = Cow::Owned(target.to_owned());
    }
    // The opening mark goes even if the closing one is not the last character: `<https://doi.org/10.1/x>.`
    let start = text.find(|c: char| !(c.is_whitespace() || "<([{\"'“‘«".contains(c)));
    let start = start.unwrap_or(text.len());
    let end = text.trim_end().len().max(start);
    if (start, end) != (0, text.len()) {
        text = Cow::Owned(text[start..end].to_owned());
    }
    text
}

/// Decodes `%2F` and the like. Sequences that are not UTF-8 stay as they are.
pub(super) fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        decoded.push(code.unwrap_or(byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    match String::from_utf8(decoded) {
        Ok(decoded) => Cow::Owned(decoded),
        Err(_) => Cow::Borrowed(text),
    }
}

/// Returns the host and what follows it in an address with a scheme, or in one that begins with a host.
pub(super) fn address(text: &str) -> Option<(&str, &str)> {
    let after_scheme = text.find("://").map(|at| &text[at + 3..]);
    // A scheme is short and before all else.
    let has_scheme = text
        .find("://")
        .is_some_and(|at| at <= 8 && text[..at].bytes().all(|byte| byte.is_ascii_alphabetic()));
    let (text, is_certain) = match after_scheme {
        Some(after) if has_scheme => (after, true),
        _ => (text.trim_start_matches('/'), false),
    };
    let end = text.find(['/', '?']).unwrap_or(text.len());
    let (host, path) = text.split_at(end);
    let is_host = host.contains('.')
        && host.contains(|c: char| c.is_ascii_alphabetic())
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:_@".contains(&byte));
    (is_host && (is_certain || path.starts_with('/'))).then_some((host, path))
}

/// Returns whether a host is `name`, a part of its domain, or the host of a proxy for it, such as
/// `doi-org.proxy.example.edu` or `doi.org.proxy.example.edu` for `doi.org`.
pub(super) fn is_host_of(host: &str, name: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let hyphenated = name.replace('.', "-");
    [name, hyphenated.as_str()].iter().any(|name| {
        let mut found = host.match_indices(name);
        found.any(|(at, _)| {
            let (before, after) = (&host[..at], &host[at + name.len()..]);
            (before.is_empty() || before.ends_with(['.', '-']))
                && (after.is_empty() || after.starts_with(['.', ':']))
        })
    })
}

/// Returns the address in the query of a proxy's page for logging in, decoded.
pub(super) fn proxied(path: &str) -> Option<Cow<'_, str>> {
    let (_, query) = path.split_once('?')?;
    ["qurl=", "url="].iter().find_map(|name| {
        let at = query.find(name)?;
        let is_name = at == 0 || query[..at].ends_with('&');
        let value = percent_decoded(&query[at + name.len()..]);
        (is_name && value.contains("://")).then_some(value)
    })
}

/// Returns the remaining text if `text` begins with `prefix` in any ASCII case.
pub(super) fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let start = text.get(..prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}
