//! The meaning of the columns of a table, by their names.

use serde_json::{Map, Value};

use crate::read::formats::cognate_json;
use crate::read::formats::normalize::{filled, identify, set_id, year_in};
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::read::syntax::missing_value::is_missing;
use crate::table::{COLUMNS, DETAIL_COLUMNS, RANK_COLUMNS, names, split, unguarded};
use crate::text::markup;
use crate::{Name, Paper, identifiers};

/// The field of a paper that a column contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Id,
    Title,
    Abstract,
    Authors,
    Year,
    Venue,
    Url,
    Categories,
    Keywords,
    Doi,
    Arxiv,
    References,
    Other,
}

/// The names of columns, in lower case and without punctuation: Cognate's own, and those of Zotero,
/// Scopus and the Web of Science, including its two-letter codes. If a table has several columns
/// for a field, the name that comes first here takes precedence.
const NAMES: [(&str, Column); 51] = [
    ("id", Column::Id),
    ("key", Column::Id),
    ("citationkey", Column::Id),
    ("eid", Column::Id),
    ("utuniquewosid", Column::Id),
    ("uniquewosid", Column::Id),
    ("ut", Column::Id),
    ("pmid", Column::Id),
    ("title", Column::Title),
    ("articletitle", Column::Title),
    ("ti", Column::Title),
    ("abstract", Column::Abstract),
    ("abstractnote", Column::Abstract),
    ("abstracttext", Column::Abstract),
    ("summary", Column::Abstract),
    ("ab", Column::Abstract),
    ("authorfullnames", Column::Authors),
    ("authors", Column::Authors),
    ("author", Column::Authors),
    ("af", Column::Authors),
    ("au", Column::Authors),
    ("year", Column::Year),
    ("publicationyear", Column::Year),
    ("py", Column::Year),
    ("date", Column::Year),
    ("publicationdate", Column::Year),
    ("venue", Column::Venue),
    ("publicationtitle", Column::Venue),
    ("sourcetitle", Column::Venue),
    ("journal", Column::Venue),
    ("proceedingstitle", Column::Venue),
    ("conferencename", Column::Venue),
    ("booktitle", Column::Venue),
    ("so", Column::Venue),
    ("url", Column::Url),
    ("link", Column::Url),
    ("doilink", Column::Url),
    ("categories", Column::Categories),
    ("category", Column::Categories),
    ("woscategories", Column::Categories),
    ("wc", Column::Categories),
    ("keywords", Column::Keywords),
    ("de", Column::Keywords),
    ("authorkeywords", Column::Keywords),
    ("manualtags", Column::Keywords),
    ("automatictags", Column::Keywords),
    ("doi", Column::Doi),
    ("di", Column::Doi),
    ("arxiv", Column::Arxiv),
    ("arxivid", Column::Arxiv),
    ("references", Column::References),
];

/// Returns the precedence of a column and its field.
pub(super) fn column(name: &str) -> (usize, Column) {
    let key: String = name
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let at = NAMES.iter().position(|(name, _)| *name == key);
    at.map_or((NAMES.len(), Column::Other), |at| (at, NAMES[at].1))
}

/// Returns whether a line is a header: it names a title or an abstract, and another field.
pub(super) fn is_header(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}');
    [',', ';', '\t'].iter().any(|delimiter| {
        let names = line.split(*delimiter);
        let known: Vec<Column> = names
            .map(|name| column(name).1)
            .filter(|column| *column != Column::Other)
            .collect();
        let has_text = known.contains(&Column::Title) || known.contains(&Column::Abstract);
        has_text && known.len() > 1
    })
}

/// Returns the number of columns before those of a paper if `names` is the header of a table that a
/// [`PaperWriter`](crate::PaperWriter) wrote.
pub(super) fn own_columns(names: &[String]) -> Option<usize> {
    let without_details = names.strip_suffix(&DETAIL_COLUMNS.map(str::to_owned)[..]);
    let names = without_details.unwrap_or(names);
    let before = names.len().checked_sub(COLUMNS.len())?;
    let (first, fields) = names.split_at(before);
    let is_own = fields == COLUMNS && (first.is_empty() || first == RANK_COLUMNS);
    is_own.then_some(before)
}

/// Converts the cells of a row of Cognate's own table, which are written as they are, to a paper.
pub(super) fn own_paper<'a>(
    cells: impl Iterator<Item = &'a str>,
    notes: &Notes,
) -> Result<Paper, String> {
    let name = |item: String| serde_json::to_value(names::parse(&item)).unwrap_or_default();
    let field = |(column, cell): (&&str, &str)| {
        let text = unguarded(cell);
        let value = match *column {
            "authors" | "categories" | "references" => split(text).take(MAX_VALUES).collect(),
            "editors" | "author_names" => split(text).take(MAX_VALUES).map(name).collect(),
            _ => Value::from(text),
        };
        ((*column).to_owned(), value)
    };
    let fields: Map<String, Value> = COLUMNS
        .iter()
        .chain(&DETAIL_COLUMNS)
        .zip(cells)
        .map(field)
        .collect();
    cognate_json::paper(&fields, notes)
}

/// Converts the cells of a row, in order of precedence, to a paper.
pub(super) fn paper(cells: &[(Column, &str)], notes: &Notes) -> Result<Paper, String> {
    let first = |wanted: Column| {
        let cells = cells.iter();
        let mut found =
            cells.filter_map(|(column, cell)| (*column == wanted).then_some(cell.trim()));
        found.find(|cell| !cell.is_empty()).unwrap_or_default()
    };
    let mut paper = Paper::new("")
        .title(markup::plain(first(Column::Title)))
        .abstract_text(markup::plain(first(Column::Abstract)))
        .authors(authors(first(Column::Authors)));
    paper.year = match first(Column::Year) {
        text if is_missing(text) => None,
        text => {
            let year = year_in(text);
            if year.is_none() {
                notes.remark(format!(
                    "the year `{text}` was left out, expected one such as 2017"
                ));
            }
            year
        }
    };
    paper.venue = filled(markup::plain(first(Column::Venue)));
    paper.url = filled(first(Column::Url));
    paper.categories = categories(first(Column::Categories));
    for (_, words) in cells.iter().filter(|cell| cell.0 == Column::Keywords) {
        for word in parts(words, ';') {
            if !paper.categories.contains(&word) {
                paper.categories.push(word);
            }
        }
    }
    // Scopus writes references in full, which are not ids.
    paper.references = parts(first(Column::References), ';')
        .into_iter()
        .filter(|part| !part.contains(char::is_whitespace))
        .collect();
    identify(&mut paper, first(Column::Doi), &[first(Column::Url)]);
    if let Some(identifier) = identifiers::arxiv(first(Column::Arxiv)) {
        paper.arxiv = Some(identifier);
    }
    set_id(&mut paper, filled(first(Column::Id)), "`id` and no `doi`")?;
    Ok(paper)
}

fn parts(text: &str, separator: char) -> Vec<String> {
    text.split(separator)
        .filter_map(|part| filled(part.trim()))
        .take(MAX_VALUES)
        .collect()
}

/// Splits authors at semicolons or, if there are none and no name has its family name first, at
/// commas.
fn authors(text: &str) -> Vec<Name> {
    // Scopus appends its author number in parentheses.
    let person_of = |text: &str| {
        let name = text.split_once(" (").map_or(text, |(name, _)| name);
        Name::parse(name)
    };
    let commas = text.matches(',').count();
    if !text.contains(';') && commas > 0 {
        let names = text.split(',').map(str::trim);
        let names: Vec<&str> = names.take(MAX_VALUES).collect();
        // `Curie, Marie` is one person; `Marie Curie, Pierre Curie` are two.
        let are_full = names.iter().all(|name| name.contains(' '));
        if are_full {
            return names
                .into_iter()
                .filter_map(filled)
                .map(Name::new)
                .collect();
        }
    }
    let names = text
        .split(';')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names.map(person_of).take(MAX_VALUES).collect()
}

/// Splits subjects at semicolons, else at commas, else, if they are codes such as `cs.CL`, at
/// spaces.
fn categories(text: &str) -> Vec<String> {
    if text.contains(';') {
        return parts(text, ';');
    }
    if text.contains(',') {
        return parts(text, ',');
    }
    let is_code = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase()) && word.contains(['.', '-'])
    };
    if text.split_whitespace().any(is_code) {
        let words = text.split_whitespace().map(str::to_owned);
        return words.take(MAX_VALUES).collect();
    }
    parts(text, ';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separates_authors() {
        assert_eq!(authors("Curie, Marie; Plato"), ["Marie Curie", "Plato"]);
        assert_eq!(authors("Curie, Marie"), ["Marie Curie"]);
        assert_eq!(
            authors("Marie Curie, Ada Lovelace"),
            ["Marie Curie", "Ada Lovelace"]
        );
        assert_eq!(
            authors("Curie, Marie (57190000000); Plato (1)"),
            ["Marie Curie", "Plato"]
        );
    }

    #[test]
    fn separates_subjects_of_several_words() {
        assert_eq!(categories("Machine Learning"), ["Machine Learning"]);
        assert_eq!(categories("cs.CL stat.ML"), ["cs.CL", "stat.ML"]);
        assert_eq!(categories("A b; C, d"), ["A b", "C, d"]);
    }
}
