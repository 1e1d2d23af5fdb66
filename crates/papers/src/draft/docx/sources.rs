//! The sources of a document: the references that Word itself manages.

use super::xml::{self, XmlEvent};
use crate::Paper;
use crate::draft::mentions;
use crate::text::white_space::join_white_space;

/// Reads a custom part. The id of each paper is the tag by which the document cites it.
pub(super) fn read(xml: &str) -> Vec<Paper> {
    let mut papers = Vec::new();
    if !xml.contains("bibliography") {
        return papers;
    }
    let mut path: Vec<String> = Vec::new();
    let mut source = Source::default();
    xml::for_each(xml, |event| match event {
        XmlEvent::Start(tag) => {
            if tag.name == "Source" {
                source = Source::default();
            }
            path.push(tag.name);
        }
        XmlEvent::Text(text) => match path.last().map(String::as_str) {
            Some("Tag") => source.tag.push_str(&text),
            Some("Title") => source.title.push_str(&text),
            Some("DOI" | "StandardNumber" | "URL" | "Comments") => {
                source.identifiers.push_str(&text);
                source.identifiers.push(' ');
            }
            _ => {}
        },
        XmlEvent::End(name) => {
            path.pop();
            if name == "Source" {
                papers.extend(std::mem::take(&mut source).into_paper());
            }
        }
    });
    papers
}

#[derive(Debug, Default)]
struct Source {
    tag: String,
    title: String,
    identifiers: String,
}

impl Source {
    fn into_paper(self) -> Option<Paper> {
        let tag = self.tag.trim();
        let mut paper = Paper::new(tag).title(join_white_space(&self.title));
        (paper.doi, paper.arxiv) = mentions::first(&self.identifiers);
        (!tag.is_empty()).then_some(paper)
    }
}
