//! EndNote's XML: `<xml><records><record>`.

use super::Reference;
use crate::read::formats::file_start::FileStart;
use crate::read::formats::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::input::{Input, MAX_VALUES};
use crate::read::notes::Notes;
use crate::read::syntax::xml::{Element, XmlItem, XmlStream};
use crate::{Paper, RecordLocation};

pub(in crate::read::formats) const FORMAT: FormatSpec = FormatSpec {
    name: "endnote-xml",
    extensions: &[],
    recognize,
    source: RecordSource::Stream(|input| Box::new(EndNote::new(input))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let is_root = matches!(
        start.xml_root(),
        Some("xml" | "records" | "XML" | "RECORDS")
    );
    is_root.then_some(Evidence::Header)
}

/// The children of a record that are read, and those with data of the library and of the program.
const READ: [&str; 30] = [
    "database",
    "source-app",
    "rec-number",
    "foreign-keys",
    "ref-type",
    "contributors",
    "titles",
    "periodical",
    "pages",
    "volume",
    "number",
    "edition",
    "keywords",
    "dates",
    "pub-location",
    "publisher",
    "isbn",
    "accession-num",
    "label",
    "abstract",
    "urls",
    "electronic-resource-num",
    "work-type",
    "language",
    "custom2",
    "remote-database-name",
    "remote-database-provider",
    "access-date",
    "modified-date",
    "notes",
];

/// Reads the records of a library.
struct EndNote<'a> {
    stream: XmlStream<'a>,
    notes: Notes,
}

impl<'a> EndNote<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            notes: input.notes().clone(),
            stream: XmlStream::new(input),
        }
    }
}

impl Iterator for EndNote<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        loop {
            let outcome = match self.stream.next_item(&["record"])? {
                Ok(XmlItem::Start(_)) => continue,
                Ok(XmlItem::Whole(Ok(record))) => paper(&record, &self.notes),
                Ok(XmlItem::Whole(Err(reason))) | Err(reason) => Err(reason),
            };
            return Some((RecordLocation::Line(self.stream.line()), outcome));
        }
    }
}

fn paper(record: &Element, notes: &Notes) -> Result<Paper, String> {
    let text = |path: &[&str]| record.text_at(path);
    let all = |path: &[&str], name: &str| -> Vec<String> {
        let list = record.at(path).into_iter();
        let texts = list.flat_map(|list| list.all(name)).map(Element::text);
        texts
            .filter(|text| !text.is_empty())
            .take(MAX_VALUES)
            .collect()
    };
    let type_name = record
        .at(&["ref-type"])
        .and_then(|element| element.attribute("name"));
    let journal = text(&["periodical", "full-title"]);
    let reference = Reference {
        type_name: type_name.map_or_else(
            || type_of_number(&text(&["ref-type"])).to_owned(),
            str::to_owned,
        ),
        authors: all(&["contributors", "authors"], "author"),
        secondary_authors: all(&["contributors", "secondary-authors"], "author"),
        tertiary_authors: all(&["contributors", "tertiary-authors"], "author"),
        title: text(&["titles", "title"]),
        secondary_title: text(&["titles", "secondary-title"]),
        tertiary_title: text(&["titles", "tertiary-title"]),
        alternate_title: [
            text(&["titles", "alt-title"]),
            text(&["periodical", "abbr-1"]),
        ]
        .into_iter()
        .find(|title| !title.is_empty())
        .unwrap_or_default(),
        journal,
        pages: text(&["pages"]),
        volume: text(&["volume"]),
        number: text(&["number"]),
        edition: text(&["edition"]),
        keywords: all(&["keywords"], "keyword"),
        year: text(&["dates", "year"]),
        date: text(&["dates", "pub-dates", "date"]),
        place: text(&["pub-location"]),
        publisher: text(&["publisher"]),
        serial_numbers: record.all("isbn").map(Element::text).collect(),
        accession: text(&["accession-num"]),
        label: text(&["label"]),
        record_number: text(&["rec-number"]),
        abstract_text: text(&["abstract"]),
        urls: [
            all(&["urls", "related-urls"], "url"),
            all(&["urls", "web-urls"], "url"),
        ]
        .concat(),
        electronic_number: text(&["electronic-resource-num"]),
        work_type: text(&["work-type"]),
        language: text(&["language"]),
        custom_2: text(&["custom2"]),
        database: [
            text(&["remote-database-name"]),
            text(&["remote-database-provider"]),
        ]
        .join(" "),
        notes: text(&["notes"]),
    };
    record.count_unread(&READ, notes);
    let read = [
        "title",
        "secondary-title",
        "tertiary-title",
        "alt-title",
        "short-title",
    ];
    let titles = record
        .at(&["titles"])
        .into_iter()
        .flat_map(Element::elements);
    for title in titles.filter(|title| !read.contains(&title.name.as_str()) && !title.is_blank()) {
        notes.ignore_field(&title.name);
    }
    let read = ["authors", "secondary-authors", "tertiary-authors"];
    let contributors = record
        .at(&["contributors"])
        .into_iter()
        .flat_map(Element::elements);
    for list in contributors.filter(|list| !read.contains(&list.name.as_str()) && !list.is_blank())
    {
        notes.ignore_field(&list.name);
    }
    reference.into_paper(notes)
}

/// Returns the name of the type with a number, for programs that write no name.
fn type_of_number(number: &str) -> &'static str {
    match number.trim() {
        "0" | "17" => "Journal Article",
        "1" | "6" => "Book",
        "2" | "32" => "Thesis",
        "3" | "10" => "Conference Proceedings",
        "5" => "Book Section",
        "9" => "Computer Program",
        "12" => "Web Page",
        "13" => "Generic",
        "19" => "Magazine Article",
        "23" => "Newspaper Article",
        "25" => "Patent",
        "27" => "Report",
        "28" => "Edited Book",
        "34" => "Unpublished Work",
        "43" => "Electronic Article",
        "44" => "Electronic Book",
        "47" => "Conference Paper",
        "58" => "Standard",
        "59" => "Dataset",
        _ => "",
    }
}
