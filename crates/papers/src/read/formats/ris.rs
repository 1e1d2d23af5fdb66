//! RIS, line by line: `TAG  - value`, a record from `TY` to `ER`.

mod fields;
mod notation;

use std::cmp::Reverse;

use self::notation::{Notation, type_line};
use super::file_start::FileStart;
use super::spec::{Evidence, FormatSpec, RecordSource};
use crate::Paper;
use crate::read::notes::Notes;
use crate::read::syntax::tagged::{Line, TaggedFormat, TaggedRecord, TaggedRecords};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "ris",
    extensions: &["ris"],
    recognize,
    source: RecordSource::Stream(|input| Box::new(TaggedRecords::new(input, Ris::default()))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let lines = start.text_lines().flat_map(|line| line.split('\r'));
    let line = lines
        .take(MAX_LINES)
        .position(|line| type_line(line).is_some())?;
    Some(Evidence::RecordOnLine(Reverse(line)))
}

/// The number of lines in which a file must show a record.
const MAX_LINES: usize = 2000;

#[derive(Debug, Default)]
struct Ris {
    notation: Notation,
}

impl TaggedFormat for Ris {
    const END: Option<&'static str> = Some("ER");
    const START: &'static str = "TY";
    const EVIDENCE: &'static [&'static str] = &["TI", "T1", "CT", "AU", "A1", "AB", "DO"];

    fn line<'t>(&mut self, line: &'t str, record: Option<&TaggedRecord>) -> Line<'t> {
        if let Some((tag, value, notation)) = type_line(line) {
            self.notation = notation;
            return Line::Start(tag, value);
        }
        // The value of `TY` never continues on a second line.
        let is_second = record.is_some_and(|record| record.len() == 1);
        match self.notation.field(line, is_second) {
            Some(("ER", _)) => Line::End,
            Some((tag, value)) => Line::Field(tag, value),
            None => Line::Text(line),
        }
    }

    fn paper(&self, record: &TaggedRecord, notes: &Notes) -> Result<Paper, String> {
        fields::paper(record, notes)
    }
}
