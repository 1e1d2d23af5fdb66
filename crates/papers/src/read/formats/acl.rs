//! The XML of the ACL Anthology: <https://github.com/acl-org/acl-anthology>, `data/xml`.

use super::file_start::FileStart;
use super::normalize::{doi, filled};
use super::pages::pages;
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::input::Input;
use crate::read::notes::Notes;
use crate::read::syntax::loose_date::date_in;
use crate::read::syntax::xml::{Element, XmlItem, XmlStream};
use crate::{Name, Paper, PaperKind, PartialDate, RecordLocation};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "acl-xml",
    extensions: &[],
    recognize,
    source: RecordSource::Stream(|input| Box::new(Anthology::new(input))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    (start.xml_root() == Some("collection")).then_some(Evidence::Header)
}

/// Reads the papers of a collection. Front matter is not a paper and is skipped.
struct Anthology<'a> {
    stream: XmlStream<'a>,
    collection: String,
    volume: String,
    /// The title, the year and the publisher of the current volume, and the other data of its papers.
    book: Paper,
    notes: Notes,
}

/// The children of a paper that are read, and those with a hash, a key and supplements.
const READ: [&str; 17] = [
    "title",
    "author",
    "editor",
    "abstract",
    "year",
    "month",
    "doi",
    "url",
    "pages",
    "language",
    "bibkey",
    "issue",
    "attachment",
    "video",
    "revision",
    "erratum",
    "award",
];

impl<'a> Anthology<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            notes: input.notes().clone(),
            stream: XmlStream::new(input),
            collection: String::new(),
            volume: String::new(),
            book: Paper::default(),
        }
    }

    /// Remembers the collection or volume that begins.
    fn enter(&mut self, element: &Element) {
        let id = || element.attribute("id").unwrap_or_default().to_owned();
        match element.name.as_str() {
            "collection" => self.collection = id(),
            "volume" => {
                self.volume = id();
                self.book = Paper::default();
            }
            _ => {}
        }
    }

    fn paper(&self, element: &Element) -> Result<Paper, String> {
        let number = element.attribute("id").ok_or("`id` is missing")?;
        let id = self.paper_id(number)?;
        let mut paper = Paper::new(id.clone())
            .title(element.text_at(&["title"]))
            .abstract_text(element.text_at(&["abstract"]))
            .authors(element.all("author").map(name));
        paper.details = self.book.details.clone();
        let date = date(element);
        paper.year = date.map(PartialDate::year).or(self.book.year);
        paper.details.published = date
            .filter(|date| date.month().is_some())
            .or(self.book.details.published);
        paper.details.pages = pages(&element.text_at(&["pages"]));
        paper.details.language = filled(element.text_at(&["language"]));
        paper.details.number = filled(element.text_at(&["issue"])).or(paper.details.number);
        paper.venue.clone_from(&self.book.venue);
        paper.doi = doi(&element.text_at(&["doi"]));
        let url = filled(element.text_at(&["url"])).unwrap_or(id);
        paper.url = Some(if url.contains("://") {
            url
        } else {
            format!("https://aclanthology.org/{url}")
        });
        element.count_unread(&READ, &self.notes);
        Ok(paper)
    }

    /// Builds the id of a paper as the Anthology does: `2020.acl-main.1`, before 2020 `P19-1001`,
    /// and `W19-0101` for workshops, whose volumes have two digits.
    fn paper_id(&self, number: &str) -> Result<String, String> {
        let (collection, volume) = (&self.collection, &self.volume);
        if collection.is_empty() || volume.is_empty() {
            return Err("the paper is in no volume of a collection with an `id`".to_owned());
        }
        if collection.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(format!("{collection}-{volume}.{number}"));
        }
        let parse = |text: &str| {
            let error = || format!("the id is `{text}`, expected a number in `{collection}`");
            text.parse::<u32>().map_err(|_| error())
        };
        let (volume, number) = (parse(volume)?, parse(number)?);
        let has_long_volume = collection.starts_with('W')
            || collection == "C69"
            || (collection == "D19" && volume >= 5);
        Ok(if has_long_volume {
            format!("{collection}-{volume:02}{number:02}")
        } else {
            format!("{collection}-{volume}{number:03}")
        })
    }
}

impl Iterator for Anthology<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        loop {
            let outcome = match self.stream.next_item(&["meta", "frontmatter", "paper"])? {
                Ok(XmlItem::Start(element)) => {
                    self.enter(&element);
                    continue;
                }
                Ok(XmlItem::Whole(Ok(element))) => match element.name.as_str() {
                    "paper" => self.paper(&element),
                    "meta" => {
                        self.book = volume(&element);
                        continue;
                    }
                    _ => continue,
                },
                Ok(XmlItem::Whole(Err(reason))) | Err(reason) => Err(reason),
            };
            return Some((RecordLocation::Line(self.stream.line()), outcome));
        }
    }
}

fn name(person: &Element) -> Name {
    let part = |name| person.text_at(&[name]);
    Name::person(&part("first"), &part("last")).with_suffix(&part("suffix"))
}

/// Returns the date of a paper or a volume, which has a month such as `July 5-10`.
fn date(element: &Element) -> Option<PartialDate> {
    date_in(&format!(
        "{} {}",
        element.text_at(&["year"]),
        element.text_at(&["month"])
    ))
}

/// Returns the data that the papers of a volume have in common.
fn volume(meta: &Element) -> Paper {
    let text = |name: &str| filled(meta.text_at(&[name]));
    let mut book = Paper::default();
    let date = date(meta);
    let journal = text("journal-title");
    let is_journal = journal.is_some() || text("journal-volume").is_some();
    book.year = date.map(PartialDate::year);
    book.venue = journal.or_else(|| text("booktitle"));
    book.details.published = date.filter(|date| date.month().is_some());
    book.details.kind = Some(if is_journal {
        PaperKind::Article
    } else {
        PaperKind::ConferencePaper
    });
    book.details.volume = text("journal-volume");
    book.details.number = text("journal-issue");
    book.details.publisher = text("publisher");
    book.details.place = text("address");
    book.details.editors = meta.all("editor").map(name).collect();
    book.details.isbn = text("isbn");
    book.details.issn = text("issn");
    book
}
