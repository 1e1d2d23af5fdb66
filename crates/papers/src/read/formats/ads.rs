//! Records of NASA's Astrophysics Data System: <https://ui.adsabs.harvard.edu/help/api/>.

use super::file_start::FileStart;
use super::json_names::names;
use super::normalize::{identify, set_id};
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::text::markup;
use crate::{Paper, PaperKind, PartialDate};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "ads",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name) || SILENT.contains(&name),
        wrappers: &[],
    }),
};

const FIELDS: [&str; 26] = [
    "bibcode",
    "id",
    "title",
    "abstract",
    "author",
    "editor",
    "doctype",
    "pub",
    "pub_raw",
    "bibstem",
    "year",
    "pubdate",
    "date",
    "volume",
    "issue",
    "page",
    "page_range",
    "eid",
    "publisher",
    "issn",
    "isbn",
    "doi",
    "identifier",
    "keyword",
    "reference",
    "arxiv_class",
];

/// Fields that repeat others in another form.
const SILENT: [&str; 7] = [
    "author_norm",
    "first_author",
    "first_author_norm",
    "author_count",
    "keyword_norm",
    "alternate_bibcode",
    "entry_date",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    start
        .has_json_field(&["bibcode"])
        .then_some(Evidence::Fields(5))
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let record = Object::new(fields, notes);
    let title = record.essential_text("title")?.unwrap_or_default();
    let abstract_text = record.text("abstract").unwrap_or_default();
    let mut paper = Paper::new("")
        .title(markup::plain(&title))
        .abstract_text(markup::plain(&abstract_text))
        .authors(names(record, "author"));
    paper.categories = record.texts("arxiv_class");
    for keyword in record.texts("keyword") {
        if paper.categories.len() > 1000 || !paper.categories.contains(&keyword) {
            paper.categories.push(keyword);
        }
    }
    let details = &mut paper.details;
    if let Some(kind) = record.text("doctype") {
        details.kind = kind_of(&kind);
        details.genre = Some(kind).filter(|_| details.kind.is_none());
    }
    details.published = record.first_date(&["pubdate", "date"]);
    details.volume = record.text("volume");
    details.number = record.text("issue");
    details.pages = record.first_text(&["page_range", "page", "eid"]);
    details.publisher = record.text("publisher");
    details.editors = names(record, "editor");
    details.issn = record.text("issn");
    details.isbn = record.text("isbn");
    paper.venue = record
        .first_text(&["pub", "pub_raw", "bibstem"])
        .map(|venue| markup::plain(&venue));
    paper.year = record
        .year("year")
        .or(paper.details.published.map(PartialDate::year));
    let identifiers = record.texts("identifier");
    let arxiv: Vec<&str> = identifiers.iter().map(String::as_str).collect();
    let doi = record.texts("doi");
    // The DOI of the preprint may stand beside that of the article.
    let doi = doi
        .iter()
        .find(|doi| !doi.to_ascii_lowercase().contains("arxiv"))
        .or(doi.first());
    identify(
        &mut paper,
        doi.map(String::as_str).unwrap_or_default(),
        &arxiv,
    );
    paper.references = record.texts("reference");
    let bibcode = record.text("bibcode");
    paper.url = bibcode
        .as_ref()
        .map(|code| format!("https://ui.adsabs.harvard.edu/abs/{code}"));
    set_id(&mut paper, bibcode, "`bibcode`, no `doi` and no `title`")?;
    Ok(paper)
}

/// Returns the kind of a publication by its name in ADS.
fn kind_of(name: &str) -> Option<PaperKind> {
    Some(match name {
        "article" | "circular" | "newsletter" => PaperKind::Article,
        "eprint" => PaperKind::Preprint,
        "inproceedings" | "abstract" | "talk" => PaperKind::ConferencePaper,
        "proceedings" => PaperKind::Proceedings,
        "inbook" => PaperKind::Chapter,
        "phdthesis" | "mastersthesis" => PaperKind::Thesis,
        "catalog" => PaperKind::Dataset,
        other => return PaperKind::of_any_vocabulary(other),
    })
}
