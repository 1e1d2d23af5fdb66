//! The blocks of reStructuredText: sections, paragraphs and directives.

use super::inline::{Inline, is_citation};
use super::line::{field, is_name, is_underline, item};
use crate::Result;
use crate::draft::files::Files;
use crate::draft::parts::Parts;
use crate::draft::references_heading::is_references_heading;
use crate::draft::shield::unshield;
use crate::draft::tidy::tidy;
use crate::draft::{latex, mentions};

/// The directives whose content is text of the draft.
const TEXT: [&str; 22] = [
    "note",
    "warning",
    "tip",
    "hint",
    "important",
    "attention",
    "caution",
    "danger",
    "error",
    "admonition",
    "epigraph",
    "highlights",
    "pull-quote",
    "container",
    "compound",
    "topic",
    "abstract",
    "rst-class",
    "class",
    "only",
    "theorem",
    "proof",
];

/// The directives whose content may cite but is not prose. The content of all others is hidden.
const ASIDE: [&str; 9] = [
    "figure",
    "table",
    "list-table",
    "csv-table",
    "flat-table",
    "sidebar",
    "rubric",
    "parsed-literal",
    "footnote",
];

/// What an indented block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Region {
    Hidden,
    /// The options of the directive `bibliography`.
    Bibliography,
    Aside,
    Text,
    Abstract,
    /// An entry of the list of references.
    Entry,
}

/// The section that the last title began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Prose,
    Abstract,
    References,
}

/// Reads files of reStructuredText.
pub(super) struct Reader<'f> {
    files: &'f mut Files,
    parts: Parts,
    abstract_text: Vec<String>,
    section: Section,
    has_title: bool,
    paragraph: String,
    /// The indentation of the first line of the paragraph.
    indent: usize,
    /// The indented blocks that are open, each with the indentation that it must exceed.
    regions: Vec<(usize, Region)>,
    /// The key of the entry that is being read.
    entry: Option<String>,
    in_simple_table: bool,
    has_bibliography: bool,
}

impl<'f> Reader<'f> {
    pub(super) fn new(files: &'f mut Files) -> Self {
        Self {
            files,
            parts: Parts::default(),
            abstract_text: Vec::new(),
            section: Section::Prose,
            has_title: false,
            paragraph: String::new(),
            indent: 0,
            regions: Vec::new(),
            entry: None,
            in_simple_table: false,
            has_bibliography: false,
        }
    }

    pub(super) fn finish(mut self) -> Parts {
        self.end_paragraph();
        if !self.has_bibliography {
            self.configured_bibliographies();
        }
        if !self.abstract_text.is_empty() {
            self.parts.abstract_text = Some(self.abstract_text.join("\n\n"));
        }
        self.parts
    }

    /// Reads the text of a file.
    pub(super) fn file(&mut self, text: &str) -> Result<()> {
        let lines: Vec<&str> = text.lines().collect();
        let mut index = 0;
        while index < lines.len() {
            index += self.line(&lines, index)?;
        }
        self.end_paragraph();
        self.regions.clear();
        Ok(())
    }

    /// Reads the line at `index`, and returns the number of lines that were read.
    fn line(&mut self, lines: &[&str], index: usize) -> Result<usize> {
        let line = lines[index].trim_end();
        let trimmed = line.trim_start();
        if trimmed.is_empty() {
            self.end_paragraph();
            return Ok(1);
        }
        let indent = line.len() - trimmed.len();
        while self
            .regions
            .last()
            .is_some_and(|(least, _)| indent <= *least)
        {
            self.end_paragraph();
            self.regions.pop();
        }
        if let Some(region @ (Region::Hidden | Region::Bibliography)) = self.region() {
            if region == Region::Bibliography && trimmed.starts_with(":all:") {
                self.parts.citations.add_key("*");
            }
            return Ok(1);
        }
        if let Some(taken) = self.title(lines, index, indent) {
            return Ok(taken);
        }
        if self.table(trimmed, lines.get(index + 1).copied()) {
            return Ok(1);
        }
        if let Some(explicit) = trimmed
            .strip_prefix("..")
            .filter(|rest| rest.is_empty() || rest.starts_with(' '))
        {
            self.end_paragraph();
            self.explicit(explicit.trim(), indent, index + 1)?;
            return Ok(1);
        }
        if trimmed.starts_with(">>> ") {
            self.end_paragraph();
            let blank = lines[index..]
                .iter()
                .position(|line| line.trim().is_empty());
            return Ok(blank.unwrap_or(lines.len() - index));
        }
        if let Some(text) = field(trimmed).filter(|_| self.paragraph.is_empty()) {
            // An option of a directive or a field about the document.
            self.aside(text);
            return Ok(1);
        }
        let item = item(trimmed);
        if item.is_some() {
            self.end_paragraph();
        }
        if self.paragraph.is_empty() {
            self.indent = indent;
        }
        self.paragraph.push_str(item.unwrap_or(trimmed));
        self.paragraph.push('\n');
        Ok(1)
    }

    fn region(&self) -> Option<Region> {
        self.regions.last().map(|(_, region)| *region)
    }

    /// Reads a title with the line below it, and the one above it if there is one.
    fn title(&mut self, lines: &[&str], index: usize, indent: usize) -> Option<usize> {
        if !self.paragraph.is_empty() {
            return None;
        }
        let text = lines[index].trim();
        let (title, taken) = if is_underline(text) {
            let below = lines.get(index + 2)?.trim();
            let title = lines.get(index + 1)?.trim();
            let is_title =
                below == text && !title.is_empty() && title.chars().count() <= text.len();
            (is_title.then_some(title)?, 3)
        } else {
            let below = lines.get(index + 1)?.trim_end();
            let is_long = below.len() >= text.chars().count().min(4);
            (
                is_underline(below)
                    .then_some(text)
                    .filter(|_| is_long && indent == 0)?,
                2,
            )
        };
        let inline = Inline::read(title, &mut self.parts.citations);
        let title = tidy(&unshield(inline.text));
        self.section = if is_references_heading(&title) {
            Section::References
        } else if title.eq_ignore_ascii_case("abstract") {
            Section::Abstract
        } else {
            Section::Prose
        };
        if !self.has_title && self.section == Section::Prose {
            self.parts.title = Some(title);
        }
        self.has_title = true;
        Some(taken)
    }

    /// Reads a line of a table. Returns whether it is one.
    fn table(&mut self, line: &str, next: Option<&str>) -> bool {
        let is_border = line.contains(' ') && line.chars().all(|c| c == '=' || c == ' ');
        if is_border {
            let ends = next.is_none_or(|next| next.trim().is_empty());
            self.in_simple_table = !self.in_simple_table || !ends;
            return true;
        }
        let is_grid = line.starts_with("+-")
            || line.starts_with("+=")
            || line.starts_with('|') && line.ends_with('|') && line.len() > 2;
        if is_grid || self.in_simple_table {
            self.aside(line);
        }
        is_grid || self.in_simple_table
    }

    /// Reads what follows `..`: a directive, an entry, a target or a comment.
    fn explicit(&mut self, text: &str, indent: usize, line: usize) -> Result<()> {
        if let Some((label, entry)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
            if is_citation(label) {
                self.regions.push((indent, Region::Entry));
                self.entry = Some(label.to_owned());
            } else {
                self.regions.push((indent, Region::Text));
            }
            self.indent = indent;
            self.paragraph.push_str(entry.trim_start());
            self.paragraph.push('\n');
            return Ok(());
        }
        if text.starts_with('_') {
            // A target such as `.. _name: https://…`.
            mentions::gather(text, &mut self.parts.citations);
            return Ok(());
        }
        let Some((name, arguments)) = text.split_once("::").filter(|(name, _)| is_name(name))
        else {
            self.regions.push((indent, Region::Hidden));
            return Ok(());
        };
        let name = name.trim().to_ascii_lowercase();
        let arguments = arguments.trim();
        let mut region = Region::Hidden;
        match name.as_str() {
            "include" => self.include(arguments, line)?,
            "bibliography" | "footbibliography" => {
                region = Region::Bibliography;
                for name in arguments.split_whitespace() {
                    self.has_bibliography = true;
                    self.files.add_bibliography_beside(name, line);
                }
            }
            _ if TEXT.contains(&name.as_str()) => {
                let is_abstract = name == "abstract" || arguments.eq_ignore_ascii_case("abstract");
                region = if is_abstract {
                    Region::Abstract
                } else {
                    Region::Text
                };
                let is_text = !is_abstract
                    && !matches!(
                        name.as_str(),
                        "topic" | "class" | "only" | "container" | "rst-class"
                    );
                if is_text && !arguments.is_empty() {
                    self.indent = indent;
                    self.paragraph.push_str(arguments);
                    self.paragraph.push('\n');
                }
            }
            _ if ASIDE.contains(&name.as_str()) => {
                region = Region::Aside;
                self.aside(arguments);
            }
            _ => {}
        }
        self.regions.push((indent, region));
        Ok(())
    }

    fn include(&mut self, name: &str, line: usize) -> Result<()> {
        // A name in angle brackets names a file of docutils.
        if name.starts_with('<') || !self.files.is_on_disk() {
            return Ok(());
        }
        let name = name.trim_start_matches('/');
        let Some(path) = self.files.find_beside(name, &[]) else {
            self.files.note_missing(name, line);
            return Ok(());
        };
        let text = self.files.open(&path, name, line)?;
        let outer = std::mem::take(&mut self.regions);
        self.file(text.strip_prefix('\u{feff}').unwrap_or(&text))?;
        self.regions = outer;
        self.files.close();
        Ok(())
    }

    /// Adds the files that the configuration of Sphinx names: `bibtex_bibfiles = ["refs.bib"]`.
    fn configured_bibliographies(&mut self) {
        let root = [self.files.root().to_owned()];
        let Some(path) = self.files.find(&root, "conf.py", &[]) else {
            return;
        };
        // A configuration that cannot be read tells nothing.
        let Ok(text) = self.files.open(&path, "conf.py", 1) else {
            return;
        };
        self.files.close();
        let names = text.split_once("bibtex_bibfiles").and_then(|(_, value)| {
            let value = value.trim_start().strip_prefix('=')?;
            value.split_once(']').map(|(names, _)| names)
        });
        for name in names
            .unwrap_or_default()
            .split(['"', '\''])
            .skip(1)
            .step_by(2)
        {
            self.files.add_bibliography_beside(name, 0);
        }
    }

    /// Reads a text that cites but is not prose.
    fn aside(&mut self, text: &str) {
        let inline = Inline::read(text, &mut self.parts.citations);
        mentions::gather(&inline.text, &mut self.parts.citations);
        mentions::gather(&inline.addresses, &mut self.parts.citations);
    }

    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let text = paragraph.trim_end();
        if text.is_empty() {
            return;
        }
        // Two colons announce a literal block.
        let text = match text.strip_suffix("::") {
            Some(before) => {
                self.regions.push((self.indent, Region::Hidden));
                if before.ends_with(char::is_whitespace) || before.is_empty() {
                    before
                } else {
                    &text[..text.len() - 1]
                }
            }
            None => text,
        };
        let region = self
            .regions
            .iter()
            .rev()
            .map(|(_, region)| *region)
            .find(|region| *region != Region::Hidden);
        if region == Some(Region::Entry) {
            if let Some(key) = self.entry.take() {
                let (doi, arxiv) = mentions::first(text);
                let text = Inline::read(text, &mut self.parts.citations).text;
                let text = unshield(text);
                self.parts
                    .citations
                    .add_entry(Some(&key), &text, doi, arxiv);
            }
            return;
        }
        if region == Some(Region::Aside) {
            return self.aside(text);
        }
        let citations = &mut self.parts.citations;
        let inline = Inline::read(text, citations);
        if self.section == Section::References && region.is_none() {
            let (doi, arxiv) = mentions::first(&format!("{} {}", inline.text, inline.addresses));
            let text = unshield(inline.text);
            citations.add_entry(None, &text, doi, arxiv);
            return;
        }
        mentions::gather(&inline.text, citations);
        mentions::gather(&inline.addresses, citations);
        let prose = if inline.text.contains('\\') {
            latex::embedded(inline.text, citations)
        } else {
            tidy(&inline.text)
        };
        let prose = unshield(prose);
        if !prose.chars().any(char::is_alphabetic) {
            return;
        }
        if region == Some(Region::Abstract) || self.section == Section::Abstract {
            self.abstract_text.push(prose);
        } else {
            self.parts.paragraphs.push(prose);
        }
    }
}
