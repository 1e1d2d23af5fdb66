//! Named lists of papers.

use serde::Serialize;

use crate::library::Library;
use crate::library::lock::WriteLock;
use crate::library::snapshot::Snapshot;
use crate::library::store::{ListDirectory, ListRecord, WriteTxn};
use crate::{Error, Result};

/// A list of papers of a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct List {
    /// The name.
    pub name: String,
    /// The number of papers on the list.
    pub papers: usize,
}

impl List {
    /// The names of the lists that every library has, in the order in which they come first.
    pub const BUILT_IN: [&'static str; 4] = ["liked", "disliked", "read", "hidden"];

    /// The greatest length of a name in bytes.
    pub const MAX_NAME: usize = 100;

    /// Returns whether every library has the list.
    pub fn is_built_in(name: &str) -> bool {
        Self::BUILT_IN.contains(&name)
    }
}

/// Returns an error unless a text can be the name of a list.
pub(crate) fn check_list_name(name: &str) -> Result<()> {
    let is_valid = !name.is_empty()
        && name.trim() == name
        && name.len() <= List::MAX_NAME
        && !name.contains(|c: char| c == ',' || c.is_control());
    if is_valid {
        return Ok(());
    }
    Err(Error::InvalidOption {
        option: "list",
        found: format!("`{}`", name.escape_debug()),
        expected: format!(
            "a name of 1 to {} bytes without a comma, a control character, and white space at its ends",
            List::MAX_NAME
        ),
    })
}

impl ListDirectory {
    /// Returns all lists: those that every library has, then the others by name.
    pub(crate) fn all(&self) -> Vec<List> {
        let list = |name: &str| List {
            name: name.to_owned(),
            papers: self.get(name).map_or(0, |record| size(record.papers)),
        };
        let built_in = List::BUILT_IN.into_iter();
        let others = self.lists.iter().map(|record| record.name.as_str());
        let others = others.filter(|name| !List::is_built_in(name));
        built_in.chain(others).map(list).collect()
    }

    /// Returns the record of a list, or `None` if the list has never had a paper.
    ///
    /// Returns [`Error::UnknownList`] if the list does not exist.
    pub(crate) fn find(&self, name: &str) -> Result<Option<&ListRecord>> {
        let found = self.get(name);
        if found.is_some() || List::is_built_in(name) {
            return Ok(found);
        }
        Err(Error::UnknownList {
            name: name.to_owned(),
            existing: self.all().into_iter().map(|list| list.name).collect(),
        })
    }
}

fn size(papers: u64) -> usize {
    usize::try_from(papers).unwrap_or(usize::MAX)
}

impl Library {
    /// Returns all lists: the [built-in](List::BUILT_IN) ones, which every library has, then the others by name.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Store`] or [`Error::Damaged`] if the library cannot be read.
    ///
    /// # Complexity
    ///
    /// Linear in the lists, whatever the number of papers.
    pub fn lists(&self) -> Result<Vec<List>> {
        self.read_papers(|papers| Ok(papers.list_directory()?.all()))
    }

    /// Creates an empty list. Nothing happens if it exists.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidOption`] if the name is empty, longer than [`List::MAX_NAME`] bytes, has a comma or
    /// a control character, or begins or ends with white space, and [`Error::Io`], [`Error::Store`] or
    /// [`Error::Locked`] if the library cannot be written.
    pub fn create_list(&self, name: &str) -> Result<()> {
        check_list_name(name)?;
        self.change_lists(|_, directory| {
            let exists = List::is_built_in(name) || directory.get(name).is_some();
            if !exists {
                directory.get_or_create(name);
            }
            Ok(((), !exists))
        })
    }

    /// Deletes a list with its notes. A built-in list stays and becomes empty. The papers stay in the library.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownList`] if the list does not exist, and [`Error::Io`], [`Error::Store`],
    /// [`Error::Damaged`] or [`Error::Locked`] if the library cannot be written.
    pub fn delete_list(&self, name: &str) -> Result<()> {
        self.change_lists(|papers, directory| {
            if directory.find(name)?.is_none() {
                return Ok(((), false));
            }
            papers.delete_entries(name)?;
            directory.lists.retain(|list| list.name != name);
            Ok(((), true))
        })
    }

    /// Puts papers on a list, which is created if it does not exist. If `note` is given, it replaces the notes that
    /// these papers have there; an empty one removes them. Returns the number of papers that were not on the list.
    ///
    /// ```no_run
    /// use cognate::{Filter, Library, Query};
    ///
    /// let library = Library::open("papers")?;
    /// library.add_to_list("to read", &["watts1998collective"], Some("recommended by Ada"))?;
    /// let unread = Filter::default().not_list("read").list("to read");
    /// let hits = library.search(&Query::text("small worlds").filter(unread))?;
    /// # Ok::<(), cognate::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownPaper`] for an id that no paper has, and then changes nothing; the errors of
    /// [`create_list`](Self::create_list); and [`Error::Index`] or [`Error::Damaged`] if the library cannot be read.
    ///
    /// # Complexity
    ///
    /// O(log(papers)) for each id.
    pub fn add_to_list<S: AsRef<str>>(
        &self,
        list: &str,
        ids: &[S],
        note: Option<&str>,
    ) -> Result<usize> {
        check_list_name(list)?;
        self.change_lists(|papers, directory| {
            let state = self.state_of(papers)?;
            let snapshot = Snapshot {
                papers,
                index: &state.index,
                terms: &state.terms,
                dir: &self.dir,
                list_rows: &self.list_rows,
            };
            let before = directory.get(list).map_or(0, |record| record.papers);
            let mut is_changed = false;
            for id in ids {
                let id = id.as_ref();
                snapshot.row_of(id)?;
                is_changed |= papers.put_entry(directory, list, id, note)?;
            }
            let exists = List::is_built_in(list) || directory.get(list).is_some();
            let after = directory.get_or_create(list).papers;
            Ok((size(after - before), is_changed || !exists))
        })
    }

    /// Takes papers from a list. Returns the number of papers that were on it.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownList`] if the list does not exist, and [`Error::Io`], [`Error::Store`],
    /// [`Error::Damaged`] or [`Error::Locked`] if the library cannot be written.
    ///
    /// # Complexity
    ///
    /// O(log(entries)) for each id.
    pub fn remove_from_list<S: AsRef<str>>(&self, list: &str, ids: &[S]) -> Result<usize> {
        self.change_lists(|papers, directory| {
            directory.find(list)?;
            let mut removed = 0;
            for id in ids {
                removed += usize::from(papers.delete_entry(directory, list, id.as_ref())?);
            }
            Ok((removed, removed > 0))
        })
    }

    /// Makes one change of lists, which is committed if `change` returns true beside its result.
    pub(crate) fn change_lists<T>(
        &self,
        change: impl FnOnce(&WriteTxn<'_>, &mut ListDirectory) -> Result<(T, bool)>,
    ) -> Result<T> {
        let _lock = WriteLock::acquire(&self.dir)?;
        let connection = self.store.connect()?;
        let papers = connection.write("write")?;
        let mut directory = papers.list_directory()?;
        let (result, is_changed) = change(&papers, &mut directory)?;
        if is_changed {
            papers.commit_lists(directory)?;
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_list_is_short_and_of_one_line() {
        let longest = "\u{e4}".repeat(50);
        for name in ["read", "to read", "\u{e4}\u{f6}", &longest] {
            assert!(check_list_name(name).is_ok(), "{name}");
        }
        for name in [
            "",
            " ",
            " a",
            "a ",
            "a,b",
            "a\nb",
            "\u{7f}",
            &format!("{longest}a"),
        ] {
            assert!(check_list_name(name).is_err(), "{name}");
        }
        assert_eq!(
            check_list_name("a\tb").unwrap_err().to_string(),
            "`list` is `a\\tb`, expected a name of 1 to 100 bytes without a comma, a control character, and \
             white space at its ends"
        );
    }
}
