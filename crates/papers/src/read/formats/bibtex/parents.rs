//! Inheritance between BibTeX entries: `crossref` and `xdata`.

use std::collections::HashMap;

use super::fields::Fields;
use crate::read::input::{self, MAX_RECORD};

/// The types of entries that others may inherit from, wherever they stand in the file.
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

/// The fields that an entry inherits through `crossref` unchanged. BibTeX inherits all fields and biber
/// nearly all; but the DOI, the address and the abstract of a book are not those of its chapters.
const INHERITED: [&str; 27] = [
    "year",
    "date",
    "month",
    "booktitle",
    "booksubtitle",
    "maintitle",
    "mainsubtitle",
    "journal",
    "journaltitle",
    "journalsubtitle",
    "eventtitle",
    "volume",
    "number",
    "series",
    "edition",
    "editor",
    "institution",
    "organization",
    "school",
    "publisher",
    "address",
    "location",
    "isbn",
    "issn",
    "language",
    "langid",
    "type",
];

/// The fields of a parent that an entry inherits under another name.
const RENAMED: [&str; 5] = ["title", "subtitle", "author", "crossref", "xdata"];

/// What examining a field costs, in bytes that are copied.
const FIELD_COST: usize = 32;

/// The maximum number of references to follow in a row, since they may form a cycle.
const MAX_DEPTH: usize = 4;

/// The maximum number of references to follow for one entry, whose parents may have several parents
/// each.
const MAX_PARENTS: usize = 256;

/// The entries read so far that others may inherit from, by their keys in lower case.
#[derive(Default)]
pub(super) struct Parents(HashMap<String, Parent>);

struct Parent {
    entry_type: String,
    fields: Fields,
}

impl Parents {
    /// Returns whether entries of a type are stored because others may inherit from them.
    pub(super) fn keeps(entry_type: &str) -> bool {
        PARENT_TYPES.contains(&entry_type)
    }

    /// Stores what others may inherit from an entry, and returns its size.
    pub(super) fn keep(&mut self, key: String, entry_type: &str, fields: &Fields) -> usize {
        let kept = if entry_type == "xdata" {
            let mut copy = Fields::default();
            copy.add_all(fields);
            copy
        } else {
            fields.only(&[&INHERITED[..], &RENAMED].concat())
        };
        let size = key.len() + kept.size();
        self.0.entry(key).or_insert_with(|| Parent {
            entry_type: entry_type.to_owned(),
            fields: kept,
        });
        size
    }

    /// Returns the key of an entry that is not stored, and that an entry inherits from, directly or not.
    pub(super) fn missing(&self, fields: &Fields) -> Option<String> {
        self.missing_above(fields, MAX_DEPTH, &mut 0)
    }

    fn missing_above(&self, fields: &Fields, depth: usize, followed: &mut usize) -> Option<String> {
        if depth == 0 {
            return None;
        }
        for key in keys_in(fields, "xdata").chain(keys_in(fields, "crossref")) {
            *followed += 1;
            if *followed > MAX_PARENTS {
                return None;
            }
            let Some(parent) = self.0.get(&key) else {
                return Some(key);
            };
            if let Some(missing) = self.missing_above(&parent.fields, depth - 1, followed) {
                return Some(missing);
            }
        }
        None
    }

    /// Adds the fields that an entry lacks and inherits. Returns what it cost, in bytes that are copied, or
    /// the reason why the entry is invalid.
    pub(super) fn complete(&self, entry_type: &str, fields: &mut Fields) -> Result<usize, String> {
        let direct = References::of(fields);
        let mut inheritance = Inheritance {
            parents: self,
            followed: 0,
            cost: 0,
        };
        inheritance.inherit(entry_type, fields, &direct, MAX_DEPTH)?;
        Ok(inheritance.cost)
    }
}

/// The keys of the entries that an entry refers to.
struct References {
    xdata: Vec<String>,
    crossref: Vec<String>,
}

impl References {
    fn of(fields: &Fields) -> Self {
        Self {
            xdata: keys_in(fields, "xdata").collect(),
            crossref: keys_in(fields, "crossref").collect(),
        }
    }
}

struct Inheritance<'p> {
    parents: &'p Parents,
    /// The number of references that were followed.
    followed: usize,
    cost: usize,
}

impl<'p> Inheritance<'p> {
    fn inherit(
        &mut self,
        entry_type: &str,
        fields: &mut Fields,
        references: &References,
        depth: usize,
    ) -> Result<(), String> {
        if depth == 0 {
            return Ok(());
        }
        for key in &references.xdata {
            if let Some(data) = self.parent(key)? {
                self.cost += FIELD_COST * data.fields.len() + fields.add_all(&data.fields);
                check_size(fields)?;
                let above = References::of(&data.fields);
                self.inherit(entry_type, fields, &above, depth - 1)?;
            }
        }
        for key in &references.crossref {
            if let Some(parent) = self.parent(key)? {
                self.cost += INHERITED.len() + inherit_from(parent, entry_type, fields);
                check_size(fields)?;
                let above = References::of(&parent.fields);
                self.inherit(entry_type, fields, &above, depth - 1)?;
            }
        }
        Ok(())
    }

    fn parent(&mut self, key: &str) -> Result<Option<&'p Parent>, String> {
        self.followed += 1;
        if self.followed > MAX_PARENTS {
            return Err(format!(
                "inherits from more than {MAX_PARENTS} entries, the most for an entry"
            ));
        }
        Ok(self.parents.0.get(key))
    }
}

/// Adds what an entry inherits through `crossref`: the title of a book becomes the book title of its
/// chapters, and the title of a periodical the journal of its articles.
fn inherit_from(parent: &Parent, entry_type: &str, fields: &mut Fields) -> usize {
    let from = &parent.fields;
    let (title, subtitle) = if parent.entry_type == "periodical" {
        ("journaltitle", "journalsubtitle")
    } else {
        ("booktitle", "booksubtitle")
    };
    // The title of the parent takes precedence over the book title of the parent.
    let mut added = 0;
    if fields.peek(title).is_empty() {
        added += fields.add(title, from.peek("title"));
        if added > 0 {
            added += fields.add(subtitle, from.peek("subtitle"));
        }
    }
    // The author of a book has written its parts, unless they have authors of their own.
    let is_of_book = matches!(&*parent.entry_type, "book" | "mvbook");
    let is_part = matches!(entry_type, "inbook" | "bookinbook" | "suppbook")
        || entry_type == "book" && parent.entry_type == "mvbook";
    if is_of_book && is_part {
        added += fields.add("author", from.peek("author"));
    }
    for name in INHERITED {
        added += fields.add(name, from.peek(name));
    }
    added
}

fn check_size(fields: &Fields) -> Result<(), String> {
    if fields.size() > MAX_RECORD {
        return Err(input::too_long());
    }
    Ok(())
}

/// Returns a citation key in the form in which keys are compared.
pub(super) fn normalized(key: &str) -> String {
    key.trim().to_lowercase()
}

/// Returns the keys in a field, up to one more than an entry may have.
fn keys_in(fields: &Fields, field: &str) -> impl Iterator<Item = String> {
    let keys = fields.peek(field).split(',').map(normalized);
    let keys = keys.filter(|key| !key.is_empty());
    keys.take(MAX_PARENTS + 1)
}
