//! XML as a stream of elements that are small enough to be held whole.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::read::input::Input;
use crate::read::syntax::utf8_repair::{INVALID, Utf8Repair};
use crate::text::white_space::join_white_space;
use crate::text::{entities, latex, markup};

/// Levels of elements: more is no document that a person made, and would exhaust the stack.
const MAX_DEPTH: usize = 100;

/// An element with all that is in it. Names are without their prefix.
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
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        attributes.find_map(|(found, value)| (found == name).then_some(value.as_str()))
    }

    /// The elements in it of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.nodes.iter().filter_map(move |node| match node {
            Node::Element(element) if element.name == name => Some(element),
            _ => None,
        })
    }

    /// The first element at the end of a path of names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        match path {
            [] => Some(self),
            [name, rest @ ..] => {
                let mut nodes = self.nodes.iter();
                nodes.find_map(|node| match node {
                    Node::Element(element) if element.name == *name => element.at(rest),
                    _ => None,
                })
            }
        }
    }

    /// The text at the end of a path of names; empty where there is none.
    pub(crate) fn text_at(&self, path: &[&str]) -> String {
        self.at(path).map(Self::text).unwrap_or_default()
    }

    /// All text in it, without markup, white space single.
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

/// What comes next in a document.
#[derive(Debug)]
pub(crate) enum Piece {
    /// An element begins, of which the content follows piece by piece.
    Start(Element),
    /// An element with all that is in it, or what is wrong in it.
    Whole(Result<Element, String>),
}

/// Reads a document from its start to its end.
pub(crate) struct XmlStream<'a> {
    reader: Reader<Utf8Repair<'a>>,
    buffer: Vec<u8>,
    /// Elements that are open outside of whole ones.
    depth: usize,
    line: usize,
    ended: bool,
}

impl<'a> XmlStream<'a> {
    pub(crate) fn new(source: Input<'a>) -> Self {
        let mut reader = Reader::from_reader(Utf8Repair::new(source));
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

    /// The line on which the last piece begins, counted from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// The next element: those named in `whole` with all that is in them, the others as they begin.
    /// An error is the last that comes.
    pub(crate) fn next_piece(&mut self, whole: &[&str]) -> Option<Result<Piece, String>> {
        if self.ended {
            return None;
        }
        let piece = self.try_next(whole);
        if piece.is_err() {
            self.line = self.reader.get_ref().line();
        }
        self.ended = !matches!(piece, Ok(Some(_)));
        piece.transpose()
    }

    fn try_next(&mut self, whole: &[&str]) -> Result<Option<Piece>, String> {
        loop {
            self.reader.get_mut().begin_record();
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            match event.map_err(|error| broken(&error))? {
                Event::Start(tag) => {
                    let element = start(&tag)?;
                    self.line = self.reader.get_ref().line();
                    if whole.contains(&element.name.as_str()) {
                        return self.whole(element).map(Piece::Whole).map(Some);
                    }
                    self.depth += 1;
                    return Ok(Some(Piece::Start(element)));
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

    /// Reads on to the end of `element`. Text that is not UTF-8 spoils the element; anything else
    /// spoils the document.
    fn whole(&mut self, element: Element) -> Result<Result<Element, String>, String> {
        let mut fault = None;
        let mut open = vec![element];
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            let event = event.map_err(|error| broken(&error))?;
            if fault.is_none() && event.contains(INVALID) {
                let line = self.reader.get_ref().line();
                fault = Some(format!("not UTF-8 on line {line}"));
            }
            match event {
                Event::Start(tag) => {
                    if open.len() >= MAX_DEPTH {
                        return Err(format!("more than {MAX_DEPTH} elements in each other"));
                    }
                    open.push(start(&tag)?);
                }
                Event::End(_) => {
                    let Some(closed) = open.pop() else { continue };
                    match open.last_mut() {
                        Some(parent) => parent.nodes.push(Node::Element(closed)),
                        None => return Ok(fault.map_or(Ok(closed), Err)),
                    }
                }
                Event::Text(text) => put(&mut open, &text.into_inner()),
                Event::CData(text) => put(&mut open, &text.into_inner()),
                Event::GeneralRef(name) => put(&mut open, &reference(&name.into_inner())),
                Event::Eof => {
                    let name = open.first().map_or("", |element| &element.name);
                    return Err(format!("the XML is cut off: the file ends in `{name}`"));
                }
                _ => {}
            }
        }
    }
}

fn put(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        match element.nodes.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => element.nodes.push(Node::Text(text.to_owned())),
        }
    }
}

/// The character of a reference; one that is not known stays as it is written.
fn reference(name: &str) -> String {
    entities::entity(name).unwrap_or_else(|| format!("&{name};"))
}

fn start(tag: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in tag.html_attributes() {
        let attribute = attribute.map_err(|error| format!("not XML: {error}"))?;
        let name = local(attribute.key.as_ref());
        attributes.push((name.to_owned(), decoded(&attribute.value).into_owned()));
    }
    Ok(Element {
        name: local(tag.name().as_ref()).to_owned(),
        attributes,
        nodes: Vec::new(),
    })
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The value of an attribute with its references decoded.
fn decoded(value: &str) -> Cow<'_, str> {
    if value.contains('&') {
        Cow::Owned(markup::plain(value))
    } else {
        Cow::Borrowed(value)
    }
}

fn broken(error: &quick_xml::Error) -> String {
    match error {
        quick_xml::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::FileTooLarge => error.to_string(),
            _ => crate::read::input::unreadable(error),
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
        while let Some(piece) = stream.next_piece(&["a"]) {
            let text = match piece {
                Ok(Piece::Start(_)) => continue,
                Ok(Piece::Whole(element)) => element.map(|element| element.text()),
                Err(reason) => Err(reason),
            };
            found.push((stream.line(), text));
        }
        found
    }

    #[test]
    fn gives_whole_elements_with_their_line_and_text() {
        let xml = b"<?xml version='1.0' encoding='UTF-8'?>\n<r>\n<x:a k='1'>H<sub>2</sub>O &amp; \
                    &#228;<!-- no --></x:a>\n<b/><a><p>One</p><p><![CDATA[<Two>]]> &zz;</p></a></r>";
        let expected = [
            (3, Ok("H2O & ä".to_owned())),
            (4, Ok("One <Two> &zz;".to_owned())),
        ];
        assert_eq!(texts(xml), expected);
    }

    #[test]
    fn text_that_is_not_utf_8_spoils_its_element_only() {
        let found = texts(b"<r>\n<a>b\xffd</a>\n<a>good</a></r>");
        let expected = [
            (2, Err("not UTF-8 on line 2".to_owned())),
            (3, Ok("good".to_owned())),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_xml_is_said_once() {
        let reason = |xml: &[u8]| {
            let found = texts(xml);
            let (last, good) = found.split_last().unwrap();
            assert!(good.iter().all(|(_, text)| text.is_ok()));
            (last.0, last.1.clone().unwrap_err())
        };
        let cut = "the XML is cut off: the file ends in `a`";
        assert_eq!(reason(b"<r>\n<a>x</a>\n<a>y\n"), (4, cut.to_owned()));
        let cut = "the XML is cut off: the file ends in an element";
        assert_eq!(reason(b"<r>\n<a>x</a>"), (2, cut.to_owned()));
        let (line, wrong) = reason(b"<r>\n<a>x</b>\n</r>");
        assert!(line == 2 && wrong.starts_with("not XML: "), "{wrong}");
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><r/>";
        assert_eq!(
            reason(latin).1,
            "the encoding is ISO-8859-1, expected UTF-8"
        );
        let deep = "<a>".repeat(200_000);
        assert_eq!(
            reason(deep.as_bytes()).1,
            "more than 100 elements in each other"
        );
    }
}
