//! The names of paragraph styles, whose ids depend on the language of Word.

use std::collections::HashMap;

use super::xml::{self, XmlEvent};

/// What the style of a paragraph says about its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Prose,
    Title,
    Abstract,
    Heading,
    /// The text is neither prose nor a citation, such as a table of contents.
    Hidden,
    /// The text may cite but is not prose.
    Caption,
    /// The text is an entry of the list of references.
    Reference,
    /// The text is code.
    Code,
}

/// The names of the styles of a document by their ids.
#[derive(Debug, Default)]
pub(super) struct Styles {
    names: HashMap<String, String>,
}

impl Styles {
    /// Reads the part `styles.xml`.
    pub(super) fn read(xml: &str) -> Self {
        let mut styles = Self::default();
        let mut id = None;
        xml::for_each(xml, |event| match event {
            XmlEvent::Start(tag) if tag.name == "style" => {
                id = Some(tag.attribute("styleId").to_owned());
            }
            XmlEvent::Start(tag) if tag.name == "name" => {
                if let Some(id) = id.take() {
                    styles.names.insert(id, tag.attribute("val").to_owned());
                }
            }
            _ => {}
        });
        styles
    }

    /// Returns the role of a style.
    pub(super) fn role(&self, id: &str) -> Role {
        let name = self.names.get(id).map_or(id, String::as_str);
        let name = name.to_lowercase().replace([' ', '-', '_'], "");
        match name.as_str() {
            "title" | "papertitle" => Role::Title,
            "abstract" => Role::Abstract,
            "caption" | "imagecaption" | "tablecaption" => Role::Caption,
            "bibliography" | "references" | "reference" | "endnotebibliography" => Role::Reference,
            "author" | "authors" | "affiliation" | "date" | "subtitle" | "keywords" => Role::Hidden,
            "sourcecode" | "htmlpreformatted" | "macro" | "code" => Role::Code,
            _ if name.starts_with("heading") => Role::Heading,
            _ if name.starts_with("toc") || name.starts_with("tableoffigures") => Role::Hidden,
            _ => Role::Prose,
        }
    }
}
