//! Conversion of values in LaTeX.

use std::borrow::Cow;

use crate::text::{entities, latex, markup};

/// Returns a value as plain text, without LaTeX and without the HTML that some programs write within it.
pub(super) fn text(value: &str) -> String {
    let plain = latex::plain(value);
    if plain.contains(['<', '&']) {
        markup::plain(&plain)
    } else {
        plain
    }
}

/// Replaces the character references of HTML in a list whose items semicolons may separate.
pub(super) fn without_references(list: &str) -> Cow<'_, str> {
    if !list.contains('&') || !list.contains(';') {
        return Cow::Borrowed(list);
    }
    let mut out = String::with_capacity(list.len());
    let mut remaining = list;
    while let Some(at) = remaining.find('&') {
        out.push_str(&remaining[..at]);
        let special = &remaining[at..];
        let (length, text) = entities::reference(special).unwrap_or((1, "&".to_owned()));
        out.push_str(&text);
        remaining = &special[length..];
    }
    out.push_str(remaining);
    Cow::Owned(out)
}

/// Returns an address or an identifier without braces, escapes and commands around it.
pub(super) fn verbatim(value: &str) -> String {
    let value = command_argument(value).unwrap_or(value).trim();
    let mut out = String::with_capacity(value.len());
    let mut remaining = value;
    while let Some(at) = remaining.find(['\\', '{', '}', '$', '&']) {
        out.push_str(&remaining[..at]);
        let special = &remaining[at..];
        remaining = &special[1..];
        match &special[..1] {
            "\\" => {
                let letters = remaining
                    .find(|c: char| !c.is_ascii_alphabetic())
                    .unwrap_or(remaining.len());
                if letters == 0 {
                    // The escaped character is copied, unless it is special again.
                    let escaped = remaining
                        .chars()
                        .next()
                        .filter(|c| "&_%#$~^\\".contains(*c));
                    if let Some(c) = escaped {
                        out.push(c);
                        remaining = &remaining[c.len_utf8()..];
                    }
                    continue;
                }
                let (name, rest) = remaining.split_at(letters);
                out.push_str(character(name));
                remaining = rest.trim_start_matches(' ');
            }
            "$" => {
                // Mathematics such as `$<$`.
                let is_math = remaining.starts_with(['\\', '<', '>', '_', '^', '~'])
                    || out.ends_with(['<', '>', '_', '^', '~']);
                if !is_math {
                    out.push('$');
                }
            }
            "&" => match entities::reference(special) {
                Some((length, replacement)) if is_markup(&replacement) => {
                    out.push_str(&replacement);
                    remaining = &special[length..];
                }
                _ => out.push('&'),
            },
            _ => {}
        }
    }
    out.push_str(remaining);
    let out = out.trim();
    let inside = out
        .strip_prefix('<')
        .and_then(|inside| inside.strip_suffix('>'));
    inside.unwrap_or(out).to_owned()
}

/// Returns the first web address in a value: the argument of `\url` or `\href`, or what looks like one.
pub(super) fn address_in(value: &str) -> Option<String> {
    let address = match command_argument(value) {
        Some(argument) => verbatim(argument),
        None => verbatim(value),
    };
    let start = ["http://", "https://", "ftp://"]
        .iter()
        .filter_map(|scheme| address.find(scheme))
        .min()?;
    let address = &address[start..];
    let end = address.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'));
    let address = &address[..end.unwrap_or(address.len())];
    Some(address.trim_end_matches(['.', ',', ';', ')']).to_owned())
}

/// Returns the argument of the first command for addresses.
fn command_argument(value: &str) -> Option<&str> {
    let commands = ["\\url", "\\href", "\\nolinkurl", "\\path"];
    let after = commands.iter().find_map(|command| {
        let (_, after) = value.split_once(command)?;
        after.trim_start().strip_prefix('{')
    })?;
    let mut depth = 1_usize;
    let end = after.bytes().position(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    Some(&after[..end.unwrap_or(after.len())])
}

fn is_markup(text: &str) -> bool {
    ["&", "<", ">", "\"", "'"].contains(&text)
}

/// Returns the character of a command that occurs in addresses and identifiers.
fn character(name: &str) -> &'static str {
    match name {
        "textasciitilde" | "sim" | "tilde" => "~",
        "textasciicircum" => "^",
        "textless" | "lt" => "<",
        "textgreater" | "gt" => ">",
        "textunderscore" => "_",
        "textbar" => "|",
        "textendash" => "–",
        "slash" | "textslash" => "/",
        "lbrace" | "textbraceleft" => "{",
        "rbrace" | "textbraceright" => "}",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_loses_its_escapes() {
        for (value, expected) in [
            (
                r"\url{https://example.org/a\_b\%20{c}\#d}",
                "https://example.org/a_b%20c#d",
            ),
            (
                r"\href{https://example.org/\~{}me}{my page}",
                "https://example.org/~me",
            ),
            (
                r"https://example.org/{\textasciitilde}me/$\sim$you",
                "https://example.org/~me/~you",
            ),
            (
                r"10.1000/(SICI)12{\textless}3::AID$>$3.0.CO;2-9",
                "10.1000/(SICI)12<3::AID>3.0.CO;2-9",
            ),
            (
                "https://example.org/?a=1&amp;b=2&copy=3",
                "https://example.org/?a=1&b=2&copy=3",
            ),
            ("<https://example.org/$1>", "https://example.org/$1"),
            (r"a\", "a"),
            ("{é\\é", "éé"),
        ] {
            assert_eq!(verbatim(value), expected, "{value}");
        }
    }

    #[test]
    fn finds_an_address_in_a_note() {
        for (value, expected) in [
            (
                r"Available at \url{https://example.org/a_b?x=1%202}.",
                Some("https://example.org/a_b?x=1%202"),
            ),
            (
                "Online (https://example.org/x), 2019",
                Some("https://example.org/x"),
            ),
            ("In print", None),
            (r"\url{", None),
        ] {
            assert_eq!(address_in(value).as_deref(), expected, "{value}");
        }
    }
}
