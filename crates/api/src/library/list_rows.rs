//! The rows of the papers on lists, which are kept until the list or the papers change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use roaring::RoaringBitmap;

use crate::library::store::ListRecord;

/// The rows of the papers on lists that were looked up, by the names of the lists.
#[derive(Debug, Default)]
pub(crate) struct ListRows(Mutex<HashMap<String, CachedRows>>);

/// The rows of a list after a change of it, in a commit.
#[derive(Debug)]
struct CachedRows {
    /// The number of the commit, which changes the numbers of rows.
    papers: i64,
    list: ListRecord,
    rows: Arc<RoaringBitmap>,
}

impl ListRows {
    /// Returns the rows of a list in the commit with this number, if they were looked up.
    pub(super) fn get(&self, papers: i64, list: &ListRecord) -> Option<Arc<RoaringBitmap>> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = cache.get(&list.name)?;
        let is_same = (cached.papers, &cached.list) == (papers, list);
        is_same.then(|| Arc::clone(&cached.rows))
    }

    pub(super) fn insert(&self, papers: i64, list: &ListRecord, rows: &Arc<RoaringBitmap>) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = CachedRows {
            papers,
            list: list.clone(),
            rows: Arc::clone(rows),
        };
        cache.insert(list.name.clone(), cached);
    }
}
