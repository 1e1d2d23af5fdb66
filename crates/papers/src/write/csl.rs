//! CSL-JSON, by the [schema of CSL 1.0.2](https://github.com/citation-style-language/schema), as Zotero, Pandoc and
//! citeproc read it.

use std::io::{self, Write};

use serde::Serialize;

use super::export::{Export, ExportSpec, Item};
use super::field::{non_blank, one_line};
use super::publication::{Publication, parts};
use crate::{Name, Paper, PaperKind, PartialDate};

pub(super) const EXPORT: ExportSpec = ExportSpec {
    name: "csl-json",
    extensions: &["csl.json", "csljson"],
    start: |_| Box::new(CslExport),
};

#[derive(Debug)]
struct CslExport;

impl Export for CslExport {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        out.write_all(if item.index == 0 { b"[\n" } else { b",\n" })?;
        serde_json::to_writer(out, &CslItem::of(item.paper)).map_err(io::Error::from)
    }

    fn finish(&mut self, out: &mut dyn Write, written: usize) -> io::Result<()> {
        out.write_all(if written == 0 { b"[]\n" } else { b"\n]\n" })
    }
}

/// An item with the variables of CSL.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct CslItem<'a> {
    id: &'a str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    author: Vec<CslName>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    editor: Vec<CslName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<CslDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    available_date: Option<CslDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher_place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    genre: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<&'static str>,
    #[serde(rename = "DOI", skip_serializing_if = "Option::is_none")]
    doi: Option<String>,
    #[serde(rename = "URL", skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(rename = "ISBN", skip_serializing_if = "Option::is_none")]
    isbn: Option<String>,
    #[serde(rename = "ISSN", skip_serializing_if = "Option::is_none")]
    issn: Option<String>,
    #[serde(rename = "PMID", skip_serializing_if = "Option::is_none")]
    pmid: Option<String>,
    #[serde(rename = "PMCID", skip_serializing_if = "Option::is_none")]
    pmcid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyword: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    categories: Option<&'a [String]>,
    #[serde(rename = "abstract", skip_serializing_if = "Option::is_none")]
    abstract_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<Custom<'a>>,
}

/// What CSL has no variable for.
#[derive(Serialize)]
struct Custom<'a> {
    /// The kind, if it has no type of its own in CSL.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<PaperKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<PartialDate>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    references: &'a [String],
}

/// The parts of a person's name, or the `literal` name of an organization.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct CslName {
    #[serde(skip_serializing_if = "String::is_empty")]
    family: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    given: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    non_dropping_particle: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    suffix: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    literal: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct CslDate {
    date_parts: [Vec<i32>; 1],
}

impl From<PartialDate> for CslDate {
    fn from(date: PartialDate) -> Self {
        let more = [date.month(), date.day()].into_iter().flatten();
        let parts = [date.year()].into_iter().chain(more.map(i32::from));
        Self {
            date_parts: [parts.collect()],
        }
    }
}

impl<'a> CslItem<'a> {
    fn of(paper: &'a Paper) -> Self {
        let details = &paper.details;
        let publication = Publication::of(paper);
        let text = |text: &Option<String>| non_blank(text.as_deref());
        let arxiv = text(&paper.arxiv);
        let year = publication.year.map(|year| CslDate {
            date_parts: [vec![year]],
        });
        let custom = custom(paper, &publication);
        let mut item = Self {
            id: paper.id.trim(),
            r#type: item_type(publication.kind),
            title: non_blank(Some(&paper.title)),
            author: names(publication.authors),
            editor: names(&details.editors),
            issued: publication.date.map(CslDate::from).or(year),
            available_date: publication.other_date.map(CslDate::from),
            container_title: publication.container,
            collection_title: text(&details.series),
            collection_number: None,
            volume: text(&details.volume),
            issue: None,
            number: arxiv
                .as_ref()
                .map(|identifier| format!("arXiv:{identifier}")),
            page: text(&details.pages),
            publisher: publication.publisher,
            publisher_place: text(&details.place),
            edition: text(&details.edition),
            genre: text(&details.genre),
            archive: arxiv.is_some().then_some("arXiv"),
            doi: text(&paper.doi),
            url: text(&paper.url),
            isbn: text(&details.isbn),
            issn: text(&details.issn),
            pmid: text(&details.pmid),
            pmcid: text(&details.pmcid),
            language: text(&details.language),
            keyword: keyword(&paper.categories),
            categories: is_separated(&paper.categories).then_some(&paper.categories),
            abstract_text: Some(paper.abstract_text.trim()).filter(|text| !text.is_empty()),
            custom,
        };
        let number = match publication.kind {
            PaperKind::Article | PaperKind::ConferencePaper => &mut item.issue,
            PaperKind::Book | PaperKind::Chapter | PaperKind::Proceedings => {
                &mut item.collection_number
            }
            // The number of an archive and that of a report have the same variable.
            _ if item.number.is_some() => &mut item.issue,
            _ => &mut item.number,
        };
        *number = text(&details.number).or(number.take());
        item
    }
}

/// Returns the type of an item. A preprint is an `article`, which in CSL is not an article in a journal.
fn item_type(kind: PaperKind) -> &'static str {
    match kind {
        PaperKind::Article => "article-journal",
        PaperKind::ConferencePaper => "paper-conference",
        PaperKind::Preprint => "article",
        PaperKind::Book | PaperKind::Proceedings => "book",
        PaperKind::Chapter => "chapter",
        PaperKind::Thesis => "thesis",
        PaperKind::Report => "report",
        PaperKind::Dataset => "dataset",
        PaperKind::Software => "software",
        PaperKind::WebPage => "webpage",
        PaperKind::Patent => "patent",
        PaperKind::Standard => "standard",
        PaperKind::Other => "document",
    }
}

fn custom<'a>(paper: &'a Paper, publication: &Publication<'_>) -> Option<Custom<'a>> {
    // Readers take an `article` with a container for one in a magazine.
    let is_ambiguous = match publication.kind {
        PaperKind::Proceedings => true,
        PaperKind::Preprint => publication.container.is_some(),
        _ => false,
    };
    let custom = Custom {
        kind: Some(publication.kind).filter(|_| is_ambiguous),
        updated: paper.details.updated,
        references: &paper.references,
    };
    let has_any =
        custom.kind.is_some() || custom.updated.is_some() || !custom.references.is_empty();
    has_any.then_some(custom)
}

fn names(names: &[Name]) -> Vec<CslName> {
    let names = names.iter().filter(|name| !name.full().trim().is_empty());
    let csl = |name: &Name| {
        let [given, particle, family, suffix] = parts(name);
        let literal = if name.is_single() {
            one_line(name.full())
        } else {
            String::new()
        };
        CslName {
            family: if literal.is_empty() {
                family
            } else {
                String::new()
            },
            given,
            non_dropping_particle: particle,
            suffix,
            literal,
        }
    };
    names.map(csl).collect()
}

/// Joins subjects by commas.
fn keyword(categories: &[String]) -> Option<String> {
    let words: Vec<String> = categories
        .iter()
        .filter_map(|c| non_blank(Some(c)))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Returns whether a subject has a separator of subjects in it, so that the list has to be kept apart.
fn is_separated(categories: &[String]) -> bool {
    categories
        .iter()
        .any(|category| category.contains([',', ';']))
}

#[cfg(test)]
mod tests {
    use super::super::export::written;
    use super::*;
    use crate::Details;

    fn item(paper: &Paper) -> String {
        written(&EXPORT, &Item::first(paper, None))
    }

    #[test]
    fn writes_every_field() {
        let text = |text: &str| Some(text.to_owned());
        let details = Details {
            kind: Some(PaperKind::Report),
            genre: text("Technical report"),
            published: "2017-06-12".parse().ok(),
            updated: "2018-01".parse().ok(),
            volume: text("3"),
            number: text("4"),
            pages: text("12-34"),
            publisher: text("Wheel Institute"),
            place: text("Wheelham"),
            series: text("Wheels"),
            edition: text("Second"),
            editors: vec![Name::parse("Roe, Jr., Max")],
            isbn: text("978-3-16-148410-0"),
            issn: text("1234-5679"),
            pmid: text("12345678"),
            pmcid: text("PMC1234567"),
            language: text("en"),
        };
        let paper = Paper::new("a")
            .title("Sorting by\nWheels")
            .abstract_text("One.\n\nTwo.")
            .authors(["Jan van der Berken", "Wheel Team"])
            .venue("Reports")
            .url("https://example.org/1")
            .categories(["cs.DS", "a, b"])
            .doi("10.1234/w")
            .arxiv("2001.00001")
            .references(["b"])
            .details(details);
        let expected = concat!(
            r#"[{"id":"a","type":"report","title":"Sorting by Wheels","author":[{"family":"Berken","#,
            r#""given":"Jan","non-dropping-particle":"van der"},{"literal":"Wheel Team"}],"#,
            r#""editor":[{"family":"Roe","given":"Max","suffix":"Jr."}],"#,
            r#""issued":{"date-parts":[[2017,6,12]]},"container-title":"Reports","#,
            r#""collection-title":"Wheels","volume":"3","issue":"4","number":"arXiv:2001.00001","#,
            r#""page":"12-34","publisher":"Wheel Institute","publisher-place":"Wheelham","#,
            r#""edition":"Second","genre":"Technical report","archive":"arXiv","DOI":"10.1234/w","#,
            r#""URL":"https://example.org/1","ISBN":"978-3-16-148410-0","ISSN":"1234-5679","#,
            r#""PMID":"12345678","PMCID":"PMC1234567","language":"en","keyword":"cs.DS, a, b","#,
            r#""categories":["cs.DS","a, b"],"abstract":"One.\n\nTwo.","#,
            r#""custom":{"updated":"2018-01","references":["b"]}}"#,
        );
        assert_eq!(item(&paper).replacen("[\n", "[", 1), expected);
    }

    #[test]
    fn omits_unknown_fields() {
        let paper = Paper::new("a").title("B").authors([" "]).url("");
        assert_eq!(
            item(&paper),
            "[\n{\"id\":\"a\",\"type\":\"document\",\"title\":\"B\"}"
        );
    }

    #[test]
    fn the_number_has_the_variable_of_its_kind() {
        let of = |kind, arxiv: Option<&str>| {
            let mut paper = Paper::new("a").kind(kind);
            paper.details.number = Some("7".to_owned());
            paper.arxiv = arxiv.map(str::to_owned);
            item(&paper)
        };
        assert!(of(PaperKind::Article, None).contains(r#""issue":"7""#));
        assert!(of(PaperKind::Book, None).contains(r#""collection-number":"7""#));
        assert!(of(PaperKind::Report, None).contains(r#""number":"7""#));
        let preprint = of(PaperKind::Preprint, Some("2001.00001"));
        assert!(preprint.contains(r#""issue":"7","number":"arXiv:2001.00001""#));
        let article = of(PaperKind::Article, Some("2001.00001"));
        assert!(article.contains(r#""issue":"7","number":"arXiv:2001.00001""#));
    }

    #[test]
    fn a_date_in_another_year_is_when_the_paper_became_available() {
        let mut paper = Paper::new("a").year(2018);
        paper.details.published = "2017-12".parse().ok();
        let dates =
            r#""issued":{"date-parts":[[2018]]},"available-date":{"date-parts":[[2017,12]]}"#;
        assert!(item(&paper).contains(dates));
    }
}
