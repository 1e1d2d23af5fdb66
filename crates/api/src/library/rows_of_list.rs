//! Which rows the papers on a list have.

use std::sync::Arc;

use rayon::prelude::*;
use roaring::RoaringBitmap;

use crate::library::document::id_tag;
use crate::library::snapshot::Snapshot;
use crate::library::store::ListRecord;
use crate::{Error, Result};

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
        if let Some(rows) = self.list_rows.get(papers, record) {
            return Ok(rows);
        }
        let rows = Arc::new(self.read_rows_of_list(record)?);
        self.list_rows.insert(papers, record, &rows);
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
