//! The layout of the tables that Cognate exports, which the writer and the reader of CSV share.

pub(crate) mod names;

use crate::ListEntry;

/// The columns with the fields of a paper that a search uses, in order. A table that an earlier version wrote has
/// no others.
pub(crate) const COLUMNS: [&str; 11] = [
    "id",
    "title",
    "abstract",
    "authors",
    "year",
    "venue",
    "url",
    "categories",
    "doi",
    "arxiv",
    "references",
];

/// The columns after [`COLUMNS`].
pub(crate) const DETAIL_COLUMNS: [&str; 18] = [
    "type",
    "genre",
    "published",
    "updated",
    "volume",
    "number",
    "pages",
    "publisher",
    "place",
    "series",
    "edition",
    "editors",
    "isbn",
    "issn",
    "pmid",
    "pmcid",
    "language",
    "author_names",
];

/// The columns after [`DETAIL_COLUMNS`], with what a library notes about a paper.
pub(crate) const LIBRARY_COLUMNS: [&str; 2] = ["added", "lists"];

/// The columns before [`COLUMNS`] in a table of search results.
pub(crate) const RANK_COLUMNS: [&str; 2] = ["rank", "score"];

/// The text between the items of a list.
const SEPARATOR: &str = "; ";

/// Returns whether a spreadsheet would read a cell as a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Returns whether a cell is a formula behind apostrophes.
fn is_guarded(cell: &str) -> bool {
    cell.starts_with('\'') && is_formula(cell.trim_start_matches('\''))
}

/// Returns a cell with an apostrophe before it if a spreadsheet would read it as a formula.
///
/// A cell that looks as if it had such an apostrophe gets another one, so that [`unguarded`] inverts
/// the function.
pub(crate) fn guarded(cell: &str) -> String {
    if is_formula(cell) {
        format!("'{cell}")
    } else {
        unmistakable(cell)
    }
}

/// Returns a cell as it is or, if it looks as if [`guarded`] had added an apostrophe, with another one.
pub(crate) fn unmistakable(cell: &str) -> String {
    if is_guarded(cell) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// Removes the apostrophe that [`guarded`] or [`unmistakable`] has added.
pub(crate) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_guarded(cell) => text,
        _ => cell,
    }
}

/// Joins a list by semicolons. A semicolon before white space within an item becomes a comma, so that
/// [`split`] returns as many items.
pub(crate) fn join(list: &[String]) -> String {
    let mut joined = String::new();
    for (at, item) in list.iter().enumerate() {
        if at > 0 {
            joined.push_str(SEPARATOR);
        }
        let mut chars = item.chars().peekable();
        while let Some(c) = chars.next() {
            let separates = c == ';' && chars.peek().is_some_and(|next| next.is_whitespace());
            joined.push(if separates { ',' } else { c });
        }
    }
    joined
}

/// Returns the item of a list for an entry of a list of papers: its name, and its note after a comma, which no name
/// has.
pub(crate) fn list_item(entry: &ListEntry) -> String {
    if entry.note.is_empty() {
        entry.name.clone()
    } else {
        format!("{}, {}", entry.name, entry.note)
    }
}

/// Returns the entry of an item that [`list_item`] returned.
pub(crate) fn list_entry(item: &str) -> ListEntry {
    match item.split_once(',') {
        Some((name, note)) => ListEntry::new(name.trim()).note(note.trim()),
        None => ListEntry::new(item.trim()),
    }
}

/// Splits a list that [`join`] has joined, without blank items.
pub(crate) fn split(joined: &str) -> impl Iterator<Item = String> {
    let items = joined.split(SEPARATOR).map(str::trim);
    let items = items.filter(|item| !item.is_empty());
    items.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_get_an_apostrophe() {
        for formula in ["=1", "+1", "-1", "@a", "\t=1", "\r=1"] {
            assert_eq!(guarded(formula), format!("'{formula}"));
            assert_eq!(unmistakable(formula), formula);
        }
        for text in ["", "a=1", " =1", "'tis", "'"] {
            assert_eq!(guarded(text), text);
        }
    }

    proptest! {
        #[test]
        fn an_apostrophe_is_removed_only_where_one_was_added(cell in "['=+@\t\ra-]{0,6}") {
            for written in [guarded(&cell), unmistakable(&cell)] {
                prop_assert_eq!(unguarded(&written), &cell);
            }
            prop_assert!(!is_formula(&guarded(&cell)));
        }

        #[test]
        fn a_joined_list_has_as_many_items(
            items in prop::collection::vec("[a;,.]([ a;,]{0,4}[a;,])?", 0..4)
        ) {
            let read: Vec<String> = split(&join(&items)).collect();
            prop_assert_eq!(read.len(), items.len());
            for (read, item) in read.iter().zip(&items) {
                if !item.contains("; ") {
                    prop_assert_eq!(read, item);
                }
            }
        }
    }
}
