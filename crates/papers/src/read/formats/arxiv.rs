//! arXiv's metadata: JSON lines (<https://www.kaggle.com/datasets/Cornell-University/arxiv>) and
//! Atom (<https://info.arxiv.org/help/api/user-manual.html>).

use serde_json::Value;

use super::Located;
use super::normalize::{doi, filled, joined, year_in};
use crate::read::input::Input;
use crate::read::syntax::json_record::{Fields, kind, objects, string};
use crate::read::syntax::xml::{Element, Piece, XmlStream};
use crate::text::latex;
use crate::{Paper, RecordLocation, identifiers};

pub(super) fn paper_of_json(record: &Fields) -> Result<Paper, String> {
    let text = |name| string(record, name).map(Option::unwrap_or_default);
    let mut paper = Paper::new("")
        .title(latex::plain(&text("title")?))
        .abstract_text(latex::plain(&text("abstract")?))
        .authors(authors(record)?)
        .categories(text("categories")?.split_whitespace());
    // The first version is what was published when.
    let first = match objects(record, "versions")?.first() {
        Some(version) => string(version, "created")?,
        None => None,
    };
    paper.year = first
        .as_deref()
        .and_then(year_in)
        .or_else(|| year_in(&text("update_date").ok()?));
    finish(paper, &text("id")?, &text("journal-ref")?, &text("doi")?)
}

/// What both forms have in common.
fn finish(mut paper: Paper, id: &str, journal: &str, doi_text: &str) -> Result<Paper, String> {
    if id.trim().is_empty() {
        return Err("`id` is missing".to_owned());
    }
    let Some(number) = identifiers::arxiv(id) else {
        return Err(format!(
            "`id` is `{}`, expected a number of arXiv such as 1706.03762",
            id.trim()
        ));
    };
    paper.url = Some(format!("https://arxiv.org/abs/{number}"));
    paper.venue = Some(filled(latex::plain(journal)).unwrap_or_else(|| "arXiv".to_owned()));
    paper.doi = doi(doi_text.split_whitespace().next().unwrap_or_default());
    paper.id.clone_from(&number);
    paper.arxiv = Some(number);
    Ok(paper)
}

/// The authors, as `[["Last", "First", "Suffix"], …]` or in one text.
fn authors(record: &Fields) -> Result<Vec<String>, String> {
    let Some(Value::Array(parsed)) = record.get("authors_parsed") else {
        let names = latex::plain(&string(record, "authors")?.unwrap_or_default());
        let names = names.replace(" and ", ", ");
        return Ok(names
            .split(',')
            .filter_map(|name| filled(name.trim()))
            .collect());
    };
    let name = |value: &Value| {
        let wrong = || {
            format!(
                "`authors_parsed` holds {}, expected lists of strings",
                kind(value)
            )
        };
        let parts = value.as_array().ok_or_else(wrong)?;
        let part = |at: usize| parts.get(at).and_then(Value::as_str).unwrap_or_default();
        Ok(latex::plain(&joined(&[part(1), part(0), part(2)])))
    };
    parsed.iter().map(name).collect()
}

/// Reads the entries of a feed.
pub(super) struct Atom<'a> {
    stream: XmlStream<'a>,
}

impl<'a> Atom<'a> {
    pub(super) fn new(source: Input<'a>) -> Self {
        Self {
            stream: XmlStream::new(source),
        }
    }
}

impl Iterator for Atom<'_> {
    type Item = Located;

    fn next(&mut self) -> Option<Located> {
        loop {
            let outcome = match self.stream.next_piece(&["entry"])? {
                Ok(Piece::Start(_)) => continue,
                Ok(Piece::Whole(entry)) => entry.and_then(|entry| paper_of_entry(&entry)),
                Err(reason) => Err(reason),
            };
            return Some((RecordLocation::Line(self.stream.line()), outcome));
        }
    }
}

fn paper_of_entry(entry: &Element) -> Result<Paper, String> {
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
    paper.year = year_in(&entry.text_at(&["published"]));
    finish(
        paper,
        &entry.text_at(&["id"]),
        &entry.text_at(&["journal_ref"]),
        &entry.text_at(&["doi"]),
    )
}
