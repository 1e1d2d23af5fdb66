//! The tagged format of MEDLINE, with the extension `nbib`:
//! <https://www.nlm.nih.gov/bsd/mms/medlineelements.html>.

use std::cmp::Reverse;

use super::file_start::FileStart;
use super::name_lists::{abbreviated_name, medline_name};
use super::normalize::{doi, filled, set_id, year_in};
use super::pages::whole_pages;
use super::pubmed::publication_kind;
use super::pubmed_notices::available;
use super::serial_numbers::set_serial_numbers;
use super::spec::{Evidence, FormatSpec, RecordSource};
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::loose_date::date_in;
use crate::read::syntax::tagged::{Line, TaggedFormat, TaggedRecord, TaggedRecords};
use crate::text::markup;
use crate::text::white_space::join_white_space;
use crate::{Name, Paper, PaperKind, identifiers};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "nbib",
    extensions: &["nbib"],
    recognize,
    source: RecordSource::Stream(|input| {
        let format = Nbib {
            is_after_blank: true,
        };
        Box::new(TaggedRecords::new(input, format))
    }),
};

/// The tags with which a record begins: a paper outside of PubMed has no PMID.
const STARTS: [&str; 2] = ["PMID", "PMC"];

/// The tags that are read, and those with the history of the record.
const READ: [&str; 60] = [
    "PMID", "PMC", "OWN", "STAT", "DCOM", "LR", "DA", "IS", "VI", "IP", "DP", "TI", "PG", "LID",
    "AB", "FAU", "AU", "CN", "LA", "PT", "DEP", "PL", "TA", "JT", "JID", "SB", "MH", "OT", "OTO",
    "EDAT", "MHDA", "CRDT", "PHST", "AID", "PST", "SO", "BTI", "CTI", "PB", "ED", "FED", "ISBN",
    "EN", "AUID", "OAB", "OABL", "TT", "PMCR", "DRDT", "CTDT", "LINK", "URL", "VTI", "CDAT", "CI",
    "IRAD", "RF", "PUBM", "STA", "OID",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let is_start = |line: &str| {
        let found = tagged(line);
        found.is_some_and(|(tag, value)| {
            let digits = value.trim().trim_start_matches("PMC");
            STARTS.contains(&tag) && digits.starts_with(|c: char| c.is_ascii_digit())
        })
    };
    let lines = start.text_lines().flat_map(|line| line.split('\r'));
    let line = lines.take(2000).position(is_start)?;
    Some(Evidence::RecordOnLine(Reverse(line)))
}

/// Splits a line such as `TI  - A title`: a tag of two to four letters, with spaces up to the hyphen.
fn tagged(line: &str) -> Option<(&str, &str)> {
    let (field, after) = line.split_at_checked(4)?;
    let value = after.strip_prefix('-')?;
    let tag = field.trim_end();
    let is_tag = tag.len() >= 2
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (is_tag && (value.is_empty() || value.starts_with([' ', '\t']))).then_some((tag, value))
}

#[derive(Debug)]
struct Nbib {
    is_after_blank: bool,
}

impl TaggedFormat for Nbib {
    const END: Option<&'static str> = None;
    const START: &'static str = "PMID";
    const EVIDENCE: &'static [&'static str] = &["TI", "FAU", "AU", "AB"];

    fn line<'t>(&mut self, line: &'t str, record: Option<&TaggedRecord>) -> Line<'t> {
        let is_after_blank = std::mem::replace(&mut self.is_after_blank, line.trim().is_empty());
        let Some((tag, value)) = tagged(line) else {
            return Line::Text(line);
        };
        // A record begins with its identifier, behind a blank line, or without one if programs join files.
        let is_first = record.is_none_or(|record| record.len() > 0 && tag == record.first_tag());
        let is_start =
            tag == "PMID" && (is_after_blank || is_first) || tag == "PMC" && is_after_blank;
        if is_start {
            Line::Start(tag, value)
        } else {
            Line::Field(tag, value)
        }
    }

    fn paper(&self, record: &TaggedRecord, notes: &Notes) -> Result<Paper, String> {
        paper(record, notes)
    }
}

/// Returns the abstract of another source, which is named before it: `Publisher: We look.`
fn other_abstract(record: &TaggedRecord) -> String {
    const SOURCES: [&str; 6] = ["Publisher", "AAMC", "AIDS", "KIE", "PIP", "NASA"];
    let abstracts = record.all(&["OAB"]);
    let mut abstracts = abstracts.iter().map(|text| {
        let text = markup::plain(text);
        match text.split_once(':') {
            Some((source, after)) if SOURCES.contains(&source) => after.trim().to_owned(),
            _ => text,
        }
    });
    abstracts.find_map(available).unwrap_or_default()
}

fn paper(record: &TaggedRecord, notes: &Notes) -> Result<Paper, String> {
    let text = |tags: &[&str]| markup::plain(record.first(tags));
    let (title, book) = (text(&["TI"]), text(&["BTI", "CTI"]));
    let is_part = !title.is_empty() && !book.is_empty();
    let mut paper = Paper::new("")
        .title(
            available(title.clone())
                .or_else(|| filled(text(&["TT"])))
                .or_else(|| filled(book.clone()))
                .unwrap_or_else(|| title.clone()),
        )
        .abstract_text(available(text(&["AB"])).unwrap_or_else(|| other_abstract(record)))
        .authors(people(record, "FAU", "AU", "CN"));
    paper.details.editors = people(record, "FED", "ED", "");
    if paper.authors.is_empty() {
        paper.authors.clone_from(&paper.details.editors);
    }
    paper.venue = filled(text(&["JT", "TA"])).or_else(|| filled(book).filter(|_| is_part));
    let date = date_in(record.first(&["DP"]));
    let electronic = date_in(record.first(&["DEP"]));
    paper.year = date.or(electronic).map(crate::PartialDate::year);
    if paper.year.is_none() && !record.first(&["DP"]).is_empty() {
        let found = record.first(&["DP"]);
        paper.year = year_in(found);
        if paper.year.is_none() {
            notes.remark(format!(
                "the date is `{found}`, which was left out, expected one such as 2017 Jun"
            ));
        }
    }
    let dates = [date, electronic].into_iter().flatten();
    let in_year = dates.filter(|date| Some(date.year()) == paper.year && date.month().is_some());
    let details = &mut paper.details;
    details.published = in_year.max_by_key(|date| date.day().is_some());
    let types = record.all(&["PT"]);
    details.kind = Some(
        match (publication_kind(&types), record.first(&["BTI", "CTI"])) {
            (kind, "") => kind,
            _ if is_part => PaperKind::Chapter,
            _ => PaperKind::Book,
        },
    );
    details.genre = retraction(&types);
    details.volume = filled(text(&["VI"]));
    details.number = filled(text(&["IP"]));
    details.pages = whole_pages(record.first(&["PG"]));
    details.publisher = filled(text(&["PB"]));
    // `PL` is the country of the journal, and the place of a book.
    details.place = filled(text(&["PL"])).filter(|_| details.publisher.is_some());
    details.edition = filled(text(&["EN"]));
    details.series = filled(text(&["CTI"]))
        .filter(|series| !record.first(&["BTI"]).is_empty() && *series != paper.title);
    details.language = filled(text(&["LA"]));
    for number in record.all(&["IS", "ISBN"]) {
        set_serial_numbers(details, number);
    }
    details.pmid = identifiers::pmid(record.first(&["PMID"]));
    details.pmcid = identifiers::pmcid(record.first(&["PMC"]));
    paper.categories = categories(record);
    let numbers = record.all(&["LID", "AID"]);
    let is_doi = |text: &&&str| text.contains("[doi]") || text.starts_with("10.");
    paper.doi = numbers.iter().filter(is_doi).find_map(|text| doi(text));
    paper.url = paper
        .details
        .pmid
        .as_ref()
        .map(|pmid| format!("https://pubmed.ncbi.nlm.nih.gov/{pmid}/"));
    record.count_unread(&READ, notes);
    let id = paper
        .details
        .pmid
        .clone()
        .or_else(|| paper.details.pmcid.clone());
    set_id(&mut paper, id, "`PMID`, no DOI and no title")?;
    Ok(paper)
}

/// Returns the name of a type of publication that says that the paper was retracted.
fn retraction(types: &[&str]) -> Option<String> {
    let found = types.iter().find(|name| name.starts_with("Retract"));
    found.map(|name| (*name).to_owned())
}

/// Returns the names of persons and organizations in their order. Each full name precedes the abbreviated form.
fn people(record: &TaggedRecord, full: &str, short: &str, organization: &str) -> Vec<Name> {
    let mut found = Vec::new();
    let mut has_full = false;
    for (tag, value) in record.fields().take(MAX_VALUES) {
        let value = join_white_space(value);
        if tag == full {
            found.push(medline_name(&value));
            has_full = true;
        } else if tag == short {
            if !std::mem::take(&mut has_full) {
                found.push(abbreviated_name(&value));
            }
        } else if tag == organization {
            found.push(Name::organization(value));
        }
    }
    found
}

/// Returns the headings of MeSH, without qualifiers and asterisks, and the keywords.
fn categories(record: &TaggedRecord) -> Vec<String> {
    let heading = |text: &str| {
        let heading = text.split('/').next().unwrap_or(text);
        markup::plain(heading.trim_start_matches('*'))
    };
    let keyword = |text: &str| markup::plain(text.trim_start_matches('*'));
    let mut seen = std::collections::HashSet::new();
    let headings = record.all(&["MH"]).into_iter().map(heading);
    let keywords = record.all(&["OT"]).into_iter().map(keyword);
    let all = headings.chain(keywords);
    all.filter(|name| !name.is_empty() && seen.insert(name.to_lowercase()))
        .take(MAX_VALUES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_four_columns() {
        assert_eq!(tagged("PMID- 1"), Some(("PMID", " 1")));
        assert_eq!(tagged("TI  - A"), Some(("TI", " A")));
        for line in ["      TI  - A", "TI - A", "Anti-", "A", "HIV--"] {
            assert_eq!(tagged(line), None, "{line}");
        }
    }
}
