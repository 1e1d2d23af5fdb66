use std::path::Path;

use cognate_index::{FlatIndex, Hit, RowId};
use ndarray::{Array1, Array2, ArrayView1};
use roaring::RoaringBitmap;

use crate::embed::check_shape;
use crate::library::background_similarity::Standing;
use crate::library::store::View;
use crate::query::Target;
use crate::query::execute::Search;
use crate::{Error, Library, Paper, Query, Result};

/// A paper that answers a query.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PaperHit {
    /// Its place, counted from 1.
    pub rank: usize,
    /// The cosine of the angle between the query's vector and the paper's, −1 to 1, higher is
    /// better. In every mode; where keywords had a say, hits are not in its order.
    pub score: f32,
    /// The BM25 of the words that paper and query share, higher is better, where keywords found it.
    pub keyword_score: Option<f64>,
    /// What the score is worth, where the query asked for it.
    pub standing: Option<Standing>,
    /// The score of a reranker, higher is better, where [`Library::rerank`] gave one: comparable
    /// within one answer only.
    pub rerank_score: Option<f32>,
    /// The paper.
    pub paper: Paper,
    /// Other versions of the same paper that would have been hits, as preprint and publication, where
    /// the query asked to show each paper once.
    pub versions: Vec<Paper>,
}

impl Library {
    /// The papers that answer a query, best first, ties in the order in which they were added.
    ///
    /// The answer is exact: no paper that was left out is nearer, or has a higher BM25.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyQuery`], [`Error::InvalidK`], [`Error::InvalidOption`], [`Error::UnknownPaper`] and
    /// [`Error::EmptyLibrary`] say what is wrong with the question; [`Error::NoEmbedder`] and
    /// [`Error::Embed`] come from a query by text; [`Error::Index`], [`Error::Store`] and
    /// [`Error::Damaged`] when the library cannot be read.
    ///
    /// # Complexity
    ///
    /// Linear in the papers that pass the filter, times the dimension; with keywords, also in the
    /// papers that have any of the words. The first query with keywords of an opened library reads the
    /// keyword index once.
    pub fn search(&self, query: &Query) -> Result<Vec<PaperHit>> {
        let answers = self.search_batch(std::slice::from_ref(query))?;
        Ok(answers.into_iter().next().unwrap_or_default())
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

    /// Answers many queries as [`search`](Self::search) answers each, with the texts embedded together
    /// and the vectors read once for all plain queries by text or by vector.
    ///
    /// # Errors
    ///
    /// Those of [`search`](Self::search).
    pub fn search_batch(&self, queries: &[Query]) -> Result<Vec<Vec<PaperHit>>> {
        // Before the library is locked: this takes longest.
        let vectors = self.vectors_of(queries)?;
        self.read(|view, index| {
            for query in queries {
                check(query, index.len(), &self.dir)?;
            }
            let mut nearest = self.nearest_of_all(queries, &vectors, index)?;
            let answer = |place: usize| {
                let nearest = nearest[place].take();
                let (query, vector) = (&queries[place], vectors[place].as_ref());
                Search::new(view, index, &self.dir, query, vector, nearest)?.answer()
            };
            (0..queries.len()).map(answer).collect()
        })
    }

    /// The vectors of the queries that are made by text or by vector.
    fn vectors_of(&self, queries: &[Query]) -> Result<Vec<Option<Array1<f32>>>> {
        let texts = queries.iter().filter_map(|query| match &query.target {
            Target::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let texts: Vec<&str> = texts.collect();
        let embedded = if texts.is_empty() {
            None
        } else {
            Some(self.embed_queries(&texts)?)
        };
        let mut embedded = embedded.iter().flat_map(|rows| rows.outer_iter());
        let vectors = queries.iter().map(|query| match &query.target {
            Target::Text(_) => embedded.next().map(|row| row.to_owned()),
            Target::Vector(vector) => Some(Array1::from(vector.clone())),
            Target::Papers { .. } => None,
        });
        Ok(vectors.collect())
    }

    pub(crate) fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>> {
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

    /// For queries that are several and have no filter, what one pass over the vectors finds.
    fn nearest_of_all(
        &self,
        queries: &[Query],
        vectors: &[Option<Array1<f32>>],
        index: &FlatIndex,
    ) -> Result<Vec<Option<Vec<Hit>>>> {
        let mut nearest: Vec<Option<Vec<Hit>>> = vec![None; queries.len()];
        let plain = |place: &usize| {
            let query = &queries[*place];
            query.filter.is_empty()
                && query.min_score.is_none()
                // Feedback looks in another direction the second time.
                && query.feedback == 0
                && vectors[*place]
                    .as_ref()
                    .is_some_and(|vector| vector.len() == index.dim())
        };
        let places: Vec<usize> = (0..queries.len()).filter(plain).collect();
        if places.len() < 2 {
            return Ok(nearest);
        }
        let depth = places.iter().map(|place| queries[*place].depth());
        let depth = depth.max().unwrap_or(1);
        let mut rows = Array2::zeros((places.len(), index.dim()));
        for (mut row, place) in rows.outer_iter_mut().zip(&places) {
            if let Some(vector) = &vectors[*place] {
                row.assign(vector);
            }
        }
        let hits = index
            .search_batch(rows.view(), depth)
            .map_err(Error::index(&self.dir))?;
        for (place, hits) in places.into_iter().zip(hits) {
            nearest[place] = Some(hits);
        }
        Ok(nearest)
    }
}

fn check(query: &Query, papers: usize, dir: &Path) -> Result<()> {
    if papers == 0 {
        return Err(Error::EmptyLibrary {
            dir: dir.to_owned(),
        });
    }
    if let Some(found) = query.k.filter(|k| !(1..=papers).contains(k)) {
        return Err(Error::InvalidK {
            found,
            expected: 1..=papers,
        });
    }
    if !(0.0..=1.0).contains(&query.diversity) {
        return Err(Error::InvalidOption {
            name: "diversity",
            found: query.diversity.to_string(),
            expected: "0 to 1",
        });
    }
    Ok(())
}

/// The vector of a paper, which the table says is there.
pub(crate) fn row_of<'a>(
    index: &'a FlatIndex,
    row: RowId,
    dir: &Path,
) -> Result<ArrayView1<'a, f32>> {
    index.row(row).map_err(Error::index(dir))?.ok_or_else(|| {
        let source = format!("row {row} is missing, though `papers.sqlite` names it");
        Error::Index {
            dir: dir.to_owned(),
            source: source.into(),
        }
    })
}

/// The rows whose papers pass the query's filter; nothing where it has none.
pub(crate) fn rows_allowed(view: &View<'_>, query: &Query) -> Result<Option<RoaringBitmap>> {
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
