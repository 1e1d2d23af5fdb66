//! Publications in the responses of DBLP's search API: <https://dblp.org/faq/13501473.html>.

use serde_json::Value;

use super::file_start::FileStart;
use super::json_names::value_name;
use super::normalize::{filled, identify, set_id};
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::text::markup;
use crate::{Name, Paper, PaperKind};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "dblp-json",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name) || SILENT.contains(&name),
        wrappers: &["info"],
    }),
};

const FIELDS: [&str; 15] = [
    "key",
    "title",
    "authors",
    "editors",
    "venue",
    "year",
    "type",
    "volume",
    "number",
    "pages",
    "publisher",
    "doi",
    "ee",
    "url",
    "isbn",
];

/// The position of a result, and fields that repeat others.
const SILENT: [&str; 3] = ["@score", "@id", "access"];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let is_hit = start.has_json_field(&["info"]) && start.has_json_field(&["@id", "@score"]);
    is_hit.then_some(Evidence::Fields(5))
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let info = Object::new(fields, notes);
    let title = markup::plain(&info.essential_text("title")?.unwrap_or_default());
    // Titles end with a period.
    let title = match title.strip_suffix('.') {
        Some(start) if !start.ends_with('.') => start.to_owned(),
        _ => title,
    };
    let mut paper = Paper::new("")
        .title(title)
        .authors(persons(info, "authors", "author"));
    paper.venue = info.text("venue");
    paper.year = info.year("year");
    let links = info.texts("ee");
    paper.url = links.first().cloned().or_else(|| info.text("url"));
    let details = &mut paper.details;
    let kind = info.text("type");
    details.kind = kind.as_deref().and_then(kind_of);
    details.genre = kind.filter(|_| details.kind.is_none());
    details.editors = persons(info, "editors", "editor");
    details.volume = info.text("volume");
    details.number = info.text("number");
    details.pages = info.text("pages");
    details.publisher = info.text("publisher");
    details.isbn = info.text("isbn");
    paper.venue = paper.venue.or_else(|| paper.details.publisher.clone());
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    identify(&mut paper, &info.text("doi").unwrap_or_default(), &links);
    // As in the other formats of DBLP.
    let key = info.text("key").map(|key| format!("DBLP:{key}"));
    set_id(&mut paper, key, "`key`, no `doi` and no `title`")?;
    Ok(paper)
}

/// Returns the names in an object with a person or a list of persons.
fn persons(info: Object<'_>, list: &str, item: &str) -> Vec<Name> {
    let Some(Value::Object(persons)) = info.get(list) else {
        return super::json_names::names(info, list);
    };
    let persons = Object::new(persons, info.notes());
    let names = persons.items(item).filter_map(value_name);
    // A number tells persons of one name apart: `Ann Ada 0001`.
    let without_number = |name: Name| match name.full().rsplit_once(' ') {
        Some((start, number))
            if number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Name::new(start)
        }
        _ => name,
    };
    names
        .map(without_number)
        .filter(|name| filled(name.full()).is_some())
        .collect()
}

/// Returns the kind of a publication by its description in DBLP.
fn kind_of(name: &str) -> Option<PaperKind> {
    Some(match name {
        "Journal Articles" => PaperKind::Article,
        "Conference and Workshop Papers" => PaperKind::ConferencePaper,
        "Informal and Other Publications" | "Informal Publications" => PaperKind::Preprint,
        "Books and Theses" => PaperKind::Book,
        "Parts in Books or Collections" | "Reference Works" => PaperKind::Chapter,
        "Editorship" => PaperKind::Proceedings,
        "Data and Artifacts" => PaperKind::Dataset,
        other => return PaperKind::of_any_vocabulary(other),
    })
}
