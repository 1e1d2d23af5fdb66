//! Prose and citations of a draft in Markdown.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::plain::is_heading_of_references;
use super::tidy::tidy;
use super::{Parts, latex, mentions};
use crate::text::latex::plain;

mod front_matter;
mod pandoc;

/// The bytes of a formula in a line that a reader is shown; a longer one is left out.
const SHORT_FORMULA: usize = 40;

/// Takes a draft apart.
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
    reader.close();
    let mut parts = reader.parts;
    if !reader.abstract_text.is_empty() {
        parts.abstract_text = Some(reader.abstract_text.join("\n\n"));
    }
    parts
}

/// The part of the draft that its last heading opened.
#[derive(Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Prose,
    Abstract,
    /// The list of references, up to the next heading of this level or above it.
    References(HeadingLevel),
}

#[derive(Debug, Default)]
struct Reader {
    parts: Parts,
    abstract_text: Vec<String>,
    section: Section,
    /// The paragraph that is being read.
    open: String,
    /// Where links lead that are in it.
    addresses: String,
    /// The links that are open: their address, and the byte where their text begins.
    links: Vec<(String, usize)>,
    /// Elements that are no prose, and how many of them are open.
    hidden: usize,
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
            Event::Rule => self.close(),
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
        } else if self.hidden == 0 {
            self.open.push_str(text);
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::MetadataBlock(_) => self.metadata = Some(String::new()),
            Tag::CodeBlock(_) | Tag::Table(_) | Tag::Image { .. } | Tag::HtmlBlock => {
                self.hidden += 1;
            }
            Tag::Link { dest_url, .. } => self.link(&dest_url),
            Tag::Paragraph | Tag::Heading { .. } | Tag::Item | Tag::FootnoteDefinition(_) => {
                self.close();
            }
            _ => {}
        }
    }

    fn link(&mut self, address: &CowStr<'_>) {
        self.links.push((address.to_string(), self.open.len()));
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
                self.hidden = self.hidden.saturating_sub(1);
            }
            TagEnd::Link => {
                if let Some((address, start)) = self.links.pop()
                    && self.section != Section::Abstract
                    && mentions::first(&address) == (None, None)
                {
                    let text = self.open.get(start..).unwrap_or_default().to_owned();
                    self.parts.citations.link(&address, &text);
                }
            }
            TagEnd::Heading(level) => self.heading(level),
            TagEnd::Paragraph | TagEnd::Item => self.close(),
            _ => {}
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let heading = tidy(&std::mem::take(&mut self.open));
        self.addresses.clear();
        if is_heading_of_references(&heading) {
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

    /// Ends the paragraph.
    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        let addresses = std::mem::take(&mut self.addresses);
        if let Section::References(_) = self.section {
            let (doi, arxiv) = mentions::first(&format!("{open} {addresses}"));
            self.parts.citations.entry(None, &open, doi, arxiv);
            return;
        }
        let citations = &mut self.parts.citations;
        mentions::gather(&open, citations);
        mentions::gather(&addresses, citations);
        let prose = pandoc::take_citations(&open, citations);
        let prose = if prose.contains('\\') {
            latex::part(prose, citations)
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
