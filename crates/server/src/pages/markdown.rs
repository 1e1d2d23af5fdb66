//! The Markdown of descriptions as HTML: paragraphs, lists, code, emphasis and links.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::html::Html;

/// Renders a text in Markdown. Of headings, tables, images and HTML only the text remains.
pub(super) fn markdown(text: &str) -> Html {
    let mut html = Html::default();
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                html.push(Html::start("a", &[("href", &dest_url)]));
            }
            Event::Start(tag) => {
                if let Some(name) = element(tag.to_end()) {
                    html.push(Html::start(name, &[]));
                }
            }
            Event::End(tag) => {
                if let Some(name) = element(tag) {
                    html.end(name);
                }
            }
            Event::Code(code) => html.push(Html::new("code", &*code)),
            Event::SoftBreak | Event::HardBreak => html.push("\n"),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => html.push(&*text),
            _ => {}
        }
    }
    html
}

/// Returns the element of HTML for an element of Markdown.
fn element(tag: TagEnd) -> Option<&'static str> {
    Some(match tag {
        TagEnd::Paragraph => "p",
        TagEnd::List(true) => "ol",
        TagEnd::List(false) => "ul",
        TagEnd::Item => "li",
        TagEnd::Emphasis => "em",
        TagEnd::Strong => "strong",
        TagEnd::CodeBlock => "pre",
        TagEnd::Link => "a",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_what_descriptions_use_and_escapes_the_rest() {
        let rendered = |text| markdown(text).into_string();
        assert_eq!(
            rendered("one `a<b`\ntwo"),
            "<p>one <code>a&lt;b</code>\ntwo</p>"
        );
        assert_eq!(
            rendered("- *x*\n- [y](/docs?a=\"1\")"),
            "<ul><li><em>x</em></li><li><a href=\"/docs?a=&quot;1&quot;\">y</a></li></ul>"
        );
        assert_eq!(
            rendered("a <script>b</script>"),
            "<p>a &lt;script&gt;b&lt;/script&gt;</p>"
        );
    }
}
