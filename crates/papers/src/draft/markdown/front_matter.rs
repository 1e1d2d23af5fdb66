//! The title and the abstract in the front matter of a Markdown file.

/// The fields of the front matter that are used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FrontMatter {
    pub(super) title: Option<String>,
    pub(super) abstract_text: Option<String>,
}

/// Reads the fields `title` and `abstract` of YAML or TOML.
///
/// A value stands on the line of its field, with or without quotes, or on the indented lines below
/// it.
pub(super) fn read(text: &str) -> FrontMatter {
    let mut lines = text.lines().peekable();
    let mut found = FrontMatter::default();
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once([':', '=']) else {
            continue;
        };
        let field = match name.trim().to_lowercase().as_str() {
            "title" if !name.starts_with(' ') => &mut found.title,
            "abstract" if !name.starts_with(' ') => &mut found.abstract_text,
            _ => continue,
        };
        let mut value = value.trim();
        // `|` and `>-` announce a value on several lines.
        if value.starts_with(['|', '>']) {
            value = "";
        }
        let mut parts = vec![value.to_owned()];
        while let Some(line) =
            lines.next_if(|line| line.is_empty() || line.starts_with([' ', '\t']))
        {
            parts.push(line.trim().to_owned());
        }
        let joined = parts.join("\n");
        *field = Some(unquoted(joined.trim())).filter(|text| !text.is_empty());
    }
    found
}

fn unquoted(text: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = text
            .strip_prefix(quote)
            .and_then(|text| text.strip_suffix(quote))
        {
            let escaped = if quote == '"' { "\\\"" } else { "''" };
            return inner.replace(escaped, &quote.to_string());
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_quoted_and_multiline_values() {
        let yaml = "author: X\ntitle: \"On \\\"trees\\\": a view\"\nabstract: |\n  Trees grow.\n\n  They do.\ndate: 1\n";
        let found = read(yaml);
        assert_eq!(found.title.as_deref(), Some("On \"trees\": a view"));
        assert_eq!(
            found.abstract_text.as_deref(),
            Some("Trees grow.\n\nThey do.")
        );
        let found = read("title = 'On trees'\n[extra]\n title = no\n");
        assert_eq!(found.title.as_deref(), Some("On trees"));
        assert_eq!(read("title:\n"), FrontMatter::default());
    }
}
