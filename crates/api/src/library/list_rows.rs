//! The rows of the papers on lists, which are kept until the list or the papers change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use roaring::RoaringBitmap;

use crate::library::document::id_tag;
use crate::library::snapshot::Snapshot;
use crate::library::store::ListRecord;
use crate::{Error, Result};

/// The rows of the papers on lists that were looked up, by the names of the lists.
#[derive(Debug, Default)]
pub(crate) struct ListRows(Mutex<HashMap<String, CachedRows>>);

/// The rows of a list after a change of it, in a commit.
#[derive(Clone, Debug)]
struct CachedRows {
    /// The number of the commit, which changes the numbers of rows.
    papers: i64,
    /// The number of the last change of the list.
    changed: u64,
    rows: Arc<RoaringBitmap>,
}

impl ListRows {
    fn get(&self, name: &str) -> Option<CachedRows> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(name).cloned()
    }

    fn insert(&self, name: &str, rows: CachedRows) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.insert(name.to_owned(), rows);
    }
}

impl Snapshot<'_> {
    /// Returns the rows of the papers on a list.
    ///
    /// Returns [`Error::UnknownList`] if the list does not exist.
    pub(crate) fn rows_of_list(&self, name: &str) -> Result<Arc<RoaringBitmap>> {
        let directory = self.papers.list_directory()?;
        let Some(record) = directory.find(name)? else {
            return Ok(Arc::default());
        };
        let papers = self.papers.generation()?;
        if let Some(cached) = self.list_rows.get(name)
            && (cached.papers, cached.changed) == (papers, record.changed)
        {
            return Ok(cached.rows);
        }
        let rows = Arc::new(self.read_rows_of_list(record)?);
        let cached = CachedRows {
            papers,
            changed: record.changed,
            rows: Arc::clone(&rows),
        };
        self.list_rows.insert(name, cached);
        Ok(rows)
    }

    fn read_rows_of_list(&self, record: &ListRecord) -> Result<RoaringBitmap> {
        let notes = self.papers.notes_of(record)?;
        let (ids, terms): (Vec<&String>, _) = (notes.keys().collect(), self.terms);
        let row = |id: &&String| Ok(terms.rows_with_tag(&id_tag(id))?.min());
        let found: cognate_index::Result<Vec<Option<u32>>> = ids.par_iter().map(row).collect();
        let found = found.map_err(Error::index(self.dir))?;
        let mut rows = RoaringBitmap::new();
        for (id, row) in ids.into_iter().zip(found) {
            let Some(row) = row else {
                return Err(self.papers.listed_paper_is_missing(id));
            };
            rows.insert(row);
        }
        Ok(rows)
    }
}
