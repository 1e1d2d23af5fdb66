//! Whether the lists are as they were written, and the repair of what can be repaired.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::params;

use super::list_directory::ListDirectory;
use super::lists::StoredEntry;
use super::transaction::{ReadTxn, WriteTxn};
use crate::{Error, Result};

impl ReadTxn<'_> {
    /// Compares all lists with their directory. Returns the ids of the papers on lists, each of which the library
    /// should have, and what is wrong.
    pub(crate) fn check_lists(&self) -> (HashSet<String>, Vec<Error>) {
        let (mut ids, mut errors) = (HashSet::new(), Vec::new());
        let directory = match self.list_directory() {
            Ok(directory) => directory,
            Err(error) => return (ids, vec![error]),
        };
        for list in &directory.lists {
            match self.entries_of(list) {
                Ok(entries) => ids.extend(entries.into_iter().map(|entry| entry.id)),
                Err(error) => errors.push(error),
            }
        }
        match self.all_entries() {
            Ok(entries) => {
                let unknown = entries
                    .iter()
                    .flatten()
                    .find(|entry| directory.get(&entry.list).is_none());
                if let Some(entry) = unknown {
                    let what = format!("the list `{}`, which is not in its directory", entry.list);
                    errors.push(self.damaged(what));
                }
            }
            Err(error) => errors.push(error),
        }
        (ids, errors)
    }

    /// Returns the error for a paper that is on a list and that the library does not have.
    pub(crate) fn listed_paper_is_missing(&self, id: &str) -> Error {
        self.damaged(format!("the paper `{id}` of a list, which does not exist"))
    }

    /// Returns all entries, with `None` for each that does not match its checksum.
    fn all_entries(&self) -> Result<Vec<Option<StoredEntry>>> {
        let select = || {
            let sql = "SELECT list, id, note, checksum FROM list_entries";
            let mut select = self.transaction.prepare_cached(sql)?;
            let entries = select.query_map([], |row| Ok(StoredEntry::from_row(row).ok()))?;
            entries.collect::<rusqlite::Result<Vec<_>>>()
        };
        select().map_err(self.store_error())
    }

    /// Returns the ids of all papers.
    fn ids(&self) -> Result<HashSet<String>> {
        let mut ids = HashSet::new();
        self.for_each(|stored| {
            ids.insert(stored.paper.id);
            ControlFlow::Continue(())
        })?;
        Ok(ids)
    }
}

impl WriteTxn<'_> {
    /// Removes entries that do not match their checksums or whose papers do not exist, and counts the others. Returns
    /// whether anything was wrong.
    pub(crate) fn mend_lists(&self) -> Result<bool> {
        let found = self.all_entries()?;
        let count = found.len();
        let mut entries: Vec<StoredEntry> = found.into_iter().flatten().collect();
        if !entries.is_empty() {
            let ids = self.ids()?;
            entries.retain(|entry| ids.contains(&entry.id));
        }
        let stored = self.list_directory();
        let mut mended = ListDirectory {
            generation: match &stored {
                Ok(directory) => directory.generation,
                // A number that no directory has had.
                Err(_) => seconds_since_epoch(),
            },
            lists: Vec::new(),
        };
        // Lists may be empty.
        for list in stored.iter().flat_map(|directory| &directory.lists) {
            mended.get_or_create(&list.name).changed = list.changed;
        }
        for entry in &entries {
            mended.get_or_create(&entry.list).count(entry.checksum);
        }
        if entries.len() == count && stored.as_ref().is_ok_and(|stored| *stored == mended) {
            return Ok(false);
        }
        let lost = count - entries.len();
        if lost > 0 {
            tracing::warn!("{lost} damaged entries of lists were removed");
        }
        let change = mended.generation + 1;
        for list in &mut mended.lists {
            list.changed = change;
        }
        self.replace_entries(&entries)?;
        self.set_list_directory(mended)?;
        Ok(true)
    }

    fn replace_entries(&self, entries: &[StoredEntry]) -> Result<()> {
        let replace = || -> rusqlite::Result<()> {
            self.transaction.execute("DELETE FROM list_entries", [])?;
            let sql = "INSERT INTO list_entries VALUES (?, ?, ?, ?)";
            let mut insert = self.transaction.prepare_cached(sql)?;
            for entry in entries {
                let checksum = entry.checksum.cast_signed();
                insert.execute(params![entry.list, entry.id, entry.note, checksum])?;
            }
            Ok(())
        };
        replace().map_err(self.store_error())
    }
}

fn seconds_since_epoch() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
