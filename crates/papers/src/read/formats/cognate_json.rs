//! Cognate's own format: JSON lines with the fields of a paper, which other programs may name differently.

mod fields;
mod identifiers;
mod zotero;

use serde_json::Value;

use self::fields::{Field, Known, field};
use super::file_start::FileStart;
use super::json_names::{names, names_in, spoken_or_inverted, value_name};
use super::normalize;
use super::pubmed_ids;
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::paper::with_parts;
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::read::syntax::literal::literal;
use crate::read::syntax::loose_date::date_in;
use crate::table::COLUMNS;
use crate::text::markup;
use crate::{Details, ListEntry, Name, Paper, PaperKind, PartialDate};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "jsonl",
    extensions: &["jsonl", "ndjson", "json"],
    recognize,
    source: RecordSource::Objects(OBJECTS),
};

pub(super) const OBJECTS: ObjectFormat = ObjectFormat {
    paper,
    is_read: |name| SILENT.contains(&name) || field(name).is_some(),
    wrappers: &["_source", "data", "metadata", "bib"],
};

/// The fields of search results, and the numbers of rows of data frames, which are not those of a paper.
const SILENT: [&str; 18] = [
    "rank",
    "score",
    "percentile",
    "rank_by_cosine",
    "found_by",
    "keyword_score",
    "fused_score",
    "rerank_score",
    "named",
    "library",
    "also_in",
    "explanation",
    "versions",
    "source",
    "index",
    "level_0",
    "Unnamed: 0",
    "__index_level_0__",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    // An empty file has no papers in any format. A file with a damaged first line may still have
    // records on later lines.
    let is_record = |line: &str| line.trim_start().starts_with("{\"");
    if start.is_json() {
        Some(Evidence::Syntax)
    } else if start.is_empty() || start.text_lines().any(is_record) {
        Some(Evidence::Plausible)
    } else {
        None
    }
}

/// Converts one object to a paper; also used for the rows of Cognate's own tables.
pub(super) fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let object = Object::new(fields, notes);
    let known = Known::of(fields);
    let text = |field: Field| known.name(field).and_then(|name| object.text(name));
    let essential = |field: Field| match known.name(field) {
        Some(name) => object.essential_text(name),
        None => Ok(None),
    };
    // Titles and abstracts of Zotero may have markup, those of Cognate are text.
    let is_zotero = fields.contains_key("itemType");
    let plain = |text: String| {
        if is_zotero {
            markup::plain(&text)
        } else {
            text
        }
    };
    let mut paper = Paper::new("")
        .title(essential(Field::Title)?.map_or_else(String::new, plain))
        .abstract_text(text(Field::Abstract).map_or_else(String::new, plain))
        .authors(authors(object, &known));
    if let Some(name) = known.name(Field::Year) {
        paper.year = object.year(name);
        // A date may be called a year.
        let date = object.get(name).and_then(Value::as_str).and_then(date_in);
        paper.details.published = date.filter(|date| date.month().is_some());
    }
    paper.url = text(Field::Url);
    paper.categories = categories(object, &known);
    // An identifier that cannot be normalized stays unchanged, since it may follow another scheme.
    paper.doi = text(Field::Doi).map(|text| normalize::doi(&text).unwrap_or(text));
    if let Some(text) = text(Field::Arxiv) {
        let is_own_name = known.name(Field::Arxiv) == Some("arxiv");
        paper.arxiv = crate::identifiers::arxiv(&text).or(is_own_name.then_some(text));
    }
    if let Some(name) = known.name(Field::References) {
        paper.references = references(object, name);
    }
    details(&mut paper.details, object, &known);
    if let Some((authors, editors)) = zotero::creators(object) {
        paper.authors = authors;
        paper.details.editors = editors;
    }
    paper.added = known.name(Field::Added).and_then(|name| object.date(name));
    if let Some(name) = known.name(Field::Lists) {
        paper.lists = lists(object, name);
    }
    if let Some(name) = known.name(Field::Identifiers) {
        identifiers::fill_from(&mut paper, object, name);
    }
    if paper.doi.is_none() {
        let address = paper.url.as_ref().filter(|url| url.contains("doi.org/"));
        paper.doi = address.and_then(|url| normalize::doi(url));
    }
    container(&mut paper, object, &known);
    paper.year = paper
        .year
        .or(paper.details.published.map(PartialDate::year));
    let id = text(Field::Id);
    match normalize::set_id(&mut paper, id, "`id`, no `doi` and no `title`") {
        Ok(()) => Ok(paper),
        Err(reason) => Err(reason + &unknown_names(fields)),
    }
}

/// Lists the fields of an object that has none of a paper: the answer of an API that failed, or another thing.
fn unknown_names(fields: &Fields) -> String {
    if fields.is_empty() || fields.keys().any(|name| field(name).is_some()) {
        return String::new();
    }
    let names = fields.keys().take(10);
    let names: Vec<String> = names
        .map(|name| {
            format!(
                "`{}`",
                name.get(..name.floor_char_boundary(40)).unwrap_or(name)
            )
        })
        .collect();
    format!(", found the fields {}", names.join(", "))
}

/// Returns the names of the authors.
///
/// In the records that Cognate writes, which have all fields, a name stays as it is. Elsewhere, a name with a comma
/// begins with the family name.
fn authors(object: Object<'_>, known: &Known<'_>) -> Vec<Name> {
    let is_own = COLUMNS
        .iter()
        .all(|name| object.fields().contains_key(*name));
    let names_of = |field: Field| {
        known
            .name(field)
            .map(|name| own_names(object, name, is_own))
    };
    let authors = names_of(Field::Authors).unwrap_or_default();
    with_parts(authors, names_of(Field::AuthorNames).unwrap_or_default())
}

fn own_names(object: Object<'_>, name: &str, is_own: bool) -> Vec<Name> {
    let list = match object.get(name) {
        Some(Value::Array(list)) => list,
        // The list of IEEE Xplore is in an object of the same name.
        Some(Value::Object(outer)) => match outer.get(name) {
            Some(Value::Array(list)) => list,
            _ => return names(object, name),
        },
        _ => return names(object, name),
    };
    // Some lists have one text with all names.
    if let [Value::String(text)] = &list[..]
        && !is_own
        && text.contains([';', '|'])
    {
        return names_in(text);
    }
    let mut found = Vec::new();
    for value in list.iter().filter(|value| !value.is_null()) {
        let name_of = match value {
            Value::String(text) if is_own => Some(Name::new(text.trim())),
            Value::String(text) => Some(spoken_or_inverted(text)),
            // The parts of a name as Cognate writes them.
            Value::Object(parts) if parts.keys().all(|key| PARTS.contains(&key.as_str())) => {
                serde_json::from_value(value.clone()).ok()
            }
            other => value_name(other),
        };
        match name_of {
            Some(name) if is_own || !name.full().is_empty() => found.push(name),
            Some(_) => {}
            None => object.leave_out_item(name, value, "names"),
        }
    }
    found
}

const PARTS: [&str; 4] = ["given", "particle", "family", "suffix"];

/// Returns the lists of the library that the paper was on: objects with a name and perhaps a note, or names.
fn lists(object: Object<'_>, name: &str) -> Vec<ListEntry> {
    let mut found: Vec<ListEntry> = Vec::new();
    for value in object.items(name) {
        let entry = match value {
            Value::String(name) => Some(ListEntry::new(name.trim())),
            Value::Object(fields) => {
                let entry = Object::new(fields, object.notes());
                let note = entry.text("note").unwrap_or_default();
                entry
                    .text("name")
                    .map(|name| ListEntry::new(name).note(note))
            }
            _ => None,
        };
        match entry.filter(|entry| !entry.name.is_empty()) {
            Some(entry) if found.iter().any(|other| other.name == entry.name) => {}
            Some(entry) => found.push(entry),
            None => object.leave_out_item(name, value, "lists with a name"),
        }
    }
    found
}

fn details(details: &mut Details, object: Object<'_>, known: &Known<'_>) {
    let text = |field: Field| known.name(field).and_then(|name| object.text(name));
    let date = |field: Field| known.name(field).and_then(|name| object.date(name));
    let types = known.name(Field::Type).map(|name| object.texts(name));
    let types = types.unwrap_or_default();
    details.kind = types
        .iter()
        .find_map(|name| PaperKind::of_any_vocabulary(name));
    let unknown_type = types.into_iter().next().filter(|_| details.kind.is_none());
    details.genre = text(Field::Genre).or(unknown_type);
    if details.kind.is_none() {
        let genre = details.genre.as_deref();
        details.kind = genre.and_then(PaperKind::of_any_vocabulary);
        if details.kind.is_some() {
            details.genre = None;
        }
    }
    details.published = date(Field::Published).or(details.published);
    details.updated = date(Field::Updated);
    details.volume = text(Field::Volume);
    details.number = text(Field::Number);
    details.pages = text(Field::Pages).or_else(|| {
        let (first, last) = (text(Field::FirstPage), text(Field::LastPage));
        let range = first.map(|first| page_range(&first, last.as_deref()));
        range.or_else(|| text(Field::ArticleNumber))
    });
    details.publisher = text(Field::Publisher);
    details.place = text(Field::Place);
    details.series = text(Field::Series);
    details.edition = text(Field::Edition);
    if let Some(name) = known.name(Field::Editors) {
        details.editors = own_names(object, name, true);
    }
    details.isbn = text(Field::Isbn);
    details.issn = text(Field::Issn);
    // The first of a list may be followed by those of other papers.
    let first_word = |text: String| text.lines().next().unwrap_or_default().to_owned();
    details.pmid = text(Field::Pmid)
        .map(first_word)
        .map(|text| pubmed_ids::pmid(&text).unwrap_or(text));
    details.pmcid = text(Field::Pmcid).map(|text| pubmed_ids::pmcid(&text).unwrap_or(text));
    details.language = match known.name(Field::Language) {
        Some(name) if object.get(name).is_some_and(Value::is_object) => object
            .object(name)
            .and_then(|language| language.first_text(&["code", "name"])),
        _ => text(Field::Language),
    };
}

/// Sets the venue: a text, or an object with the name of a journal and the place of the article in it.
fn container(paper: &mut Paper, object: Object<'_>, known: &Known<'_>) {
    let source = object.get("source");
    let has_source = source.is_some_and(Value::is_object);
    if !has_source && source.is_some_and(|source| source != "") {
        object.notes().ignore_field("source");
    }
    let Some(name) = known.name(Field::Venue).or(has_source.then_some("source")) else {
        return;
    };
    let Some(container) = object.items(name).next().and_then(Value::as_object) else {
        paper.venue = object.text(name);
        return;
    };
    let container = Object::new(container, object.notes());
    paper.venue = container.first_text(&["name", "title", "display_name"]);
    let details = &mut paper.details;
    for (field, names) in [
        (&mut details.volume, &["volume"][..]),
        (&mut details.number, &["issue", "number"]),
        (&mut details.pages, &["pages"]),
        (&mut details.publisher, &["publisher"]),
        (&mut details.issn, &["issn", "ISSN"]),
    ] {
        // Lens has objects with a type and a value.
        let value = names
            .iter()
            .find_map(|name| match container.items(name).next()? {
                Value::Object(fields) => Object::new(fields, object.notes()).text("value"),
                _ => container.text(name),
            });
        if field.is_none() {
            *field = value;
        }
    }
}

/// Joins the first and the last page.
pub(super) fn page_range(first: &str, last: Option<&str>) -> String {
    match last {
        Some(last) if last != first => format!("{first}-{last}"),
        _ => first.to_owned(),
    }
}

/// The maximum number of subjects that a keyword is compared with, which keeps the time linear.
const MAX_COMPARED: usize = 1000;

/// Returns subjects and keywords, each once.
fn categories(object: Object<'_>, known: &Known<'_>) -> Vec<String> {
    let mut categories: Vec<String> = Vec::new();
    if let Some(name) = known.name(Field::Categories) {
        categories = match object.get(name) {
            Some(Value::String(text)) => match literal(text) {
                Some(Value::Array(items)) => items.iter().filter_map(text_of).collect(),
                _ => split_categories(text),
            },
            _ => subjects(object, name),
        };
    }
    if let Some(name) = known.name(Field::Keywords) {
        let keywords = match object.get(name) {
            Some(Value::String(text)) => match literal(text) {
                Some(Value::Array(items)) => items.iter().filter_map(text_of).collect(),
                _ => split_at(text, &[';', ',', '|']),
            },
            _ => subjects(object, name),
        };
        for keyword in keywords {
            if categories.len() > MAX_COMPARED || !categories.contains(&keyword) {
                categories.push(keyword);
            }
        }
    }
    categories
}

/// Returns the texts of a list, whose items may be objects with a name.
fn subjects(object: Object<'_>, name: &str) -> Vec<String> {
    const NAMES: [&str; 7] = [
        "name",
        "display_name",
        "term",
        "keyword",
        "tag",
        "category",
        "value",
    ];
    let mut subjects = Vec::new();
    for item in object.items(name) {
        match item {
            Value::Object(fields) => {
                subjects.extend(Object::new(fields, object.notes()).first_text(&NAMES));
            }
            Value::String(text) => subjects.extend(normalize::filled(text.trim())),
            Value::Number(number) => subjects.push(number.to_string()),
            other => object.leave_out_item(name, other, "texts"),
        }
    }
    subjects
}

/// Returns the identifiers of cited papers: texts, or the identifiers in objects.
fn references(object: Object<'_>, name: &str) -> Vec<String> {
    const NAMES: [&str; 8] = [
        "id", "paperId", "doi", "DOI", "arxiv", "arxiv_id", "pmid", "key",
    ];
    let mut references = Vec::new();
    for item in object.items(name) {
        match item {
            Value::Object(fields) => {
                references.extend(Object::new(fields, object.notes()).first_text(&NAMES));
            }
            Value::String(text) => references.extend(normalize::filled(text.trim())),
            Value::Number(number) => references.push(number.to_string()),
            other => object.leave_out_item(name, other, "identifiers"),
        }
    }
    references
}

fn text_of(value: &Value) -> Option<String> {
    normalize::filled(value.as_str()?.trim())
}

/// Splits subjects at commas, semicolons and bars or, if there are none and a word is a code such as `cs.CL` or
/// `hep-th`, at spaces.
fn split_categories(text: &str) -> Vec<String> {
    let is_code = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase()) && word.contains(['.', '-'])
    };
    if text.contains([',', ';', '|']) {
        split_at(text, &[',', ';', '|'])
    } else if text.split_whitespace().any(is_code) {
        split_at(text, &[' ', '\t', '\n', '\r'])
    } else {
        split_at(text, &['\n'])
    }
}

fn split_at(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators)
        .take(MAX_VALUES)
        .filter_map(|part| normalize::filled(part.trim()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_categories_at_commas_before_spaces() {
        assert_eq!(split_categories("cs.CL  stat.ML"), ["cs.CL", "stat.ML"]);
        assert_eq!(split_categories("plant biology"), ["plant biology"]);
        assert_eq!(
            split_categories("Machine Learning, Optics;"),
            ["Machine Learning", "Optics"]
        );
    }
}
