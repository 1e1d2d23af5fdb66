//! The description by which a file format registers itself.

use std::cmp::Reverse;
use std::fs::File;

use serde_json::Value;

use super::file_start::FileStart;
use crate::read::input::Input;
use crate::read::notes::Notes;
use crate::read::syntax::json_elements::Elements;
use crate::read::syntax::json_lines::JsonLines;
use crate::read::syntax::json_record::Fields;
use crate::read::syntax::json_shape::Shape;
use crate::{Paper, RecordLocation};

/// A record with its location: its paper, or the reason why it is not a paper.
pub(crate) type LocatedRecord = (RecordLocation, Result<Paper, String>);

/// The records of a file in any format.
pub(crate) type Records<'a> = Box<dyn Iterator<Item = LocatedRecord> + 'a>;

/// Everything that the rest of the crate needs to know about a file format.
///
/// Each format's file has one as a constant, and `formats.rs` lists the constants.
#[derive(Debug)]
pub(crate) struct FormatSpec {
    /// The name on the command line, in lower case with hyphens.
    pub(super) name: &'static str,
    /// The file name extensions of the format, in lower case and without the period. Extensions
    /// that several formats share, such as `xml`, belong to none.
    pub(super) extensions: &'static [&'static str],
    /// Returns how strongly the start of a file suggests this format, or `None` if the file is not
    /// in this format.
    pub(super) recognize: fn(&FileStart<'_>) -> Option<Evidence>,
    /// The way to read the records.
    pub(super) source: RecordSource,
}

/// The strength of the evidence that a file is in a format, from weakest to strongest.
///
/// The format with the strongest evidence is chosen; of equals, the one that is registered first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// Nothing contradicts the format. The extension of the file name outweighs this evidence, and
    /// this evidence only.
    Plausible,
    /// A line, counted from 0, begins as a record of the format does; earlier lines weigh more.
    RecordOnLine(Reverse<usize>),
    /// The syntax is that of the format, and other formats use it too: any JSON object.
    Syntax,
    /// The first JSON record has typical fields of the format. The number decides between formats
    /// that have such fields in common: the higher it is, the rarer the fields are elsewhere.
    Fields(u8),
    /// The header of a table or the root element of an XML document is that of the format.
    Header,
    /// The first bytes are the signature of the format.
    Signature,
}

/// The way to read the records of a format.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RecordSource {
    /// Converts one JSON object at a time, whether the objects stand one per line, in a list, or in
    /// a list within an object.
    Objects(ObjectFormat),
    /// Reads a stream from start to end.
    Stream(for<'a> fn(Input<'a>) -> Records<'a>),
    /// Reads a file that permits seeking; the string is the name of the file in errors. A stream is
    /// copied to a temporary file first.
    File(fn(File, &str, &Notes, ObjectsOf) -> crate::Result<Records<'static>>),
}

/// Returns the format of objects with these fields, each with the first bytes of its value in JSON.
pub(crate) type ObjectsOf = fn(Vec<(&str, &[u8])>) -> ObjectFormat;

/// The way to convert a JSON object to a paper.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ObjectFormat {
    /// Converts the object.
    pub(super) paper: fn(&Fields, &Notes) -> Result<Paper, String>,
    /// Returns whether `paper` reads the field of this name, or leaves it out because it is of no use.
    pub(super) is_read: fn(&str) -> bool,
    /// The names of fields with an object that is the record, in place of the object itself.
    pub(super) wrappers: &'static [&'static str],
}

impl ObjectFormat {
    /// Converts an object to a paper, and counts its fields that are not read.
    pub(super) fn convert(self, object: &Fields, notes: &Notes) -> Result<Paper, String> {
        let mut record = object;
        let mut counted = Vec::new();
        for wrapper in self.wrappers {
            if let Some(Value::Object(inner)) = record.get(*wrapper) {
                counted.push((record, *wrapper));
                record = inner;
            }
        }
        let paper = (self.paper)(record, notes)?;
        counted.push((record, ""));
        for (fields, wrapper) in counted {
            for (name, value) in fields {
                if name != wrapper && !self.reads(name) && has_value(value) {
                    notes.ignore_field(name);
                }
            }
        }
        Ok(paper)
    }

    /// Returns whether the field of this name is read, or left out because it is of no use.
    pub(super) fn reads(self, name: &str) -> bool {
        (self.is_read)(name) || self.wrappers.contains(&name)
    }
}

/// Returns whether a JSON value has content.
fn has_value(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// Reads the JSON objects of `input` and converts each to a paper.
pub(crate) fn objects(input: Input<'_>, format: ObjectFormat) -> Records<'_> {
    let notes = input.notes().clone();
    let record = move |(line, fields): (usize, Result<Fields, String>)| {
        let paper = fields.and_then(|fields| format.convert(&fields, &notes));
        (RecordLocation::Line(line), paper)
    };
    match Shape::of(input.start()) {
        Shape::Lines => Box::new(JsonLines::new(input).map(record)),
        shape => Box::new(Elements::new(input, shape).map(record)),
    }
}
