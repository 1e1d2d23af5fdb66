//! Prose and citations of a draft in Org mode.

mod inline;

use self::inline::Inline;
use super::files::Files;
use super::format_spec::{self, FormatSpec};
use super::parts::Parts;
use super::references_heading::is_references_heading;
use super::shield::unshield;
use super::tidy::tidy;
use super::{latex, mentions};
use crate::Result;

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "org",
    extensions: &["org"],
    reader: format_spec::Reader::Text(parse),
};

/// The blocks whose content is text. The content of all other blocks is code or hidden.
const TEXT_BLOCKS: [&str; 5] = ["quote", "verse", "center", "abstract", "note"];

/// The keywords whose value is text that may cite.
const TEXT_KEYWORDS: [&str; 4] = ["caption", "subtitle", "latex", "html"];

/// Splits a draft, with the files that it includes, into its parts.
fn parse(text: &str, files: &mut Files) -> Result<Parts> {
    let mut reader = Reader {
        files,
        parts: Parts::default(),
        abstract_text: Vec::new(),
        section: Section::Prose,
        paragraph: String::new(),
        block: None,
        in_abstract: false,
        hidden_level: None,
        in_drawer: false,
    };
    reader.file(text)?;
    reader.end_paragraph();
    let mut parts = reader.parts;
    if !reader.abstract_text.is_empty() {
        parts.abstract_text = Some(reader.abstract_text.join("\n\n"));
    }
    Ok(parts)
}

/// The section that the last heading began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Prose,
    Abstract,
    /// The list of references, up to the next heading of this or a higher level.
    References(usize),
}

struct Reader<'f> {
    files: &'f mut Files,
    parts: Parts,
    abstract_text: Vec<String>,
    section: Section,
    paragraph: String,
    /// The name of the block of code that is being skipped.
    block: Option<String>,
    in_abstract: bool,
    /// The level of the heading whose section is not part of the document.
    hidden_level: Option<usize>,
    in_drawer: bool,
}

impl Reader<'_> {
    fn file(&mut self, text: &str) -> Result<()> {
        for (index, line) in text.lines().enumerate() {
            self.line(line, index + 1)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &str, number: usize) -> Result<()> {
        let trimmed = line.trim();
        if let Some(name) = &self.block {
            if directive(trimmed, "end_").is_some_and(|(end, _)| end == *name) {
                self.block = None;
            }
            return Ok(());
        }
        if let Some((level, heading)) = heading(line) {
            self.end_paragraph();
            self.in_drawer = false;
            self.heading(level, heading);
            return Ok(());
        }
        if self.hidden_level.is_some() {
            return Ok(());
        }
        if self.in_drawer {
            self.in_drawer = !trimmed.eq_ignore_ascii_case(":end:");
            return Ok(());
        }
        if let Some((name, _)) = directive(trimmed, "begin_") {
            self.end_paragraph();
            self.in_abstract |= name == "abstract";
            self.block = Some(name).filter(|name| !TEXT_BLOCKS.contains(&name.as_str()));
            return Ok(());
        }
        if let Some((name, _)) = directive(trimmed, "end_") {
            self.end_paragraph();
            self.in_abstract &= name != "abstract";
            return Ok(());
        }
        if let Some((name, value)) = directive(trimmed, "") {
            self.end_paragraph();
            return self.keyword(&name, value, number);
        }
        if trimmed.is_empty() || is_hidden(trimmed) {
            self.end_paragraph();
        } else if is_drawer(trimmed) {
            self.end_paragraph();
            self.in_drawer = true;
        } else if trimmed.starts_with('|') {
            self.end_paragraph();
            self.aside(trimmed);
        } else {
            let item = item(trimmed);
            if item.is_some() {
                self.end_paragraph();
            }
            self.paragraph.push_str(item.unwrap_or(trimmed));
            self.paragraph.push('\n');
        }
        Ok(())
    }

    /// Reads a line such as `#+TITLE: On moss`.
    fn keyword(&mut self, name: &str, value: &str, line: usize) -> Result<()> {
        match name {
            "title" => {
                let text = Inline::read(value, &mut self.parts.citations).text;
                let title = tidy(&unshield(text));
                self.parts.title.get_or_insert(title);
            }
            "bibliography" => self.bibliography(value, line),
            "include" => return self.include(value, line),
            "latex_header" | "latex_header_extra" => {
                for command in ["\\addbibresource{", "\\bibliography{"] {
                    if let Some((_, names)) = value.split_once(command) {
                        let names = names.split('}').next().unwrap_or_default();
                        self.names(names.split(','), line);
                    }
                }
            }
            "latex" if value.contains("\\bibliography{") => {
                let names = value.split("\\bibliography{").nth(1).unwrap_or_default();
                let names = names.split('}').next().unwrap_or_default();
                self.names(names.split(','), line);
            }
            _ if TEXT_KEYWORDS.contains(&name) => self.aside(value),
            _ => {}
        }
        Ok(())
    }

    /// Reads the files in `#+BIBLIOGRAPHY: "refs.bib" option:value`.
    fn bibliography(&mut self, value: &str, line: usize) {
        let value = value.trim();
        let name = match value.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default(),
            None => value.split(" :").next().unwrap_or_default(),
        };
        // `#+BIBLIOGRAPHY: refs plain` names a style too.
        if self.files.is_on_disk() && name.contains(' ') && name.strip_suffix(".bib").is_none() {
            self.names(name.split(' ').take(1), line);
        } else {
            self.names([name].into_iter(), line);
        }
    }

    fn names<'n>(&mut self, names: impl Iterator<Item = &'n str>, line: usize) {
        for name in names {
            self.files.add_bibliography_beside(name, line);
        }
    }

    /// Reads `#+INCLUDE: "part.org" :lines "1-10"`. A file that is included as code is not read.
    fn include(&mut self, value: &str, line: usize) -> Result<()> {
        let value = value.trim();
        let (name, options) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => value.split_once(' ').unwrap_or((value, "")),
        };
        let first = options.split_whitespace().next().unwrap_or_default();
        let is_code = ["src", "example", "export"].contains(&first.to_lowercase().as_str());
        let name = name.split("::").next().unwrap_or_default();
        if is_code || !self.files.is_on_disk() {
            return Ok(());
        }
        let Some(path) = self.files.find_beside(name, &[]) else {
            self.files.note_missing(name, line);
            return Ok(());
        };
        let text = self.files.open(&path, name, line)?;
        self.file(text.strip_prefix('\u{feff}').unwrap_or(&text))?;
        self.end_paragraph();
        self.block = None;
        self.files.close();
        Ok(())
    }

    fn heading(&mut self, level: usize, heading: &str) {
        if self.hidden_level.is_some_and(|hidden| level > hidden) {
            return;
        }
        let (heading, tags) = split_tags(heading);
        let first = heading.split_whitespace().next().unwrap_or_default();
        let is_hidden = first == "COMMENT" || tags.contains(":noexport:");
        self.hidden_level = is_hidden.then_some(level);
        if is_hidden {
            return;
        }
        let text = Inline::read(heading, &mut self.parts.citations).text;
        let text = tidy(&unshield(text));
        if is_references_heading(&text) {
            self.section = Section::References(level);
        } else if text.eq_ignore_ascii_case("abstract") {
            self.section = Section::Abstract;
        } else if !matches!(self.section, Section::References(above) if level > above) {
            self.section = Section::Prose;
        }
    }

    /// Reads a text that cites but is not prose.
    fn aside(&mut self, text: &str) {
        mentions::gather(text, &mut self.parts.citations);
        let inline = Inline::read(text, &mut self.parts.citations);
        if inline.text.contains('\\') {
            latex::embedded(inline.text, &mut self.parts.citations);
        }
    }

    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        if paragraph.trim().is_empty() {
            return;
        }
        if let Section::References(_) = self.section {
            let inline = Inline::read(&paragraph, &mut self.parts.citations);
            let (doi, arxiv) = mentions::first(&format!("{} {}", inline.text, inline.addresses));
            let text = unshield(inline.text);
            self.parts.citations.add_entry(None, &text, doi, arxiv);
            self.bibliographies(&inline.bibliographies);
            return;
        }
        let inline = Inline::read(&paragraph, &mut self.parts.citations);
        self.bibliographies(&inline.bibliographies);
        let citations = &mut self.parts.citations;
        mentions::gather(&inline.text, citations);
        mentions::gather(&inline.addresses, citations);
        let prose = if inline.text.contains('\\') {
            latex::embedded(inline.text, citations)
        } else {
            tidy(&inline.text)
        };
        let prose = unshield(prose);
        if prose.chars().any(char::is_alphabetic) {
            if self.in_abstract || self.section == Section::Abstract {
                self.abstract_text.push(prose);
            } else {
                self.parts.paragraphs.push(prose);
            }
        }
    }

    /// Adds the files that links such as `bibliography:refs.bib` name.
    fn bibliographies(&mut self, names: &[String]) {
        for name in names {
            self.files.add_bibliography_beside(name, 0);
        }
    }
}

/// Returns the level and the text of a heading.
fn heading(line: &str) -> Option<(usize, &str)> {
    let text = line.trim_start_matches('*');
    let level = line.len() - text.len();
    (level > 0 && text.starts_with(' ')).then_some((level, text.trim()))
}

/// Splits a heading into its text and its tags.
fn split_tags(heading: &str) -> (&str, &str) {
    match heading.rsplit_once(' ') {
        Some((text, tags)) if tags.len() > 2 && tags.starts_with(':') && tags.ends_with(':') => {
            (text.trim_end(), tags)
        }
        _ => (heading, ""),
    }
}

/// Returns the name of `#+<prefix>name: value` in lower case, and the value.
fn directive<'l>(line: &'l str, prefix: &str) -> Option<(String, &'l str)> {
    let inner = line.strip_prefix("#+")?;
    let start = inner.get(..prefix.len())?;
    if !start.eq_ignore_ascii_case(prefix) {
        return None;
    }
    let rest = &inner[prefix.len()..];
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    let (name, value) = rest.split_at(end.unwrap_or(rest.len()));
    // `#+CAPTION[short]: text` has an option before the colon.
    let value = match value.strip_prefix('[') {
        Some(option) => option.split_once(']').map_or("", |(_, value)| value),
        None => value,
    };
    let value = value.strip_prefix(':').unwrap_or(value).trim();
    (!name.is_empty()).then(|| (name.to_lowercase(), value))
}

/// Returns whether a line is a comment or preformatted text.
fn is_hidden(line: &str) -> bool {
    line == "#" || line.starts_with("# ") || line == ":" || line.starts_with(": ")
}

/// Returns whether a line begins a drawer, such as `:PROPERTIES:`.
fn is_drawer(line: &str) -> bool {
    let name = line
        .strip_prefix(':')
        .and_then(|line| line.strip_suffix(':'));
    name.is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    })
}

/// Returns the text of an item of a list.
fn item(line: &str) -> Option<&str> {
    if let Some(text) = line.strip_prefix("- ").or_else(|| line.strip_prefix("+ ")) {
        return Some(text);
    }
    let after = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = after.len() < line.len();
    let text = after
        .strip_prefix(". ")
        .or_else(|| after.strip_prefix(") "));
    text.filter(|_| is_numbered)
}

#[cfg(test)]
mod tests;
