//! Works of OpenAlex: <https://docs.openalex.org/api-entities/works/work-object>.

use serde_json::Value;

use super::file_start::FileStart;
use super::normalize::{filled, identify, set_id};
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::input::{self, MAX_RECORD};
use crate::read::notes::Notes;
use crate::read::syntax::json_record::{Fields, object, objects, string, strings, type_name, year};
use crate::text::markup;
use crate::{Name, Paper};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "openalex",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        fields: &[
            "id",
            "doi",
            "title",
            "display_name",
            "abstract",
            "abstract_inverted_index",
            "authorships",
            "publication_year",
            "primary_location",
            "host_venue",
            "locations",
            "topics",
            "concepts",
            "referenced_works",
        ],
    }),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let is_work =
        start.has_json_field(&["abstract_inverted_index", "authorships", "referenced_works"])
            || start.json_field_starts_with("id", b"\"https://openalex.org/W");
    is_work.then_some(Evidence::Fields(4))
}

fn paper(work: &Fields, notes: &Notes) -> Result<Paper, String> {
    let title = match string(work, "title")? {
        Some(title) => title,
        None => string(work, "display_name")?.unwrap_or_default(),
    };
    let location = object(work, "primary_location")?;
    let source = match location {
        Some(location) => object(location, "source")?,
        // The field until 2023.
        None => object(work, "host_venue")?,
    };
    let landing = match location {
        Some(location) => string(location, "landing_page_url")?,
        None => None,
    };
    let doi = string(work, "doi")?;
    let mut paper = Paper::new("")
        .title(markup::plain(&title))
        .abstract_text(abstract_text(work)?);
    for authorship in objects(work, "authorships")? {
        if let Some(author) = object(authorship, "author")? {
            paper.authors.extend(display_name(author)?.map(Name::new));
        }
    }
    paper.year = year(work, "publication_year", notes)?;
    paper.venue = source.map(display_name).transpose()?.flatten();
    paper.url = landing
        .clone()
        .or_else(|| doi.clone())
        .filter(|url| !url.is_empty());
    let subjects = match objects(work, "topics")? {
        topics if topics.is_empty() => objects(work, "concepts")?,
        topics => topics,
    };
    for subject in subjects {
        paper.categories.extend(display_name(subject)?);
    }
    paper.references = strings(work, "referenced_works")?
        .iter()
        .map(|id| short_id(id).to_owned())
        .collect();
    let mut pages = vec![landing.unwrap_or_default()];
    for location in objects(work, "locations")? {
        pages.extend(string(location, "landing_page_url")?);
    }
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    identify(&mut paper, doi.as_deref().unwrap_or_default(), &pages);
    let id = string(work, "id")?.map(|id| short_id(&id).to_owned());
    set_id(&mut paper, id, "`id` and no `doi`")?;
    Ok(paper)
}

/// Returns the id `W123` of `https://openalex.org/W123`.
fn short_id(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn display_name(fields: &Fields) -> Result<Option<String>, String> {
    Ok(string(fields, "display_name")?.and_then(filled))
}

/// Restores the abstract from an index of the positions of its words.
fn abstract_text(work: &Fields) -> Result<String, String> {
    let Some(index) = object(work, "abstract_inverted_index")? else {
        return Ok(markup::plain(
            &string(work, "abstract")?.unwrap_or_default(),
        ));
    };
    let error = |found: &Value| {
        let found = type_name(found);
        format!("`abstract_inverted_index` holds {found}, expected lists of positions")
    };
    let mut words = Vec::new();
    // A word of the index may be at many positions, so the text may be longer than the record.
    let mut size = 0_usize;
    for (word, positions) in index {
        let positions = positions.as_array().ok_or_else(|| error(positions))?;
        for position in positions {
            let position = position.as_u64().ok_or_else(|| error(position))?;
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
