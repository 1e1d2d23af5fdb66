//! Inheritance between BibTeX entries: `crossref` and `xdata`.

use std::collections::HashMap;

use super::fields::Fields;
use crate::read::input::{self, MAX_RECORD};

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

/// The maximum number of references to follow in a row, since they may form a cycle.
const MAX_DEPTH: usize = 4;

/// The maximum number of references to follow for one entry, whose parents may have several parents
/// each.
const MAX_PARENTS: usize = 256;

/// The entries read so far that others may inherit from, by their keys in lower case.
#[derive(Default)]
pub(super) struct Parents(HashMap<String, Fields>);

impl Parents {
    /// Returns whether entries of a type are stored because others may inherit from them.
    pub(super) fn keeps(entry_type: &str) -> bool {
        PARENT_TYPES.contains(&entry_type)
    }

    /// Stores an entry.
    pub(super) fn keep(&mut self, key: &str, fields: &Fields) {
        let kept = fields.without("abstract");
        self.0.entry(key.trim().to_lowercase()).or_insert(kept);
    }

    /// Returns whether all entries that `fields` refers to are stored.
    pub(super) fn has_all_of(&self, fields: &Fields) -> bool {
        keys_in(fields, "crossref")
            .chain(keys_in(fields, "xdata"))
            .all(|key| self.0.contains_key(&key))
    }

    /// Adds the fields that `fields` lacks and inherits. The error is the reason why the entry is
    /// invalid.
    pub(super) fn complete(&self, fields: &mut Fields) -> Result<(), String> {
        let mut followed = 0;
        self.inherit(fields, MAX_DEPTH, &mut followed)
    }

    fn inherit(
        &self,
        fields: &mut Fields,
        depth: usize,
        followed: &mut usize,
    ) -> Result<(), String> {
        if depth == 0 {
            return Ok(());
        }
        let xdata: Vec<String> = keys_in(fields, "xdata").collect();
        let crossref: Vec<String> = keys_in(fields, "crossref").collect();
        for key in xdata {
            if let Some(data) = self.parent(&key, depth, followed)? {
                fields.add_all(&data);
                check_size(fields)?;
            }
        }
        for key in crossref {
            if let Some(parent) = self.parent(&key, depth, followed)? {
                // The title of the parent takes precedence over the book title of the parent.
                fields.add("booktitle", parent.first(&["title"]));
                for name in INHERITED {
                    fields.add(name, parent.first(&[name]));
                }
                check_size(fields)?;
            }
        }
        Ok(())
    }

    /// Returns an entry with the fields that it inherits, or `None` if there is no such entry.
    fn parent(
        &self,
        key: &str,
        depth: usize,
        followed: &mut usize,
    ) -> Result<Option<Fields>, String> {
        *followed += 1;
        if *followed > MAX_PARENTS {
            return Err(format!(
                "inherits from more than {MAX_PARENTS} entries, the most for an entry"
            ));
        }
        let Some(parent) = self.0.get(key) else {
            return Ok(None);
        };
        let mut parent = parent.clone();
        self.inherit(&mut parent, depth - 1, followed)?;
        Ok(Some(parent))
    }
}

fn check_size(fields: &Fields) -> Result<(), String> {
    if fields.size() > MAX_RECORD {
        return Err(input::too_long());
    }
    Ok(())
}

/// Returns the keys in a field, in lower case, up to one more than an entry may have.
fn keys_in(fields: &Fields, field: &str) -> impl Iterator<Item = String> {
    let keys = fields.first(&[field]).split(',').map(str::trim);
    let keys = keys.filter(|key| !key.is_empty()).map(str::to_lowercase);
    keys.take(MAX_PARENTS + 1)
}
