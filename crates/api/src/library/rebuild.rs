//! Papers of rows, in the order of the rows, from which terms and vectors are made again.

use std::ops::Range;
use std::path::Path;

use cognate_index::{Document, IndexWriter, RowId};
use ndarray::{Array2, ArrayView1};
use roaring::RoaringBitmap;

use crate::library::document::document;
use crate::library::folder::vectors_dir;
use crate::library::store::{ReadTxn, StoredPaper};
use crate::{Error, Result};

/// Writes the terms of all rows whose file of terms is missing or damaged. Returns the number of files
/// written.
pub(crate) fn rebuild_terms(
    writer: &mut IndexWriter,
    papers: &ReadTxn<'_>,
    dir: &Path,
) -> Result<usize> {
    let mut of_rows = PapersOfRows::new(writer, papers);
    let documents = |rows: Range<RowId>| -> Result<Vec<Document>, Failure> {
        let document = |stored: &Option<StoredPaper>| match stored {
            Some(stored) => document(stored.key, &stored.paper),
            None => Document::new(0),
        };
        let papers = of_rows.read(rows).map_err(Failure::Library)?;
        Ok(papers.iter().map(document).collect())
    };
    let rebuilt = writer.rebuild_terms(documents);
    rebuilt.map_err(|failure| failure.into_error(dir))
}

/// Writes the vectors of all rows whose file of vectors is missing or damaged. `embed` returns the vectors
/// of papers, `[n, dim]`. Returns the number of files written.
pub(crate) fn rebuild_vectors(
    writer: &mut IndexWriter,
    papers: &ReadTxn<'_>,
    dir: &Path,
    mut embed: impl FnMut(&[StoredPaper]) -> Result<Array2<f32>>,
) -> Result<usize> {
    let mut of_rows = PapersOfRows::new(writer, papers);
    let dim = writer.manifest().dim();
    let vectors = |rows: Range<RowId>| -> Result<Array2<f32>, Failure> {
        let papers = of_rows.read(rows).map_err(Failure::Library)?;
        let is_live: Vec<bool> = papers.iter().map(Option::is_some).collect();
        let live: Vec<StoredPaper> = papers.into_iter().flatten().collect();
        let embedded = embed(&live).map_err(Failure::Library)?;
        let mut embedded = embedded.outer_iter();
        // The vectors of deleted rows are not used, but none is zero.
        let unused = [1.0].into_iter().chain(std::iter::repeat(0.0));
        let unused: Vec<f32> = unused.take(dim).collect();
        let mut vectors = Array2::zeros((is_live.len(), dim));
        for (mut to, is_live) in vectors.outer_iter_mut().zip(is_live) {
            let vector = if is_live { embedded.next() } else { None };
            to.assign(&vector.unwrap_or(ArrayView1::from(&unused)));
        }
        Ok(vectors)
    };
    let rebuilt = writer.rebuild_rows(vectors);
    rebuilt.map_err(|failure| failure.into_error(dir))
}

enum Failure {
    Library(Error),
    Index(cognate_index::Error),
}

impl Failure {
    fn into_error(self, dir: &Path) -> Error {
        match self {
            Self::Library(error) => error,
            Self::Index(error) => Error::index(&vectors_dir(dir))(error),
        }
    }
}

impl From<cognate_index::Error> for Failure {
    fn from(error: cognate_index::Error) -> Self {
        Self::Index(error)
    }
}

/// Reads the papers of rows. Papers are in the order of the rows that are not deleted, so the k-th of them
/// is the paper of the k-th such row.
struct PapersOfRows<'a> {
    papers: &'a ReadTxn<'a>,
    deleted: RoaringBitmap,
    /// The row after those that were read last.
    next_row: u32,
    /// A key above the keys of papers of earlier rows.
    next_key: u64,
}

impl<'a> PapersOfRows<'a> {
    fn new(writer: &IndexWriter, papers: &'a ReadTxn<'a>) -> Self {
        Self {
            papers,
            deleted: writer.manifest().deleted().clone(),
            next_row: 0,
            next_key: 0,
        }
    }

    /// Returns the papers of a range of rows, with `None` for each deleted one.
    fn read(&mut self, rows: Range<RowId>) -> Result<Vec<Option<StoredPaper>>> {
        let rows = rows.start.get()..rows.end.get();
        if self.next_row != rows.start {
            let earlier = rows.start - self.deleted_within(0..rows.start);
            self.next_key = self.papers.nth_key(earlier)?;
        }
        let live = rows.end - rows.start - self.deleted_within(rows.clone());
        let found = self.papers.papers_from(self.next_key, live)?;
        self.next_row = rows.end;
        self.next_key = found.last().map_or(self.next_key, |stored| stored.key + 1);
        let mut found = found.into_iter();
        let of_row = |row| {
            if self.deleted.contains(row) {
                return Ok(None);
            }
            let missing = || {
                let what = format!("its table of papers, which has none for row {row}");
                self.papers.damaged(what)
            };
            found.next().map(Some).ok_or_else(missing)
        };
        rows.map(of_row).collect()
    }

    fn deleted_within(&self, rows: Range<u32>) -> u32 {
        u32::try_from(self.deleted.range_cardinality(rows)).unwrap_or(u32::MAX)
    }
}
