//! XML as a stream of elements, each small enough to be held in memory.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::read::input::{self, Input, MAX_VALUES};
use crate::read::syntax::utf8_repair::{INVALID, Utf8Repair};
use crate::text::white_space::join_white_space;
use crate::text::{entities, latex, markup};

/// The maximum nesting of elements; deeper documents would exhaust the stack.
const MAX_DEPTH: usize = 100;

/// An element with its content. Names are without their namespace prefix.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    nodes: Vec<Node>,
}

#[derive(Debug)]
enum Node {
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

/// An item of a document.
#[derive(Debug)]
pub(crate) enum XmlItem {
    /// The start of an element whose content follows as further items.
    Start(Element),
    /// An element with its content, or the reason why the content is invalid.
    Whole(Result<Element, String>),
}

/// Reads a document from its start to its end.
pub(crate) struct XmlStream<'a> {
    reader: Reader<Utf8Repair<'a>>,
    buffer: Vec<u8>,
    /// The nesting depth outside of elements that are returned whole.
    depth: usize,
    line: usize,
    ended: bool,
}

impl<'a> XmlStream<'a> {
    pub(crate) fn new(input: Input<'a>) -> Self {
        let mut reader = Reader::from_reader(Utf8Repair::new(input));
        reader.config_mut().expand_empty_elements = true;
        reader.config_mut().allow_dangling_amp = true;
        Self {
            reader,
            buffer: Vec::new(),
            depth: 0,
            line: 1,
            ended: false,
        }
    }

    /// Returns the line on which the last item begins, counted from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// Returns the next element: elements named in `whole` with their content, others at their
    /// start.
    ///
    /// After an error of the document, the stream ends.
    pub(crate) fn next_item(&mut self, whole: &[&str]) -> Option<Result<XmlItem, String>> {
        if self.ended {
            return None;
        }
        let item = self.try_next(whole);
        if item.is_err() {
            self.line = self.reader.get_ref().line();
        }
        self.ended = !matches!(item, Ok(Some(_)));
        item.transpose()
    }

    fn try_next(&mut self, whole: &[&str]) -> Result<Option<XmlItem>, String> {
        loop {
            self.reader.get_mut().begin_record();
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            match event.map_err(|error| document_error(&error))? {
                Event::Start(tag) => {
                    let element = start_element(&tag)?;
                    self.line = self.reader.get_ref().line();
                    if whole.contains(&element.name.as_str()) {
                        return self.whole(element).map(XmlItem::Whole).map(Some);
                    }
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(format!("more than {MAX_DEPTH} nested elements"));
                    }
                    return Ok(Some(XmlItem::Start(element)));
                }
                Event::End(_) => self.depth = self.depth.saturating_sub(1),
                Event::Decl(declaration) => {
                    if let Some(Ok(encoding)) = declaration.encoding()
                        && !["utf-8", "utf8", "us-ascii", "ascii"]
                            .contains(&encoding.to_ascii_lowercase().as_str())
                    {
                        return Err(format!("the encoding is {encoding}, expected UTF-8"));
                    }
                }
                Event::Eof if self.depth > 0 => {
                    return Err("the XML is cut off: the file ends in an element".to_owned());
                }
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// Reads to the end of `element`.
    ///
    /// The inner error concerns this element: it contains bytes that are not UTF-8. The outer error
    /// concerns the document, which cannot be read further.
    fn whole(&mut self, element: Element) -> Result<Result<Element, String>, String> {
        let mut invalid = None;
        let mut values = element.attributes.len();
        let mut open = vec![element];
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            let event = event.map_err(|error| document_error(&error))?;
            if invalid.is_none() && event.contains(INVALID) {
                let line = self.reader.get_ref().line();
                invalid = Some(format!("not UTF-8 on line {line}"));
            }
            match event {
                Event::Start(tag) => {
                    if open.len() >= MAX_DEPTH {
                        return Err(format!("more than {MAX_DEPTH} nested elements"));
                    }
                    let element = start_element(&tag)?;
                    values += 1 + element.attributes.len();
                    if values > MAX_VALUES {
                        return Err(input::too_many());
                    }
                    open.push(element);
                }
                Event::End(_) => {
                    let Some(closed) = open.pop() else { continue };
                    match open.last_mut() {
                        Some(parent) => parent.nodes.push(Node::Element(closed)),
                        None => return Ok(invalid.map_or(Ok(closed), Err)),
                    }
                }
                Event::Text(text) => append_text(&mut open, &text.into_inner()),
                Event::CData(text) => append_text(&mut open, &text.into_inner()),
                Event::GeneralRef(name) => {
                    append_text(&mut open, &reference_text(&name.into_inner()));
                }
                Event::Eof => {
                    let name = open.first().map_or("", |element| &element.name);
                    return Err(format!("the XML is cut off: the file ends in `{name}`"));
                }
                _ => {}
            }
        }
    }
}

fn append_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        match element.nodes.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => element.nodes.push(Node::Text(text.to_owned())),
        }
    }
}

/// Returns the text of a reference. An unknown reference stays unchanged.
fn reference_text(name: &str) -> String {
    entities::entity(name).unwrap_or_else(|| format!("&{name};"))
}

fn start_element(tag: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    let mut found = tag.html_attributes();
    // Comparing each name with all others takes time that is quadratic in their number.
    for attribute in found.with_checks(false) {
        let attribute = attribute.map_err(|error| format!("not XML: {error}"))?;
        let name = local_name(attribute.key.as_ref());
        if attributes.len() >= MAX_VALUES {
            return Err(input::too_many());
        }
        attributes.push((name.to_owned(), decoded(&attribute.value).into_owned()));
    }
    Ok(Element {
        name: local_name(tag.name().as_ref()).to_owned(),
        attributes,
        nodes: Vec::new(),
    })
}

fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Decodes the references in the value of an attribute.
fn decoded(value: &str) -> Cow<'_, str> {
    if value.contains('&') {
        Cow::Owned(markup::plain(value))
    } else {
        Cow::Borrowed(value)
    }
}

fn document_error(error: &quick_xml::Error) -> String {
    match error {
        quick_xml::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::FileTooLarge => error.to_string(),
            _ => input::unreadable(error),
        },
        quick_xml::Error::Encoding(_) => "not UTF-8".to_owned(),
        error => format!("not XML: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(xml: &[u8]) -> Vec<(usize, Result<String, String>)> {
        let mut stream = XmlStream::new(Input::new(xml, "f").unwrap());
        let mut found = Vec::new();
        while let Some(item) = stream.next_item(&["a"]) {
            let text = match item {
                Ok(XmlItem::Start(_)) => continue,
                Ok(XmlItem::Whole(element)) => element.map(|element| element.text()),
                Err(reason) => Err(reason),
            };
            found.push((stream.line(), text));
        }
        found
    }

    #[test]
    fn yields_whole_elements_with_their_line_and_text() {
        let xml = b"<?xml version='1.0' encoding='UTF-8'?>\n<r>\n<x:a k='1'>H<sub>2</sub>O &amp; \
                    &#228;<!-- no --></x:a>\n<b/><a><p>One</p><p><![CDATA[<Two>]]> &zz;</p></a></r>";
        let expected = [
            (3, Ok("H2O & ä".to_owned())),
            (4, Ok("One <Two> &zz;".to_owned())),
        ];
        assert_eq!(texts(xml), expected);
    }

    #[test]
    fn bytes_that_are_not_utf_8_invalidate_only_their_element() {
        let found = texts(b"<r>\n<a>b\xffd</a>\n<a>good</a></r>");
        let expected = [
            (2, Err("not UTF-8 on line 2".to_owned())),
            (3, Ok("good".to_owned())),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn malformed_xml_is_one_error_at_the_end() {
        let reason = |xml: &[u8]| {
            let found = texts(xml);
            let (last, good) = found.split_last().unwrap();
            assert!(good.iter().all(|(_, text)| text.is_ok()));
            (last.0, last.1.clone().unwrap_err())
        };
        let truncated = "the XML is cut off: the file ends in `a`";
        assert_eq!(reason(b"<r>\n<a>x</a>\n<a>y\n"), (4, truncated.to_owned()));
        let truncated = "the XML is cut off: the file ends in an element";
        assert_eq!(reason(b"<r>\n<a>x</a>"), (2, truncated.to_owned()));
        let (line, wrong) = reason(b"<r>\n<a>x</b>\n</r>");
        assert!(line == 2 && wrong.starts_with("not XML: "), "{wrong}");
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><r/>";
        assert_eq!(
            reason(latin).1,
            "the encoding is ISO-8859-1, expected UTF-8"
        );
        let deep = "<a>".repeat(200_000);
        assert_eq!(reason(deep.as_bytes()).1, "more than 100 nested elements");
    }
}
