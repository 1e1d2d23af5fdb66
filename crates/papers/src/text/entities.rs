//! Decoding of character references in HTML and XML.

use pulldown_cmark::{Event, Parser};

/// The maximum length of an entity name: `CounterClockwiseContourIntegral`.
const MAX_NAME: usize = 31;

/// Returns the length of the reference at the start of `text`, such as `&amp;`, and the text that
/// it stands for.
pub(crate) fn reference(text: &str) -> Option<(usize, String)> {
    let inside = text.strip_prefix('&')?;
    let mut bytes = inside.bytes().take(MAX_NAME + 1);
    let end = bytes.position(|byte| byte == b';')?;
    Some((end + 2, entity(&inside[..end])?))
}

/// Returns the text of an HTML5 entity, such as `amp`, or of a character number, such as `#228` or
/// `#xe4`.
pub(crate) fn entity(name: &str) -> Option<String> {
    match name.strip_prefix('#') {
        Some(number) => character(number).map(String::from),
        None => named(name),
    }
}

fn character(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(number) => u32::from_str_radix(number, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?)
}

/// Looks a name up in the table of the Markdown parser, since `CommonMark` has the entities of
/// HTML5.
///
/// The table of quick-xml 0.42 is of no use: it has wrong characters for the names of most letters
/// that are not in Latin-1, such as `;` for `&alpha;`.
fn named(name: &str) -> Option<String> {
    let common = match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            return None;
        }
        _ => "",
    };
    if !common.is_empty() {
        return Some(common.to_owned());
    }
    let source = format!("&{name};");
    let mut text = String::new();
    for event in Parser::new(&source) {
        if let Event::Text(part) = event {
            text.push_str(&part);
        }
    }
    // The parser leaves an unknown entity as it is.
    (text != source).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::markup::plain;

    #[test]
    fn decodes_every_html5_entity_that_ends_with_a_semicolon() {
        for (name, expected) in [
            ("amp", "&"),
            ("lt", "<"),
            ("gt", ">"),
            ("quot", "\""),
            ("apos", "'"),
            ("ndash", "–"),
            ("hellip", "…"),
            ("lsquo", "‘"),
            ("times", "×"),
            ("deg", "°"),
            ("le", "≤"),
            ("ge", "≥"),
            ("ne", "≠"),
            ("alpha", "α"),
            ("mu", "μ"),
            ("micro", "µ"),
            ("Omega", "Ω"),
            ("infin", "∞"),
            ("rarr", "→"),
            ("sum", "∑"),
            ("Eacute", "É"),
            ("eacute", "é"),
            ("Aring", "Å"),
            ("ccedil", "ç"),
            ("oelig", "œ"),
            ("Scaron", "Š"),
            ("zcaron", "ž"),
            ("Lstrok", "Ł"),
            ("szlig", "ß"),
            ("thorn", "þ"),
            ("reg", "®"),
            ("trade", "™"),
            ("euro", "€"),
            ("dagger", "†"),
            ("bne", "=\u{20e5}"),
            ("CounterClockwiseContourIntegral", "∳"),
        ] {
            assert_eq!(
                reference(&format!("&{name};y")).unwrap(),
                (name.len() + 2, expected.to_owned())
            );
            assert_eq!(plain(&format!("x&{name} y")), format!("x&{name} y"));
        }
        assert_eq!(plain("a&nbsp;b&thinsp;c"), "a b c");
    }

    #[test]
    fn other_ampersands_are_text() {
        for text in [
            "AT&T",
            "AT&T; R&D",
            "&unknown;",
            "&",
            "&;",
            "a && b",
            "&#;",
            "&#xd800;",
            "&#1114112;",
            "&CounterClockwiseContourIntegralX;",
            "Smith & Jones; others",
        ] {
            assert_eq!(plain(text), text);
        }
    }
}
