use std::path::Path;

use cognate_index::{FlatIndex, Hit, RowId, SearchOptions};
use ndarray::{Array1, ArrayView1, ArrayView2};
use roaring::RoaringBitmap;

use crate::embed::check_shape;
use crate::query::Target;
use crate::store::View;
use crate::{Error, Library, Paper, Query, Result};

/// A paper that answers a query.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PaperHit {
    /// Its place, counted from 1.
    pub rank: usize,
    /// The cosine of the angle between the query's vector and the paper's, −1 to 1, higher is
    /// better.
    pub score: f32,
    /// The paper.
    pub paper: Paper,
}

/// The weights of Rocchio's formula for wanted and unwanted papers.
const WANTED: f64 = 0.75;
const UNWANTED: f64 = 0.15;

impl Library {
    /// The papers nearest to a query, best first, ties in the order in which they were added.
    ///
    /// The answer is exact: no paper that was left out has a higher score.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyQuery`], [`Error::InvalidK`], [`Error::UnknownPaper`] and
    /// [`Error::EmptyLibrary`] say what is wrong with the question; [`Error::NoEmbedder`] and
    /// [`Error::Embed`] come from a query by text; [`Error::Index`] and [`Error::Store`] when
    /// the library cannot be read.
    ///
    /// # Complexity
    ///
    /// Linear in the papers that pass the filter, times the dimension.
    pub fn search(&self, query: &Query) -> Result<Vec<PaperHit>> {
        // Before the library is locked: this takes longest.
        let embedded = match &query.target {
            Target::Text(text) => Some(self.embed_queries(&[text])?.row(0).to_owned()),
            Target::Vector(vector) => Some(Array1::from(vector.clone())),
            Target::Papers { .. } => None,
        };
        self.read(|view, index| {
            let k = self.checked_k(query.k, index.len())?;
            let (vector, seeds) = match (&query.target, &embedded) {
                (Target::Papers { wanted, unwanted }, _) => {
                    direction(view, index, &self.dir, wanted, unwanted)?
                }
                (_, Some(vector)) => (vector.clone(), RoaringBitmap::new()),
                (_, None) => return Err(Error::EmptyQuery { expected: "a text" }),
            };
            let filter = rows_allowed(view, query)?;
            let hits = self.hits(index, vector.view(), k, &seeds, filter.as_ref(), query)?;
            papers_of(view, &hits)
        })
    }

    /// The papers nearest to one paper of the library, which is itself left out: short for a
    /// [`search`](Self::search) by [`Query::paper`].
    ///
    /// # Errors
    ///
    /// Those of [`search`](Self::search).
    pub fn related(&self, id: &str, k: usize) -> Result<Vec<PaperHit>> {
        self.search(&Query::paper(id).k(k))
    }

    /// The papers nearest to each of many texts, as [`search`](Self::search) gives them, in one
    /// pass over the vectors.
    ///
    /// # Errors
    ///
    /// Those of [`search`](Self::search).
    pub fn search_batch(&self, texts: &[&str], k: usize) -> Result<Vec<Vec<PaperHit>>> {
        let vectors = self.embed_queries(texts)?;
        self.read(|view, index| {
            let k = self.checked_k(Some(k), index.len())?;
            let vectors: ArrayView2<'_, f32> = vectors.view();
            let hits = index
                .search_batch(vectors, k)
                .map_err(Error::index(&self.dir))?;
            hits.iter().map(|hits| papers_of(view, hits)).collect()
        })
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<ndarray::Array2<f32>> {
        if texts.iter().any(|text| text.trim().is_empty()) {
            return Err(Error::EmptyQuery { expected: "a text" });
        }
        let embedder = self.embedder.as_ref().ok_or(Error::NoEmbedder)?;
        let rows = embedder
            .embed_queries(texts)
            .map_err(|source| Error::Embed { source })?;
        check_shape(&rows, texts.len(), self.stored.dim)?;
        Ok(rows)
    }

    fn checked_k(&self, asked: Option<usize>, papers: usize) -> Result<usize> {
        if papers == 0 {
            return Err(Error::EmptyLibrary {
                dir: self.dir.clone(),
            });
        }
        match asked {
            None => Ok(Query::DEFAULT_K.min(papers)),
            Some(k) if (1..=papers).contains(&k) => Ok(k),
            Some(found) => Err(Error::InvalidK {
                found,
                expected: 1..=papers,
            }),
        }
    }

    /// The best `k` rows that are no seeds.
    fn hits(
        &self,
        index: &FlatIndex,
        vector: ArrayView1<'_, f32>,
        k: usize,
        seeds: &RoaringBitmap,
        filter: Option<&RoaringBitmap>,
        query: &Query,
    ) -> Result<Vec<Hit>> {
        // Top k is a prefix of top k + n: asking for more and leaving the seeds out is exact.
        let margin = usize::try_from(seeds.len()).unwrap_or(usize::MAX);
        let mut options = SearchOptions::new(k.saturating_add(margin));
        if let Some(rows) = filter {
            options = options.filter(rows);
        }
        if let Some(score) = query.min_score {
            options = options.min_score(score);
        }
        let mut hits = index
            .search(vector, options)
            .map_err(Error::index(&self.dir))?;
        hits.retain(|hit| !seeds.contains(hit.row.get()));
        hits.truncate(k);
        Ok(hits)
    }
}

fn rows_allowed(view: &View<'_>, query: &Query) -> Result<Option<RoaringBitmap>> {
    if query.filter.is_empty() {
        return Ok(None);
    }
    let mut rows = RoaringBitmap::new();
    view.for_each(|stored| {
        if query.filter.allows(&stored.paper) {
            rows.insert(stored.row.get());
        }
    })?;
    Ok(Some(rows))
}

fn papers_of(view: &View<'_>, hits: &[Hit]) -> Result<Vec<PaperHit>> {
    let paper_hit = |(place, hit): (usize, &Hit)| {
        Ok(PaperHit {
            rank: place + 1,
            score: hit.score,
            paper: view.at(hit.row)?,
        })
    };
    hits.iter().enumerate().map(paper_hit).collect()
}

/// The vector that points to the wanted papers and away from the unwanted, and the rows of all.
fn direction(
    view: &View<'_>,
    index: &FlatIndex,
    dir: &Path,
    wanted: &[String],
    unwanted: &[String],
) -> Result<(Array1<f32>, RoaringBitmap)> {
    if wanted.is_empty() {
        return Err(Error::EmptyQuery {
            expected: "at least one paper",
        });
    }
    let mut seeds = RoaringBitmap::new();
    let mut sum: Array1<f64> = Array1::zeros(index.dim());
    for (ids, weight) in [(wanted, WANTED), (unwanted, -UNWANTED)] {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a number of ids is far below 2^52"
        )]
        let weight = weight / ids.len().max(1) as f64;
        for id in ids {
            let stored = view.find(id)?.ok_or_else(|| Library::unknown(view, id))?;
            seeds.insert(stored.row.get());
            let vector = row_of(index, stored.row, dir)?;
            sum.zip_mut_with(&vector, |sum, &value| *sum += weight * f64::from(value));
        }
    }
    // One paper's own vector goes unscaled, so that its bits are those that were stored.
    if let ([_], []) = (wanted, unwanted) {
        let row = seeds.min().unwrap_or_default();
        return Ok((row_of(index, RowId::new(row), dir)?.to_owned(), seeds));
    }
    let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length < 1e-6 {
        return Err(Error::EmptyQuery {
            expected: "papers that do not cancel one another out",
        });
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a vector is f32, rounded once"
    )]
    let vector = sum.mapv(|value| (value / length) as f32);
    Ok((vector, seeds))
}

/// The vector of a paper, which the table says is there.
fn row_of<'a>(index: &'a FlatIndex, row: RowId, dir: &Path) -> Result<ArrayView1<'a, f32>> {
    index.row(row).map_err(Error::index(dir))?.ok_or_else(|| {
        let source = format!("row {row} is missing, though `papers.sqlite` names it");
        Error::Index {
            dir: dir.to_owned(),
            source: source.into(),
        }
    })
}
