//! The fields in the front matter of a Markdown file that concern its text or its citations.

/// The fields of the front matter that are used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FrontMatter {
    pub(super) title: Option<String>,
    pub(super) abstract_text: Option<String>,
    /// The names of the files of references.
    pub(super) bibliographies: Vec<String>,
    /// Citations that the text does not have.
    pub(super) nocite: String,
}

/// Reads the fields `title`, `abstract`, `bibliography` and `nocite` of YAML or TOML.
///
/// A value stands on the line of its field, with or without quotes, or on the indented lines below
/// it, or below it as a list.
pub(super) fn read(text: &str) -> FrontMatter {
    let mut lines = text.lines().peekable();
    let mut found = FrontMatter::default();
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once([':', '=']) else {
            continue;
        };
        if name.starts_with([' ', '\t']) {
            continue;
        }
        let name = name.trim().to_lowercase();
        if !["title", "abstract", "bibliography", "nocite"].contains(&name.as_str()) {
            continue;
        }
        let mut value = value.trim();
        // `|` and `>-` announce a value on several lines.
        if value.starts_with(['|', '>']) {
            value = "";
        }
        let mut parts = vec![value.to_owned()];
        while let Some(line) =
            lines.next_if(|line| line.is_empty() || line.starts_with([' ', '\t', '-', ']']))
        {
            parts.push(line.trim().to_owned());
        }
        let joined = parts.join("\n");
        let text = Some(unquoted(joined.trim())).filter(|text| !text.is_empty());
        match name.as_str() {
            "title" => found.title = text,
            "abstract" => found.abstract_text = text,
            "bibliography" => found.bibliographies = items(&joined),
            _ => found.nocite = joined,
        }
    }
    found
}

/// Returns the items of a value: of a list in brackets, of one with an item on each line, or the value.
fn items(value: &str) -> Vec<String> {
    let lines = value
        .lines()
        .map(|line| line.split(" #").next().unwrap_or(line).trim());
    let joined = lines.collect::<Vec<_>>().join("\n");
    let separators: &[char] = if joined.starts_with('[') {
        &[',', '\n']
    } else {
        &['\n']
    };
    let inner = joined.trim_start_matches('[').trim_end_matches(']');
    let items = inner.split(separators).map(|item| {
        let item = item.trim();
        unquoted(item.strip_prefix("- ").unwrap_or(item).trim())
    });
    items.filter(|item| !item.is_empty()).collect()
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

    #[test]
    fn reads_the_files_of_references_in_every_form() {
        for (yaml, expected) in [
            ("bibliography: a.bib # mine\ncsl: x.csl\n", vec!["a.bib"]),
            (
                "bibliography: [a.bib, 'b c.bib']\n",
                vec!["a.bib", "b c.bib"],
            ),
            (
                "bibliography:\n  - a.bib\n  - \"b.bib\"\nlang: en\n",
                vec!["a.bib", "b.bib"],
            ),
            ("bibliography:\n- a.bib\n- b.bib\n", vec!["a.bib", "b.bib"]),
            ("format:\n  bibliography: a.bib\n", vec![]),
        ] {
            assert_eq!(read(yaml).bibliographies, expected, "{yaml}");
        }
        assert_eq!(read("nocite: |\n  @a, @b\n").nocite.trim(), "@a, @b");
    }
}
