//! Files that a draft of Quarto or R Markdown consists of.

use std::borrow::Cow;

use super::front_matter;
use crate::Result;
use crate::draft::files::Files;
use crate::draft::window::window;

/// The maximum length in bytes of attributes and shortcodes.
const MAX_ATTRIBUTES: usize = 1_000;

/// The files of a project that may name the references of its documents.
const PROJECT: [&str; 4] = [
    "_quarto.yml",
    "_quarto.yaml",
    "_metadata.yml",
    "_bookdown.yml",
];

/// Replaces `{{< include part.qmd >}}` and chunks with the option `child` by the files.
pub(super) fn expand<'t>(text: &'t str, files: &mut Files) -> Result<Cow<'t, str>> {
    let may_include = text.contains("{{< include") || text.contains("child");
    if !may_include || !files.is_on_disk() {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut fence: Option<&str> = None;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let trimmed = line.trim();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => {
                fence = Some(mark);
                for name in children(trimmed) {
                    include(&name, index + 1, &mut out, files)?;
                }
            }
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => {
                if let Some(name) = included_name(trimmed) {
                    include(name, index + 1, &mut out, files)?;
                    continue;
                }
            }
            _ => {}
        }
        out.push_str(line);
    }
    Ok(Cow::Owned(out))
}

fn include(name: &str, line: usize, out: &mut String, files: &mut Files) -> Result<()> {
    // A name with a slash before it names a file in the folder of the project.
    let name = name.trim_start_matches('/');
    let Some(path) = files.find_beside(name, &[]) else {
        files.note_missing(name, line);
        return Ok(());
    };
    let text = files.open(&path, name, line)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let expanded = expand(without_front_matter(text), files)?;
    files.close();
    out.push('\n');
    out.push_str(&expanded);
    out.push('\n');
    Ok(())
}

/// Returns the name in `{{< include name >}}`.
fn included_name(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("{{<")?.strip_suffix(">}}")?;
    let name = inner.trim().strip_prefix("include")?;
    name.starts_with([' ', '\t'])
        .then_some(name.trim().trim_matches(['"', '\'']))
}

/// Returns the names in the option `child` of a chunk: `{r child="a.Rmd"}` or `child=c("a.Rmd", "b.Rmd")`.
fn children(fence: &str) -> Vec<String> {
    let options = fence.trim_start_matches(['`', '~']);
    let Some(at) = options.find("child").filter(|_| options.starts_with('{')) else {
        return Vec::new();
    };
    let value = options[at + "child".len()..].trim_start();
    let Some(value) = value.strip_prefix('=').map(str::trim_start) else {
        return Vec::new();
    };
    let end = if value.starts_with("c(") {
        value.find(')')
    } else {
        value.find([',', '}'])
    };
    let value = &value[..end.unwrap_or(value.len())];
    let quoted = value.split(['"', '\'']).skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

/// Returns a file without the front matter, which concerns the file alone.
fn without_front_matter(text: &str) -> &str {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    if first.trim_end() != "---" {
        return text;
    }
    let mut end = first.len();
    for line in lines {
        end += line.len();
        if matches!(line.trim_end(), "---" | "...") {
            return &text[end..];
        }
    }
    text
}

/// Returns the names of the files of references of the project that the draft belongs to.
pub(super) fn project_bibliographies(files: &mut Files) -> Vec<String> {
    let root = [files.root().to_owned()];
    for name in PROJECT {
        let Some(path) = files.find(&root, name, &[]) else {
            continue;
        };
        // A file of the project that cannot be read tells nothing.
        if let Ok(text) = files.open(&path, name, 1) {
            files.close();
            let found = front_matter::read(&text).bibliographies;
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

/// Returns a paragraph without shortcodes such as `{{< pagebreak >}}` and attributes such as `{#fig-one}`.
pub(super) fn without_attributes(paragraph: String) -> String {
    const ENDS: [(&str, &str); 3] = [("{{<", ">}}"), ("{#", "}"), ("{.", "}")];
    if !paragraph.contains('{') {
        return paragraph;
    }
    let mut out = String::with_capacity(paragraph.len());
    let mut remaining = paragraph.as_str();
    while let Some(start) = remaining.find('{') {
        out.push_str(&remaining[..start]);
        remaining = &remaining[start..];
        let mark = ENDS.iter().find(|(open, _)| remaining.starts_with(open));
        let end = mark.and_then(|(_, close)| {
            let end = window(remaining, MAX_ATTRIBUTES).find(close)?;
            Some(end + close.len())
        });
        if end.is_none() {
            out.push('{');
        }
        remaining = &remaining[end.unwrap_or(1)..];
    }
    out.push_str(remaining);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_removed_and_other_braces_kept() {
        let text = "a {{< pagebreak >}} b {#fig-a .b} c {x} \\cite{y} {#z";
        assert_eq!(
            without_attributes(text.to_owned()),
            "a  b  c {x} \\cite{y} {#z"
        );
    }

    #[test]
    fn a_chunk_names_its_children() {
        assert_eq!(
            children("```{r, child=c('a.Rmd', \"b.Rmd\"), eval=TRUE}"),
            ["a.Rmd", "b.Rmd"]
        );
        assert_eq!(children("```{r child = 'a.Rmd'}"), ["a.Rmd"]);
        assert_eq!(children("```{r children='a'}"), [""; 0]);
        assert_eq!(
            included_name("{{< include \"a b.qmd\" >}}"),
            Some("a b.qmd")
        );
        assert_eq!(included_name("{{< included a >}}"), None);
    }
}
