//! The XML of DBLP: <https://dblp.org/xml/docu/dblpxml.pdf>.

use super::file_start::FileStart;
use super::normalize::{filled, set_id, year_in};
use super::pages::pages;
use super::serial_numbers::set_serial_numbers;
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::formats::normalize::doi;
use crate::read::input::{Input, MAX_VALUES};
use crate::read::notes::Notes;
use crate::read::syntax::loose_date::date_in;
use crate::read::syntax::xml::{Element, XmlItem, XmlStream};
use crate::{Name, Paper, PaperKind, RecordLocation, identifiers};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "dblp-xml",
    extensions: &[],
    recognize,
    source: RecordSource::Stream(|input| Box::new(Dblp::new(input))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let is_dblp = matches!(start.xml_root(), Some("dblp" | "dblpperson"));
    is_dblp.then_some(Evidence::Header)
}

/// The elements of publications. Others, `www` and `person`, are pages of persons.
const PUBLICATIONS: [&str; 9] = [
    "article",
    "inproceedings",
    "proceedings",
    "book",
    "incollection",
    "phdthesis",
    "mastersthesis",
    "data",
    "www",
];

/// The children of a publication that are read, and those with remarks of DBLP's editors.
const READ: [&str; 24] = [
    "author",
    "editor",
    "title",
    "booktitle",
    "pages",
    "year",
    "address",
    "journal",
    "volume",
    "number",
    "month",
    "url",
    "ee",
    "publisher",
    "isbn",
    "series",
    "school",
    "crossref",
    "cite",
    "publnr",
    "issn",
    "language",
    "stream",
    "rel",
];

/// Reads the publications of a file.
struct Dblp<'a> {
    stream: XmlStream<'a>,
    notes: Notes,
}

impl<'a> Dblp<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            notes: input.notes().clone(),
            stream: XmlStream::new(input),
        }
    }
}

impl Iterator for Dblp<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        loop {
            let outcome = match self.stream.next_item(&PUBLICATIONS)? {
                Ok(XmlItem::Start(_)) => continue,
                Ok(XmlItem::Whole(Ok(element))) => {
                    let key = element.attribute("key").unwrap_or_default();
                    let is_page = key.starts_with("homepages/") || key.starts_with("persons/");
                    let is_withdrawn = element.attribute("publtype") == Some("withdrawn");
                    if is_page || is_withdrawn && element.text_at(&["title"]).is_empty() {
                        continue;
                    }
                    paper(&element, &self.notes)
                }
                Ok(XmlItem::Whole(Err(reason))) | Err(reason) => Err(reason),
            };
            return Some((RecordLocation::Line(self.stream.line()), outcome));
        }
    }
}

fn paper(element: &Element, notes: &Notes) -> Result<Paper, String> {
    let text = |name: &str| filled(element.text_at(&[name]));
    let title = element.text_at(&["title"]);
    let mut paper = Paper::new("")
        // DBLP ends every title with a period.
        .title(title.strip_suffix('.').unwrap_or(&title))
        .authors(element.all("author").take(MAX_VALUES).map(name));
    paper.details.editors = element.all("editor").take(MAX_VALUES).map(name).collect();
    if paper.authors.is_empty() {
        paper.authors.clone_from(&paper.details.editors);
    }
    set_year(&mut paper, element, notes);
    let is_corr = text("journal").is_some_and(|journal| journal == "CoRR");
    let details = &mut paper.details;
    details.kind = kind(element, is_corr);
    details.genre = match element.name.as_str() {
        "phdthesis" => Some("PhD thesis".to_owned()),
        "mastersthesis" => Some("Master's thesis".to_owned()),
        _ => None,
    };
    details.volume = text("volume").filter(|_| !is_corr);
    details.number = text("number").or_else(|| text("publnr"));
    details.pages = text("pages").as_deref().and_then(pages);
    details.publisher = text("publisher").or_else(|| text("school"));
    details.place = text("address");
    details.series = text("series");
    details.language = text("language");
    for number in element.all("isbn").chain(element.all("issn")) {
        set_serial_numbers(details, &number.text());
    }
    let container =
        text("journal").or_else(|| text("booktitle").filter(|book| *book != paper.title));
    paper.venue = container.or_else(|| paper.details.publisher.clone());
    set_addresses(&mut paper, element);
    if is_corr {
        let volume = element.text_at(&["volume"]);
        paper.arxiv = identifiers::arxiv(&volume).or_else(|| paper.arxiv.take());
    }
    let cited = element
        .all("cite")
        .map(Element::text)
        .filter(|key| key.contains('/'));
    paper.references = cited
        .take(MAX_VALUES)
        .map(|key| format!("DBLP:{key}"))
        .collect();
    element.count_unread(&READ, notes);
    // The key as in the BibTeX of DBLP.
    let id = element.attribute("key").map(|key| format!("DBLP:{key}"));
    set_id(&mut paper, id, "`key`, no DOI and no title")?;
    Ok(paper)
}

fn kind(element: &Element, is_corr: bool) -> Option<PaperKind> {
    let is_informal = element.attribute("publtype") == Some("informal");
    if is_corr || is_informal && element.name == "article" {
        return Some(PaperKind::Preprint);
    }
    match element.attribute("publtype") {
        Some("software") => return Some(PaperKind::Software),
        Some("data") => return Some(PaperKind::Dataset),
        _ => {}
    }
    PaperKind::of_any_vocabulary(&element.name)
}

/// Returns a name without the number by which DBLP tells persons of the same name apart: `Ann Alder 0002`.
fn name(author: &Element) -> Name {
    let text = author.text();
    let is_number =
        |number: &str| number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    match text.rsplit_once(' ') {
        Some((name, number)) if is_number(number) => Name::new(name),
        _ => Name::new(text),
    }
}

fn set_year(paper: &mut Paper, element: &Element, notes: &Notes) {
    let year = element.text_at(&["year"]);
    paper.year = year_in(&year);
    if paper.year.is_none() && !year.is_empty() {
        notes.remark(format!(
            "the year is `{year}`, which was left out, expected one such as 2017"
        ));
    }
    let date = date_in(&format!("{year} {}", element.text_at(&["month"])));
    paper.details.published = date.filter(|date| date.month().is_some());
}

/// Sets the URL and the identifiers of the electronic editions, or else DBLP's address.
fn set_addresses(paper: &mut Paper, element: &Element) {
    let editions: Vec<String> = element
        .all("ee")
        .map(Element::text)
        .filter(|text| !text.is_empty())
        .collect();
    paper.doi = editions.iter().find_map(|address| doi(address));
    paper.arxiv = editions
        .iter()
        .find_map(|address| identifiers::arxiv(address));
    let address = editions.into_iter().next();
    paper.url = address
        .or_else(|| filled(element.text_at(&["url"])))
        .map(|url| {
            if url.contains("://") {
                url
            } else {
                format!("https://dblp.org/{url}")
            }
        });
}
