//! The fields of a BibTeX entry.

use std::collections::HashMap;

use crate::text::latex;

/// The fields of an entry: values in LaTeX by names in lower case.
#[derive(Clone, Default)]
pub(super) struct Fields(HashMap<String, String>);

impl Fields {
    /// Returns the value of the first of these fields that is not blank, or an empty string.
    pub(super) fn first(&self, names: &[&str]) -> &str {
        let mut values = names.iter().filter_map(|name| self.0.get(*name));
        let found = values.find(|value| !value.trim().is_empty());
        found.map_or("", |value| value.trim())
    }

    /// Returns the value of the first of these fields that is not blank, as plain text.
    pub(super) fn plain(&self, names: &[&str]) -> String {
        latex::plain(self.first(names))
    }

    /// Returns the value of the first of these fields that is not blank, without braces and
    /// escapes: an address or an identifier.
    pub(super) fn verbatim(&self, names: &[&str]) -> String {
        let value = self.first(names);
        let value = value.strip_prefix("\\url").unwrap_or(value);
        value
            .replace("\\textasciitilde", "~")
            .chars()
            .filter(|c| !matches!(c, '{' | '}' | '\\'))
            .collect()
    }

    /// Sets a field unless it is present.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.0.entry(name.to_lowercase()).or_insert(value);
    }

    /// Sets a field to a value that is not empty, unless the field has such a value.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() && self.first(&[name]).is_empty() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Adds the fields of another entry that this entry lacks.
    pub(super) fn add_all(&mut self, other: &Self) {
        for (name, value) in &other.0 {
            self.add(name, value.trim());
        }
    }

    /// Returns the size of names and values in bytes.
    pub(super) fn size(&self) -> usize {
        let sizes = self.0.iter().map(|(name, value)| name.len() + value.len());
        sizes.sum()
    }

    /// Returns a copy without one field.
    pub(super) fn without(&self, name: &str) -> Self {
        let mut fields = self.clone();
        fields.0.remove(name);
        fields
    }
}
