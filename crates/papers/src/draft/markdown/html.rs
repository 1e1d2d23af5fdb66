//! Blocks of HTML in Markdown.

/// The elements whose text is code.
const CODE: [&str; 5] = ["pre", "code", "script", "style", "textarea"];

/// Returns the text of a block after the comment that it begins with, or `None` if it begins with something
/// else.
pub(super) fn text_after_comment(html: &str) -> Option<String> {
    let comment = html.trim_start().strip_prefix("<!--")?;
    let end = comment.find("-->").map_or(comment.len(), |end| end + 3);
    Some(text(&comment[end..]))
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
        let after = text_after_comment("<!-- a\n b --> c <b>d</b>\n").unwrap();
        assert_eq!(after.split_whitespace().collect::<Vec<_>>(), ["c", "d"]);
        assert_eq!(text_after_comment("<!-- a").as_deref(), Some(""));
        assert_eq!(text_after_comment("<p>a"), None);
    }
}
