//! Records of lines that begin with a tag, as in RIS, MEDLINE and the exports of the Web of Science.

use crate::read::input::{self, Input, MAX_RECORD, MAX_VALUES};
use crate::read::notes::Notes;
use crate::{Paper, RecordLocation};

/// A line of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'t> {
    /// The first field of a record: its tag and its value.
    Start(&'t str, &'t str),
    /// A further field.
    Field(&'t str, &'t str),
    /// A line without a tag, with which the value of the last field continues.
    Text(&'t str),
    /// The end of a record.
    End,
    /// A line of the file that belongs to no record.
    Other,
}

/// The notation of a format, and the papers of its records.
pub(crate) trait TaggedFormat {
    /// Parses a line. `record` is the record that the line may belong to.
    fn line<'t>(&mut self, line: &'t str, record: Option<&TaggedRecord>) -> Line<'t>;

    /// Converts a record to a paper.
    fn paper(&self, record: &TaggedRecord, notes: &Notes) -> Result<Paper, String>;

    /// The tag with which each record ends, or `None` if the next record ends it.
    const END: Option<&'static str>;
    /// The tag with which each record begins.
    const START: &'static str;
    /// The tags that show that fields without the start of a record are a record nevertheless.
    const EVIDENCE: &'static [&'static str];
}

/// A record: its fields in their order.
#[derive(Debug)]
pub(crate) struct TaggedRecord {
    line: usize,
    fields: Vec<(String, String)>,
    size: usize,
    error: Option<String>,
}

impl TaggedRecord {
    fn new(line: usize) -> Self {
        Self {
            line,
            fields: Vec::new(),
            size: 0,
            error: None,
        }
    }

    /// Adds a field or, without a tag, a line of the last field.
    fn add(&mut self, tag: Option<&str>, value: &str) {
        if self.error.is_some() {
            self.fields = Vec::new();
            return;
        }
        // The line break counts, so that blank lines do.
        self.size += value.len() + 1;
        if self.size > MAX_RECORD {
            self.error = Some(input::too_long());
            return;
        }
        if self.fields.len() >= MAX_VALUES {
            self.error = Some(input::too_many());
            return;
        }
        match (tag, self.fields.last_mut()) {
            (Some(tag), _) => self.fields.push((tag.to_owned(), value.trim().to_owned())),
            (None, Some((_, last))) => {
                last.push('\n');
                last.push_str(value.trim());
            }
            (None, None) => {}
        }
    }

    /// Returns the fields that have a value, in their order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter();
        let fields = fields.map(|(tag, value)| (tag.as_str(), value.trim()));
        fields.filter(|(_, value)| !value.is_empty())
    }

    /// Returns the number of fields, also of those without a value.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Returns the tag of the first field.
    pub(crate) fn first_tag(&self) -> &str {
        self.fields.first().map_or("", |(tag, _)| tag.as_str())
    }

    /// Returns the values of all fields with one of these tags, in their order in the file.
    pub(crate) fn all(&self, tags: &[&str]) -> Vec<&str> {
        let found = self.fields().filter(|(tag, _)| tags.contains(tag));
        found.map(|(_, value)| value).collect()
    }

    /// Returns the first value of the first of these tags that has one, or an empty string.
    pub(crate) fn first(&self, tags: &[&str]) -> &str {
        let mut tags = tags.iter();
        let found = tags.find_map(|tag| {
            let mut fields = self.fields();
            fields.find_map(|(found, value)| (found == *tag).then_some(value))
        });
        found.unwrap_or_default()
    }

    /// Counts the fields whose tags are not among those that are read.
    pub(crate) fn count_unread(&self, read: &[&str], notes: &Notes) {
        for (tag, _) in self.fields() {
            if !read.contains(&tag) {
                notes.ignore_field(tag);
            }
        }
    }
}

/// Reads the records of a file.
pub(crate) struct TaggedRecords<'a, F> {
    input: Input<'a>,
    notes: Notes,
    format: F,
    bytes: Vec<u8>,
    /// The number of bytes of `bytes` that were read as lines.
    position: usize,
    /// The number of carriage returns that ended a line.
    returns: usize,
    /// The record that is being read.
    record: Option<TaggedRecord>,
    /// The fields behind the end of the last record.
    stray: Option<TaggedRecord>,
}

impl<'a, F: TaggedFormat> TaggedRecords<'a, F> {
    pub(crate) fn new(input: Input<'a>, format: F) -> Self {
        Self {
            notes: input.notes().clone(),
            input,
            format,
            bytes: Vec::new(),
            position: 0,
            returns: 0,
            record: None,
            stray: None,
        }
    }

    /// Reads the next line into `bytes`, if all lines there were read. Old programs for the Macintosh end lines
    /// with a carriage return, so that one line of the input may have several.
    ///
    /// Returns the start and the end of the line, or `None` at the end of the file.
    fn advance(&mut self) -> Option<Result<(usize, usize), String>> {
        if self.position >= self.bytes.len() {
            if let Err(reason) = self.input.next_line(&mut self.bytes)? {
                self.position = self.bytes.len();
                return Some(Err(reason));
            }
            self.position = 0;
        } else {
            self.returns += 1;
        }
        let start = self.position;
        let length = memchr::memchr(b'\r', &self.bytes[start..]);
        let end = length.map_or(self.bytes.len(), |length| start + length);
        self.position = end + 1;
        Some(Ok((start, end)))
    }

    /// Ends the fields behind the end of a record: they are a record without a start if they have the field of one.
    fn take_stray(&mut self) -> Option<TaggedRecord> {
        let stray = self.stray.take()?;
        if stray.error.is_some() {
            return Some(stray);
        }
        if stray.fields().any(|(tag, _)| F::EVIDENCE.contains(&tag)) {
            self.notes.remark(format!(
                "the record has no `{}`, its first field is `{}`",
                F::START,
                stray.first_tag()
            ));
            return Some(stray);
        }
        stray.count_unread(&[], &self.notes);
        None
    }

    fn finish(&self, record: TaggedRecord) -> (RecordLocation, Result<Paper, String>) {
        let outcome = match record.error {
            Some(error) => Err(error),
            None => self.format.paper(&record, &self.notes),
        };
        (RecordLocation::Line(record.line), outcome)
    }

    /// Handles the end of the file.
    fn last(&mut self) -> Option<(RecordLocation, Result<Paper, String>)> {
        if let Some(record) = self.record.take() {
            if let (Some(end), None) = (F::END, &record.error) {
                self.notes
                    .remark(format!("the record has no `{end}`, the file ends in it"));
            }
            return Some(self.finish(record));
        }
        let stray = self.take_stray()?;
        Some(self.finish(stray))
    }
}

impl<F: TaggedFormat> Iterator for TaggedRecords<'_, F> {
    type Item = (RecordLocation, Result<Paper, String>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(read) = self.advance() else {
                return self.last();
            };
            let number = self.input.line() + self.returns;
            let text = read.and_then(|(start, end)| input::text(&self.bytes[start..end]));
            let text = match (text, self.record.as_mut().or(self.stray.as_mut())) {
                (Ok(text), _) => text.trim_start_matches('\u{feff}'),
                (Err(reason), Some(record)) => {
                    let reason = format!("line {number}: {reason}");
                    record.error.get_or_insert(reason);
                    continue;
                }
                (Err(reason), None) => return Some((RecordLocation::Line(number), Err(reason))),
            };
            match self.format.line(text, self.record.as_ref()) {
                Line::Start(tag, value) => {
                    let mut next = TaggedRecord::new(number);
                    next.add(Some(tag), value);
                    let previous = match self.record.replace(next) {
                        Some(previous) => {
                            if let (Some(end), None) = (F::END, &previous.error) {
                                self.notes.remark(format!(
                                    "the record has no `{end}` before the next on line {number}"
                                ));
                            }
                            Some(previous)
                        }
                        None => self.take_stray(),
                    };
                    if let Some(previous) = previous {
                        return Some(self.finish(previous));
                    }
                }
                Line::Field(tag, value) => {
                    if let Some(record) = &mut self.record {
                        record.add(Some(tag), value);
                    } else {
                        let stray = self.stray.get_or_insert_with(|| TaggedRecord::new(number));
                        stray.add(Some(tag), value);
                    }
                }
                Line::Text(text) => {
                    if let Some(record) = self.record.as_mut().or(self.stray.as_mut()) {
                        record.add(None, text);
                    }
                }
                Line::End => {
                    let record = self.record.take().or_else(|| self.take_stray());
                    if let Some(record) = record {
                        return Some(self.finish(record));
                    }
                }
                Line::Other => {}
            }
        }
    }
}
