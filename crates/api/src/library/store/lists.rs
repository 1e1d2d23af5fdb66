//! The lists of papers: a table with an entry for each paper on a list, and a directory that counts the entries
//! of each list and sums their checksums, so that an entry that is lost or changed is noticed.

use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, params};

use super::damage::damaged;
use super::key;
use super::list_cache::{Lists, Notes};
use super::list_directory::{ListDirectory, ListRecord};
use super::schema::checksum;
use super::transaction::{ReadTxn, WriteTxn};
use crate::{Paper, Result};

/// An entry of a list, as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredEntry {
    pub(crate) list: String,
    pub(crate) id: String,
    pub(crate) note: String,
    /// The checksum of the other fields.
    pub(super) checksum: u64,
}

impl StoredEntry {
    fn new(list: &str, id: &str, note: &str) -> Self {
        Self {
            list: list.to_owned(),
            id: id.to_owned(),
            note: note.to_owned(),
            checksum: entry_checksum(list, id, note),
        }
    }

    /// Reads the columns `list`, `id`, `note` and `checksum`. The result is an error with the name of the
    /// entry if it does not match its checksum.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let entry = Self::new(
            row.get_ref(0)?.as_str()?,
            row.get_ref(1)?.as_str()?,
            row.get_ref(2)?.as_str()?,
        );
        if row.get_ref(3)?.as_i64_or_null()? == Some(entry.checksum.cast_signed()) {
            Ok(entry)
        } else {
            let what = format!("the paper `{}` of the list `{}`", entry.id, entry.list);
            Err(damaged(what))
        }
    }
}

fn entry_checksum(list: &str, id: &str, note: &str) -> u64 {
    checksum([list, id, note].map(ValueRef::from)).cast_unsigned()
}

impl ReadTxn<'_> {
    /// Returns the directory of the lists.
    pub(crate) fn list_directory(&self) -> Result<ListDirectory> {
        let json = self.meta(key::LISTS)?;
        serde_json::from_str(&json).map_err(|_| self.damaged(format!("`{}`", key::LISTS)))
    }

    /// Returns the entry of a paper on a list.
    pub(crate) fn entry(&self, list: &str, id: &str) -> Result<Option<StoredEntry>> {
        let select = || {
            let sql = "SELECT list, id, note, checksum FROM list_entries WHERE list = ? AND id = ?";
            let mut select = self.transaction.prepare_cached(sql)?;
            select
                .query_row([list, id], StoredEntry::from_row)
                .optional()
        };
        select().map_err(self.store_error())
    }

    /// Returns all lists with their entries.
    pub(crate) fn all_lists(&self) -> Result<Lists> {
        let mut lists = Vec::new();
        for record in self.list_directory()?.lists {
            if record.papers > 0 {
                let notes = self.notes_of(&record)?;
                lists.push((record.name, notes));
            }
        }
        Ok(Lists(lists))
    }

    /// Returns the ids of the papers on a list with the notes about them, which are read once for each change of
    /// the list.
    pub(crate) fn notes_of(&self, list: &ListRecord) -> Result<Arc<Notes>> {
        if let Some(notes) = self.lists.get(list) {
            return Ok(notes);
        }
        let entries = self.entries_of(list)?.into_iter();
        let notes: Notes = entries.map(|entry| (entry.id, entry.note)).collect();
        let notes = Arc::new(notes);
        self.lists.insert(list, &notes);
        Ok(notes)
    }

    /// Returns a paper with the lists that it is on.
    pub(crate) fn with_lists(&self, paper: Paper) -> Result<Paper> {
        Ok(self.all_lists()?.complete(paper))
    }

    /// Returns the entries of a list, in the order of the ids.
    ///
    /// Fails if the entries are not those that the directory counts, since damage to the file may hide one.
    pub(crate) fn entries_of(&self, list: &ListRecord) -> Result<Vec<StoredEntry>> {
        let select = || {
            let sql =
                "SELECT list, id, note, checksum FROM list_entries WHERE list = ? ORDER BY id";
            let mut select = self.transaction.prepare_cached(sql)?;
            let found = select.query_map([&list.name], StoredEntry::from_row)?;
            found.collect::<rusqlite::Result<Vec<_>>>()
        };
        let entries = select().map_err(self.store_error())?;
        let sum = entries
            .iter()
            .fold(0_u64, |sum, entry| sum.wrapping_add(entry.checksum));
        if (entries.len() as u64, sum) == (list.papers, list.sum) {
            return Ok(entries);
        }
        let (name, found) = (&list.name, entries.len());
        let what = if found as u64 == list.papers {
            format!("the list `{name}`, which has another paper or note")
        } else {
            format!(
                "the list `{name}`, which has {found} of {} papers",
                list.papers
            )
        };
        Err(self.damaged(what))
    }
}

impl WriteTxn<'_> {
    /// Puts a paper on a list, which is created if it does not exist, or replaces its note there if `note` is
    /// given. Returns whether anything changed.
    pub(crate) fn put_entry(
        &self,
        directory: &mut ListDirectory,
        list: &str,
        id: &str,
        note: Option<&str>,
    ) -> Result<bool> {
        let earlier = self.entry(list, id)?;
        if let Some(earlier) = &earlier
            && note.is_none_or(|note| note == earlier.note)
        {
            return Ok(false);
        }
        let entry = StoredEntry::new(list, id, note.unwrap_or_default());
        let write = || {
            let sql = "INSERT OR REPLACE INTO list_entries VALUES (?, ?, ?, ?)";
            let mut insert = self.transaction.prepare_cached(sql)?;
            insert.execute(params![list, id, entry.note, entry.checksum.cast_signed()])
        };
        write().map_err(self.store_error())?;
        let change = directory.generation + 1;
        let record = directory.get_or_create(list);
        record.changed = change;
        record.sum = record.sum.wrapping_add(entry.checksum);
        match earlier {
            Some(earlier) => record.sum = record.sum.wrapping_sub(earlier.checksum),
            None => record.papers += 1,
        }
        Ok(true)
    }

    /// Takes a paper from a list. Returns whether it was on the list.
    pub(crate) fn delete_entry(
        &self,
        directory: &mut ListDirectory,
        list: &str,
        id: &str,
    ) -> Result<bool> {
        let Some(earlier) = self.entry(list, id)? else {
            return Ok(false);
        };
        let delete = || {
            let sql = "DELETE FROM list_entries WHERE list = ? AND id = ?";
            self.transaction.prepare_cached(sql)?.execute([list, id])
        };
        delete().map_err(self.store_error())?;
        let change = directory.generation + 1;
        let record = directory.get_or_create(list);
        record.changed = change;
        record.sum = record.sum.wrapping_sub(earlier.checksum);
        record.papers = record.papers.saturating_sub(1);
        Ok(true)
    }

    /// Takes papers that are removed from all lists.
    pub(crate) fn delete_entries_of(&self, ids: &[String]) -> Result<()> {
        let mut directory = self.list_directory()?;
        let names: Vec<String> = directory
            .lists
            .iter()
            .map(|list| list.name.clone())
            .collect();
        let mut is_changed = false;
        for id in ids {
            for name in &names {
                is_changed |= self.delete_entry(&mut directory, name, id)?;
            }
        }
        if is_changed {
            self.set_list_directory(directory)?;
        }
        Ok(())
    }

    /// Deletes all entries of a list.
    pub(crate) fn delete_entries(&self, list: &str) -> Result<()> {
        let delete = || {
            let sql = "DELETE FROM list_entries WHERE list = ?";
            self.transaction.prepare_cached(sql)?.execute([list])
        };
        delete().map(drop).map_err(self.store_error())
    }

    /// Stores the directory of the lists after a change, with the next number.
    pub(crate) fn set_list_directory(&self, mut directory: ListDirectory) -> Result<()> {
        directory.generation += 1;
        self.store_list_directory(&directory)
    }

    /// Stores the directory of the lists as it is.
    pub(crate) fn store_list_directory(&self, directory: &ListDirectory) -> Result<()> {
        // The fields are texts and numbers, which JSON can hold.
        let json = serde_json::to_string(directory).unwrap_or_default();
        self.set_meta(key::LISTS, &json)
    }
}
