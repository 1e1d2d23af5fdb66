//! Conversion of HTML, JATS and `MathML` in titles and abstracts to plain text.

use super::entities::reference;
use super::white_space::join_white_space;

/// Elements that separate words. Other elements, such as `<sub>`, may be within a word.
const BLOCKS: [&str; 30] = [
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
    "dl",
    "dt",
    "dd",
    "label",
    "break",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "table",
    "tbody",
    "tr",
    "td",
    "th",
    "blockquote",
    "section",
    "disp-formula",
];

/// Further elements that count as markup. Anything else in angle brackets is text. Elements such as `q`
/// and `s` are not here, since formulas have such names in angle brackets.
const INLINE: [&str; 67] = [
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
    "big",
    "font",
    "strike",
    "del",
    "ins",
    "mark",
    "abbr",
    "center",
    "italic",
    "bold",
    "underline",
    "overline",
    "roman",
    "sans-serif",
    "monospace",
    "inf",
    "a",
    "img",
    "math",
    "mrow",
    "mi",
    "mn",
    "mo",
    "ms",
    "mtext",
    "mspace",
    "msub",
    "msup",
    "msubsup",
    "mfrac",
    "msqrt",
    "mroot",
    "mover",
    "munder",
    "munderover",
    "mstyle",
    "mtable",
    "mtr",
    "mtd",
    "mfenced",
    "mpadded",
    "mphantom",
    "menclose",
    "mmultiscripts",
    "mprescripts",
    "semantics",
    "annotation",
    "inline-formula",
    "tex-math",
    "alternatives",
    "named-content",
    "styled-content",
    "ext-link",
    "xref",
];

/// The maximum length in bytes of a tag or a comment: a distant bracket closes something else.
const MAX_TAG: usize = 1024;

/// Removes known tags, decodes entities and reduces white space to single spaces.
pub(crate) fn plain(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return join_white_space(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut remaining = text;
    let mut escaped = Vec::new();
    while let Some(at) = remaining.find(['<', '&']) {
        out.push_str(&remaining[..at]);
        remaining = &remaining[at..];
        if let Some(after) = after_escaped_tag(remaining, &mut escaped) {
            remaining = after;
        } else if let Some((length, is_block)) = tag(remaining) {
            if is_block {
                out.push(' ');
            }
            remaining = &remaining[length..];
        } else if let Some(length) = comment(remaining) {
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

/// Returns the text after an escaped tag such as `&lt;i&gt;`, which publishers write into titles. `open` has the names of
/// the tags that are open. A tag without its counterpart, or with attributes, is text.
fn after_escaped_tag<'t>(text: &'t str, open: &mut Vec<&'t str>) -> Option<&'t str> {
    const FONTS: [&str; 11] = [
        "i", "b", "u", "em", "strong", "sub", "sup", "scp", "italic", "bold", "tt",
    ];
    let inside = text.strip_prefix("&lt;")?;
    if let Some(inside) = inside.strip_prefix('/') {
        let name = *open.last()?;
        let after = inside.strip_prefix(name)?.strip_prefix("&gt;")?;
        open.pop();
        return Some(after);
    }
    let end = inside.bytes().take(8).position(|byte| byte == b'&')?;
    let (name, after) = inside.split_at(end);
    let after = after
        .strip_prefix("&gt;")
        .filter(|_| FONTS.contains(&name))?;
    let near = &after[..after.floor_char_boundary(MAX_TAG)];
    near.contains(&format!("&lt;/{name}&gt;")).then(|| {
        open.push(name);
        after
    })
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
    let attributes = attributes(after_name)?;
    let length = text.len() - after_name.len() + attributes;
    Some((length, is_block))
}

/// Returns the length of the attributes at the start of `text` with the bracket that closes the tag.
///
/// An attribute has a value: in `<p and q>` the words are no attributes, so that this is a formula.
fn attributes(text: &str) -> Option<usize> {
    let tag = &text[..text.floor_char_boundary(MAX_TAG)];
    let mut remaining = tag;
    loop {
        let trimmed = remaining.trim_ascii_start();
        let end = trimmed.strip_prefix('/').unwrap_or(trimmed);
        if let Some(after) = end.trim_ascii_start().strip_prefix('>') {
            return Some(tag.len() - after.len());
        }
        if trimmed.len() == tag.len() {
            return None;
        }
        let (name, value) = trimmed.split_once('=')?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
        let name = name.trim_ascii_end();
        if name.is_empty() || !name.chars().all(is_name) {
            return None;
        }
        let value = value.trim_ascii_start();
        let quote = value.chars().next()?;
        remaining = if matches!(quote, '"' | '\'') {
            value[1..].split_once(quote)?.1
        } else {
            let end = value.find(|c: char| c.is_ascii_whitespace() || c == '>')?;
            (end > 0).then(|| &value[end..])?
        };
    }
}

/// Returns the length of the comment at the start of `text`.
fn comment(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("<!--")?;
    let end = inside[..inside.floor_char_boundary(MAX_TAG)].find("-->")?;
    Some("<!--".len() + end + "-->".len())
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
            (
                "&lt;i&gt;E. &lt;b&gt;coli&lt;/b&gt;&lt;/i&gt; at p&lt;0.05",
                "E. coli at p<0.05",
            ),
            ("a&lt;i&gt;b, &lt;/b&gt; &lt;p&gt;", "a<i>b, </b> <p>"),
            ("x <i", "x <i"),
            ("List<p", "List<p"),
            (
                "for 1 <p and q> 2, a<b & c>d",
                "for 1 <p and q> 2, a<b & c>d",
            ),
            (
                "if a<b and c>d, <i, j>, <p=1>, <b/2>",
                "if a<b and c>d, <i, j>, <p=1>, <b/2>",
            ),
            ("⟨x⟩ or <q>, <a", "⟨x⟩ or <q>, <a"),
            ("<A HREF=x.html target = '_a>b'>link</A >", "link"),
            ("<p class=\"a\"lang=\"en\">One<p/>two", "One two"),
            (
                "<mml:math display=\"inline\"><mml:mi>x</mml:mi></mml:math>",
                "x",
            ),
            ("a<!-- note -->b", "ab"),
            ("<!-- open", "<!-- open"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
