//! Conversion of the cells of a row to a paper.

use std::collections::HashSet;

use super::columns::Column;
use super::kinds::kind;
use super::lists::{categories, first_address, parts, references, texts};
use super::{citation, dates};
use crate::read::formats;
use crate::read::formats::author_lists::{self, authors};
use crate::read::formats::json_names::names_in;
use crate::read::formats::normalize::{filled, identify, set_id, year_in};
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::missing_value::is_missing;
use crate::text::markup;
use crate::{Details, Name, Paper, PaperKind, PartialDate, identifiers};

/// A cell with its column.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    pub(super) column: Column,
    /// The name of the column in the file.
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// The cells of a row that have a value, in order of precedence.
struct Row<'a>(Vec<Cell<'a>>);

impl<'a> Row<'a> {
    fn all(&self, column: Column) -> impl Iterator<Item = &'a str> {
        let cells = self.0.iter();
        cells.filter_map(move |cell| (cell.column == column).then_some(cell.text))
    }

    fn first(&self, column: Column) -> &'a str {
        self.all(column).next().unwrap_or_default()
    }

    fn authors(&self) -> Vec<Name> {
        let text = markup::plain(self.first(Column::Authors));
        // SpringerLink joins the names without a separator.
        if self.has_name(Column::Title, &["item title"]) && !text.contains([';', ',']) {
            return author_lists::joined_names(&text);
        }
        names_in(&text)
    }

    /// Returns whether the first cell of a column has one of these names, in lower case.
    fn has_name(&self, column: Column, names: &[&str]) -> bool {
        let mut cells = self.0.iter();
        let first = cells.find(|cell| cell.column == column);
        first.is_some_and(|cell| names.contains(&&*cell.name.to_ascii_lowercase()))
    }

    fn text(&self, column: Column) -> Option<String> {
        filled(markup::plain(self.first(column)))
    }
}

/// Converts the cells of a row, in order of precedence, to a paper.
pub(super) fn paper(cells: Vec<Cell<'_>>, notes: &Notes) -> Result<Paper, String> {
    let cells = cells.into_iter().map(|cell| Cell {
        text: cell.text.trim(),
        ..cell
    });
    let row = Row(cells.filter(|cell| has_value(*cell)).collect());
    let mut paper = Paper::new("")
        .title(markup::plain(row.first(Column::Title)))
        .abstract_text(markup::plain(row.first(Column::Abstract)))
        .authors(row.authors());
    for group in row.all(Column::Groups).flat_map(|list| parts(list, &[';'])) {
        paper.authors.push(Name::organization(group));
    }
    paper.year = year(&row, notes);
    paper.venue = row.text(Column::Venue);
    if row.has_name(Column::Venue, &["source", "so"]) {
        paper.venue = paper.venue.map(source_title);
    }
    paper.url = first_address(row.first(Column::Url));
    paper.categories = categories(row.first(Column::Categories));
    let mut seen: HashSet<String> = paper.categories.iter().cloned().collect();
    for words in row.all(Column::Keywords) {
        let separators: &[char] = if words.contains([';', '|', '\n']) {
            &[';', '|', '\n']
        } else {
            &[',']
        };
        let words = match texts(words) {
            Some(words) => words,
            None => parts(&markup::plain(words), separators),
        };
        for word in words {
            // MEDLINE marks its major topics.
            let word = word.trim_start_matches('*').to_owned();
            if paper.categories.len() < MAX_VALUES && seen.insert(word.clone()) {
                paper.categories.push(word);
            }
        }
    }
    paper.references = references(row.first(Column::References));
    paper.details = details(&row, paper.year);
    set_book(&mut paper, &row);
    if paper.details.pmid.is_some() {
        citation::fill_from(&mut paper.details, row.first(Column::Citation), paper.year);
    }
    let mut has_unread_lines = false;
    let (mut doi_text, mut arxiv_text) = (row.first(Column::Doi), row.first(Column::Arxiv));
    for line in row.first(Column::Extra).lines() {
        let (label, value) = line.split_once(':').unwrap_or((line, ""));
        let (label, value) = (label.trim().to_ascii_lowercase(), value.trim());
        match label.as_str() {
            "doi" if doi_text.is_empty() => doi_text = value,
            "arxiv" if arxiv_text.is_empty() => arxiv_text = value,
            "pmid" => fill(&mut paper.details.pmid, pmid(value)),
            "pmcid" => fill(&mut paper.details.pmcid, pmcid(value)),
            "" => {}
            _ => has_unread_lines = true,
        }
    }
    // An address may be all that identifies a paper.
    if doi_text.is_empty() {
        let mut addresses = row.all(Column::Url);
        doi_text = addresses
            .find(|url| url.contains("doi.org/"))
            .unwrap_or_default();
    }
    let addresses: Vec<&str> = row.all(Column::Url).collect();
    identify(&mut paper, doi_text, &addresses);
    if let Some(identifier) = identifiers::arxiv(arxiv_text) {
        paper.arxiv = Some(identifier);
    }
    let id = id(&row, &paper);
    set_id(&mut paper, id, "`id`, no `doi` and no `title`")?;
    for cell in &row.0 {
        let is_unread = match cell.column {
            Column::Other => !is_missing(cell.text),
            Column::Extra => has_unread_lines,
            Column::References => paper.references.is_empty(),
            _ => false,
        };
        if is_unread {
            notes.ignore_field(cell.name);
        }
    }
    Ok(paper)
}

/// Returns whether a cell has a value: a text that does not state that there is none.
fn has_value(cell: Cell<'_>) -> bool {
    let text = cell.text;
    let is_placeholder = text.len() < 60
        && text.starts_with('[')
        && (text.ends_with(" available]") || text.ends_with("applicable]"));
    match cell.column {
        // A title may be any word but what data frames write.
        Column::Title => {
            let missing = ["", "nan", "NaN", "<NA>", "NA"];
            !missing.contains(&text) && !is_placeholder
        }
        _ => !is_missing(text) && !is_placeholder,
    }
}

/// Moves the title of a book to the venue, in place of the title of the series, if the table has both.
fn set_book(paper: &mut Paper, row: &Row<'_>) {
    let mut venues = row.0.iter().filter(|cell| cell.column == Column::Venue);
    let book = venues.find(|cell| cell.name.eq_ignore_ascii_case("anthology title"));
    let is_part = matches!(
        paper.details.kind,
        Some(PaperKind::Chapter | PaperKind::ConferencePaper)
    );
    if let Some(book) = book.filter(|_| is_part) {
        let book = filled(markup::plain(book.text));
        if book != paper.venue {
            let series = std::mem::replace(&mut paper.venue, book);
            fill(&mut paper.details.series, series);
        }
    }
}

/// Returns the title of a journal without the issue and the pages, which Embase, ERIC and Ovid append: `J Moss
/// (2020) 12:3`, `J Moss, v12 n3`, `J Moss. Vol.12(3)` and `J Moss. 12(3):11-19`.
fn source_title(text: String) -> String {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let is_issue = |at: usize| {
        let rest = &text[at..];
        if let Some(rest) = rest.strip_prefix(" (") {
            let year = digits(rest);
            return year == 4
                && rest[year..].starts_with(')')
                && rest[year + 1..].starts_with([' ', '.', ','])
                && rest[year + 1..].contains(|c: char| c.is_ascii_digit());
        }
        if let Some(rest) = rest.strip_prefix(", v") {
            return digits(rest) > 0;
        }
        rest.strip_prefix(". ").is_some_and(|rest| {
            let volume = digits(rest);
            rest.starts_with("Vol.") || volume > 0 && rest[volume..].starts_with('(')
        })
    };
    let mut starts = text.match_indices([' ', ',', '.']).map(|(at, _)| at);
    match starts.find(|at| *at > 0 && is_issue(*at)) {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

fn fill<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}

/// Returns the id: that of the table or, if the paper has no DOI, its number in a database.
fn id(row: &Row<'_>, paper: &Paper) -> Option<String> {
    let own = row.all(Column::Id).find(|id| !is_missing(id));
    let own = own.map(|id| {
        id.strip_prefix("https://openalex.org/")
            .unwrap_or(id)
            .to_owned()
    });
    // The id of a table of PubMed.
    let mut pmids = row
        .0
        .iter()
        .filter(|cell| cell.name == "PMID" || cell.name == "pmid");
    let pmid = pmids.find_map(|cell| pmid(cell.text));
    own.or(pmid).or_else(|| paper.doi.clone()).or_else(|| {
        let mut numbers = row.all(Column::Accession);
        numbers.find(|id| !is_missing(id)).map(str::to_owned)
    })
}

/// Returns the year in the first column that has one.
fn year(row: &Row<'_>, notes: &Notes) -> Option<i32> {
    let cells = || row.all(Column::Year).chain(row.all(Column::Date));
    let whole = |text: &str| text.parse().ok().filter(|year| (-9999..0).contains(year));
    let found = cells().find_map(|text| {
        let date = || dates::date(text, None).map(PartialDate::year);
        whole(text).or_else(|| year_in(text)).or_else(date)
    });
    if found.is_none()
        && let Some(text) = cells().find(|text| !is_missing(text))
    {
        notes.remark(format!(
            "the year `{text}` was left out, expected one such as 2017"
        ));
    }
    found
}

fn details(row: &Row<'_>, year: Option<i32>) -> Details {
    let mut details = Details {
        published: published(row, year),
        updated: row
            .all(Column::Updated)
            .find_map(|text| dates::date(text, None)),
        volume: number(row.first(Column::Volume)),
        number: number(row.first(Column::Number)),
        pages: pages(row),
        publisher: row.text(Column::Publisher),
        place: row.text(Column::Place),
        series: row.text(Column::Series),
        edition: row.text(Column::Edition),
        editors: authors(&markup::plain(row.first(Column::Editors))),
        isbn: row.all(Column::Isbn).find_map(standard_number),
        issn: row.all(Column::Issn).find_map(standard_number),
        pmid: row.all(Column::Pmid).find_map(pmid),
        pmcid: row.all(Column::Pmcid).find_map(pmcid),
        language: row.text(Column::Language),
        genre: row.text(Column::Genre),
        ..Details::default()
    };
    for text in row.all(Column::Kind) {
        match kind(text) {
            Some(kind) => {
                fill(&mut details.kind, Some(kind));
                let has_genre = matches!(kind, PaperKind::Thesis | PaperKind::Report);
                if has_genre && PaperKind::of_any_vocabulary(text).is_none() {
                    fill(&mut details.genre, Some(markup::plain(text)));
                }
            }
            None if is_missing(text) || text.bytes().all(|byte| byte.is_ascii_digit()) => {}
            None => fill(&mut details.genre, Some(markup::plain(text))),
        }
    }
    // What EPPI-Reviewer calls a standard number is either.
    if details.issn.is_none() && details.isbn.as_ref().is_some_and(|isbn| isbn.len() < 10) {
        details.issn = details.isbn.take();
    }
    details
}

/// Returns the first date of the year of the paper of which more than the year is known.
fn published(row: &Row<'_>, year: Option<i32>) -> Option<PartialDate> {
    let mut dates = row
        .all(Column::Date)
        .filter_map(|text| dates::date(text, year));
    let found = dates.find(|date| date.month().is_some() && Some(date.year()) == year);
    found.or_else(|| {
        let month = dates::month(row.first(Column::Month))?;
        let day = row.first(Column::Day).parse().ok();
        PartialDate::new(year?, Some(month), day)
            .or_else(|| PartialDate::new(year?, Some(month), None))
    })
}

/// Returns a number as text, without the fraction that data frames add.
fn number(text: &str) -> Option<String> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    filled(markup::plain(whole)).filter(|text| !is_missing(text))
}

/// Returns the pages, or the number of the article.
fn pages(row: &Row<'_>) -> Option<String> {
    let whole = row.all(Column::Pages).find_map(number);
    let whole = whole.and_then(|text| formats::pages::pages(&text));
    whole.or_else(|| {
        let (first, last) = (row.first(Column::FirstPage), row.first(Column::LastPage));
        match (number(first), number(last)) {
            (None, None) => number(row.first(Column::ArticleNumber)),
            (first, last) => {
                formats::pages::page_range(&first.unwrap_or_default(), &last.unwrap_or_default())
            }
        }
    })
}

/// Returns the first number of a list of ISBNs or ISSNs. An ISSN gets its hyphen.
fn standard_number(text: &str) -> Option<String> {
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.';
    let items = text.split(is_separator);
    let mut items = items.map(|item| {
        let item = item.strip_suffix(".0").unwrap_or(item);
        item.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '-')
    });
    let found = items.find(|item| {
        let digits = item.bytes().filter(u8::is_ascii_digit).count();
        digits >= 7 && (8..=17).contains(&item.len())
    })?;
    Some(match found.split_at_checked(4) {
        Some((first, second)) if found.len() == 8 => format!("{first}-{second}"),
        _ => found.to_owned(),
    })
}

/// Returns the PubMed identifier in a cell.
fn pmid(text: &str) -> Option<String> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    let digits = text.rsplit([':', '/', ' ']).find(|part| !part.is_empty())?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && digits != "0").then(|| digits.to_owned())
}

/// Returns the identifier of PubMed Central in a cell.
fn pmcid(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let last = text.rsplit([':', '/', ' ']).next()?;
    let upper = last.to_ascii_uppercase();
    let digits = upper.strip_prefix("PMC").unwrap_or(&upper);
    let digits = digits.strip_suffix(".0").unwrap_or(digits);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("PMC{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_identifiers_in_every_spelling() {
        assert_eq!(pmid("PMID: 12345").as_deref(), Some("12345"));
        assert_eq!(
            pmid("https://pubmed.ncbi.nlm.nih.gov/77/").as_deref(),
            Some("77")
        );
        assert_eq!((pmid("0"), pmid("none")), (None, None));
        assert_eq!(pmcid("7").as_deref(), Some("PMC7"));
        assert_eq!(pmcid("https://x.example/PMC12/").as_deref(), Some("PMC12"));
        let issn = standard_number;
        assert_eq!(issn("12345678; 8765432X").as_deref(), Some("1234-5678"));
        assert_eq!(issn("1234-567X").as_deref(), Some("1234-567X"));
    }
}
