//! Lists that were read, by which the lists of a paper are looked up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::list_directory::ListRecord;
use crate::{ListEntry, Paper};

/// The notes about the papers on a list, by the ids of the papers.
pub(crate) type Notes = HashMap<String, String>;

/// All lists that have papers, by name.
pub(crate) struct Lists(pub(super) Vec<(String, Arc<Notes>)>);

impl Lists {
    /// Returns a paper with the lists that it is on.
    pub(crate) fn complete(&self, mut paper: Paper) -> Paper {
        let entry = |(name, notes): &(String, Arc<Notes>)| {
            let note = notes.get(&paper.id)?;
            Some(ListEntry::new(name).note(note))
        };
        paper.lists = self.0.iter().filter_map(entry).collect();
        paper
    }
}

/// The lists that were read, compared with their directory, by name. A single entry is looked up in them and not in the
/// file, where damage could hide it.
#[derive(Debug, Default)]
pub(super) struct ListCache(Mutex<HashMap<String, CachedList>>);

/// A list after its last change.
#[derive(Debug)]
struct CachedList {
    record: ListRecord,
    notes: Arc<Notes>,
}

impl ListCache {
    pub(super) fn get(&self, list: &ListRecord) -> Option<Arc<Notes>> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = cache.get(&list.name)?;
        (cached.record == *list).then(|| Arc::clone(&cached.notes))
    }

    pub(super) fn insert(&self, list: &ListRecord, notes: &Arc<Notes>) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = CachedList {
            record: list.clone(),
            notes: Arc::clone(notes),
        };
        cache.insert(list.name.clone(), cached);
    }
}
