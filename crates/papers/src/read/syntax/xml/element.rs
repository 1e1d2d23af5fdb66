//! An element of XML with its content.

use crate::read::notes::Notes;
use crate::text::white_space::join_white_space;
use crate::text::{latex, markup};

/// An element with its content. Names are without their namespace prefix.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) nodes: Vec<Node>,
}

#[derive(Debug)]
pub(super) enum Node {
    Text(String),
    Element(Element),
}

impl Element {
    /// Returns the value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        attributes.find_map(|(found, value)| (found == name).then_some(value.as_str()))
    }

    /// Returns the child elements of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.nodes.iter().filter_map(move |node| match node {
            Node::Element(element) if element.name == name => Some(element),
            _ => None,
        })
    }

    /// Returns all child elements.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// Returns whether neither the element nor its descendants have a text.
    pub(crate) fn is_blank(&self) -> bool {
        self.nodes.iter().all(|node| match node {
            Node::Text(text) => text.trim().is_empty(),
            Node::Element(element) => element.is_blank(),
        })
    }

    /// Returns the first descendant at a path of names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        match path {
            [] => Some(self),
            [name, descendants @ ..] => {
                let mut nodes = self.nodes.iter();
                nodes.find_map(|node| match node {
                    Node::Element(element) if element.name == *name => element.at(descendants),
                    _ => None,
                })
            }
        }
    }

    /// Returns the text of the first descendant at a path of names, or an empty string if there is
    /// none.
    pub(crate) fn text_at(&self, path: &[&str]) -> String {
        self.at(path).map(Self::text).unwrap_or_default()
    }

    /// Counts the children that have a value and whose names are not in `read`.
    pub(crate) fn count_unread(&self, read: &[&str], notes: &Notes) {
        for child in self.elements() {
            if !read.contains(&child.name.as_str()) && !child.is_blank() {
                notes.ignore_field(&child.name);
            }
        }
    }

    /// Returns the text of the element and its descendants, with single spaces.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.collect(&mut out);
        join_white_space(&out)
    }

    fn collect(&self, out: &mut String) {
        for node in &self.nodes {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Element(element) if element.name == "tex-math" => {
                    let formula = format!("${}$", element.text());
                    out.push_str(&latex::plain(&formula));
                }
                Node::Element(element) => {
                    let is_block = markup::is_block(&element.name);
                    if is_block {
                        out.push(' ');
                    }
                    element.collect(out);
                    if is_block {
                        out.push(' ');
                    }
                }
            }
        }
    }
}
