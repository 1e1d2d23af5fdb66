//! One state of a library, as a query sees it.

use std::ops::ControlFlow;
use std::path::Path;

use cognate_index::{FlatIndex, Hit, InvertedIndex, RowId, SearchOptions, TextHit};
use ndarray::ArrayView1;
use rayon::prelude::*;
use roaring::RoaringBitmap;

use crate::library::background_similarity::{BackgroundSimilarity, live_rows};
use crate::library::document::{FIELD_WEIGHTS, id_tag};
use crate::library::list_rows::ListRows;
use crate::library::nearest_ids::nearest_ids;
use crate::library::similar_ids::ids_to_compare;
use crate::library::store::{ReadTxn, StoredPaper};
use crate::query::keyword_query::KeywordQuery;
use crate::{Error, Paper, Result};

/// The largest number of similar ids in the error for an unknown id.
pub(crate) const SUGGESTIONS: usize = 3;

/// The number of papers from whose ids the schemes of a library, such as `arXiv:`, are learned.
const EXAMPLES: usize = 64;

/// The papers, the vectors and the terms of one commit.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot<'a> {
    pub(crate) papers: &'a ReadTxn<'a>,
    pub(crate) index: &'a FlatIndex,
    pub(crate) terms: &'a InvertedIndex,
    pub(crate) dir: &'a Path,
    pub(crate) list_rows: &'a ListRows,
}

impl<'a> Snapshot<'a> {
    /// Returns the vector in `row`, which the table of papers names.
    pub(crate) fn vector(&self, row: RowId) -> Result<ArrayView1<'a, f32>> {
        let vector = self.index.row(row).map_err(Error::index(self.dir))?;
        vector.ok_or_else(|| {
            let source = format!("row {row} is missing, though `papers.sqlite` names it");
            Error::Index {
                dir: self.dir.to_owned(),
                source: source.into(),
            }
        })
    }

    /// Returns the rows of all papers.
    pub(crate) fn live_rows(&self) -> RoaringBitmap {
        let mut rows = RoaringBitmap::new();
        rows.insert_range(0..u32::try_from(self.index.rows()).unwrap_or(u32::MAX));
        rows - self.index.deleted()
    }

    /// Returns the nearest rows to a vector.
    pub(crate) fn search(
        &self,
        vector: ArrayView1<'_, f32>,
        options: SearchOptions<'_>,
    ) -> Result<Vec<Hit>> {
        let hits = self.index.search(vector, options);
        hits.map_err(Error::index(self.dir))
    }

    /// Returns the row of the paper with this id.
    ///
    /// Returns [`Error::UnknownPaper`] if there is none.
    pub(crate) fn row_of(&self, id: &str) -> Result<RowId> {
        match self.find(id)? {
            Some((row, _)) => Ok(row),
            None => Err(self.unknown_paper(id)),
        }
    }

    /// Returns the paper with this id, without lists, and its row, or `None` if the library has none.
    ///
    /// # Complexity
    ///
    /// O(log(papers)) for each of the O(log(papers)) files of terms.
    pub(crate) fn find(&self, id: &str) -> Result<Option<(RowId, StoredPaper)>> {
        let rows = self.terms.rows_with_tag(&id_tag(id));
        let rows = rows.map_err(Error::index(self.dir))?;
        let Some(row) = rows.min().map(RowId::new) else {
            return Ok(None);
        };
        let stored = self.stored_at(row)?;
        if stored.paper.id != id || rows.len() > 1 {
            let what = format!(
                "the paper `{}`, which the terms have as `{id}`",
                stored.paper.id
            );
            return Err(self.papers.damaged(what));
        }
        Ok(Some((row, stored)))
    }

    /// Returns the paper whose vector is in `row`, with the lists that it is on.
    pub(crate) fn paper_at(&self, row: RowId) -> Result<Paper> {
        self.papers.with_lists(self.stored_at(row)?.paper)
    }

    /// Returns the paper whose vector is in `row`, with the hash of its text and without lists.
    pub(crate) fn stored_at(&self, row: RowId) -> Result<StoredPaper> {
        self.papers.paper(self.key_of(row)?)
    }

    /// Returns the key of the paper whose vector is in `row`.
    pub(crate) fn key_of(&self, row: RowId) -> Result<u64> {
        let key = self.terms.key(row).map_err(Error::index(self.dir))?;
        key.ok_or_else(|| {
            let source = format!("row {row} has no paper");
            Error::Index {
                dir: self.dir.to_owned(),
                source: source.into(),
            }
        })
    }

    /// Calls `act` with every paper and its row, in ascending order of rows.
    pub(crate) fn for_each(&self, mut act: impl FnMut(RowId, StoredPaper)) -> Result<()> {
        self.for_each_until(|row, stored| {
            act(row, stored);
            ControlFlow::Continue(())
        })
    }

    /// Calls `act` with every paper and its row, in ascending order of rows, until it breaks.
    ///
    /// The papers are read in the order of their keys, which is the order of their rows. Each key is
    /// compared with the key of the row, so that no paper is taken for another.
    pub(crate) fn for_each_until(
        &self,
        mut act: impl FnMut(RowId, StoredPaper) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut rows = live_rows(self.index).into_iter();
        let mut failure = None;
        self.papers.for_each(|stored| {
            let next = rows.next();
            let expected = next.map(|row| self.key_of(row)).transpose();
            match (next, expected) {
                (Some(row), Ok(Some(key))) if key == stored.key => act(row, stored),
                (_, Err(error)) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
                _ => {
                    let what = format!("the paper with the key {}, which has no row", stored.key);
                    failure = Some(self.papers.damaged(what));
                    ControlFlow::Break(())
                }
            }
        })?;
        failure.map_or(Ok(()), Err)
    }

    /// Returns the `n` rows with the highest BM25 scores for the words of a query, best first, ties in
    /// ascending row order. `allowed` has the rows that may be hits, if not all.
    pub(crate) fn keyword_hits(
        &self,
        query: &KeywordQuery,
        n: usize,
        allowed: Option<&RoaringBitmap>,
    ) -> Result<Vec<TextHit>> {
        let hits = self
            .terms
            .search(query.phrases(), FIELD_WEIGHTS, n, allowed);
        hits.map_err(Error::index(self.dir))
    }

    /// Returns the distribution of cosines between random papers. If the stored one is damaged, it is sampled
    /// again, until a repair or a commit stores a new one.
    pub(crate) fn background_similarity(&self) -> Result<Option<BackgroundSimilarity>> {
        match self.papers.background_similarity() {
            Err(Error::Damaged { what, .. }) => {
                tracing::warn!(
                    "{what} of the library `{}` is damaged and is sampled again; `cognate check \
                     --repair` stores it",
                    self.dir.display()
                );
                let sampled = BackgroundSimilarity::sample(self.index);
                sampled.map(Some).map_err(Error::index(self.dir))
            }
            stored => stored,
        }
    }

    /// Returns the number of papers that have each of some terms. The terms are looked up in parallel.
    pub(crate) fn document_frequencies(&self, terms: &[&str]) -> Result<Vec<u32>> {
        let index = self.terms;
        let frequency = |term: &&str| {
            let found = index.document_frequency(term)?;
            Ok(u32::try_from(found).unwrap_or(u32::MAX))
        };
        let found: cognate_index::Result<Vec<u32>> = terms.par_iter().map(frequency).collect();
        found.map_err(Error::index(self.dir))
    }

    /// Returns the error for an id that no paper has, with the ids that are spelled most like it.
    pub(crate) fn unknown_paper(&self, id: &str) -> Error {
        match self.nearest_ids(id) {
            Ok(nearest) => Error::UnknownPaper {
                id: id.to_owned(),
                nearest,
            },
            Err(error) => error,
        }
    }

    /// Returns the ids that are spelled most like `id`, most similar first. In a large library only ids that
    /// begin alike are compared, so that it takes no time that grows with it.
    pub(crate) fn nearest_ids(&self, id: &str) -> Result<Vec<String>> {
        let examples = self.some_ids(EXAMPLES)?;
        let ids = ids_to_compare(self.terms, id, &examples).map_err(Error::index(self.dir))?;
        // The terms still have the ids of papers that were removed.
        let mut nearest = nearest_ids(id, ids, 3 * SUGGESTIONS);
        nearest.retain(|id| matches!(self.find(id), Ok(Some(_))));
        nearest.truncate(SUGGESTIONS);
        Ok(nearest)
    }

    /// Returns the ids of at most `count` papers, evenly spaced.
    pub(crate) fn some_ids(&self, count: usize) -> Result<Vec<String>> {
        let rows = self.index.rows();
        let spaced = (0..count).map(|i| u32::try_from(i * rows / count).unwrap_or(u32::MAX));
        let spaced: RoaringBitmap = spaced.filter(|row| (*row as usize) < rows).collect();
        let live = spaced - self.index.deleted();
        let id = |row| Ok(self.paper_at(RowId::new(row))?.id);
        live.into_iter().map(id).collect()
    }

    /// Returns [`Error::EmptyLibrary`] if there is no paper.
    pub(crate) fn require_papers(&self) -> Result<()> {
        if self.index.is_empty() {
            return Err(Error::EmptyLibrary {
                dir: self.dir.to_owned(),
            });
        }
        Ok(())
    }
}

/// Returns a function that converts an error of the index: a cancellation by the caller becomes
/// [`Error::Cancelled`], any other error is converted by `otherwise`.
pub(crate) fn cancelled_or(
    otherwise: impl Fn(cognate_index::Error) -> Error,
) -> impl Fn(cognate_index::Error) -> Error {
    move |error| {
        if error.is_cancelled() {
            Error::Cancelled { committed: 0 }
        } else {
            otherwise(error)
        }
    }
}
