//! Books and their chapters.

use super::elements::{article_id, date, electronic_doi, paper as common, people};
use crate::read::formats::normalize::{doi, filled};
use crate::read::formats::pages::{page_range, whole_pages};
use crate::read::formats::serial_numbers::set_serial_numbers;
use crate::read::notes::Notes;
use crate::read::syntax::xml::Element;
use crate::{Paper, PaperKind, identifiers};

/// The children of `BookDocument` that are read, and those with the history of the record.
const READ: [&str; 16] = [
    "PMID",
    "ArticleIdList",
    "Book",
    "ArticleTitle",
    "VernacularTitle",
    "Pagination",
    "Language",
    "AuthorList",
    "PublicationType",
    "Abstract",
    "OtherAbstract",
    "KeywordList",
    "ContributionDate",
    "DateRevised",
    "ItemList",
    "LocationLabel",
];

/// The children of `Book` that are read.
const READ_IN_BOOK: [&str; 14] = [
    "Publisher",
    "BookTitle",
    "PubDate",
    "BeginningDate",
    "EndingDate",
    "AuthorList",
    "Volume",
    "VolumeTitle",
    "Edition",
    "CollectionTitle",
    "Isbn",
    "ELocationID",
    "Medium",
    "ReportNumber",
];

/// Returns the paper of a `PubmedBookArticle`: a chapter, or a book if it has no title of its own.
pub(super) fn paper(element: &Element, notes: &Notes) -> Result<Paper, String> {
    let document = element.at(&["BookDocument"]);
    let document = document.ok_or("`BookDocument` is missing")?;
    let book = document.at(&["Book"]);
    let text = |name: &str| book.and_then(|book| filled(book.text_at(&[name])));
    let mut paper = common(document, document)?;
    let book_title = text("BookTitle").unwrap_or_default();
    let is_whole = paper.title.is_empty() || paper.title == book_title;
    if is_whole {
        paper.title.clone_from(&book_title);
    } else {
        paper.venue = filled(book_title);
    }
    let details = &mut paper.details;
    details.kind = Some(if is_whole {
        PaperKind::Book
    } else {
        PaperKind::Chapter
    });
    details.publisher = book.and_then(|book| filled(book.text_at(&["Publisher", "PublisherName"])));
    details.place = book.and_then(|book| filled(book.text_at(&["Publisher", "PublisherLocation"])));
    details.volume = text("Volume");
    details.number = text("ReportNumber");
    details.edition = text("Edition");
    details.series = text("CollectionTitle");
    let pagination = |name: &str| document.text_at(&["Pagination", name]);
    details.pages = whole_pages(&pagination("MedlinePgn"))
        .or_else(|| page_range(&pagination("StartPage"), &pagination("EndPage")));
    for isbn in book.iter().flat_map(|book| book.all("Isbn")) {
        set_serial_numbers(details, &isbn.text());
    }
    let ids = |name: &str| article_id(document, name);
    details.pmcid = ids("pmc").and_then(|text| identifiers::pmcid(&text));
    let own = paper
        .doi
        .take()
        .or_else(|| ids("doi").and_then(|text| doi(&text)));
    paper.doi = own.or_else(|| book.and_then(electronic_doi).filter(|_| is_whole));
    let dates = ["PubDate", "BeginningDate"]
        .iter()
        .filter_map(|name| date(book?.at(&[name])?));
    let dates = dates.chain(document.at(&["ContributionDate"]).and_then(date));
    let mut dates = dates.collect::<Vec<_>>().into_iter();
    let date = dates.next();
    paper.year = date.map(crate::PartialDate::year);
    paper.details.published = date.filter(|date| date.month().is_some());
    if let Some(book) = book {
        // The authors and editors of the book stand for those of a chapter without a list.
        let editors = people(book, "editors");
        if paper.details.editors.is_empty() {
            paper.details.editors = editors;
        }
        if paper.authors.is_empty() {
            paper.authors = people(book, "authors");
        }
        book.count_unread(&READ_IN_BOOK, notes);
    }
    if paper.authors.is_empty() {
        paper.authors.clone_from(&paper.details.editors);
    }
    if paper.venue.is_none() {
        paper.venue.clone_from(&paper.details.publisher);
    }
    document.count_unread(&READ, notes);
    Ok(paper)
}
