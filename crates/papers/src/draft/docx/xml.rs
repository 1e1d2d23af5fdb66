//! Events of XML that a part of a document consists of.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::text::entities;

/// An event of a part. Names are without their namespace prefix.
pub(super) enum XmlEvent {
    Start(Tag),
    End(String),
    Text(String),
}

/// The start of an element.
pub(super) struct Tag {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// Returns the value of an attribute, or an empty string if there is none.
    pub(super) fn attribute(&self, name: &str) -> &str {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value)
    }
}

/// Calls `on_event` for each event of a part. A part that is malformed ends at its fault.
pub(super) fn for_each(xml: &str, mut on_event: impl FnMut(XmlEvent)) {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().allow_dangling_amp = true;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => on_event(XmlEvent::Start(tag(&start))),
            Event::End(end) => on_event(XmlEvent::End(local_name(end.name().as_ref()).to_owned())),
            Event::Text(text) => on_event(XmlEvent::Text(text.into_inner().into_owned())),
            Event::CData(text) => on_event(XmlEvent::Text(text.into_inner().into_owned())),
            Event::GeneralRef(name) => {
                let name = name.into_inner();
                let text = entities::entity(&name).unwrap_or_else(|| format!("&{name};"));
                on_event(XmlEvent::Text(text));
            }
            Event::Eof => return,
            _ => {}
        }
    }
}

fn tag(start: &BytesStart<'_>) -> Tag {
    let mut attributes = start.html_attributes();
    // Comparing each name with all others takes time that is quadratic in their number.
    let attributes = attributes.with_checks(false).flatten().map(|attribute| {
        let name = local_name(attribute.key.as_ref()).to_owned();
        (name, decoded(&attribute.value))
    });
    Tag {
        name: local_name(start.name().as_ref()).to_owned(),
        attributes: attributes.collect(),
    }
}

fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Decodes the references in a text.
pub(super) fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut remaining = text;
    while let Some(at) = remaining.find('&') {
        out.push_str(&remaining[..at]);
        remaining = &remaining[at..];
        if let Some((length, found)) = entities::reference(remaining) {
            out.push_str(&found);
            remaining = &remaining[length..];
        } else {
            out.push('&');
            remaining = &remaining[1..];
        }
    }
    out.push_str(remaining);
    out
}
