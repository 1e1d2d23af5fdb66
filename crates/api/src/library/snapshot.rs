//! One state of a library, as a query sees it.

use std::path::Path;

use cognate_index::{FlatIndex, Hit, RowId, SearchOptions};
use ndarray::ArrayView1;

use crate::library::nearest_ids::nearest_ids;
use crate::library::store::ReadTxn;
use crate::text_recipe::TextRecipe;
use crate::{Error, Result};

/// The largest number of similar ids in the error for an unknown id.
const SUGGESTIONS: usize = 3;

/// The papers and the vectors of one commit.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot<'a> {
    pub(crate) papers: &'a ReadTxn<'a>,
    pub(crate) index: &'a FlatIndex,
    pub(crate) dir: &'a Path,
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
        match self.papers.find(id)? {
            Some(stored) => Ok(stored.row),
            None => Err(unknown_paper(self.papers, id)),
        }
    }

    /// Returns [`Error::TextRecipeMismatch`] if the papers were embedded by another recipe.
    pub(crate) fn check_text_recipe(&self, recipe: &TextRecipe) -> Result<()> {
        let expected = self.papers.text_recipe()?;
        if self.index.is_empty() || expected == recipe.name() {
            return Ok(());
        }
        Err(Error::TextRecipeMismatch {
            dir: self.dir.to_owned(),
            expected,
            found: recipe.name().to_owned(),
        })
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

/// Returns the error for an id that no paper has, with the ids that are spelled most like it.
pub(crate) fn unknown_paper(papers: &ReadTxn<'_>, id: &str) -> Error {
    let nearest = papers
        .ids()
        .map(|ids| nearest_ids(id, ids, SUGGESTIONS))
        .unwrap_or_default();
    Error::UnknownPaper {
        id: id.to_owned(),
        nearest,
    }
}
