//! Articles in the responses of Europe PMC: <https://europepmc.org/RestfulWebService>.

use super::file_start::FileStart;
use super::json_names::names_in;
use super::normalize::{identify, set_id};
use super::pubmed_ids;
use super::spec::{Evidence, FormatSpec, ObjectFormat, RecordSource};
use crate::read::notes::Notes;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::text::markup;
use crate::{Name, Paper, PaperKind, PartialDate};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "europe-pmc",
    extensions: &[],
    recognize,
    source: RecordSource::Objects(ObjectFormat {
        paper,
        is_read: |name| FIELDS.contains(&name),
        wrappers: &[],
    }),
};

const FIELDS: [&str; 26] = [
    "id",
    "source",
    "pmid",
    "pmcid",
    "doi",
    "title",
    "abstractText",
    "authorString",
    "authorList",
    "journalTitle",
    "journalInfo",
    "journalVolume",
    "issue",
    "journalIssn",
    "pageInfo",
    "pubYear",
    "firstPublicationDate",
    "firstIndexDate",
    "bookOrReportDetails",
    "pubType",
    "pubTypeList",
    "language",
    "keywordList",
    "meshHeadingList",
    "electronicPublicationDate",
    "authorIdList",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let fields = [
        "authorString",
        "journalInfo",
        "firstPublicationDate",
        "abstractText",
        "pubTypeList",
    ];
    let is_article = start.has_json_field(&fields)
        && start.has_json_field(&["pubYear", "source", "pmid", "pmcid"]);
    is_article.then_some(Evidence::Fields(5))
}

fn paper(fields: &Fields, notes: &Notes) -> Result<Paper, String> {
    let article = Object::new(fields, notes);
    let title = markup::plain(&article.essential_text("title")?.unwrap_or_default());
    let abstract_text = article.text("abstractText").unwrap_or_default();
    let mut paper = Paper::new("")
        .title(title.strip_suffix('.').unwrap_or(&title))
        .abstract_text(markup::plain(&abstract_text))
        .authors(authors(article));
    paper.categories = nested_texts(article, "keywordList", "keyword");
    let headings = article
        .object("meshHeadingList")
        .map(|list| list.objects("meshHeading"));
    for heading in headings.unwrap_or_default() {
        paper.categories.extend(heading.text("descriptorName"));
    }
    let journal = article.object("journalInfo");
    let journal_text = |name: &str| journal.and_then(|journal| journal.text(name));
    let journal_record = journal.and_then(|journal| journal.object("journal"));
    let book = article.object("bookOrReportDetails");
    let book_text = |name: &str| book.and_then(|book| book.text(name));
    let details = &mut paper.details;
    let types = nested_texts(article, "pubTypeList", "pubType");
    let types = types.into_iter().chain(article.text("pubType"));
    let types: Vec<String> = types
        .flat_map(|text| text.split("; ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    details.kind = types
        .iter()
        .find_map(|name| PaperKind::of_any_vocabulary(name));
    if article.text("source").as_deref() == Some("PPR") {
        details.kind = Some(PaperKind::Preprint);
    }
    details.published = article.first_date(&["firstPublicationDate", "electronicPublicationDate"]);
    details.volume = article
        .text("journalVolume")
        .or_else(|| journal_text("volume"));
    details.number = article.text("issue").or_else(|| journal_text("issue"));
    details.pages = article.text("pageInfo");
    details.publisher = book_text("publisher");
    details.isbn = book_text("isbn13").or_else(|| book_text("isbn10"));
    details.issn = journal_record
        .and_then(|journal| journal.first_text(&["issn", "essn"]))
        .or_else(|| article.text("journalIssn"));
    details.issn = details
        .issn
        .take()
        .and_then(|issn| issn.split(';').next().map(|issn| issn.trim().to_owned()));
    details.pmid = article
        .text("pmid")
        .and_then(|pmid| pubmed_ids::pmid(&pmid));
    details.pmcid = article
        .text("pmcid")
        .and_then(|pmcid| pubmed_ids::pmcid(&pmcid));
    details.language = article.text("language");
    paper.venue = article
        .text("journalTitle")
        .or_else(|| journal_record.and_then(|journal| journal.text("title")))
        .or_else(|| book_text("publisher"));
    paper.year = article
        .year("pubYear")
        .or_else(|| journal.and_then(|journal| journal.year("yearOfPublication")))
        .or(paper.details.published.map(PartialDate::year));
    identify(&mut paper, &article.text("doi").unwrap_or_default(), &[]);
    let id = article.text("id");
    if let (Some(source), Some(id)) = (article.text("source"), &id) {
        paper.url = Some(format!("https://europepmc.org/article/{source}/{id}"));
    }
    set_id(&mut paper, id, "`id`, no `doi` and no `title`")?;
    Ok(paper)
}

/// Returns the authors: a list of objects, or a text such as `Ada A, Birch B.`.
fn authors(article: Object<'_>) -> Vec<Name> {
    if let Some(list) = article.object("authorList") {
        let mut authors = Vec::new();
        for author in list.objects("author") {
            let given = author.first_text(&["firstName", "initials"]);
            let name = match (author.text("lastName"), given) {
                (Some(family), Some(given)) => Some(Name::person(&given, &family)),
                _ => author
                    .first_text(&["collectiveName", "fullName"])
                    .map(Name::new),
            };
            authors.extend(name);
        }
        return authors;
    }
    let text = article.text("authorString").unwrap_or_default();
    let text = text.strip_suffix('.').unwrap_or(&text);
    if !text.contains(',') {
        return names_in(text)
            .into_iter()
            .map(with_initials_first)
            .collect();
    }
    let names = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let names = names.map(|name| with_initials_first(Name::new(name)));
    names.take(crate::read::input::MAX_VALUES).collect()
}

/// Returns the name of `Ada AB`, whose initials stand last.
fn with_initials_first(name: Name) -> Name {
    match name.full().rsplit_once(' ') {
        Some((family, initials))
            if initials.len() <= 4 && initials.chars().all(char::is_uppercase) =>
        {
            Name::person(initials, family)
        }
        _ => name,
    }
}

fn nested_texts(article: Object<'_>, list: &str, item: &str) -> Vec<String> {
    match article.get(list) {
        Some(serde_json::Value::Object(fields)) => Object::new(fields, article.notes()).texts(item),
        _ => article.texts(list),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_after_a_family_name_come_first() {
        for (text, expected) in [
            ("Ada AB", "AB Ada"),
            ("van Berg J", "J van Berg"),
            ("The Moss Group", "The Moss Group"),
        ] {
            assert_eq!(with_initials_first(Name::new(text)), expected);
        }
    }
}
