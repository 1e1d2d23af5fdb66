//! Prose and citations of a draft in Markdown.

mod front_matter;
mod pandoc;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::parts::Parts;
use super::references_heading::is_references_heading;
use super::tidy::tidy;
use super::{latex, mentions};
use crate::text::latex::plain;

/// The maximum length in bytes of an inline formula that is kept; longer ones are removed.
const SHORT_FORMULA: usize = 40;

/// Splits a draft into its parts.
pub(super) fn parse(text: &str) -> Parts {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS
        | Options::ENABLE_MATH;
    let mut reader = Reader::default();
    for event in Parser::new_ext(text, options) {
        reader.event(event);
    }
    reader.end_paragraph();
    let mut parts = reader.parts;
    if !reader.abstract_text.is_empty() {
        parts.abstract_text = Some(reader.abstract_text.join("\n\n"));
    }
    parts
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
    /// The nesting depth of elements that are not prose.
    hidden_depth: usize,
    /// The front matter read so far, while it is being read.
    metadata: Option<String>,
    has_heading: bool,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) => self.text(&text),
            Event::SoftBreak | Event::HardBreak | Event::DisplayMath(_) => self.text(" "),
            Event::InlineMath(formula) if formula.len() <= SHORT_FORMULA => {
                self.text(&plain(&format!("${formula}$")));
            }
            Event::Rule => self.end_paragraph(),
            Event::InlineMath(_)
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(metadata) = &mut self.metadata {
            metadata.push_str(text);
        } else if self.hidden_depth == 0 {
            self.paragraph.push_str(text);
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::MetadataBlock(_) => self.metadata = Some(String::new()),
            Tag::CodeBlock(_) | Tag::Table(_) | Tag::Image { .. } | Tag::HtmlBlock => {
                self.hidden_depth += 1;
            }
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
                self.parts.abstract_text = found.abstract_text;
            }
            TagEnd::CodeBlock | TagEnd::Table | TagEnd::Image | TagEnd::HtmlBlock => {
                self.hidden_depth = self.hidden_depth.saturating_sub(1);
            }
            TagEnd::Link => {
                if let Some((address, start)) = self.open_links.pop()
                    && self.section != Section::Abstract
                    && mentions::first(&address) == (None, None)
                {
                    let text = self.paragraph.get(start..).unwrap_or_default().to_owned();
                    self.parts.citations.add_link(&address, &text);
                }
            }
            TagEnd::Heading(level) => self.heading(level),
            TagEnd::Paragraph | TagEnd::Item => self.end_paragraph(),
            _ => {}
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let heading = tidy(&std::mem::take(&mut self.paragraph));
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

    /// Ends the paragraph and adds its prose and citations to the parts.
    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let addresses = std::mem::take(&mut self.addresses);
        if let Section::References(_) = self.section {
            let (doi, arxiv) = mentions::first(&format!("{paragraph} {addresses}"));
            self.parts.citations.add_entry(None, &paragraph, doi, arxiv);
            return;
        }
        let citations = &mut self.parts.citations;
        mentions::gather(&paragraph, citations);
        mentions::gather(&addresses, citations);
        let prose = pandoc::take_citations(&paragraph, citations);
        let prose = if prose.contains('\\') {
            latex::embedded(prose, citations)
        } else {
            tidy(&prose)
        };
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
