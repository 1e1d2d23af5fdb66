//! The fields of a BibTeX entry.

use std::cell::Cell;
use std::collections::HashMap;

use super::values;

/// The fields of an entry: values in LaTeX by names in lower case.
#[derive(Default)]
pub(super) struct Fields(HashMap<String, Value>);

struct Value {
    latex: String,
    /// Whether something was made of the value.
    is_read: Cell<bool>,
}

/// The fields that several lines may have, with what joins the lines.
const LISTS: [(&str, &str); 3] = [("author", " and "), ("editor", " and "), ("keywords", ", ")];

impl Fields {
    /// Returns the value of the first of these fields that is not blank, or an empty string, and counts it as
    /// read.
    pub(super) fn first(&self, names: &[&str]) -> &str {
        let mut values = names.iter().filter_map(|name| self.0.get(*name));
        let found = values.find(|value| !value.latex.trim().is_empty());
        found.map_or("", |value| {
            value.is_read.set(true);
            value.latex.trim()
        })
    }

    /// Returns the value of the first of these fields that is not blank, as plain text.
    pub(super) fn text(&self, names: &[&str]) -> String {
        values::text(self.first(names))
    }

    /// Returns the value of the first of these fields that is not blank, without markup: an address or an
    /// identifier.
    pub(super) fn verbatim(&self, names: &[&str]) -> String {
        values::verbatim(self.first(names))
    }

    /// Returns a value without counting it as read.
    pub(super) fn peek(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.latex.trim())
    }

    /// Sets a field. If it has a value that is not blank, returns whether the values differ; those of names
    /// and keywords are joined.
    pub(super) fn set(&mut self, name: String, latex: String) -> bool {
        let present = self.peek(&name);
        if present.is_empty() {
            self.insert(name, latex);
            return false;
        }
        if latex.trim().is_empty() || present == latex.trim() {
            return false;
        }
        let Some((_, separator)) = LISTS.iter().find(|(list, _)| *list == name) else {
            return true;
        };
        let joined = format!("{present}{separator}{latex}");
        self.insert(name, joined);
        false
    }

    /// Sets a field to a value that is not blank, unless the field has such a value. Returns the size of what
    /// was added.
    pub(super) fn add(&mut self, name: &str, latex: &str) -> usize {
        if latex.trim().is_empty() || !self.peek(name).is_empty() {
            return 0;
        }
        self.insert(name.to_owned(), latex.to_owned());
        name.len() + latex.len()
    }

    /// Adds the fields of another entry that this entry lacks. Returns the size of what was added.
    pub(super) fn add_all(&mut self, other: &Self) -> usize {
        let added = other
            .0
            .iter()
            .map(|(name, value)| self.add(name, value.latex.trim()));
        added.sum()
    }

    fn insert(&mut self, name: String, latex: String) {
        let is_read = Cell::new(false);
        self.0.insert(name, Value { latex, is_read });
    }

    /// Returns the number of fields.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the size of names and values in bytes.
    pub(super) fn size(&self) -> usize {
        let sizes = self
            .0
            .iter()
            .map(|(name, value)| name.len() + value.latex.len());
        sizes.sum()
    }

    /// Returns a copy of some fields.
    pub(super) fn only(&self, names: &[&str]) -> Self {
        let mut copy = Self::default();
        for name in names {
            copy.add(name, self.peek(name));
        }
        copy
    }

    /// Returns the names of the fields with a value of which nothing was made.
    pub(super) fn unread(&self) -> impl Iterator<Item = &str> {
        let unread = self
            .0
            .iter()
            .filter(|(_, value)| !value.is_read.get() && !value.latex.trim().is_empty());
        unread.map(|(name, _)| name.as_str())
    }
}
