//! arXiv's metadata as an Atom feed: <https://info.arxiv.org/help/api/user-manual.html>.

use super::finish;
use crate::read::formats::file_start::FileStart;
use crate::read::formats::normalize::year_in;
use crate::read::formats::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::input::Input;
use crate::read::notes::Notes;
use crate::read::syntax::xml::{Element, XmlItem, XmlStream};
use crate::text::latex;
use crate::{Paper, PaperKind, PartialDate, RecordLocation};

pub(crate) const FORMAT: FormatSpec = FormatSpec {
    name: "arxiv-atom",
    extensions: &[],
    recognize,
    source: RecordSource::Stream(|input| Box::new(Atom::new(input))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    (start.xml_root() == Some("feed")).then_some(Evidence::Header)
}

/// Reads the entries of a feed.
struct Atom<'a> {
    stream: XmlStream<'a>,
    notes: Notes,
}

impl<'a> Atom<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            notes: input.notes().clone(),
            stream: XmlStream::new(input),
        }
    }
}

impl Iterator for Atom<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        loop {
            let outcome = match self.stream.next_item(&["entry"])? {
                Ok(XmlItem::Start(_)) => continue,
                Ok(XmlItem::Whole(entry)) => {
                    entry.and_then(|entry| paper_of_entry(&entry, &self.notes))
                }
                Err(reason) => Err(reason),
            };
            return Some((RecordLocation::Line(self.stream.line()), outcome));
        }
    }
}

/// The children of an entry that are read, and the addresses of its pages, which follow from its id.
const READ: [&str; 13] = [
    "id",
    "updated",
    "published",
    "title",
    "summary",
    "author",
    "journal_ref",
    "doi",
    "category",
    "primary_category",
    "link",
    "rights",
    "source",
];

fn paper_of_entry(entry: &Element, notes: &Notes) -> Result<Paper, String> {
    let text = |name: &str| latex::plain(&entry.text_at(&[name]));
    let mut categories = Vec::new();
    for term in entry.all("category").filter_map(|c| c.attribute("term")) {
        if !categories.contains(&term) {
            categories.push(term);
        }
    }
    let mut paper = Paper::new("")
        .title(text("title"))
        .abstract_text(text("summary"))
        .authors(entry.all("author").map(|author| author.text_at(&["name"])))
        .categories(categories);
    let date = |name: &str| entry.text_at(&[name]).parse::<PartialDate>().ok();
    paper.details.published = date("published");
    paper.details.updated = date("updated");
    paper.year = year_in(&entry.text_at(&["published"]));
    let journal = entry.text_at(&["journal_ref"]);
    paper.details.kind = Some(if journal.is_empty() {
        PaperKind::Preprint
    } else {
        PaperKind::Article
    });
    entry.count_unread(&READ, notes);
    finish(
        paper,
        &entry.text_at(&["id"]),
        &journal,
        &entry.text_at(&["doi"]),
    )
}
