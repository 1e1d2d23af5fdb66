//! Tables that Cognate wrote.

use serde_json::{Map, Value};

use crate::Paper;
use crate::read::formats::cognate_json;
use crate::read::input::MAX_VALUES;
use crate::read::notes::Notes;
use crate::table::{COLUMNS, RANK_COLUMNS, list_entry, names, split, unguarded};

/// The columns that every table of papers has that Cognate wrote.
const REQUIRED: [&str; 4] = ["id", "title", "abstract", "authors"];

/// Columns that other tables rarely have.
const TYPICAL: [&str; 3] = ["categories", "arxiv", "references"];

/// The columns with lists of texts.
const LISTS: [&str; 3] = ["authors", "categories", "references"];

/// The columns with lists of names that have their parts.
const NAMES: [&str; 2] = ["editors", "author_names"];

/// Returns whether `names` is the header of a table that a [`PaperWriter`](crate::PaperWriter) wrote, of any
/// release, from which columns may have been removed.
pub(super) fn is_own(names: &[String]) -> bool {
    let has = |name: &&str| names.iter().any(|found| found == name);
    REQUIRED.iter().all(has) && TYPICAL.iter().filter(|name| has(name)).count() >= 2
}

/// Converts the cells of a row, which are written as they are, to a paper.
pub(super) fn paper<'a>(
    cells: impl Iterator<Item = (&'a str, &'a str)>,
    notes: &Notes,
) -> Result<Paper, String> {
    // In a record with all fields, names stay as they are.
    let missing = COLUMNS.iter().map(|name| ((*name).to_owned(), Value::Null));
    let mut fields: Map<String, Value> = missing.collect();
    for (name, cell) in cells {
        let text = unguarded(cell);
        if RANK_COLUMNS.contains(&name) {
            continue;
        }
        let value = if text.trim().is_empty() {
            Value::Null
        } else if LISTS.contains(&name) {
            split(text).take(MAX_VALUES).collect()
        } else if NAMES.contains(&name) {
            let name = |item: String| serde_json::to_value(names::parse(&item)).unwrap_or_default();
            split(text).take(MAX_VALUES).map(name).collect()
        } else if name == "lists" {
            let entry = |item: String| serde_json::to_value(list_entry(&item)).unwrap_or_default();
            split(text).take(MAX_VALUES).map(entry).collect()
        } else if let ("year", Ok(year)) = (name, text.parse::<i64>()) {
            // As a text, a number of eight digits would be a date.
            Value::from(year)
        } else {
            Value::from(text)
        };
        fields.insert(name.to_owned(), value);
    }
    cognate_json::OBJECTS.convert(&fields, notes)
}
