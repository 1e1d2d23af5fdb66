//! Works of Crossref: <https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md>, from its API or its
//! public data file.

use super::csl::{date, text};
use super::file_start::FileStart;
use super::json_names::names;
use super::normalize::{doi, identify, set_id};
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::text::markup;
use crate::{Paper, PaperKind, PartialDate};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "crossref",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name) || SILENT.contains(&name),
        wrappers: &["message"],
    }),
};

const FIELDS: [&str; 34] = [
    "DOI",
    "URL",
    "title",
    "subtitle",
    "abstract",
    "author",
    "editor",
    "type",
    "subtype",
    "degree",
    "container-title",
    "event",
    "institution",
    "group-title",
    "issued",
    "published",
    "published-print",
    "published-online",
    "posted",
    "volume",
    "issue",
    "journal-issue",
    "page",
    "article-number",
    "publisher",
    "publisher-location",
    "edition-number",
    "ISBN",
    "ISSN",
    "language",
    "subject",
    "reference",
    "id",
    "standards-body",
];

/// The envelope of a response, data about the record itself, and fields that repeat others.
const SILENT: [&str; 23] = [
    "status",
    "created",
    "message-type",
    "message-version",
    "indexed",
    "deposited",
    "prefix",
    "member",
    "source",
    "score",
    "reference-count",
    "references-count",
    "isbn-type",
    "issn-type",
    "short-container-title",
    "short-title",
    "content-domain",
    "content-created",
    "content-updated",
    "update-policy",
    "publisher-id",
    "aliases",
    "resource",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let fields = [
        "is-referenced-by-count",
        "reference-count",
        "references-count",
        "published-print",
        "published-online",
        "content-domain",
        "short-container-title",
        "message-type",
    ];
    let is_work = start.has_json_field(&fields)
        || start.is_in_json_list("message")
        // A selection of fields, as CSL but for the lists.
        || start.has_json_field(&["DOI"]) && start.json_field_starts_with("title", b"[");
    is_work.then_some(Evidence::Fields(5))
}

/// Returns the abstract without the heading `Abstract` that publishers put before it.
fn abstract_text(work: Object<'_>) -> String {
    let markup = work.text("abstract").unwrap_or_default();
    let text = markup::plain(&markup);
    let start = markup
        .get(..markup.floor_char_boundary(200))
        .unwrap_or_default();
    let start = start.to_ascii_lowercase();
    if !start.contains(">abstract<") && !start.contains(">summary<") {
        return text;
    }
    let heading = text
        .get(..8)
        .filter(|word| word.eq_ignore_ascii_case("abstract"));
    let heading = heading.or_else(|| {
        text.get(..7)
            .filter(|word| word.eq_ignore_ascii_case("summary"))
    });
    let length = heading.map_or(0, str::len);
    text[length..].trim_start().to_owned()
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let work = Object::new(fields, notes);
    let text = |name: &str| text(work, name);
    let mut title = markup::plain(&work.essential_text("title")?.unwrap_or_default());
    if let Some(subtitle) = text("subtitle")
        && !title.is_empty()
        && !title.contains(&subtitle)
    {
        title = format!("{}: {subtitle}", title.trim_end_matches(':'));
    }
    let mut paper = Paper::new("")
        .title(title)
        .abstract_text(abstract_text(work))
        .authors(names(work, "author"));
    paper.url = work.text("URL");
    paper.categories = work.texts("subject");
    for reference in work.objects("reference") {
        // References without an identifier are texts in free form.
        paper
            .references
            .extend(reference.text("DOI").and_then(|text| doi(&text)));
    }
    let details = &mut paper.details;
    let types = ["subtype", "type"].map(|name| work.text(name));
    let mut kinds = types.iter().flatten();
    details.kind = kinds.find_map(|name| PaperKind::of_any_vocabulary(name));
    let unknown_type = types[1].clone().filter(|_| details.kind.is_none());
    details.genre = text("degree").or(unknown_type);
    let dates = [
        "issued",
        "published",
        "published-print",
        "published-online",
        "posted",
    ];
    details.published = dates.iter().find_map(|name| date(work, name));
    details.volume = text("volume");
    let issue = || work.object("journal-issue")?.text("issue");
    details.number = text("issue").or_else(issue);
    details.pages = text("page").or_else(|| text("article-number"));
    let institutions = work.objects("institution");
    let institution = institutions
        .first()
        .and_then(|institution| institution.text("name"));
    let is_thesis = details.kind == Some(PaperKind::Thesis);
    let standards_body = || work.object("standards-body")?.text("name");
    details.publisher = institution
        .filter(|_| is_thesis)
        .or_else(|| text("publisher"))
        .or_else(standards_body);
    details.place = text("publisher-location");
    details.edition = text("edition-number");
    details.editors = names(work, "editor");
    details.isbn = work
        .text("ISBN")
        .map(|isbn| isbn.rsplit('/').next().unwrap_or(&isbn).to_owned());
    details.issn = work
        .text("ISSN")
        .map(|issn| issn.rsplit('/').next().unwrap_or(&issn).to_owned());
    details.language = text("language");
    // A chapter in a series has the titles of its book and of the series.
    let titles = work.texts("container-title");
    let titles: Vec<String> = titles.iter().map(|title| markup::plain(title)).collect();
    if let [first, second, ..] = &titles[..] {
        let is_book = matches!(
            details.kind,
            Some(PaperKind::Chapter | PaperKind::ConferencePaper | PaperKind::Book)
        );
        // Crossref lists the series first.
        if is_book {
            details.series = Some(first.clone());
            paper.venue = Some(second.clone());
        }
    }
    let event = || work.object("event")?.text("name");
    paper.venue = paper
        .venue
        .or_else(|| titles.into_iter().next())
        .or_else(|| text("group-title"))
        .or_else(event)
        .or_else(|| paper.details.publisher.clone());
    paper.year = paper.details.published.map(PartialDate::year);
    let url = paper.url.clone().unwrap_or_default();
    let doi = work.text("DOI").unwrap_or_default();
    identify(&mut paper, &doi, &[&url]);
    set_id(&mut paper, work.text("id"), "`DOI` and no `title`")?;
    Ok(paper)
}
