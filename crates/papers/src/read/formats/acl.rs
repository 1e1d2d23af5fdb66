//! The XML of the ACL Anthology: <https://github.com/acl-org/acl-anthology>, `data/xml`.

use super::file_start::FileStart;
use super::normalize::{doi, filled, year_in};
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::input::Input;
use crate::read::syntax::xml::{Element, XmlItem, XmlStream};
use crate::{Name, Paper, RecordLocation};

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
    /// The title of the current volume.
    book_title: String,
    year: Option<i32>,
}

impl<'a> Anthology<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            stream: XmlStream::new(input),
            collection: String::new(),
            volume: String::new(),
            book_title: String::new(),
            year: None,
        }
    }

    /// Remembers the collection or volume that begins.
    fn enter(&mut self, element: &Element) {
        let id = || element.attribute("id").unwrap_or_default().to_owned();
        match element.name.as_str() {
            "collection" => self.collection = id(),
            "volume" => {
                self.volume = id();
                self.book_title.clear();
                self.year = None;
            }
            _ => {}
        }
    }

    fn paper(&self, element: &Element) -> Result<Paper, String> {
        let number = element.attribute("id").ok_or("`id` is missing")?;
        let id = self.paper_id(number)?;
        let name = |author: &Element| {
            let part = |name| author.text_at(&[name]);
            Name::person(&part("first"), &part("last")).with_suffix(&part("suffix"))
        };
        let mut paper = Paper::new(id.clone())
            .title(element.text_at(&["title"]))
            .abstract_text(element.text_at(&["abstract"]))
            .authors(element.all("author").map(name));
        paper.year = year_in(&element.text_at(&["year"])).or(self.year);
        paper.venue = filled(self.book_title.clone());
        paper.doi = doi(&element.text_at(&["doi"]));
        let url = filled(element.text_at(&["url"])).unwrap_or(id);
        paper.url = Some(if url.contains("://") {
            url
        } else {
            format!("https://aclanthology.org/{url}")
        });
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
                        self.book_title = element.text_at(&["booktitle"]);
                        self.year = year_in(&element.text_at(&["year"]));
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
