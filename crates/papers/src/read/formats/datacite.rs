//! Records of `DataCite`: <https://support.datacite.org/docs/api>.

use serde_json::Value;

use super::cognate_json::page_range;
use super::file_start::FileStart;
use super::json_names::value_name;
use super::normalize::{doi, identify, set_id};
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::text::markup;
use crate::{Name, Paper, PaperKind, PartialDate};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "datacite",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name) || SILENT.contains(&name),
        wrappers: &["data", "attributes"],
    }),
};

const FIELDS: [&str; 14] = [
    "doi",
    "titles",
    "descriptions",
    "creators",
    "contributors",
    "publicationYear",
    "dates",
    "types",
    "publisher",
    "container",
    "relatedIdentifiers",
    "subjects",
    "language",
    "url",
];

/// Data about the record itself, and counts.
const SILENT: [&str; 26] = [
    "id",
    "type",
    "meta",
    "links",
    "relationships",
    "prefix",
    "suffix",
    "xml",
    "schemaVersion",
    "source",
    "state",
    "isActive",
    "reason",
    "metadataVersion",
    "created",
    "registered",
    "updated",
    "published",
    "viewCount",
    "viewsOverTime",
    "downloadCount",
    "downloadsOverTime",
    "referenceCount",
    "versionCount",
    "versionOfCount",
    "partCount",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let is_record = start.has_json_field(&["titles"])
        && start.has_json_field(&["creators", "publicationYear", "schemaVersion"]);
    is_record.then_some(Evidence::Fields(5))
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let record = Object::new(fields, notes);
    let titles = record.objects("titles");
    let main_title = titles
        .iter()
        .find(|title| title.get("titleType").is_none())
        .or(titles.first());
    let title = main_title.and_then(|title| title.text("title"));
    let descriptions = record.objects("descriptions");
    let is_abstract = |description: &&Object<'_>| {
        description.text("descriptionType").as_deref() == Some("Abstract")
    };
    let description = descriptions.iter().find(is_abstract);
    let abstract_text = description.and_then(|description| description.text("description"));
    let mut paper = Paper::new("")
        .title(markup::plain(&title.unwrap_or_default()))
        .abstract_text(markup::plain(&abstract_text.unwrap_or_default()))
        .authors(record.objects("creators").into_iter().filter_map(person));
    let details = &mut paper.details;
    let is_editor =
        |person: &Object<'_>| person.text("contributorType").as_deref() == Some("Editor");
    let editors = record.objects("contributors").into_iter().filter(is_editor);
    details.editors = editors.filter_map(person).collect();
    if let Some(types) = record.object("types") {
        let names = ["bibtex", "ris", "resourceTypeGeneral"].map(|name| types.text(name));
        let general = names[2].as_deref().and_then(PaperKind::of_any_vocabulary);
        // The name in BibTeX or RIS is derived, and often that of a miscellany.
        let mut others = names
            .iter()
            .flatten()
            .filter_map(|name| PaperKind::of_any_vocabulary(name));
        details.kind = general.or_else(|| others.find(|kind| *kind != PaperKind::Other));
        details.genre = types.text("resourceType");
    }
    for date in record.objects("dates") {
        let value = date.date("date");
        match date.text("dateType").as_deref() {
            Some("Issued") => details.published = details.published.or(value),
            Some("Updated") => details.updated = value,
            _ => {}
        }
    }
    details.publisher = match record.get("publisher") {
        Some(Value::Object(publisher)) => Object::new(publisher, notes).text("name"),
        _ => record.text("publisher"),
    };
    details.language = record.text("language");
    let container = record.object("container");
    if let Some(container) = container {
        details.volume = container.text("volume");
        details.number = container.text("issue");
        let (first, last) = (container.text("firstPage"), container.text("lastPage"));
        details.pages = first.map(|first| page_range(&first, last.as_deref()));
        let identifier = container.text("identifier");
        match container.text("identifierType").as_deref() {
            Some("ISSN") => details.issn = identifier,
            Some("ISBN") => details.isbn = identifier,
            _ => {}
        }
    }
    let container_title = container.and_then(|container| container.text("title"));
    paper.venue = container_title.or_else(|| paper.details.publisher.clone());
    paper.year = record
        .year("publicationYear")
        .or(paper.details.published.map(PartialDate::year));
    paper.url = record.text("url");
    let subjects = record.objects("subjects").into_iter();
    paper.categories = subjects
        .filter_map(|subject| subject.text("subject"))
        .collect();
    for related in record.objects("relatedIdentifiers") {
        let relation = related.text("relationType");
        if matches!(relation.as_deref(), Some("Cites" | "References")) {
            let identifier = related.text("relatedIdentifier");
            paper
                .references
                .extend(identifier.map(|text| doi(&text).unwrap_or(text)));
        }
    }
    let url = paper.url.clone().unwrap_or_default();
    identify(&mut paper, &record.text("doi").unwrap_or_default(), &[&url]);
    set_id(&mut paper, None, "`doi` and no title")?;
    Ok(paper)
}

/// Returns the name of a creator or contributor.
fn person(person: Object<'_>) -> Option<Name> {
    if person.text("nameType").as_deref() == Some("Organizational") {
        return person.text("name").map(Name::organization);
    }
    let whole = || {
        person
            .text("name")
            .and_then(|name| value_name(&name.into()))
    };
    match (person.text("givenName"), person.text("familyName")) {
        (Some(given), Some(family)) => Some(Name::person(&given, &family)),
        _ => whole(),
    }
}
