//! Inheritance between BibTeX entries: `crossref` and `xdata`.

use std::collections::HashMap;

use super::fields::Fields;

/// The types of entries that others may inherit from.
const PARENT_TYPES: [&str; 11] = [
    "proceedings",
    "mvproceedings",
    "book",
    "mvbook",
    "collection",
    "mvcollection",
    "reference",
    "mvreference",
    "periodical",
    "conference",
    "xdata",
];

/// The fields that an entry inherits through `crossref` unchanged.
const INHERITED: [&str; 8] = [
    "year",
    "date",
    "booktitle",
    "maintitle",
    "journal",
    "journaltitle",
    "institution",
    "publisher",
];

/// The maximum number of references to follow, since they may form a cycle.
const MAX_DEPTH: usize = 4;

/// The entries read so far that others may inherit from, by their keys in lower case.
#[derive(Default)]
pub(super) struct Parents(HashMap<String, Fields>);

impl Parents {
    /// Stores an entry if others may inherit from it.
    pub(super) fn keep(&mut self, entry_type: &str, key: &str, fields: &Fields) {
        if PARENT_TYPES.contains(&entry_type) {
            let kept = fields.without("abstract");
            self.0.entry(key.trim().to_lowercase()).or_insert(kept);
        }
    }

    /// Returns whether all entries that `fields` refers to are stored.
    pub(super) fn has_all_of(&self, fields: &Fields) -> bool {
        keys_in(fields, "crossref")
            .chain(keys_in(fields, "xdata"))
            .all(|key| self.0.contains_key(&key))
    }

    /// Adds the fields that `fields` lacks and inherits.
    pub(super) fn complete(&self, fields: &mut Fields) {
        self.inherit(fields, MAX_DEPTH);
    }

    fn inherit(&self, fields: &mut Fields, depth: usize) {
        if depth == 0 {
            return;
        }
        let parent = |key: String| {
            let mut parent = self.0.get(&key)?.clone();
            self.inherit(&mut parent, depth - 1);
            Some(parent)
        };
        let xdata: Vec<Fields> = keys_in(fields, "xdata").filter_map(parent).collect();
        let parents: Vec<Fields> = keys_in(fields, "crossref").filter_map(parent).collect();
        for data in xdata {
            fields.add_all(&data);
        }
        for parent in parents {
            // The title of the parent takes precedence over the book title of the parent.
            fields.add("booktitle", parent.first(&["title"]));
            for name in INHERITED {
                fields.add(name, parent.first(&[name]));
            }
        }
    }
}

/// Returns the keys in a field, in lower case.
fn keys_in(fields: &Fields, field: &str) -> impl Iterator<Item = String> {
    let keys = fields.first(&[field]).split(',').map(str::trim);
    let keys = keys.filter(|key| !key.is_empty()).map(str::to_lowercase);
    keys.collect::<Vec<_>>().into_iter()
}
