//! What is known of all lists without their entries.

use serde::{Deserialize, Serialize};

/// All lists that were ever used, without the entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct ListDirectory {
    /// The number of changes of lists so far.
    pub(crate) generation: u64,
    /// The lists, by name.
    pub(crate) lists: Vec<ListRecord>,
}

/// What the directory knows of a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct ListRecord {
    pub(crate) name: String,
    /// The number of entries.
    pub(crate) papers: u64,
    /// The sum of the checksums of the entries, modulo 2⁶⁴.
    pub(crate) sum: u64,
    /// The number of the last change of the list.
    pub(crate) changed: u64,
}

impl ListDirectory {
    /// Returns the record of a list, or `None` if the list was never used or was deleted.
    pub(crate) fn get(&self, name: &str) -> Option<&ListRecord> {
        let found = self
            .lists
            .binary_search_by(|list| list.name.as_str().cmp(name));
        found.ok().map(|at| &self.lists[at])
    }

    /// Returns the record of a list, which is created if it does not exist.
    pub(crate) fn get_or_create(&mut self, name: &str) -> &mut ListRecord {
        let found = self
            .lists
            .binary_search_by(|list| list.name.as_str().cmp(name));
        let at = found.unwrap_or_else(|at| {
            let created = ListRecord {
                name: name.to_owned(),
                papers: 0,
                sum: 0,
                changed: self.generation + 1,
            };
            self.lists.insert(at, created);
            at
        });
        &mut self.lists[at]
    }
}

impl ListRecord {
    /// Counts an entry that the list has, by its checksum.
    pub(super) fn count(&mut self, checksum: u64) {
        self.papers += 1;
        self.sum = self.sum.wrapping_add(checksum);
    }
}
