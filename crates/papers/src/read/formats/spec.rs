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
use crate::read::syntax::json_shape::{Shape, TITLES};
use crate::read::syntax::json_tables::Rows;
use crate::{Paper, RecordLocation};

/// A record with its location: its paper, or the reason why it is not a paper.
pub(crate) type LocatedRecord = (RecordLocation, Result<Paper, String>);

/// The records of a file in any format.
pub(crate) type Records<'a> = Box<dyn Iterator<Item = LocatedRecord> + Send + 'a>;

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
    /// Reads a stream whose records may be the objects of another format.
    StreamOfObjects(for<'a> fn(Input<'a>, ObjectsOf) -> Records<'a>),
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
            if let Some(Value::Object(inner)) = record.get(*wrapper)
                && (has_text(inner) || !has_text(record))
            {
                counted.push((record, *wrapper));
                record = inner;
            }
        }
        let mut paper = (self.paper)(record, notes)?;
        let pages = paper.details.pages.take();
        paper.details.pages = pages.and_then(|pages| super::pages::pages(&pages));
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

/// Returns whether an object has the title or the abstract of a paper.
fn has_text(fields: &Fields) -> bool {
    let mut names = fields.keys();
    names.any(|name| TITLES.contains(&&**name) || name.eq_ignore_ascii_case("abstract"))
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

/// Reads the JSON objects of `input` and converts each to a paper, or several if it is a table.
///
/// `objects_of` tells the format of records under their keys, which is `format` otherwise.
pub(crate) fn objects(
    input: Input<'_>,
    format: ObjectFormat,
    objects_of: Option<ObjectsOf>,
) -> Records<'_> {
    let notes = input.notes().clone();
    let records = move |(line, object): (usize, Result<Fields, String>)| {
        let location = RecordLocation::Line(line);
        let (rows, format) = match object.map(Rows::of) {
            Err(reason) => return vec![(location, Err(reason))],
            Ok(Rows::Record(fields)) => (vec![fields], format),
            Ok(Rows::Columns(rows)) => (rows, format),
            Ok(Rows::Values(rows)) => {
                let detected = objects_of.map(|objects_of| format_of(&rows, objects_of));
                (rows, detected.unwrap_or(format))
            }
        };
        let mut papers = Vec::with_capacity(rows.len());
        for fields in rows {
            match attachment(&fields) {
                Some(kind) => notes.remark_at(
                    location,
                    format!("an item of the type `{kind}` was left out, it is not a paper"),
                ),
                None => papers.push((location, format.convert(&fields, &notes))),
            }
        }
        papers
    };
    match Shape::of(input.start()) {
        Shape::Lines => Box::new(JsonLines::new(input).flat_map(records)),
        shape => Box::new(Elements::new(input, shape).flat_map(records)),
    }
}

/// Returns the format of the first of some records.
fn format_of(records: &[Fields], objects_of: ObjectsOf) -> ObjectFormat {
    let fields = records.first().into_iter().flatten();
    let texts: Vec<(&str, String)> = fields
        .map(|(name, value)| (&**name, value.to_string()))
        .collect();
    let starts = texts.iter().map(|(name, text)| (*name, text.as_bytes()));
    objects_of(starts.collect())
}

/// Returns the type of an item of Zotero that belongs to a paper, and is none.
fn attachment(fields: &Fields) -> Option<&str> {
    let data = fields.get("data").and_then(Value::as_object);
    let kind = data.unwrap_or(fields).get("itemType")?.as_str()?;
    ["attachment", "note", "annotation"]
        .contains(&kind)
        .then_some(kind)
}
