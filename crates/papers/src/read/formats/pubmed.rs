//! PubMed's XML: <https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html>.

use super::file_start::FileStart;
use super::normalize::{doi, filled, year_in};
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::input::Input;
use crate::read::syntax::xml::{Element, XmlItem, XmlStream};
use crate::{Name, Paper, RecordLocation};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "pubmed-xml",
    extensions: &[],
    recognize,
    source: RecordSource::Stream(|input| Box::new(Pubmed::new(input))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let is_pubmed = matches!(start.xml_root(), Some("PubmedArticleSet" | "PubmedArticle"));
    is_pubmed.then_some(Evidence::Header)
}

/// Reads the journal articles and book chapters of a set.
struct Pubmed<'a> {
    stream: XmlStream<'a>,
}

impl<'a> Pubmed<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            stream: XmlStream::new(input),
        }
    }
}

impl Iterator for Pubmed<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        let whole = ["PubmedArticle", "PubmedBookArticle", "DeleteCitation"];
        loop {
            let outcome = match self.stream.next_item(&whole)? {
                Ok(XmlItem::Start(_)) => continue,
                Ok(XmlItem::Whole(Ok(element))) => match element.name.as_str() {
                    "PubmedArticle" => article(&element),
                    "PubmedBookArticle" => chapter(&element),
                    // The ids of papers that an update deletes.
                    _ => continue,
                },
                Ok(XmlItem::Whole(Err(reason))) | Err(reason) => Err(reason),
            };
            return Some((RecordLocation::Line(self.stream.line()), outcome));
        }
    }
}

fn article(element: &Element) -> Result<Paper, String> {
    let citation = element.at(&["MedlineCitation"]);
    let citation = citation.ok_or("`MedlineCitation` is missing")?;
    let article = citation.at(&["Article"]).ok_or("`Article` is missing")?;
    let mut paper = paper(citation, article)?;
    let journal = article.text_at(&["Journal", "Title"]);
    paper.venue = filled(journal).or_else(|| {
        let short = article.text_at(&["Journal", "ISOAbbreviation"]);
        filled(short)
    });
    let date = ["Journal", "JournalIssue", "PubDate"];
    paper.year = year_in(&article.text_at(&[date[0], date[1], date[2], "Year"]))
        .or_else(|| year_in(&article.text_at(&[date[0], date[1], date[2], "MedlineDate"])))
        .or_else(|| year_in(&article.text_at(&["ArticleDate", "Year"])));
    if let Some(headings) = citation.at(&["MeshHeadingList"]) {
        let names = headings.all("MeshHeading");
        let names = names.filter_map(|heading| filled(heading.text_at(&["DescriptorName"])));
        paper.categories = names.collect();
    }
    if let Some(data) = element.at(&["PubmedData"]) {
        if paper.doi.is_none() {
            paper.doi = article_id(data, "doi").and_then(|text| doi(&text));
        }
        for list in data.all("ReferenceList") {
            for reference in list.all("Reference") {
                let id = article_id(reference, "pubmed");
                let id = id.or_else(|| doi(&article_id(reference, "doi")?));
                paper.references.extend(id);
            }
        }
    }
    Ok(paper)
}

fn chapter(element: &Element) -> Result<Paper, String> {
    let document = element.at(&["BookDocument"]);
    let document = document.ok_or("`BookDocument` is missing")?;
    let mut paper = paper(document, document)?;
    let book = document.text_at(&["Book", "BookTitle"]);
    if paper.title.is_empty() {
        paper.title.clone_from(&book);
    }
    paper.venue = filled(book);
    paper.year = year_in(&document.text_at(&["Book", "PubDate", "Year"]))
        .or_else(|| year_in(&document.text_at(&["ContributionDate", "Year"])));
    if paper.doi.is_none() {
        paper.doi = article_id(document, "doi").and_then(|text| doi(&text));
    }
    Ok(paper)
}

/// Reads the fields that articles and chapters share.
///
/// `citation` is the element with the id, and `article` the element with the text.
fn paper(citation: &Element, article: &Element) -> Result<Paper, String> {
    let id = filled(citation.text_at(&["PMID"])).ok_or("`PMID` is missing")?;
    let title = article.text_at(&["ArticleTitle"]);
    let title = filled(title).unwrap_or_else(|| article.text_at(&["VernacularTitle"]));
    let authors = article
        .all("AuthorList")
        .flat_map(|list| list.all("Author"));
    let mut paper = Paper::new(id.clone())
        .title(title)
        .abstract_text(abstract_text(article))
        .authors(authors.map(author).filter(|name| !name.full().is_empty()))
        .url(format!("https://pubmed.ncbi.nlm.nih.gov/{id}/"));
    paper.doi = article
        .all("ELocationID")
        .filter(|location| location.attribute("EIdType") == Some("doi"))
        .find_map(|location| doi(&location.text()));
    Ok(paper)
}

/// Joins the sections of the abstract, each after its label.
fn abstract_text(article: &Element) -> String {
    let mut text = String::new();
    let parts = article.all("Abstract");
    for part in parts.flat_map(|parts| parts.all("AbstractText")) {
        if !text.is_empty() {
            text.push(' ');
        }
        if let Some(label) = part
            .attribute("Label")
            .filter(|label| *label != "UNLABELLED")
        {
            text.push_str(label);
            text.push_str(": ");
        }
        text.push_str(&part.text());
    }
    text.trim().to_owned()
}

fn author(author: &Element) -> Name {
    let collective = author.text_at(&["CollectiveName"]);
    if !collective.is_empty() {
        return Name::organization(collective);
    }
    let first = author.text_at(&["ForeName"]);
    let first = filled(first).unwrap_or_else(|| author.text_at(&["Initials"]));
    let (last, suffix) = (author.text_at(&["LastName"]), author.text_at(&["Suffix"]));
    Name::person(&first, &last).with_suffix(&suffix)
}

/// Returns the identifier of a type, such as `doi`, in the list of `element`.
fn article_id(element: &Element, id_type: &str) -> Option<String> {
    let lists = element.all("ArticleIdList");
    lists
        .flat_map(|list| list.all("ArticleId"))
        .filter(|id| id.attribute("IdType") == Some(id_type))
        .find_map(|id| filled(id.text()))
}
