//! Searching a library: one query, or many that are answered together.

use std::time::Instant;

use cognate_index::Hit;
use ndarray::{Array1, Array2};

use crate::library::Library;
use crate::library::snapshot::Snapshot;
use crate::query::execute::{QueryExecution, retrieval_depth};
use crate::query::hit::PaperHit;
use crate::query::mode::Mode;
use crate::query::{Query, Target};
use crate::{Error, Result};

impl Library {
    /// Returns the papers that answer a query, best first unless the query [asks for another
    /// order](Query::sort), ties in the order in which they were added.
    ///
    /// The answer is exact: no paper that is not a hit has a higher cosine in
    /// [`Mode::Vector`](crate::Mode::Vector), a higher BM25 score in
    /// [`Mode::Keyword`](crate::Mode::Keyword), or a higher fused score in
    /// [`Mode::Hybrid`](crate::Mode::Hybrid), where the fused score of a paper follows from its cosine,
    /// its BM25 score if that is among the best 200, and the best 200 scores of either kind. The first k
    /// of k + 1 hits are the k hits of the same query.
    ///
    /// # Errors
    ///
    /// Returns [`Error::EmptyQuery`], [`Error::InvalidOption`], [`Error::UnknownPaper`], [`Error::UnknownList`] or
    /// [`Error::EmptyLibrary`] if the query cannot be answered; [`Error::NoEmbedder`] or
    /// [`Error::Embed`] if its text has to be embedded and cannot be; and [`Error::Index`], [`Error::Store`] or
    /// [`Error::Damaged`] if the library cannot be read.
    ///
    /// # Complexity
    ///
    /// Linear in the papers that pass the filter, times the dimension; with keywords, also in the
    /// papers that have any of the words, of which those that cannot be among the best are skipped.
    pub fn search(&self, query: &Query) -> Result<Vec<PaperHit>> {
        let answers = self.search_batch(std::slice::from_ref(query))?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    /// Returns the `k` papers most similar to a paper of the library in meaning and words, which is not
    /// a hit itself: short for a [`search`](Self::search) by [`Query::paper`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`search`](Self::search).
    pub fn related(&self, id: &str, k: usize) -> Result<Vec<PaperHit>> {
        self.search(&Query::paper(id).k(k))
    }

    /// Answers many queries, each as [`search`](Self::search) does. The texts are embedded together,
    /// and the vectors are read once for all queries that have no filter, minimum score or feedback.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`search`](Self::search).
    pub fn search_batch(&self, queries: &[Query]) -> Result<Vec<Vec<PaperHit>>> {
        // Embedding takes longest, so it is done before the library is read.
        let start = Instant::now();
        let vectors = self.query_vectors(queries)?;
        if vectors.iter().any(Option::is_some) {
            tracing::debug!("embedded the query in {:.1?}", start.elapsed());
        }
        self.read(|snapshot| search_batch(self, snapshot, queries, &vectors))
    }

    /// Returns the vectors of the queries by text or by vector. The vector is `None` for a query by papers,
    /// and for a text that is not embedded.
    fn query_vectors(&self, queries: &[Query]) -> Result<Vec<Option<Array1<f32>>>> {
        let is_blank =
            |query: &&Query| matches!(&query.target, Target::Text(text) if text.trim().is_empty());
        if let Some(query) = queries.iter().find(is_blank) {
            let expected = if query.without_words.is_empty() {
                "a text"
            } else {
                "words to search for besides those to leave out"
            };
            return Err(Error::EmptyQuery { expected });
        }
        let texts = queries.iter().filter_map(|query| self.text_to_embed(query));
        let texts: Vec<&str> = texts.collect();
        let embedded = if texts.is_empty() {
            None
        } else {
            Some(self.embed_queries(&texts)?)
        };
        let mut embedded = embedded.iter().flat_map(|rows| rows.outer_iter());
        let vectors = queries.iter().map(|query| match &query.target {
            Target::Vector(vector) => Some(Array1::from(vector.clone())),
            Target::Text(_) | Target::Papers(_) => {
                let text = self.text_to_embed(query);
                text.and_then(|_| embedded.next().map(|row| row.to_owned()))
            }
        });
        Ok(vectors.collect())
    }

    /// Returns the text of a query, or `None` if the query has none or is answered without its vector: by
    /// keywords alone, in a library without an embedder.
    fn text_to_embed<'q>(&self, query: &'q Query) -> Option<&'q str> {
        match &query.target {
            Target::Text(text) if self.embedder.is_some() || query.needs_cosines() => Some(text),
            Target::Text(_) | Target::Vector(_) | Target::Papers(_) => None,
        }
    }
}

fn search_batch(
    library: &Library,
    snapshot: &Snapshot<'_>,
    queries: &[Query],
    vectors: &[Option<Array1<f32>>],
) -> Result<Vec<Vec<PaperHit>>> {
    snapshot.require_papers()?;
    for query in queries {
        query.check()?;
    }
    let nearest = nearest_of_batch(snapshot, queries, vectors)?;
    let searches: Vec<_> = queries.iter().zip(vectors).zip(nearest).collect();
    library.map_on(
        snapshot,
        searches,
        |snapshot, ((query, vector), nearest)| {
            QueryExecution::new(snapshot, query, vector.as_ref(), nearest)?.hits()
        },
    )
}

/// Finds the nearest rows for all queries that need nothing but one vector, in one pass over the
/// vectors. The result is `None` for the other queries, and for all if there are fewer than two.
fn nearest_of_batch(
    snapshot: &Snapshot<'_>,
    queries: &[Query],
    vectors: &[Option<Array1<f32>>],
) -> Result<Vec<Option<Vec<Hit>>>> {
    let dim = snapshot.index.dim();
    let mut nearest: Vec<Option<Vec<Hit>>> = vec![None; queries.len()];
    let is_plain = |position: &usize| {
        let query = &queries[*position];
        // A query by keyword needs no nearest rows, unless its hits are ranked among them.
        (query.ranking().mode != Mode::Keyword || query.score_context)
            && query.filter.is_empty()
            && query.without_words.is_empty()
            && query.min_score.is_none()
            // Feedback changes the vector.
            && query.feedback.is_none_or(|papers| papers == 0)
            && vectors[*position]
                .as_ref()
                .is_some_and(|vector| vector.len() == dim)
    };
    let positions: Vec<usize> = (0..queries.len()).filter(is_plain).collect();
    if positions.len() < 2 {
        return Ok(nearest);
    }
    let depths = positions
        .iter()
        .map(|position| retrieval_depth(&queries[*position]));
    let depth = depths.max().unwrap_or(1).min(snapshot.index.len());
    let mut rows = Array2::zeros((positions.len(), dim));
    for (mut row, position) in rows.outer_iter_mut().zip(&positions) {
        if let Some(vector) = &vectors[*position] {
            row.assign(vector);
        }
    }
    let hits = snapshot
        .index
        .search_batch(rows.view(), depth)
        .map_err(Error::index(snapshot.dir))?;
    for (position, hits) in positions.into_iter().zip(hits) {
        nearest[position] = Some(hits);
    }
    Ok(nearest)
}
