//! Text as LaTeX.

/// Escapes the characters that are special in LaTeX. Braces become commands, because BibTeX counts
/// the brace of `\{` as well. Empty braces separate characters that LaTeX would convert to a dash or to
/// quotation marks.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    let mut previous = ' ';
    for c in text.chars() {
        if c == previous && matches!(c, '-' | '\'' | '`' | ',' | '<' | '>') {
            escaped.push_str("{}");
        }
        previous = c;
        match c {
            '&' | '%' | '$' | '#' | '_' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '\\' => escaped.push_str(r"\textbackslash{}"),
            '{' => escaped.push_str(r"\textbraceleft{}"),
            '}' => escaped.push_str(r"\textbraceright{}"),
            '~' => escaped.push_str(r"\textasciitilde{}"),
            '^' => escaped.push_str(r"\textasciicircum{}"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Returns pages with two hyphens, which LaTeX prints as a dash, for each hyphen or dash.
pub(super) fn pages(text: &str) -> String {
    let mut ranges = text.split(['-', '–']).filter(|part| !part.is_empty());
    let mut pages = escape(ranges.next().unwrap_or_default());
    for part in ranges {
        pages.push_str("--");
        pages.push_str(&escape(part));
    }
    pages
}

/// Percent-encodes the characters that would end the field or the address. Bibliography styles
/// print addresses and identifiers without interpreting LaTeX, so other characters need no escape.
pub(super) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '{' => encoded.push_str("%7B"),
            '}' => encoded.push_str("%7D"),
            '\\' => encoded.push_str("%5C"),
            ' ' => encoded.push_str("%20"),
            c => encoded.push(c),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_special_characters() {
        assert_eq!(
            escape(r"& % $ # _ { } ~ ^ \ é"),
            r"\& \% \$ \# \_ \textbraceleft{} \textbraceright{} \textasciitilde{} \textasciicircum{} \textbackslash{} é"
        );
        assert_eq!(escape("a--b ---''``"), "a-{}-b -{}-{}-'{}'`{}`");
        assert_eq!(
            crate::text::latex::plain(&escape("a--b ---''`` ,,")),
            "a--b ---''`` ,,"
        );
    }

    #[test]
    fn ranges_of_pages_have_a_dash() {
        for (text, expected) in [
            ("12-34", "12--34"),
            ("12–34, 56", "12--34, 56"),
            ("12--34", "12--34"),
            ("e1_2", r"e1\_2"),
        ] {
            assert_eq!(pages(text), expected, "{text}");
        }
    }
}
