//! HTML as a value: whatever is not made of elements is escaped.

use std::fmt::Write as _;

use quick_xml::escape::escape;

/// A piece of HTML.
#[derive(Clone, Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Creates an element without attributes.
    pub(super) fn new(name: &str, content: impl Into<Self>) -> Self {
        Self::with(name, &[], content)
    }

    /// Creates an element with attributes.
    pub(super) fn with(name: &str, attributes: &[(&str, &str)], content: impl Into<Self>) -> Self {
        let mut html = Self::start(name, attributes);
        html.0.push_str(&content.into().0);
        html.end(name);
        html
    }

    /// Creates an element that has no content, such as `meta`.
    pub(super) fn empty(name: &str, attributes: &[(&str, &str)]) -> Self {
        Self::start(name, attributes)
    }

    /// Adds the end of an element.
    pub(super) fn end(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// Adds a piece, or a text.
    pub(super) fn push(&mut self, piece: impl Into<Self>) {
        self.0.push_str(&piece.into().0);
    }

    /// Creates the start of an element.
    pub(super) fn start(name: &str, attributes: &[(&str, &str)]) -> Self {
        let mut html = format!("<{name}");
        for (name, value) in attributes {
            // Writing to a string cannot fail.
            let _ = write!(html, " {name}=\"{}\"", escape(*value));
        }
        html.push('>');
        Self(html)
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

impl From<&str> for Html {
    fn from(text: &str) -> Self {
        Self(escape(text).into_owned())
    }
}

impl From<String> for Html {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl<const N: usize> From<[Self; N]> for Html {
    fn from(pieces: [Self; N]) -> Self {
        pieces.into_iter().collect()
    }
}

impl FromIterator<Self> for Html {
    fn from_iter<I: IntoIterator<Item = Self>>(pieces: I) -> Self {
        let mut html = Self::default();
        pieces.into_iter().for_each(|piece| html.push(piece));
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_attributes_are_escaped() {
        let link = Html::with("a", &[("href", "\"><script>")], "<b> & c");
        assert_eq!(
            link.into_string(),
            "<a href=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt; &amp; c</a>"
        );
    }
}
