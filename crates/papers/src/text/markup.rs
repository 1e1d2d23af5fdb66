//! Conversion of HTML, JATS and `MathML` in titles and abstracts to plain text.

use super::entities::reference;
use super::white_space::join_white_space;

/// Elements that separate words. Other elements, such as `<sub>`, may be within a word.
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

/// Further elements that count as markup. Anything else in angle brackets is text.
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

/// Removes known tags, decodes entities and reduces white space to single spaces.
pub(crate) fn plain(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return join_white_space(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut remaining = text;
    while let Some(at) = remaining.find(['<', '&']) {
        out.push_str(&remaining[..at]);
        remaining = &remaining[at..];
        if let Some((length, is_block)) = tag(remaining) {
            if is_block {
                out.push(' ');
            }
            remaining = &remaining[length..];
        } else if let Some((length, replacement)) = reference(remaining) {
            out.push_str(&replacement);
            remaining = &remaining[length..];
        } else {
            out.push_str(&remaining[..1]);
            remaining = &remaining[1..];
        }
    }
    out.push_str(remaining);
    join_white_space(&out)
}

/// Returns whether an element separates words.
pub(crate) fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

/// Returns the length of the known tag at the start of `text`, and whether it separates words.
fn tag(text: &str) -> Option<(usize, bool)> {
    let inside = text.strip_prefix('<')?;
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let end = inside
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == ':'))
        .unwrap_or(inside.len());
    let (name, after_name) = inside.split_at(end);
    let name = name.to_ascii_lowercase();
    let (namespace, local) = name.split_once(':').unwrap_or(("", &name));
    let is_block = is_block(local);
    if !(is_block || INLINE.contains(&local) || ["jats", "mml"].contains(&namespace)) {
        return None;
    }
    if !after_name.starts_with(['>', '/', ' ', '\t', '\n', '\r']) {
        return None;
    }
    // A tag is short: a distant bracket closes something else.
    let close = after_name
        .bytes()
        .take(1024)
        .position(|byte| byte == b'>')?;
    let length = text.len() - after_name.len() + close + 1;
    Some((length, is_block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_markup_and_keeps_the_words() {
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
