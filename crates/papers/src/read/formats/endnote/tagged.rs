//! EndNote's tagged format: `%0 Journal Article`, with a percent sign and a character before each value.

use std::cmp::Reverse;

use super::Reference;
use crate::Paper;
use crate::read::formats::file_start::FileStart;
use crate::read::formats::spec::{Evidence, FormatSpec, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::tagged::{Line, TaggedFormat, TaggedRecord, TaggedRecords};

pub(in crate::read::formats) const FORMAT: FormatSpec = FormatSpec {
    name: "endnote",
    extensions: &["enw"],
    recognize,
    source: RecordSource::Stream(|input| Box::new(TaggedRecords::new(input, EndNote))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let lines = start
        .text_lines()
        .flat_map(|line| line.split('\r'))
        .take(2000);
    let mut lines = lines.map(|line| line.trim_start_matches('\u{feff}'));
    let line = lines.position(|line| line.starts_with("%0 "))?;
    Some(Evidence::RecordOnLine(Reverse(line)))
}

/// The tags that are read, and those with the date of access and the call number.
const READ: [&str; 32] = [
    "%0", "%A", "%B", "%C", "%D", "%E", "%F", "%G", "%I", "%J", "%K", "%L", "%M", "%N", "%P", "%R",
    "%S", "%T", "%U", "%V", "%W", "%X", "%7", "%8", "%9", "%@", "%!", "%[", "%~", "%2", "%Z", "%Y",
];

#[derive(Debug)]
struct EndNote;

impl TaggedFormat for EndNote {
    const END: Option<&'static str> = None;
    const START: &'static str = "%0";
    const EVIDENCE: &'static [&'static str] = &["%T", "%A", "%X"];

    fn line<'t>(&mut self, line: &'t str, _: Option<&TaggedRecord>) -> Line<'t> {
        match tagged(line) {
            Some(("%0", value)) => Line::Start("%0", value),
            Some((tag, value)) => Line::Field(tag, value),
            None => Line::Text(line),
        }
    }

    fn paper(&self, record: &TaggedRecord, notes: &Notes) -> Result<Paper, String> {
        paper(record, notes)
    }
}

fn tagged(line: &str) -> Option<(&str, &str)> {
    let (tag, value) = line.split_at_checked(2)?;
    let is_tag = tag.starts_with('%') && tag.ends_with(|c: char| c.is_ascii_graphic());
    (is_tag && (value.is_empty() || value.starts_with([' ', '\t']))).then_some((tag, value))
}

fn paper(record: &TaggedRecord, notes: &Notes) -> Result<Paper, String> {
    let text = |tag: &str| record.first(&[tag]).to_owned();
    let all = |tag: &str| record.all(&[tag]).into_iter().map(str::to_owned).collect();
    record.count_unread(&READ, notes);
    let reference = Reference {
        type_name: text("%0"),
        authors: all("%A"),
        secondary_authors: all("%E"),
        tertiary_authors: all("%Y"),
        title: text("%T"),
        secondary_title: text("%B"),
        tertiary_title: text("%S"),
        journal: text("%J"),
        alternate_title: String::new(),
        pages: text("%P"),
        volume: text("%V"),
        number: text("%N"),
        edition: text("%7"),
        keywords: all("%K"),
        year: text("%D"),
        date: text("%8"),
        place: text("%C"),
        publisher: text("%I"),
        serial_numbers: all("%@"),
        accession: text("%M"),
        label: text("%F"),
        record_number: String::new(),
        abstract_text: text("%X"),
        urls: all("%U"),
        electronic_number: text("%R"),
        work_type: text("%9"),
        language: text("%G"),
        custom_2: text("%2"),
        database: [text("%W"), text("%~")].join(" "),
        notes: text("%Z"),
    };
    reference.into_paper(notes)
}
