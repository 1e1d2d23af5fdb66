//! The text of a document, with its fields.

use super::citations::{self, FieldKind};
use super::package::Links;
use super::styles::{Role, Styles};
use super::xml::{self, Tag, XmlEvent};
use crate::draft::mentions;
use crate::draft::parts::Parts;
use crate::draft::plain::text_after_label;
use crate::draft::references_heading::is_references_heading;
use crate::draft::tidy::tidy;

/// The maximum nesting of fields and paragraphs; what is deeper is not read.
const MAX_NESTING: usize = 100;

/// A field: an instruction and the text that it produced.
#[derive(Debug)]
struct Field {
    instruction: String,
    /// Data beside the instruction, in base64.
    data: String,
    /// The kind, once the instruction is complete.
    kind: Option<FieldKind>,
}

#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    /// The addresses of the links, one per line.
    addresses: String,
    style: String,
    is_heading: bool,
}

/// What the text that is being read belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Text,
    /// The instruction of a field.
    Instruction,
    /// The data beside the instruction of a field.
    Data,
    Other,
}

/// The section that the last heading began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Prose,
    Abstract,
    References,
}

/// The text of a document, read from its parts.
#[derive(Debug)]
pub(super) struct Body<'s> {
    styles: &'s Styles,
    parts: Parts,
    abstract_text: Vec<String>,
    section: Section,
    /// The paragraphs that are being read: the paragraphs of a text box are within another paragraph.
    paragraphs: Vec<Paragraph>,
    fields: Vec<Field>,
    content: Content,
    is_run: bool,
    is_hidden_run: bool,
    /// Whether the text of each open content control is a citation or the list of references.
    controls: Vec<bool>,
    /// The nesting depth of elements that are not part of the text, such as deletions.
    skipped: usize,
    tables: usize,
    unread: usize,
}

impl<'s> Body<'s> {
    pub(super) fn new(styles: &'s Styles) -> Self {
        Self {
            styles,
            parts: Parts::default(),
            abstract_text: Vec::new(),
            section: Section::Prose,
            paragraphs: Vec::new(),
            fields: Vec::new(),
            content: Content::Other,
            is_run: false,
            is_hidden_run: false,
            controls: Vec::new(),
            skipped: 0,
            tables: 0,
            unread: 0,
        }
    }

    /// Reads a part: the document, its footnotes or its endnotes.
    pub(super) fn read(&mut self, xml: &str, links: &Links) {
        xml::for_each(xml, |event| match event {
            XmlEvent::Start(tag) => self.start(&tag, links),
            XmlEvent::End(name) => self.end(&name),
            XmlEvent::Text(text) => self.text(&text),
        });
        // A part that breaks off leaves its last elements open.
        self.fields.clear();
        self.controls.clear();
        (self.skipped, self.tables) = (0, 0);
        self.content = Content::Other;
        while let Some(paragraph) = self.paragraphs.pop() {
            self.end_paragraph(paragraph);
        }
        self.section = Section::Prose;
    }

    /// Returns the number of fields that cite and whose data could not be read.
    pub(super) fn unread_citations(&self) -> usize {
        self.unread
    }

    pub(super) fn into_parts(mut self) -> Parts {
        if !self.abstract_text.is_empty() {
            self.parts.abstract_text = Some(self.abstract_text.join("\n\n"));
        }
        self.parts
    }

    fn start(&mut self, tag: &Tag, links: &Links) {
        match tag.name.as_str() {
            "del" | "moveFrom" | "Fallback" => self.skipped += 1,
            _ if self.skipped > 0 => {}
            "p" if self.paragraphs.len() < MAX_NESTING => {
                self.paragraphs.push(Paragraph::default());
            }
            "pStyle" => {
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    tag.attribute("val").clone_into(&mut paragraph.style);
                }
            }
            "outlineLvl" => {
                let is_heading = tag.attribute("val") != "9";
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.is_heading = is_heading;
                }
            }
            "r" => (self.is_run, self.is_hidden_run) = (true, false),
            "vanish" if self.is_run => {
                self.is_hidden_run = !matches!(tag.attribute("val"), "0" | "false");
            }
            "t" => self.content = Content::Text,
            "tab" | "br" | "cr" if self.is_run => self.push(" "),
            "noBreakHyphen" => self.push("-"),
            "instrText" => self.content = Content::Instruction,
            "fldData" => self.content = Content::Data,
            "fldChar" => self.field_mark(tag.attribute("fldCharType")),
            "fldSimple" => {
                self.begin_field(tag.attribute("instr"));
                self.separate_field();
            }
            "hyperlink" => {
                if let Some(address) = links.get(tag.attribute("id"))
                    && let Some(paragraph) = self.paragraphs.last_mut()
                {
                    paragraph.addresses.push_str(address);
                    paragraph.addresses.push('\n');
                }
            }
            "sdt" => self.controls.push(false),
            "tag" => {
                let value = tag.attribute("val");
                let is_citation = citations::add_tag(value, &mut self.parts.citations);
                self.set_control(is_citation || value.starts_with("MENDELEY_BIBLIOGRAPHY"));
            }
            "bibliography" => self.set_control(true),
            "docPartGallery" if tag.attribute("val") == "Bibliographies" => self.set_control(true),
            "tbl" => self.tables += 1,
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "del" | "moveFrom" | "Fallback" => self.skipped = self.skipped.saturating_sub(1),
            _ if self.skipped > 0 => {}
            "p" => {
                if let Some(paragraph) = self.paragraphs.pop() {
                    self.end_paragraph(paragraph);
                }
            }
            "r" => (self.is_run, self.is_hidden_run) = (false, false),
            "t" | "instrText" | "fldData" => self.content = Content::Other,
            "fldSimple" => {
                self.fields.pop();
            }
            "sdt" => {
                self.controls.pop();
            }
            "tbl" => self.tables = self.tables.saturating_sub(1),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipped > 0 {
            return;
        }
        match self.content {
            Content::Text if !self.is_hidden_run => self.push(text),
            Content::Instruction => {
                if let Some(field) = self.fields.last_mut() {
                    field.instruction.push_str(text);
                }
            }
            Content::Data => {
                if let Some(field) = self.fields.last_mut() {
                    field.data.push_str(text);
                }
            }
            Content::Text | Content::Other => {}
        }
    }

    /// Adds text to the paragraph, unless it belongs to a citation.
    fn push(&mut self, text: &str) {
        let is_result = |field: &Field| field.kind == Some(FieldKind::Text);
        if self.fields.iter().all(is_result)
            && !self.controls.contains(&true)
            && let Some(paragraph) = self.paragraphs.last_mut()
        {
            paragraph.text.push_str(text);
        }
    }

    fn set_control(&mut self, is_citation: bool) {
        if let Some(control) = self.controls.last_mut() {
            *control |= is_citation;
        }
    }

    fn field_mark(&mut self, kind: &str) {
        match kind {
            "begin" => self.begin_field(""),
            "separate" => self.separate_field(),
            "end" => {
                // A field without a result ends at once.
                self.separate_field();
                self.fields.pop();
            }
            _ => {}
        }
    }

    fn begin_field(&mut self, instruction: &str) {
        if self.fields.len() < MAX_NESTING {
            self.fields.push(Field {
                instruction: instruction.to_owned(),
                data: String::new(),
                kind: None,
            });
        }
    }

    /// Completes the instruction of the innermost field.
    fn separate_field(&mut self) {
        let Some(field) = self.fields.last_mut().filter(|field| field.kind.is_none()) else {
            return;
        };
        let kind = citations::kind(&field.instruction);
        field.kind = Some(kind);
        match kind {
            FieldKind::Citation => {
                let citations = &mut self.parts.citations;
                if !citations::add(&field.instruction, &field.data, citations) {
                    self.unread += 1;
                }
            }
            FieldKind::Text => mentions::gather(&field.instruction, &mut self.parts.citations),
            FieldKind::Hidden => {}
        }
    }

    /// Adds the prose and the citations of a paragraph to the parts.
    fn end_paragraph(&mut self, paragraph: Paragraph) {
        let text = paragraph.text;
        let mut role = self.styles.role(&paragraph.style);
        if paragraph.is_heading && role == Role::Prose {
            role = Role::Heading;
        }
        if self.tables > 0 {
            role = Role::Caption;
        }
        let heading = text.trim();
        if role == Role::Prose {
            if is_references_heading(heading) || heading.eq_ignore_ascii_case("abstract") {
                role = Role::Heading;
            } else if self.section == Section::References {
                role = Role::Reference;
            }
        }
        if matches!(role, Role::Heading | Role::Title) && !heading.is_empty() {
            self.section = if is_references_heading(heading) {
                Section::References
            } else if heading.eq_ignore_ascii_case("abstract") {
                Section::Abstract
            } else {
                Section::Prose
            };
        }
        let citations = &mut self.parts.citations;
        if role == Role::Reference {
            let (doi, arxiv) = mentions::first(&format!("{text} {}", paragraph.addresses));
            citations.add_entry(None, &text, doi, arxiv);
            return;
        }
        if role == Role::Code {
            return;
        }
        mentions::gather(&text, citations);
        mentions::gather(&paragraph.addresses, citations);
        let prose = tidy(&text);
        if !prose.chars().any(char::is_alphabetic) {
            return;
        }
        match role {
            Role::Title if self.parts.title.is_none() => self.parts.title = Some(prose),
            Role::Abstract => self.abstract_text.push(prose),
            Role::Prose => {
                if let Some(text) =
                    text_after_label(&prose, "abstract").filter(|text| !text.is_empty())
                {
                    self.abstract_text.push(text.to_owned());
                } else if self.section == Section::Abstract {
                    self.abstract_text.push(prose);
                } else {
                    self.parts.paragraphs.push(prose);
                }
            }
            _ => {}
        }
    }
}
