//! The fields of an entry of BibTeX.

use std::collections::HashMap;

use crate::text::latex;

/// The fields of an entry, in LaTeX, by their names in small letters.
#[derive(Clone, Default)]
pub(super) struct Fields(HashMap<String, String>);

impl Fields {
    /// The first of several fields that is filled; empty when none is.
    pub(super) fn first(&self, names: &[&str]) -> &str {
        let mut values = names.iter().filter_map(|name| self.0.get(*name));
        let found = values.find(|value| !value.trim().is_empty());
        found.map_or("", |value| value.trim())
    }

    pub(super) fn plain(&self, names: &[&str]) -> String {
        latex::plain(self.first(names))
    }

    /// A field that is no text, an address or a number: as it is, but for braces and escapes.
    pub(super) fn verbatim(&self, names: &[&str]) -> String {
        let value = self.first(names);
        let value = value.strip_prefix("\\url").unwrap_or(value);
        value
            .replace("\\textasciitilde", "~")
            .chars()
            .filter(|c| !matches!(c, '{' | '}' | '\\'))
            .collect()
    }

    /// Sets a field that is not there yet.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.0.entry(name.to_lowercase()).or_insert(value);
    }

    /// Sets a field that is not there, or empty, if the value is none of both.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() && self.first(&[name]).is_empty() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Adds all that is not there.
    pub(super) fn add_all(&mut self, other: &Self) {
        for (name, value) in &other.0 {
            self.add(name, value.trim());
        }
    }

    pub(super) fn without(&self, name: &str) -> Self {
        let mut fields = self.clone();
        fields.0.remove(name);
        fields
    }
}
