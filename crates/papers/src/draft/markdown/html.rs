//! Blocks of HTML in Markdown.

/// The elements whose text is code.
const CODE: [&str; 5] = ["pre", "code", "script", "style", "textarea"];

/// Returns the text after a block that is one comment, on the line of its end, or `None` if the block is
/// something else.
pub(super) fn text_after_comment(html: &str) -> Option<&str> {
    let comment = html.trim_start().strip_prefix("<!--")?;
    let end = comment.find("-->").map_or(comment.len(), |end| end + 3);
    let text = &comment[end..];
    (!text.contains('<')).then_some(text)
}

/// Returns the text of a block without tags, comments and code.
pub(super) fn text(html: &str) -> String {
    let mut out = String::new();
    let mut remaining = html;
    while let Some(open) = remaining.find('<') {
        out.push_str(&remaining[..open]);
        out.push(' ');
        let tag = &remaining[open + 1..];
        let name = tag
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let mark = if tag.starts_with("!--") {
            "-->".to_owned()
        } else if CODE.contains(&name.as_str()) {
            format!("</{name}")
        } else {
            ">".to_owned()
        };
        remaining = match tag.find(&mark) {
            Some(end) => &tag[end + mark.len()..],
            None => "",
        };
    }
    out.push_str(remaining);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_text_besides_comments_tags_and_code() {
        let block = "<div class=x>\nSeen <!-- hid\nden --><code>let</code> here\n</div>\n";
        let words: Vec<String> = text(block).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words, ["Seen", ">", "here"]);
        assert_eq!(text_after_comment("<!-- a\n b --> c\n"), Some(" c\n"));
        assert_eq!(text_after_comment("<!-- a"), Some(""));
        assert_eq!(text_after_comment("<p>a"), None);
    }
}
