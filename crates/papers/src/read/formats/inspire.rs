//! Records of INSPIRE: <https://github.com/inspirehep/rest-api-doc>.

use super::cognate_json::page_range;
use super::file_start::FileStart;
use super::json_names::value_name;
use super::normalize::{identify, set_id};
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::text::markup;
use crate::{Name, Paper, PaperKind, PartialDate};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "inspire",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name) || SILENT.contains(&name),
        wrappers: &["metadata"],
    }),
};

const FIELDS: [&str; 21] = [
    "control_number",
    "id",
    "titles",
    "abstracts",
    "authors",
    "corporate_author",
    "collaborations",
    "dois",
    "arxiv_eprints",
    "publication_info",
    "imprints",
    "preprint_date",
    "earliest_date",
    "document_type",
    "thesis_info",
    "report_numbers",
    "isbns",
    "languages",
    "inspire_categories",
    "keywords",
    "references",
];

/// Data about the record itself, and counts.
const SILENT: [&str; 14] = [
    "$schema",
    "_collections",
    "_created",
    "_updated",
    "created",
    "updated",
    "links",
    "uuid",
    "revision_id",
    "legacy_creation_date",
    "legacy_version",
    "curated",
    "author_count",
    "number_of_references",
];

/// The maximum number of keywords, each of which is compared with the subjects.
const MAX_KEYWORDS: usize = 100;

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let is_record = start.has_json_field(&["titles"])
        && start.has_json_field(&[
            "control_number",
            "arxiv_eprints",
            "inspire_categories",
            "document_type",
            "earliest_date",
            "publication_info",
            "metadata",
        ])
        || start.has_json_field(&["inspire_categories", "arxiv_eprints"]);
    is_record.then_some(Evidence::Fields(5))
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let record = Object::new(fields, notes);
    let first = |name: &str, part: &str| {
        record
            .objects(name)
            .first()
            .and_then(|first| first.text(part))
    };
    let title = first("titles", "title").map(|title| {
        let subtitle = first("titles", "subtitle").map(|subtitle| format!(": {subtitle}"));
        title + &subtitle.unwrap_or_default()
    });
    let mut paper = Paper::new("")
        .title(markup::plain(&title.unwrap_or_default()))
        .abstract_text(markup::plain(
            &first("abstracts", "value").unwrap_or_default(),
        ));
    let is_editor = |author: &Object<'_>| {
        author
            .texts("inspire_roles")
            .iter()
            .any(|role| role == "editor")
    };
    let (editors, authors): (Vec<_>, Vec<_>) =
        record.objects("authors").into_iter().partition(is_editor);
    let names = |persons: Vec<Object<'_>>| -> Vec<Name> {
        let names = persons.iter().filter_map(|person| person.text("full_name"));
        names.filter_map(|name| value_name(&name.into())).collect()
    };
    (paper.authors, paper.details.editors) = (names(authors), names(editors));
    if paper.authors.is_empty() {
        let groups = record.objects("collaborations").into_iter();
        let groups = groups
            .filter_map(|group| group.text("value"))
            .map(|name| format!("{name} Collaboration"));
        let groups = groups.chain(record.texts("corporate_author"));
        paper.authors = groups.map(Name::organization).collect();
    }
    let details = &mut paper.details;
    let types = record.texts("document_type");
    details.kind = types
        .iter()
        .find_map(|name| PaperKind::of_any_vocabulary(name));
    details.genre = types.into_iter().next().filter(|_| details.kind.is_none());
    let thesis = record.object("thesis_info");
    if let Some(degree) = thesis.and_then(|thesis| thesis.text("degree_type")) {
        details.genre = Some(format!("{degree} thesis"));
    }
    let imprint = record.objects("imprints").into_iter().next();
    let school = thesis.and_then(|thesis| thesis.objects("institutions").first()?.text("name"));
    details.publisher = imprint
        .and_then(|imprint| imprint.text("publisher"))
        .or(school);
    details.place = imprint.and_then(|imprint| imprint.text("place"));
    // The first publication with a journal counts; conferences have a text in free form.
    let publications = record.objects("publication_info");
    let publication = publications
        .iter()
        .find(|publication| publication.get("journal_title").is_some())
        .or(publications.first());
    if let Some(publication) = publication {
        details.volume = publication.text("journal_volume");
        details.number = publication.text("journal_issue");
        let first = publication.text("page_start");
        let last = publication.text("page_end");
        let pages = first.map(|first| page_range(&first, last.as_deref()));
        details.pages = pages.or_else(|| publication.text("artid"));
        paper.venue = publication.first_text(&["journal_title", "pubinfo_freetext"]);
    }
    if details.number.is_none() && details.kind == Some(PaperKind::Report) {
        details.number = first("report_numbers", "value");
    }
    details.isbn = first("isbns", "value");
    details.language = record.text("languages");
    let journal_year = publication.and_then(|publication| publication.year("year"));
    let imprint_date = imprint.and_then(|imprint| imprint.date("date"));
    let date = imprint_date.or_else(|| record.first_date(&["preprint_date", "earliest_date"]));
    // The date is often that of the preprint, a year before the journal.
    details.published = date.filter(|date| journal_year.is_none_or(|year| year == date.year()));
    paper.year = journal_year.or(date.map(PartialDate::year));
    let eprint = first("arxiv_eprints", "value").map(|eprint| format!("arXiv:{eprint}"));
    let categories = record
        .objects("arxiv_eprints")
        .first()
        .map(|eprint| eprint.texts("categories"));
    paper.categories = categories.unwrap_or_default();
    if paper.categories.is_empty() {
        let terms = record.objects("inspire_categories").into_iter();
        paper.categories = terms.filter_map(|term| term.text("term")).collect();
    }
    let keywords = record.objects("keywords").into_iter().take(MAX_KEYWORDS);
    for keyword in keywords.filter_map(|keyword| keyword.text("value")) {
        if !paper.categories.contains(&keyword) {
            paper.categories.push(keyword);
        }
    }
    let doi = first("dois", "value").unwrap_or_default();
    identify(&mut paper, &doi, &[eprint.as_deref().unwrap_or_default()]);
    for reference in record.objects("references") {
        paper.references.extend(reference_id(reference));
    }
    let number = record.first_text(&["control_number", "id"]);
    paper.url = number
        .as_ref()
        .map(|number| format!("https://inspirehep.net/literature/{number}"));
    paper.venue = paper.venue.or_else(|| paper.details.publisher.clone());
    set_id(&mut paper, number, "`control_number` and no title")?;
    Ok(paper)
}

/// Returns the number of a cited record in INSPIRE, or its DOI or arXiv identifier.
fn reference_id(reference: Object<'_>) -> Option<String> {
    let record = reference
        .object("record")
        .and_then(|record| record.text("$ref"));
    let number = record.and_then(|address| address.rsplit('/').next().map(str::to_owned));
    let data = || reference.object("reference");
    number.or_else(|| data()?.first_text(&["dois", "arxiv_eprint"]))
}
