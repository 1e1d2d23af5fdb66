//! HTML, JATS and `MathML` as they stand in titles and abstracts, made plain text.

use crate::text::latex::join_white_space;

/// Elements that end a word; those that may stand inside one, as `<sub>`, do not.
const BLOCKS: [&str; 11] = [
    "p",
    "br",
    "div",
    "sec",
    "title",
    "list",
    "list-item",
    "li",
    "ul",
    "ol",
    "label",
];

/// Elements that are known for markup: anything else in angle brackets is text.
const INLINE: [&str; 24] = [
    "i",
    "b",
    "u",
    "em",
    "strong",
    "sub",
    "sup",
    "span",
    "tt",
    "sc",
    "scp",
    "code",
    "small",
    "italic",
    "bold",
    "inf",
    "a",
    "math",
    "mrow",
    "mi",
    "mn",
    "mo",
    "inline-formula",
    "tex-math",
];

/// `text` without known tags, its entities decoded, white space single.
pub(crate) fn plain(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return join_white_space(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((length, block)) = tag(rest) {
            if block {
                out.push(' ');
            }
            rest = &rest[length..];
        } else if let Some((length, c)) = reference(rest) {
            out.push(c);
            rest = &rest[length..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    join_white_space(&out)
}

/// Whether an element ends a word.
pub(crate) fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

/// The length of the known tag at the start of `text`, and whether it ends a word.
fn tag(text: &str) -> Option<(usize, bool)> {
    let inside = text.strip_prefix('<')?;
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let end = inside
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == ':'))
        .unwrap_or(inside.len());
    let (name, behind) = inside.split_at(end);
    let name = name.to_ascii_lowercase();
    let (space, local) = name.split_once(':').unwrap_or(("", &name));
    let is_block = is_block(local);
    if !(is_block || INLINE.contains(&local) || ["jats", "mml"].contains(&space)) {
        return None;
    }
    if !behind.starts_with(['>', '/', ' ', '\t', '\n', '\r']) {
        return None;
    }
    // A tag is short: a bracket far away closes something else.
    let close = behind.bytes().take(1024).position(|byte| byte == b'>')?;
    let length = text.len() - behind.len() + close + 1;
    Some((length, is_block))
}

/// The length of the character reference at the start of `text`, and its character.
fn reference(text: &str) -> Option<(usize, char)> {
    let inside = text.strip_prefix('&')?;
    let end = inside.bytes().take(12).position(|byte| byte == b';')?;
    Some((end + 2, entity(&inside[..end])?))
}

/// The character of an entity, `amp` or `#228` and the like.
pub(crate) fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(number) => u32::from_str_radix(number, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "hellip" => '…',
        "times" => '×',
        "middot" => '·',
        "deg" => '°',
        "plusmn" => '±',
        "le" => '≤',
        "ge" => '≥',
        "alpha" => 'α',
        "beta" => 'β',
        "gamma" => 'γ',
        "delta" => 'δ',
        "mu" | "micro" => 'µ',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "aacute" => 'á',
        "iacute" => 'í',
        "oacute" => 'ó',
        "uacute" => 'ú',
        "ntilde" => 'ñ',
        "ccedil" => 'ç',
        "oslash" => 'ø',
        "aring" => 'å',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_the_words_of_a_text_with_markup() {
        for (text, expected) in [
            ("H<sub>2</sub>O in <i>E. coli</i>", "H2O in E. coli"),
            ("<jats:p>One.</jats:p><jats:p>Two.</jats:p>", "One. Two."),
            ("A<br/>B <span class=\"nocase\">C</span>", "A B C"),
            ("R&amp;D, caf&eacute;, &#228;&#xe4;", "R&D, café, ää"),
            (
                "a < b and b > c & d; &unknown; <T>",
                "a < b and b > c & d; &unknown; <T>",
            ),
            ("x <i", "x <i"),
            ("List<p", "List<p"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
