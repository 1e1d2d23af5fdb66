//! What entries of BibTeX take over from others: `crossref` and `xdata`.

use std::collections::HashMap;

use super::fields::Fields;

/// Entries that others are part of.
const KINDS: [&str; 11] = [
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

/// What a part has in common with the whole, beside the title of the whole.
const SHARED: [&str; 8] = [
    "year",
    "date",
    "booktitle",
    "maintitle",
    "journal",
    "journaltitle",
    "institution",
    "publisher",
];

/// Wholes within wholes that are followed; a ring has no end.
const DEPTH: usize = 4;

/// The entries read so far that others may name, by their keys in small letters.
#[derive(Default)]
pub(super) struct Parents(HashMap<String, Fields>);

impl Parents {
    /// Remembers an entry if others may name it.
    pub(super) fn keep(&mut self, kind: &str, key: &str, fields: &Fields) {
        if KINDS.contains(&kind) {
            let kept = fields.without("abstract");
            self.0.entry(key.trim().to_lowercase()).or_insert(kept);
        }
    }

    /// Whether all that `fields` takes over from is there.
    pub(super) fn knows_those_of(&self, fields: &Fields) -> bool {
        named(fields, "crossref")
            .chain(named(fields, "xdata"))
            .all(|key| self.0.contains_key(&key))
    }

    /// Gives `fields` what it lacks and those that it names have.
    pub(super) fn complete(&self, fields: &mut Fields) {
        self.inherit(fields, DEPTH);
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
        let same: Vec<Fields> = named(fields, "xdata").filter_map(parent).collect();
        let wholes: Vec<Fields> = named(fields, "crossref").filter_map(parent).collect();
        for same in same {
            fields.add_all(&same);
        }
        for whole in wholes {
            // Before the whole's own, which is that of what the whole is a part of.
            fields.add("booktitle", whole.first(&["title"]));
            for name in SHARED {
                fields.add(name, whole.first(&[name]));
            }
        }
    }
}

/// The keys in a field, in small letters.
fn named(fields: &Fields, field: &str) -> impl Iterator<Item = String> {
    let keys = fields.first(&[field]).split(',').map(str::trim);
    let keys = keys.filter(|key| !key.is_empty()).map(str::to_lowercase);
    keys.collect::<Vec<_>>().into_iter()
}
