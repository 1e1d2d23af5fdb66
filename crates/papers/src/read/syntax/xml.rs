//! XML as a stream of elements, each small enough to be held in memory.

mod element;

use std::borrow::Cow;
use std::io;

use memchr::memchr;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

pub(crate) use self::element::Element;
use self::element::Node;
use crate::read::encoding;
use crate::read::input::{self, Input, MAX_VALUES};
use crate::read::notes::Notes;
use crate::read::syntax::rewind::Rewind;
use crate::read::syntax::utf8_repair::{INVALID, Utf8Repair};
use crate::text::{entities, markup};

/// The maximum nesting of elements; deeper documents would exhaust the stack.
const MAX_DEPTH: usize = 100;

/// An item of a document.
#[derive(Debug)]
pub(crate) enum XmlItem {
    /// The start of an element whose content follows as further items.
    Start(Element),
    /// An element with its content, or the reason why the content is invalid.
    Whole(Result<Element, String>),
}

/// Why an item cannot be read, and where the next one is searched.
enum Failure {
    /// The item, or what follows from its start on, is not XML: the next item may begin within it.
    Syntax(String),
    /// The item has too many values: the next item begins after the last byte that was read.
    TooMany(String),
    /// The file cannot be read, or not in bounded memory.
    File(String),
}

/// Reads a document from its start to its end.
pub(crate) struct XmlStream<'a> {
    reader: Reader<Rewind<'a>>,
    notes: Notes,
    buffer: Vec<u8>,
    /// The names of the open elements outside of elements that are returned whole.
    open: Vec<String>,
    line: usize,
    ended: bool,
}

/// The number of bytes in which the name of an element ends.
const MAX_NAME: usize = 256;

impl<'a> XmlStream<'a> {
    pub(crate) fn new(input: Input<'a>) -> Self {
        let notes = input.notes().clone();
        Self {
            reader: reader(Rewind::new(Utf8Repair::new(input))),
            notes,
            buffer: Vec::new(),
            open: Vec::new(),
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
    /// After an error of the document, the stream goes on with the next element named in `whole` whose start
    /// tag occurs in the text. If there is none and the document is not closed, it is incomplete.
    pub(crate) fn next_item(&mut self, whole: &[&str]) -> Option<Result<XmlItem, String>> {
        if self.ended {
            return None;
        }
        let failure = match self.try_next(whole) {
            Ok(item) => {
                self.ended = item.is_none();
                return item.map(Ok);
            }
            Err(failure) => failure,
        };
        self.line = self.reader.get_ref().record_line();
        let (reason, is_within) = match failure {
            Failure::Syntax(reason) => (reason, true),
            Failure::TooMany(reason) => (reason, false),
            Failure::File(reason) => {
                self.ended = true;
                self.notes.set_incomplete();
                return Some(Err(reason));
            }
        };
        let has_next = self.resume(whole, is_within);
        self.ended = has_next != Some(true);
        if has_next.is_none() {
            self.notes.set_incomplete();
        }
        Some(Err(reason))
    }

    /// Skips to the next start of an element named in `whole`, from the start of the failed item on if it is
    /// searched within it. Returns whether there is one, or `None` if the document is cut off or cannot be read.
    fn resume(&mut self, whole: &[&str], is_within: bool) -> Option<bool> {
        let mut source = std::mem::replace(self.reader.get_mut(), Rewind::new(io::empty()));
        if is_within {
            if !source.rewind() {
                return None;
            }
            io::BufRead::consume(&mut source, 1);
        }
        let root = self.open.first().cloned();
        let mut root_is_closed = false;
        let found = source.seek(|bytes| {
            let mut from = 0;
            while let Some(at) = memchr(b'<', &bytes[from..]) {
                let tag = &bytes[from + at + 1..];
                let Some(end) = tag
                    .iter()
                    .take(MAX_NAME)
                    .position(|byte| is_name_end(*byte))
                else {
                    if tag.len() < MAX_NAME {
                        return Err(tag.len() + 1);
                    }
                    from += at + 1;
                    continue;
                };
                let name = std::str::from_utf8(&tag[..end]).unwrap_or_default();
                let name = name.strip_suffix('/').unwrap_or(name);
                if whole.contains(&local_name(name)) {
                    return Ok(from + at);
                }
                let closed = name.strip_prefix('/');
                // An item may itself be the root.
                root_is_closed |= match &root {
                    Some(root) => closed == Some(root),
                    None => closed.is_some_and(|name| whole.contains(&local_name(name))),
                };
                from += at + 1;
            }
            Err(0)
        });
        self.reader = reader(source);
        match found {
            Ok(true) => Some(true),
            Ok(false) if root_is_closed => Some(false),
            Ok(false) | Err(_) => None,
        }
    }

    fn try_next(&mut self, whole: &[&str]) -> Result<Option<XmlItem>, Failure> {
        loop {
            self.reader.get_mut().begin_record();
            match read_event(&mut self.reader, &mut self.buffer)? {
                Event::Start(tag) => {
                    let element = start_element(&tag)?;
                    let name = tag.name().as_ref().to_owned();
                    self.line = self.reader.get_ref().line();
                    if whole.contains(&element.name.as_str()) {
                        return self.whole(element, name).map(XmlItem::Whole).map(Some);
                    }
                    if self.open.len() >= MAX_DEPTH {
                        return Err(Failure::File(too_deep()));
                    }
                    self.open.push(name);
                    return Ok(Some(XmlItem::Start(element)));
                }
                Event::End(tag) => {
                    let name = tag.name().as_ref().to_owned();
                    match self.open.iter().rposition(|open| *open == name) {
                        // The elements in it are closed too.
                        Some(at) => self.open.truncate(at),
                        None => {
                            return Err(unexpected_end(
                                self.reader.get_ref(),
                                self.open.last(),
                                &name,
                            ));
                        }
                    }
                }
                Event::Decl(declaration) => {
                    // The text was decoded.
                    if let Some(Ok(label)) = declaration.encoding()
                        && encoding::of_label(&label).is_none()
                        && !label.to_ascii_lowercase().starts_with("utf-16")
                    {
                        return Err(Failure::File(format!(
                            "the encoding is {label}, expected UTF-8 or another encoding of the web"
                        )));
                    }
                }
                Event::Eof if !self.open.is_empty() => {
                    return Err(Failure::Syntax(
                        "the XML is cut off: the file ends in an element".to_owned(),
                    ));
                }
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// Reads to the end of `element`, whose name with its prefix is `name`.
    ///
    /// The inner error concerns this element: it contains bytes that are not UTF-8.
    fn whole(
        &mut self,
        element: Element,
        name: String,
    ) -> Result<Result<Element, String>, Failure> {
        let mut invalid = None;
        let mut values = element.attributes.len();
        let mut open = vec![element];
        let mut names = vec![name];
        loop {
            let event = read_event(&mut self.reader, &mut self.buffer)?;
            if invalid.is_none() && event.contains(INVALID) {
                let line = self.reader.get_ref().line();
                invalid = Some(format!("not UTF-8 on line {line}"));
            }
            match event {
                Event::Start(tag) => {
                    if open.len() >= MAX_DEPTH {
                        return Err(Failure::File(too_deep()));
                    }
                    let element = start_element(&tag)?;
                    values += 1 + element.attributes.len();
                    if values > MAX_VALUES {
                        return Err(Failure::TooMany(input::too_many()));
                    }
                    open.push(element);
                    names.push(tag.name().as_ref().to_owned());
                }
                Event::End(tag) => {
                    let found = tag.name();
                    if names.last().is_some_and(|name| name != found.as_ref()) {
                        let source = self.reader.get_ref();
                        return Err(unexpected_end(source, names.last(), found.as_ref()));
                    }
                    names.pop();
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
                    return Err(Failure::Syntax(format!(
                        "the XML is cut off: the file ends in `{name}`"
                    )));
                }
                _ => {}
            }
        }
    }
}

fn read_event<'b>(
    reader: &mut Reader<Rewind<'_>>,
    buffer: &'b mut Vec<u8>,
) -> Result<Event<'b>, Failure> {
    buffer.clear();
    reader
        .read_event_into(buffer)
        .map_err(|error| match &error {
            quick_xml::Error::Io(error) => match error.kind() {
                io::ErrorKind::FileTooLarge => Failure::Syntax(error.to_string()),
                _ => Failure::File(input::unreadable(error)),
            },
            quick_xml::Error::Encoding(_) => Failure::Syntax("not UTF-8".to_owned()),
            error => Failure::Syntax(format!("not XML{}: {error}", on_line(reader.get_ref()))),
        })
}

/// Returns the line of the next byte as part of a message, unless the item begins on it.
fn on_line(source: &Rewind<'_>) -> String {
    if source.line() == source.record_line() {
        String::new()
    } else {
        format!(" on line {}", source.line())
    }
}

fn unexpected_end(source: &Rewind<'_>, expected: Option<&String>, found: &str) -> Failure {
    let expected = expected.map_or("no end tag".to_owned(), |name| format!("`</{name}>`"));
    let line = on_line(source);
    Failure::Syntax(format!(
        "not XML{line}: found `</{found}>`, expected {expected}"
    ))
}

/// Returns a parser. The names of end tags are compared here, since the parser may begin within a document.
fn reader(source: Rewind<'_>) -> Reader<Rewind<'_>> {
    let mut reader = Reader::from_reader(source);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.allow_dangling_amp = true;
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    reader
}

fn is_name_end(byte: u8) -> bool {
    byte == b'>' || byte.is_ascii_whitespace()
}

fn too_deep() -> String {
    format!("more than {MAX_DEPTH} nested elements")
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

fn start_element(tag: &BytesStart<'_>) -> Result<Element, Failure> {
    let mut attributes = Vec::new();
    let mut found = tag.html_attributes();
    // Comparing each name with all others takes time that is quadratic in their number.
    for attribute in found.with_checks(false) {
        let attribute = attribute.map_err(|error| Failure::Syntax(format!("not XML: {error}")))?;
        let name = local_name(attribute.key.as_ref());
        if attributes.len() >= MAX_VALUES {
            return Err(Failure::TooMany(input::too_many()));
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
    fn reading_goes_on_with_the_next_element() {
        for damaged in [
            "<a>p <0.05 raw</a>",
            "<a>p < 0.05 raw</a>",
            "<a><b>x</c></a>",
            "<a><b>x</a>",
            "<a>x",
            "<a><!-- x</a>",
            "<a><![CDATA[x</a>",
            "<a k='1>x</a>",
            "</a>",
            "<a>x</a></a>",
            "<a><b",
        ] {
            let xml = format!("<r>\n<a>1</a>\n{damaged}\n<x:a>3</x:a>\n<a>4</a>\n</r>\n");
            let input = Input::new(xml.as_bytes(), "f").unwrap();
            let notes = input.notes().clone();
            let found = texts(xml.as_bytes());
            let good: Vec<_> = found.iter().filter(|(_, text)| text.is_ok()).collect();
            let lines = good.iter().map(|(line, _)| *line).filter(|line| *line != 3);
            assert_eq!(lines.collect::<Vec<_>>(), [2, 4, 5], "{damaged}: {found:?}");
            let bad: Vec<_> = found.iter().filter(|(_, text)| text.is_err()).collect();
            assert_eq!((bad.len(), bad[0].0), (1, 3), "{damaged}: {found:?}");
            assert!(!notes.is_incomplete());
        }
    }

    #[test]
    fn damage_in_every_element_takes_linear_time() {
        // Each comment ends with the file.
        let xml = format!("<r>{}</r>", "<a><!-- </a>".repeat(20_000));
        let (found, errors) = (texts(xml.as_bytes()), |text: &Result<_, _>| text.is_err());
        assert!(found.iter().all(|(_, text)| errors(text)));
    }

    #[test]
    fn malformed_xml_at_the_end_is_one_error() {
        let reason = |xml: &[u8]| {
            let input = Input::new(xml, "f").unwrap();
            let notes = input.notes().clone();
            let mut stream = XmlStream::new(input);
            let mut errors = Vec::new();
            while let Some(item) = stream.next_item(&["a"]) {
                errors.extend(item.err().map(|reason| (stream.line(), reason)));
            }
            assert_eq!(errors.len(), 1, "{errors:?}");
            let (line, reason) = errors.remove(0);
            (line, reason, notes.is_incomplete())
        };
        let truncated = "the XML is cut off: the file ends in `a`".to_owned();
        assert_eq!(reason(b"<r>\n<a>x</a>\n<a>y\n"), (3, truncated, true));
        let truncated = "the XML is cut off: the file ends in an element".to_owned();
        assert_eq!(reason(b"<r>\n<a>x</a>"), (2, truncated, true));
        let wrong = "not XML: found `</b>`, expected `</a>`".to_owned();
        assert_eq!(reason(b"<r>\n<a>x</b>\n</r>"), (2, wrong, false));
        let unknown = b"<?xml version='1.0' encoding='x-moss'?><r/>";
        assert_eq!(
            reason(unknown).1,
            "the encoding is x-moss, expected UTF-8 or another encoding of the web"
        );
        let deep = "<a>".repeat(200_000);
        assert_eq!(reason(deep.as_bytes()).1, "more than 100 nested elements");
    }
}
