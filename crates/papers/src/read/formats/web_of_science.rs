//! The tagged format of the Web of Science, in plain text and in files for EndNote with the extension `ciw`:
//! <https://images.webofknowledge.com/images/help/WOS/hs_wos_fieldtags.html>.

use std::cmp::Reverse;

use super::file_start::FileStart;
use super::name_lists::{abbreviated_name, one_name};
use super::normalize::{doi, filled, set_id, year_in};
use super::pages::{page_range, pages};
use super::serial_numbers::set_serial_numbers;
use super::spec::{Evidence, FormatSpec, RecordSource};
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::loose_date::date_in;
use crate::read::syntax::tagged::{Line, TaggedFormat, TaggedRecord, TaggedRecords};
use crate::text::markup;
use crate::{Name, Paper, PaperKind, identifiers};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "web-of-science",
    extensions: &["ciw", "isi"],
    recognize,
    source: RecordSource::Stream(|input| Box::new(TaggedRecords::new(input, WebOfScience))),
};

/// The tags that are read, and those with counts, addresses of the publisher and data of the export.
const READ: [&str; 62] = [
    "PT", "AU", "AF", "BA", "BF", "CA", "GP", "BE", "ED", "TI", "FT", "SO", "SE", "BS", "LA", "DT",
    "CT", "DE", "ID", "AB", "CR", "NR", "TC", "Z9", "Z1", "Z2", "Z3", "Z4", "Z8", "ZB", "ZS", "ZR",
    "ZA", "U1", "U2", "PU", "PI", "PA", "SN", "EI", "BN", "J9", "JI", "PD", "PY", "EA", "EY", "VL",
    "IS", "BP", "EP", "AR", "DI", "D2", "WC", "SC", "UT", "PM", "GA", "DA", "PN", "L3",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let lines = start
        .text_lines()
        .flat_map(|line| line.split('\r'))
        .take(2000);
    let lines: Vec<&str> = lines
        .map(|line| line.trim_start_matches('\u{feff}'))
        .collect();
    let is_header = |pair: &[&str]| {
        let [first, second] = pair else { return false };
        first.starts_with("FN ") && (second.starts_with("VR ") || second.starts_with("PT "))
    };
    if lines.windows(2).take(10).any(is_header) {
        return Some(Evidence::Header);
    }
    let is_start = |line: &&str| line.len() == 4 && line.starts_with("PT ");
    let line = lines.iter().position(is_start)?;
    Some(Evidence::RecordOnLine(Reverse(line)))
}

#[derive(Debug)]
struct WebOfScience;

impl TaggedFormat for WebOfScience {
    const END: Option<&'static str> = Some("ER");
    const START: &'static str = "PT";
    const EVIDENCE: &'static [&'static str] = &["TI", "AU", "AB"];

    fn line<'t>(&mut self, line: &'t str, _: Option<&TaggedRecord>) -> Line<'t> {
        let Some((tag, value)) = tagged(line) else {
            return Line::Text(line);
        };
        match tag {
            "PT" => Line::Start(tag, value),
            "ER" => Line::End,
            // The name and the version of the format, and the end of the file.
            "FN" | "VR" | "EF" => Line::Other,
            _ => Line::Field(tag, value),
        }
    }

    fn paper(&self, record: &TaggedRecord, notes: &Notes) -> Result<Paper, String> {
        paper(record, notes)
    }
}

/// Splits a line into its tag of two characters and its value. Further lines of a value begin with spaces.
fn tagged(line: &str) -> Option<(&str, &str)> {
    let (tag, value) = line.split_at_checked(2)?;
    let mut bytes = tag.bytes();
    let is_tag = bytes.next().is_some_and(|byte| byte.is_ascii_uppercase())
        && bytes.all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (is_tag && (value.is_empty() || value.starts_with(' '))).then_some((tag, value))
}

fn paper(record: &TaggedRecord, notes: &Notes) -> Result<Paper, String> {
    let text = |tags: &[&str]| markup::plain(record.first(tags));
    let mut paper = Paper::new("")
        .title(filled(text(&["TI"])).unwrap_or_else(|| text(&["FT"])))
        .abstract_text(text(&["AB"]))
        .authors(people(record, &["AF", "BF"], &["AU", "BA"]));
    let organizations = lines(record.first(&["CA", "GP"])).map(Name::organization);
    paper.authors.extend(organizations);
    paper.details.editors = people(record, &[], &["BE", "ED"]);
    if paper.authors.is_empty() {
        paper.authors.clone_from(&paper.details.editors);
    }
    paper.venue = filled(text(&["SO", "JI", "J9"]));
    set_date(&mut paper, record, notes);
    let details = &mut paper.details;
    details.kind = Some(kind(record));
    details.genre = retraction(record.first(&["DT"]));
    details.series = filled(text(&["SE", "BS"]));
    details.volume = filled(text(&["VL"]));
    details.number = filled(text(&["IS"]))
        .or_else(|| filled(text(&["PN"])).filter(|_| record.first(&["PT"]) == "P"));
    details.pages = page_range(record.first(&["BP"]), record.first(&["EP"]))
        .or_else(|| pages(record.first(&["AR"])));
    details.publisher = filled(text(&["PU"]));
    details.place = filled(text(&["PI"]));
    details.language = filled(text(&["LA"]));
    for number in record
        .all(&["SN"])
        .into_iter()
        .chain(record.all(&["EI", "BN"]))
    {
        set_serial_numbers(details, number);
    }
    details.pmid = identifiers::pmid(record.first(&["PM"]));
    // `D2` is the DOI of the book that contains a chapter.
    let own = doi(record.first(&["DI"]));
    let book =
        || doi(record.first(&["D2"])).filter(|_| paper.details.kind == Some(PaperKind::Book));
    paper.doi = own.or_else(book);
    let lists = [("WC", ';'), ("SC", ';'), ("DE", ';'), ("ID", ';')];
    let mut seen = std::collections::HashSet::new();
    for (tag, separator) in lists {
        // The research areas repeat the categories in other words.
        if tag == "SC" && !record.first(&["WC"]).is_empty() {
            continue;
        }
        let joined = markup::plain(record.first(&[tag]));
        let names = joined
            .split(separator)
            .filter_map(|name| filled(name.trim()));
        let names = names
            .filter(|name| seen.insert(name.to_lowercase()))
            .take(MAX_VALUES);
        paper.categories.extend(names);
    }
    paper.references = references(record.first(&["CR"]));
    record.count_unread(&READ, notes);
    let id = filled(record.first(&["UT"]));
    set_id(&mut paper, id, "`UT`, no `DI` and no title")?;
    Ok(paper)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split(['\n', ';']).map(str::trim);
    lines.filter(|line| !line.is_empty()).take(MAX_VALUES)
}

/// Returns the names of a field, one on each line: the full names if there are any, else the abbreviated ones.
fn people(record: &TaggedRecord, full: &[&str], short: &[&str]) -> Vec<Name> {
    let name = |line: &str| {
        if line.contains(',') {
            one_name(line)
        } else {
            abbreviated_name(line)
        }
    };
    match record.first(full) {
        "" => lines(record.first(short)).map(name).collect(),
        names => lines(names).map(name).collect(),
    }
}

/// Returns the kind by the type of the publication and the type of the document.
fn kind(record: &TaggedRecord) -> PaperKind {
    let document = record.first(&["DT"]).to_ascii_lowercase();
    match record.first(&["PT"]) {
        "P" => PaperKind::Patent,
        _ if document.contains("book chapter") => PaperKind::Chapter,
        _ if document.contains("data set") || document.contains("data study") => PaperKind::Dataset,
        _ if document.contains("preprint") => PaperKind::Preprint,
        _ if document.contains("dissertation") || document.contains("thesis") => PaperKind::Thesis,
        "J" => PaperKind::Article,
        _ if document.contains("proceedings paper") || document.contains("meeting") => {
            PaperKind::ConferencePaper
        }
        "C" => PaperKind::ConferencePaper,
        "B" if document.is_empty() || document.contains("book") => PaperKind::Book,
        "B" | "S" if !record.first(&["BN"]).is_empty() => PaperKind::Chapter,
        _ => PaperKind::Article,
    }
}

fn retraction(document: &str) -> Option<String> {
    let mut types = document.split([';', '\n']).map(str::trim);
    types
        .find(|name| name.starts_with("Retract"))
        .map(str::to_owned)
}

/// Sets the year and the date from `PY` and `PD`, such as `JUN 12`, or else from the date of early access.
fn set_date(paper: &mut Paper, record: &TaggedRecord, notes: &Notes) {
    let year = record.first(&["PY", "EY"]);
    let early = date_in(record.first(&["EA"]));
    paper.year = year_in(year).or(early.map(crate::PartialDate::year));
    if paper.year.is_none() && !year.is_empty() {
        notes.remark(format!(
            "the year is `{year}`, which was left out, expected one such as 2017"
        ));
    }
    let Some(year) = paper.year else { return };
    let date = date_in(&format!("{year} {}", record.first(&["PD"])));
    let early = early.filter(|date| date.year() == year);
    let mut dates = [date, early].into_iter().flatten();
    paper.details.published = dates.find(|date| date.month().is_some());
}

/// Returns the DOIs in the cited references: `Alder A, 2001, J MOSS, V1, P2, DOI 10.1000/x`.
fn references(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let (_, after) = line.rsplit_once("DOI ")?;
        // Several DOIs of one reference are in brackets.
        doi(after.trim_start_matches('[').split([',', ']']).next()?)
    };
    text.split('\n').filter_map(line).take(MAX_VALUES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dois_of_cited_references_are_read() {
        let text = "Alder A, 2001, J MOSS, V1, P2, DOI 10.1000/X\nBirch B, 1999, FERN\n\
                    Coe C, 2002, J, DOI [10.1000/y, 10.1000/z]";
        assert_eq!(references(text), ["10.1000/x", "10.1000/y"]);
    }
}
