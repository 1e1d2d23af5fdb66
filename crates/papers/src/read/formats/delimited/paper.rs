//! Conversion of the cells of a row to a paper.

use super::authors::authors;
use super::columns::Column;
use super::dates;
use crate::read::formats::normalize::{doi, filled, identify, set_id, year_in};
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
    let row = Row(cells.filter(|cell| !cell.text.is_empty()).collect());
    let mut paper = Paper::new("")
        .title(markup::plain(row.first(Column::Title)))
        .abstract_text(markup::plain(row.first(Column::Abstract)))
        .authors(authors(&markup::plain(row.first(Column::Authors))));
    for group in row.all(Column::Groups).flat_map(|list| parts(list, &[';'])) {
        paper.authors.push(Name::organization(group));
    }
    paper.year = year(&row, notes);
    paper.venue = row.text(Column::Venue);
    paper.url = first_address(row.first(Column::Url));
    paper.categories = categories(row.first(Column::Categories));
    for words in row.all(Column::Keywords) {
        let separators: &[char] = if words.contains([';', '|', '\n']) {
            &[';', '|', '\n']
        } else {
            &[',']
        };
        for word in parts(&markup::plain(words), separators) {
            if !paper.categories.contains(&word) && paper.categories.len() < MAX_VALUES {
                paper.categories.push(word);
            }
        }
    }
    paper.references = references(row.first(Column::References));
    paper.details = details(&row, paper.year);
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
    identify(&mut paper, doi_text, &[row.first(Column::Url)]);
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
    let pmids = row
        .0
        .iter()
        .filter(|cell| cell.name == "PMID" || cell.name == "pmid");
    let pmid = pmids.filter_map(|cell| pmid(cell.text)).next();
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
    whole.or_else(|| {
        let (first, last) = (row.first(Column::FirstPage), row.first(Column::LastPage));
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first != last => Some(format!("{first}-{last}")),
            (Some(page), _) | (None, Some(page)) => Some(page),
            (None, None) => number(row.first(Column::ArticleNumber)),
        }
    })
}

/// Returns the first number of a list of ISBNs or ISSNs. An ISSN gets its hyphen.
fn standard_number(text: &str) -> Option<String> {
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.';
    let items = text.split(is_separator);
    let mut items = items.map(|item| item.strip_suffix(".0").unwrap_or(item));
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

/// Returns the first address of a list.
fn first_address(text: &str) -> Option<String> {
    let mut items = text.split(|c: char| c == '|' || c.is_whitespace());
    let first = items.find(|item| !item.is_empty())?;
    // A semicolon may be part of an address, before the next one it is not.
    let end = first.find(";http").unwrap_or(first.len());
    Some(first[..end].trim_end_matches(';').to_owned())
}

/// The kinds that a word in the type of a publication tells, in order of precedence.
const KIND_WORDS: [(&str, PaperKind); 27] = [
    ("preprint", PaperKind::Preprint),
    ("book review", PaperKind::Article),
    ("book chapter", PaperKind::Chapter),
    ("chapter", PaperKind::Chapter),
    ("conference review", PaperKind::Proceedings),
    ("proceedings paper", PaperKind::ConferencePaper),
    ("conference", PaperKind::ConferencePaper),
    ("meeting", PaperKind::ConferencePaper),
    ("congress", PaperKind::ConferencePaper),
    ("proceeding", PaperKind::ConferencePaper),
    ("data set", PaperKind::Dataset),
    ("dissertation", PaperKind::Thesis),
    ("thes", PaperKind::Thesis),
    ("report", PaperKind::Report),
    ("standard", PaperKind::Standard),
    ("patent", PaperKind::Patent),
    ("software", PaperKind::Software),
    ("book", PaperKind::Book),
    ("journal", PaperKind::Article),
    ("magazine", PaperKind::Article),
    ("article", PaperKind::Article),
    ("review", PaperKind::Article),
    ("editorial", PaperKind::Article),
    ("letter", PaperKind::Article),
    ("survey", PaperKind::Article),
    ("note", PaperKind::Article),
    ("erratum", PaperKind::Article),
];

/// Returns the kind that the type of a publication stands for: a term of a vocabulary, a code of the Web of
/// Science or LibreOffice, or a phrase such as `IEEE Conferences`.
fn kind(text: &str) -> Option<PaperKind> {
    match text {
        "J" | "0" | "7" => return Some(PaperKind::Article),
        "C" | "3" | "6" => return Some(PaperKind::ConferencePaper),
        "B" | "S" | "1" | "2" => return Some(PaperKind::Book),
        "P" => return Some(PaperKind::Patent),
        "4" | "5" => return Some(PaperKind::Chapter),
        "9" | "11" => return Some(PaperKind::Thesis),
        "8" | "13" => return Some(PaperKind::Report),
        "12" => return Some(PaperKind::Proceedings),
        "14" => return Some(PaperKind::Preprint),
        "16" => return Some(PaperKind::WebPage),
        _ => {}
    }
    if let Some(kind) = PaperKind::of_any_vocabulary(text) {
        return Some(kind);
    }
    let terms = || text.split([';', '|', ',']).map(str::trim);
    if let Some(kind) = terms().find_map(PaperKind::of_any_vocabulary) {
        return Some(kind);
    }
    let text = text.to_lowercase();
    // The reports of cases and trials are articles.
    if text.contains("case report") {
        return Some(PaperKind::Article);
    }
    let mut words = KIND_WORDS.iter();
    words.find_map(|(word, kind)| text.contains(word).then_some(*kind))
}

/// Returns the references that are identifiers, and the DOIs in those that are written out.
fn references(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in parts(text, &[';', '|']) {
        let reference = if part.contains(char::is_whitespace) {
            let mut words = part.split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | ','));
            words.find_map(doi)
        } else {
            let id = part.strip_prefix("https://openalex.org/");
            Some(id.map_or_else(|| part.clone(), str::to_owned))
        };
        found.extend(reference);
    }
    found
}

fn parts(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators)
        .filter_map(|part| filled(part.trim()))
        .take(MAX_VALUES)
        .collect()
}

/// Splits subjects at semicolons or vertical bars, else at commas, else, if they are codes such as `cs.CL`, at
/// spaces.
fn categories(text: &str) -> Vec<String> {
    if let Some(list) = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
    {
        let items = parts(list, &[',']);
        let bare = |item: &String| filled(item.trim_matches(['\'', '"', ' ']));
        return items.iter().filter_map(bare).collect();
    }
    if text.contains([';', '|']) {
        return parts(text, &[';', '|']);
    }
    if text.contains(',') {
        return parts(text, &[',']);
    }
    let is_code = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase()) && word.contains(['.', '-'])
    };
    if text.split_whitespace().any(is_code) {
        let words = text.split_whitespace().map(str::to_owned);
        return words.take(MAX_VALUES).collect();
    }
    parts(text, &[';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separates_subjects_of_several_words() {
        assert_eq!(categories("Machine Learning"), ["Machine Learning"]);
        assert_eq!(categories("cs.CL stat.ML"), ["cs.CL", "stat.ML"]);
        assert_eq!(categories("A b; C, d"), ["A b", "C, d"]);
        assert_eq!(categories("['cs.CL', 'stat.ML']"), ["cs.CL", "stat.ML"]);
    }

    #[test]
    fn reads_identifiers_and_kinds_in_every_spelling() {
        assert_eq!(pmid("PMID: 12345").as_deref(), Some("12345"));
        assert_eq!(
            pmid("https://pubmed.ncbi.nlm.nih.gov/77/").as_deref(),
            Some("77")
        );
        assert_eq!((pmid("0"), pmid("none")), (None, None));
        assert_eq!(pmcid("7").as_deref(), Some("PMC7"));
        assert_eq!(pmcid("https://x.example/PMC12/").as_deref(), Some("PMC12"));
        for (text, expected) in [
            ("journalArticle", Some(PaperKind::Article)),
            ("Conference Paper", Some(PaperKind::ConferencePaper)),
            ("Proceedings Paper", Some(PaperKind::ConferencePaper)),
            ("IEEE Conferences", Some(PaperKind::ConferencePaper)),
            ("IEEE Journals", Some(PaperKind::Article)),
            ("Article; Early Access", Some(PaperKind::Article)),
            ("Book Chapter", Some(PaperKind::Chapter)),
            ("Dissertations & Theses", Some(PaperKind::Thesis)),
            ("Letter", Some(PaperKind::Article)),
            ("Case Reports", Some(PaperKind::Article)),
            ("J", Some(PaperKind::Article)),
            ("telegram", None),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
        let issn = standard_number;
        assert_eq!(issn("12345678; 8765432X").as_deref(), Some("1234-5678"));
        assert_eq!(issn("1234-567X").as_deref(), Some("1234-567X"));
        let lens = "http://a.example/1;http://b.example/2";
        assert_eq!(first_address(lens).as_deref(), Some("http://a.example/1"));
    }
}
