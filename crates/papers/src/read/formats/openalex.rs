//! Works of OpenAlex: <https://docs.openalex.org/api-entities/works/work-object>.

use serde_json::Value;

use super::cognate_json::page_range;
use super::file_start::FileStart;
use super::json_names::value_name;
use super::normalize::{identify, set_id};
use super::pubmed_ids;
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::input::{self, MAX_RECORD};
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::{Fields, type_name};
use crate::text::markup;
use crate::{Name, Paper, PaperKind, PartialDate};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "openalex",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name) || SILENT.contains(&name),
        wrappers: &[],
    }),
};

const FIELDS: [&str; 22] = [
    "id",
    "ids",
    "doi",
    "title",
    "display_name",
    "abstract",
    "abstract_inverted_index",
    "authorships",
    "publication_year",
    "publication_date",
    "type",
    "type_crossref",
    "language",
    "biblio",
    "primary_location",
    "host_venue",
    "locations",
    "topics",
    "concepts",
    "keywords",
    "referenced_works",
    "pmid",
];

/// Counts of what other fields list, and data about the record itself.
const SILENT: [&str; 17] = [
    "abstract_inverted_index_v3",
    "updated_date",
    "best_oa_location",
    "primary_topic",
    "authors_count",
    "institutions_distinct_count",
    "countries_distinct_count",
    "locations_count",
    "concepts_count",
    "topics_count",
    "referenced_works_count",
    "indexed_in",
    "created_date",
    "has_fulltext",
    "has_content",
    "cited_by_api_url",
    "relevance_score",
];

/// The maximum number of keywords, each of which is compared with the subjects.
const MAX_KEYWORDS: usize = 100;

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let is_work =
        start.has_json_field(&["abstract_inverted_index", "authorships", "referenced_works"])
            || start.json_field_starts_with("id", b"\"https://openalex.org/");
    is_work.then_some(Evidence::Fields(4))
}

/// Returns whether an id is that of anything but a work: a letter before a number.
fn is_other_entity(id: &str) -> bool {
    let Some(number) = id.strip_prefix(['A', 'S', 'I', 'C', 'T', 'P', 'F', 'G', 'K', 'D']) else {
        return false;
    };
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let work = Object::new(fields, notes);
    let title = match work.essential_text("title")? {
        Some(title) => title,
        None => work.essential_text("display_name")?.unwrap_or_default(),
    };
    let location = work.object("primary_location");
    let source = match location {
        Some(location) => location.object("source"),
        // The field until 2023.
        None => work.object("host_venue"),
    };
    let landing = location.and_then(|location| location.text("landing_page_url"));
    let ids = work.object("ids");
    let id = |name: &str| ids.and_then(|ids| ids.text(name));
    let doi = work.text("doi").or_else(|| id("doi"));
    let mut paper = Paper::new("")
        .title(markup::plain(&title))
        .abstract_text(abstract_text(work)?)
        .authors(work.objects("authorships").into_iter().filter_map(author));
    paper.venue = source
        .and_then(|source| source.text("display_name"))
        .or_else(|| location?.text("raw_source_name"));
    paper.url = landing.clone().or_else(|| doi.clone());
    let topics = work.objects("topics");
    let subjects = if topics.is_empty() {
        work.objects("concepts")
    } else {
        topics
    };
    paper.categories = subjects
        .iter()
        .filter_map(|subject| subject.text("display_name"))
        .collect();
    let keywords = work.objects("keywords").into_iter().take(MAX_KEYWORDS);
    for keyword in keywords.filter_map(|keyword| keyword.first_text(&["display_name", "keyword"])) {
        if !paper.categories.contains(&keyword) {
            paper.categories.push(keyword);
        }
    }
    let references = work.texts("referenced_works");
    paper.references = references
        .iter()
        .map(|id| short_id(id).to_owned())
        .collect();
    let details = &mut paper.details;
    let types = ["type", "type_crossref"].map(|name| work.text(name));
    let mut kinds = types.iter().flatten();
    details.kind = kinds.find_map(|name| PaperKind::of_any_vocabulary(name));
    details.genre = types[0].clone().filter(|_| details.kind.is_none());
    details.published = work.date("publication_date");
    details.language = work.text("language");
    if let Some(biblio) = work.object("biblio") {
        details.volume = biblio.text("volume");
        details.number = biblio.text("issue");
        let last = biblio.text("last_page");
        let first = biblio.text("first_page");
        details.pages = first.map(|first| page_range(&first, last.as_deref()));
    }
    if let Some(source) = source {
        details.publisher = source.first_text(&["host_organization_name", "publisher"]);
        details.issn = source.first_text(&["issn_l", "issn"]);
    }
    let pmid = id("pmid").or_else(|| work.text("pmid"));
    details.pmid = pmid.and_then(|pmid| pubmed_ids::pmid(&pmid));
    details.pmcid = id("pmcid").and_then(|pmcid| pubmed_ids::pmcid(&pmcid));
    paper.year = work
        .year("publication_year")
        .or(paper.details.published.map(PartialDate::year));
    let mut pages = vec![landing.unwrap_or_default()];
    let locations = work.objects("locations").into_iter();
    pages.extend(locations.filter_map(|location| location.text("landing_page_url")));
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    identify(&mut paper, doi.as_deref().unwrap_or_default(), &pages);
    let id = work.text("id").map(|id| short_id(&id).to_owned());
    if let Some(id) = id.as_deref().filter(|id| is_other_entity(id)) {
        return Err(format!(
            "`{id}` is an author, a source or another entity of OpenAlex, expected a work such as W2741809807"
        ));
    }
    set_id(&mut paper, id, "`id`, no `doi` and no `title`")?;
    Ok(paper)
}

/// Returns the name of an author in the catalog, or as it is printed if the catalog does not know the author.
fn author(authorship: Object<'_>) -> Option<Name> {
    let name = |text: String| value_name(&Value::String(text));
    authorship
        .object("author")
        .and_then(|author| author.text("display_name"))
        .map(Name::new)
        .or_else(|| authorship.text("raw_author_name").and_then(name))
}

/// Returns the id `W123` of `https://openalex.org/W123`.
fn short_id(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Restores the abstract from an index of the positions of its words.
fn abstract_text(work: Object<'_>) -> Result<String, String> {
    const NAME: &str = "abstract_inverted_index";
    let index = match work.get(NAME) {
        Some(Value::Object(index)) => index,
        // Data sets of tables keep the index as a text.
        Some(Value::String(text)) => match serde_json::from_str::<Fields>(text) {
            Ok(index) => return words(work, &index),
            Err(_) => return Ok(markup::plain(text)),
        },
        Some(other) => {
            work.leave_out_item(NAME, other, "lists of positions");
            return Ok(String::new());
        }
        None => return Ok(markup::plain(&work.text("abstract").unwrap_or_default())),
    };
    words(work, index)
}

fn words(work: Object<'_>, index: &Fields) -> Result<String, String> {
    let mut words = Vec::new();
    // A word of the index may be at many positions, so the text may be longer than the record.
    let mut size = 0_usize;
    for (word, positions) in index {
        let list = positions.as_array();
        let numbers: Option<Vec<u64>> =
            list.and_then(|list| list.iter().map(Value::as_u64).collect());
        let Some(numbers) = numbers else {
            let wrong = list.and_then(|list| list.iter().find(|item| !item.is_u64()));
            let found = type_name(wrong.unwrap_or(positions));
            work.notes().remark(format!(
                "`abstract_inverted_index` holds {found}, expected lists of positions; the abstract was left out"
            ));
            return Ok(String::new());
        };
        for position in numbers {
            size = size.saturating_add(word.len() + 1);
            if size > MAX_RECORD {
                return Err(input::too_long());
            }
            words.push((position, word.as_str()));
        }
    }
    words.sort_unstable();
    let words: Vec<&str> = words.into_iter().map(|(_, word)| word).collect();
    Ok(markup::plain(&words.join(" ")))
}
