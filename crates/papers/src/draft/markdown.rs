//! Prose and citations of a draft in Markdown, including Quarto and R Markdown.

mod front_matter;
mod html;
mod inclusion;
mod pandoc;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::files::Files;
use super::format_spec::{self, FormatSpec};
use super::parts::Parts;
use super::references_heading::is_references_heading;
use super::shield::{shield, unshield};
use super::tidy::tidy;
use super::{latex, mentions};
use crate::Result;
use crate::text::latex::plain;

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "markdown",
    extensions: &["md", "markdown", "qmd", "rmd", "rmarkdown"],
    reader: format_spec::Reader::Text(parse),
};

/// The maximum length in bytes of an inline formula that is kept; longer ones are removed.
const SHORT_FORMULA: usize = 40;

/// Splits a draft, with the files that it includes, into its parts.
fn parse(text: &str, files: &mut Files) -> Result<Parts> {
    let text = &inclusion::expand(text, files)?;
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS
        | Options::ENABLE_MATH;
    let mut reader = Reader::default();
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        let is_escaped = text[..range.start].ends_with('\\');
        reader.event(event, is_escaped);
    }
    reader.end_paragraph();
    if reader.bibliographies.is_empty() {
        reader.bibliographies = inclusion::project_bibliographies(files);
    }
    for name in &reader.bibliographies {
        files.add_bibliography_beside(name, 1);
    }
    let mut parts = reader.parts;
    if !reader.abstract_text.is_empty() {
        parts.abstract_text = Some(reader.abstract_text.join("\n\n"));
    }
    Ok(parts)
}

/// The section that the last heading began.
#[derive(Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Prose,
    Abstract,
    /// The list of references, up to the next heading of this or a higher level.
    References(HeadingLevel),
}

#[derive(Debug, Default)]
struct Reader {
    parts: Parts,
    abstract_text: Vec<String>,
    section: Section,
    /// The text of the current paragraph.
    paragraph: String,
    /// The addresses of the links in the current paragraph, one per line.
    addresses: String,
    /// The address and the start of the text in `paragraph` of each link that has not ended.
    open_links: Vec<(String, usize)>,
    /// The nesting depth of blocks of code.
    hidden_depth: usize,
    /// The nesting depth of tables and images, which cite papers but are not prose.
    aside_depth: usize,
    aside: String,
    /// The block of HTML read so far.
    html: String,
    /// The names of the files of references.
    bibliographies: Vec<String>,
    /// The front matter read so far, while it is being read.
    metadata: Option<String>,
    has_heading: bool,
}

impl Reader {
    /// Reads an event, which `is_escaped` if a backslash stands before it.
    fn event(&mut self, event: Event<'_>, is_escaped: bool) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text)
                if is_escaped && text.starts_with(|c: char| c.is_ascii_punctuation()) =>
            {
                let (escaped, remaining) = text.split_at(1);
                self.text(&shield(escaped));
                self.text(remaining);
            }
            // The fence of a div, such as `::: {.note}`.
            Event::Text(text) if text.starts_with(":::") && self.is_line_start() => {}
            Event::Text(text) => self.text(&text),
            Event::Code(text) => self.text(&shield(&text)),
            Event::SoftBreak | Event::HardBreak | Event::DisplayMath(_) => self.text(" "),
            Event::InlineMath(formula) if formula.len() <= SHORT_FORMULA => {
                self.text(&shield(&plain(&format!("${formula}$"))));
            }
            Event::Html(html) => self.html.push_str(&html),
            Event::Rule => self.end_paragraph(),
            Event::InlineMath(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn is_line_start(&self) -> bool {
        self.metadata.is_none() && self.hidden_depth == 0 && self.paragraph.trim().is_empty()
            || self.paragraph.ends_with(' ')
    }

    fn text(&mut self, text: &str) {
        if let Some(metadata) = &mut self.metadata {
            metadata.push_str(text);
        } else if self.hidden_depth > 0 {
            // Code cites nothing.
        } else if self.aside_depth > 0 {
            self.aside.push_str(text);
        } else {
            self.paragraph.push_str(text);
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::MetadataBlock(_) => self.metadata = Some(String::new()),
            Tag::CodeBlock(_) => self.hidden_depth += 1,
            Tag::Table(_) | Tag::Image { .. } => self.aside_depth += 1,
            Tag::HtmlBlock => self.html.clear(),
            Tag::Link { dest_url, .. } => self.link(&dest_url),
            Tag::Paragraph | Tag::Heading { .. } | Tag::Item | Tag::FootnoteDefinition(_) => {
                self.end_paragraph();
            }
            _ => {}
        }
    }

    fn link(&mut self, address: &CowStr<'_>) {
        self.open_links
            .push((address.to_string(), self.paragraph.len()));
        self.addresses.push_str(address);
        self.addresses.push('\n');
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::MetadataBlock(_) => {
                let found = front_matter::read(&self.metadata.take().unwrap_or_default());
                self.parts.title = found.title.or(self.parts.title.take());
                self.parts.abstract_text = found.abstract_text.or(self.parts.abstract_text.take());
                self.bibliographies.extend(found.bibliographies);
                if found.nocite.contains("@*") {
                    self.parts.citations.add_key("*");
                }
                pandoc::take_citations(&found.nocite, &mut self.parts.citations);
            }
            TagEnd::CodeBlock => self.hidden_depth = self.hidden_depth.saturating_sub(1),
            TagEnd::TableCell => self.aside.push('\n'),
            TagEnd::Table | TagEnd::Image => {
                self.aside_depth = self.aside_depth.saturating_sub(1);
                if self.aside_depth == 0 {
                    self.end_aside();
                }
            }
            TagEnd::HtmlBlock => {
                let html = std::mem::take(&mut self.html);
                if let Some(text) = html::text_after_comment(&html) {
                    self.text(&text);
                    self.end_paragraph();
                } else {
                    self.aside = html::text(&html);
                    self.end_aside();
                }
            }
            TagEnd::Link => {
                if let Some((address, start)) = self.open_links.pop()
                    && self.section != Section::Abstract
                    && mentions::first(&address) == (None, None)
                {
                    let text = self.paragraph.get(start..).unwrap_or_default();
                    let text = unshield(text.to_owned());
                    self.parts.citations.add_link(&address, &text);
                }
            }
            TagEnd::Heading(level) => self.heading(level),
            TagEnd::Paragraph | TagEnd::Item => self.end_paragraph(),
            _ => {}
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let heading = std::mem::take(&mut self.paragraph);
        let heading = pandoc::take_citations(&heading, &mut self.parts.citations);
        let heading = tidy(&unshield(heading));
        self.addresses.clear();
        if is_references_heading(&heading) {
            self.section = Section::References(level);
        } else if heading.eq_ignore_ascii_case("abstract") {
            self.section = Section::Abstract;
        } else {
            let is_within = matches!(self.section, Section::References(above) if level > above);
            if !is_within {
                self.section = Section::Prose;
            }
            if level == HeadingLevel::H1 && !self.has_heading && self.parts.title.is_none() {
                self.parts.title = Some(heading);
            }
        }
        self.has_heading = true;
    }

    /// Ends a text that is not prose and adds its citations to the parts.
    fn end_aside(&mut self) {
        let aside = std::mem::take(&mut self.aside);
        if !matches!(self.section, Section::References(_)) {
            mentions::gather(&aside, &mut self.parts.citations);
            let remaining = pandoc::take_citations(&aside, &mut self.parts.citations);
            if remaining.contains('\\') {
                latex::embedded(remaining, &mut self.parts.citations);
            }
        }
    }

    /// Ends the paragraph and adds its prose and citations to the parts.
    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let addresses = std::mem::take(&mut self.addresses);
        if let Section::References(_) = self.section {
            let paragraph = unshield(paragraph);
            let (doi, arxiv) = mentions::first(&format!("{paragraph} {addresses}"));
            self.parts.citations.add_entry(None, &paragraph, doi, arxiv);
            return;
        }
        let paragraph = inclusion::without_attributes(paragraph);
        let citations = &mut self.parts.citations;
        mentions::gather(&paragraph, citations);
        mentions::gather(&addresses, citations);
        let prose = pandoc::take_citations(&paragraph, citations);
        let prose = if prose.contains('\\') {
            latex::embedded(prose, citations)
        } else {
            tidy(&prose)
        };
        let prose = unshield(prose);
        if prose.chars().any(char::is_alphabetic) {
            match self.section {
                Section::Abstract => self.abstract_text.push(prose),
                _ => self.parts.paragraphs.push(prose),
            }
        }
    }
}

#[cfg(test)]
mod tests;
