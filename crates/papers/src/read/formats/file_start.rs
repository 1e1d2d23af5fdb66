//! The first bytes of a file, analyzed once for all formats.

use std::borrow::Cow;

use crate::read::syntax::json_shape::{RECORD_FIELDS, Shape, first_fields, first_record};

/// The first bytes of a file, without leading white space.
#[derive(Debug)]
pub(super) struct FileStart<'a> {
    bytes: &'a [u8],
    content: Content<'a>,
}

/// The syntax that the first character announces.
#[derive(Debug)]
enum Content<'a> {
    /// The name of the root element, or `None` if it is not within the first bytes.
    Xml(Option<String>),
    Json {
        shape: Shape,
        /// The fields of the first record and of the object in it that has its data, each with the bytes from
        /// its value on.
        fields: Vec<(&'a str, &'a [u8])>,
    },
    Text(Cow<'a, str>),
}

impl<'a> FileStart<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let bytes = bytes.trim_ascii_start();
        let content = match bytes.first() {
            Some(b'<') => Content::Xml(root_element(&String::from_utf8_lossy(bytes))),
            Some(b'{' | b'[') => Content::Json {
                shape: Shape::of(bytes),
                fields: record_fields(bytes),
            },
            _ => Content::Text(String::from_utf8_lossy(bytes)),
        };
        Self { bytes, content }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn starts_with(&self, signature: &[u8]) -> bool {
        self.bytes.starts_with(signature)
    }

    pub(super) fn is_xml(&self) -> bool {
        matches!(self.content, Content::Xml(_))
    }

    /// Returns the name of the root element if the file is XML and the name is within its first
    /// bytes.
    pub(super) fn xml_root(&self) -> Option<&str> {
        match &self.content {
            Content::Xml(root) => root.as_deref(),
            _ => None,
        }
    }

    /// Returns whether the file is JSON.
    pub(super) fn is_json(&self) -> bool {
        matches!(self.content, Content::Json { .. })
    }

    /// Returns whether the file is JSON whose records are in a list or spread over several lines.
    pub(super) fn is_json_document(&self) -> bool {
        matches!(&self.content, Content::Json { shape, .. } if *shape != Shape::Lines)
    }

    /// Returns whether the file is JSON whose first record has at least one of these fields.
    pub(super) fn has_json_field(&self, names: &[&str]) -> bool {
        self.json_fields()
            .iter()
            .any(|(name, _)| names.contains(name))
    }

    /// Returns whether the file is JSON whose first record has this field with a value that begins
    /// with `prefix`; the prefix of a string includes its quote.
    pub(super) fn json_field_starts_with(&self, name: &str, prefix: &[u8]) -> bool {
        self.json_fields()
            .iter()
            .any(|(found, value)| *found == name && value.starts_with(prefix))
    }

    /// Returns whether the file is JSON whose records are in a list within the field `name` of an object.
    pub(super) fn is_in_json_list(&self, name: &str) -> bool {
        match &self.content {
            Content::Json {
                shape: Shape::Field(path),
                ..
            } => path.is_within(name),
            _ => false,
        }
    }

    /// Creates the start of a file of JSON objects from the fields of the first one, each with the first bytes of
    /// its value.
    pub(super) fn of_fields(fields: Vec<(&'a str, &'a [u8])>) -> Self {
        Self {
            bytes: b"{",
            content: Content::Json {
                shape: Shape::Lines,
                fields,
            },
        }
    }

    fn json_fields(&self) -> &[(&'a str, &'a [u8])] {
        match &self.content {
            Content::Json { fields, .. } => fields,
            _ => &[],
        }
    }

    /// Returns the lines if the file is neither XML nor JSON.
    pub(super) fn text_lines(&self) -> impl Iterator<Item = &str> {
        let text: &str = match &self.content {
            Content::Text(text) => text,
            _ => "",
        };
        text.lines()
    }
}

/// Returns the fields of the first record, with those of the objects in it that may have its data.
fn record_fields(bytes: &[u8]) -> Vec<(&str, &[u8])> {
    let mut fields = first_fields(first_record(bytes));
    let nested = fields.iter().filter(|(name, value)| {
        (RECORD_FIELDS.contains(name) || ["message", "data"].contains(name))
            && value.starts_with(b"{")
    });
    let nested: Vec<_> = nested.flat_map(|(_, value)| first_fields(value)).collect();
    // The record of DataCite is in an object within another.
    let deeper = nested
        .iter()
        .filter(|(name, value)| RECORD_FIELDS.contains(name) && value.starts_with(b"{"));
    let deeper: Vec<_> = deeper.flat_map(|(_, value)| first_fields(value)).collect();
    fields.extend(nested);
    fields.extend(deeper);
    fields
}

/// Returns the name of the first element, skipping declarations and comments.
fn root_element(text: &str) -> Option<String> {
    let mut remaining = text;
    loop {
        remaining = &remaining[remaining.find('<')? + 1..];
        if let Some(comment) = remaining.strip_prefix("!--") {
            remaining = comment.find("-->").map_or("", |end| &comment[end..]);
        } else if !remaining.starts_with(['?', '!']) {
            break;
        }
    }
    let end = remaining.find(|c: char| c.is_whitespace() || c == '>' || c == '/');
    Some(remaining[..end.unwrap_or(remaining.len())].to_owned())
}
