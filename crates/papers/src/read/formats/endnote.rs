//! EndNote's formats: its XML, and its tagged format with the extension `enw`, which Google Scholar writes too.
//!
//! Both have the same fields under different names.

pub(super) mod tagged;
pub(super) mod xml;

use super::name_lists::names;
use super::normalize::{doi, filled, identify, set_id, year_in};
use super::pages::pages;
use super::serial_numbers::set_serial_numbers;
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::loose_date::date_in;
use crate::text::markup;
use crate::{Paper, PaperKind, identifiers};

/// The fields of a reference, as EndNote calls them. Those without a value are empty.
#[derive(Debug, Default)]
struct Reference {
    type_name: String,
    authors: Vec<String>,
    secondary_authors: Vec<String>,
    tertiary_authors: Vec<String>,
    title: String,
    secondary_title: String,
    tertiary_title: String,
    journal: String,
    /// An abbreviated or alternate name of the journal.
    alternate_title: String,
    pages: String,
    volume: String,
    number: String,
    edition: String,
    keywords: Vec<String>,
    year: String,
    date: String,
    place: String,
    publisher: String,
    serial_numbers: Vec<String>,
    accession: String,
    label: String,
    record_number: String,
    abstract_text: String,
    urls: Vec<String>,
    electronic_number: String,
    work_type: String,
    language: String,
    /// The second custom field, in which references from PubMed have the identifier in PubMed Central.
    custom_2: String,
    database: String,
    notes: String,
}

/// Returns the kind that the name of a type of reference stands for.
fn kind(name: &str) -> Option<PaperKind> {
    let name = filled(name)?;
    let known = PaperKind::of_any_vocabulary(&name);
    Some(known.unwrap_or(match &*name.to_ascii_lowercase() {
        "electronic article" | "serial" => PaperKind::Article,
        "edited book" | "electronic book" | "classical work" | "ancient text" | "pamphlet"
        | "catalog" => PaperKind::Book,
        "conference proceedings" => PaperKind::ConferencePaper,
        "unpublished work" => PaperKind::Preprint,
        "government document" => PaperKind::Report,
        "computer program" => PaperKind::Software,
        "online database" | "aggregated database" => PaperKind::Dataset,
        "online multimedia" | "social media" => PaperKind::WebPage,
        "electronic book section" | "encyclopedia" | "dictionary" => PaperKind::Chapter,
        _ => PaperKind::Other,
    }))
}

impl Reference {
    fn into_paper(self, notes: &Notes) -> Result<Paper, String> {
        let plain = |text: &str| filled(markup::plain(text));
        let people = |values: &[String]| names(values.iter().map(String::as_str));
        let mut paper = Paper::new("")
            .title(plain(&self.title).unwrap_or_default())
            .abstract_text(plain(&self.abstract_text).unwrap_or_default())
            .authors(people(&self.authors));
        let kind = kind(&self.type_name);
        paper.details.kind = kind;
        // The secondary authors of a book are the editors of its series.
        let is_edited = self.type_name.eq_ignore_ascii_case("edited book");
        paper.details.editors = match kind {
            Some(PaperKind::Book) if is_edited => paper.authors.clone(),
            Some(PaperKind::Book)
                if !paper.authors.is_empty() && !self.secondary_title.is_empty() =>
            {
                Vec::new()
            }
            Some(PaperKind::Patent) => Vec::new(),
            _ => people(&self.secondary_authors),
        };
        if paper.details.editors.is_empty() && !self.secondary_authors.is_empty() {
            notes.ignore_field("secondary-authors");
        }
        if !self.tertiary_authors.is_empty() {
            notes.ignore_field("tertiary-authors");
        }
        if paper.authors.is_empty() {
            paper.authors.clone_from(&paper.details.editors);
        }
        self.set_date(&mut paper, notes);
        let details = &mut paper.details;
        details.publisher = plain(&self.publisher);
        details.place = plain(&self.place);
        details.series = plain(&self.tertiary_title);
        let secondary = plain(&self.secondary_title);
        let container = match kind {
            Some(PaperKind::Book) if details.series.is_none() => {
                details.series = secondary;
                None
            }
            _ => secondary
                .or_else(|| plain(&self.journal))
                .or_else(|| plain(&self.alternate_title)),
        };
        details.volume = plain(&self.volume);
        details.number = plain(&self.number);
        details.pages = pages(&self.pages);
        details.language = plain(&self.language);
        // The edition of an article is the date of its publication ahead of print.
        details.edition = plain(&self.edition)
            .filter(|edition| kind != Some(PaperKind::Article) || date_in(edition).is_none());
        details.genre = plain(&self.work_type).filter(|genre| {
            let is_kind = kind.is_some_and(|kind| genre.eq_ignore_ascii_case(kind.name()));
            !is_kind && !genre.eq_ignore_ascii_case("journal article")
        });
        for number in &self.serial_numbers {
            if !set_serial_numbers(details, number) {
                notes.ignore_field("isbn");
            }
        }
        paper.venue = container.or_else(|| paper.details.publisher.clone());
        let keywords = self
            .keywords
            .iter()
            .flat_map(|keyword| keyword.split([';', '\n']));
        paper.categories = keywords
            .filter_map(|keyword| plain(keyword.trim()))
            .take(MAX_VALUES)
            .collect();
        self.set_identifiers(&mut paper, notes);
        let own = paper.doi.is_some() || paper.arxiv.is_some() || paper.details.pmid.is_some();
        let label = filled(self.label).filter(|label| !own && !label.contains(char::is_whitespace));
        let accession = filled(self.accession).filter(|_| !own);
        let id = label.or(accession).filter(|id| id.len() <= 100);
        // The number of a record in its library names the paper only if nothing else does.
        let has_title = !paper.title.trim().is_empty();
        let number = filled(self.record_number).filter(|_| !own && !has_title);
        set_id(&mut paper, id.or(number), "number, no DOI and no title")?;
        Ok(paper)
    }

    fn set_date(&self, paper: &mut Paper, notes: &Notes) {
        let texts = [&self.year, &self.date];
        paper.year = texts.iter().find_map(|text| year_in(text));
        let Some(year) = paper.year else {
            if let Some(text) = texts.iter().find(|text| !text.trim().is_empty()) {
                notes.remark(format!(
                    "the year is `{}`, which was left out, expected one such as 2017",
                    text.trim()
                ));
            }
            return;
        };
        let dates = texts
            .iter()
            .filter_map(|text| date_in(text).or_else(|| date_in(&format!("{year} {text}"))));
        let mut dates = dates.filter(|date| date.year() == year && date.month().is_some());
        paper.details.published = dates.next_back();
    }

    fn set_identifiers(&self, paper: &mut Paper, notes: &Notes) {
        let urls = || self.urls.iter().flat_map(|url| url.split_whitespace());
        paper.url = urls().next().map(str::to_owned);
        for _ in urls().skip(1) {
            notes.ignore_field("url");
        }
        let mut numbers: Vec<&str> = vec![&self.electronic_number, &self.accession, &self.notes];
        numbers.extend(urls().take(100));
        let doi_text = numbers.iter().copied().find(|text| doi(text).is_some());
        identify(paper, doi_text.unwrap_or_default(), &numbers);
        let database = self.database.to_ascii_lowercase();
        let is_pubmed = ["pubmed", "medline", "nlm"]
            .iter()
            .any(|name| database.contains(name));
        let is_labeled =
            |text: &&&str| text.to_ascii_lowercase().contains("pmid") || text.contains("://");
        paper.details.pmid = numbers
            .iter()
            .filter(is_labeled)
            .find_map(|text| identifiers::pmid(text))
            .or_else(|| identifiers::pmid(&self.accession).filter(|_| is_pubmed));
        let mut pmcids = numbers.iter().copied().chain([self.custom_2.as_str()]);
        paper.details.pmcid = pmcids.find_map(identifiers::pmcid);
        if identifiers::pmcid(&self.custom_2).is_none() && !self.custom_2.is_empty() {
            notes.ignore_field("custom2");
        }
        let is_read = self.notes.is_empty()
            || doi(&self.notes).is_some()
            || identifiers::arxiv(&self.notes).is_some()
            || identifiers::pmid(&self.notes).is_some();
        if !is_read {
            notes.ignore_field("notes");
        }
    }
}
