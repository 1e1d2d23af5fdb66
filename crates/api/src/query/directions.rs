//! From the target of a query to the vectors that its hits are near to.

use cognate_index::RowId;
use ndarray::{Array1, Array2, ArrayView1};

use crate::library::background_similarity::live_rows;
use crate::query::mode::Strategy;
use crate::query::retrieve::Retriever;
use crate::query::{Query, Target, from_papers};
use crate::sampling::evenly_spaced;
use crate::{Error, Result};

/// The largest number of other papers of the library from which a classifier separates the wanted
/// ones.
const NEGATIVE_SAMPLE: usize = 20_000;

/// Wanted papers whose mean cosine is below this percentile of random pairs are on several subjects.
const TOPIC_THRESHOLD: f64 = 95.0;

/// The vectors that the hits of a query are near to.
pub(crate) enum Directions {
    One(Array1<f32>),
    /// Several vectors, whose nearest rows are interleaved.
    Interleaved(Vec<Array1<f32>>),
    /// Rows near to any of the first vectors, unless they are nearer to any of the second.
    NearestExample(Vec<Array1<f32>>, Vec<Array1<f32>>),
}

impl Directions {
    /// Resolves the target of a query. `vector` is the vector of a query by text or by vector. The
    /// papers of a query by papers are excluded from what `retriever` returns.
    pub(crate) fn resolve(
        query: &Query,
        vector: Option<&Array1<f32>>,
        retriever: &mut Retriever<'_>,
    ) -> Result<Self> {
        match (&query.target, vector) {
            (Target::Papers(wanted), _) => of_papers(query, wanted, retriever),
            (_, Some(vector)) => {
                let feedback = query.feedback.unwrap_or_default();
                with_feedback(vector, feedback, retriever).map(Self::One)
            }
            (_, None) => Err(Error::EmptyQuery { expected: "a text" }),
        }
    }
}

/// Moves a vector toward its `papers` nearest rows.
fn with_feedback(
    vector: &Array1<f32>,
    papers: usize,
    retriever: &Retriever<'_>,
) -> Result<Array1<f32>> {
    if papers == 0 {
        return Ok(vector.clone());
    }
    let hits = retriever.nearest(vector.view(), papers)?;
    let found = hits.iter().map(|hit| retriever.snapshot.vector(hit.row));
    let found = found.collect::<Result<Vec<_>>>()?;
    let moved = from_papers::rocchio(vector.view(), &found);
    moved.ok_or(Error::EmptyQuery {
        expected: "a vector that the papers near it do not cancel out",
    })
}

fn of_papers(
    query: &Query,
    wanted: &[String],
    retriever: &mut Retriever<'_>,
) -> Result<Directions> {
    if wanted.is_empty() {
        return Err(Error::EmptyQuery {
            expected: "at least one paper",
        });
    }
    let wanted = rows_of(wanted, retriever)?;
    let unwanted = rows_of(&query.unwanted, retriever)?;
    let snapshot = retriever.snapshot;
    let vectors = |rows: &[RowId]| -> Result<Vec<ArrayView1<'_, f32>>> {
        rows.iter().map(|row| snapshot.vector(*row)).collect()
    };
    let (positive, negative) = (vectors(&wanted)?, vectors(&unwanted)?);
    let owned =
        |vectors: Vec<ArrayView1<'_, f32>>| vectors.iter().map(ArrayView1::to_owned).collect();
    let directions = match query.strategy.unwrap_or_default() {
        Strategy::NearestExample => {
            return Ok(Directions::NearestExample(owned(positive), owned(negative)));
        }
        Strategy::Rocchio => {
            let background = snapshot.papers.background_similarity()?;
            let threshold = background.and_then(|sampled| sampled.cosine_at(TOPIC_THRESHOLD));
            let groups = from_papers::groups(&positive, threshold.unwrap_or(-1.0));
            let directions = groups.iter().map(|group| {
                let group: Vec<_> = group.iter().map(|member| positive[*member]).collect();
                from_papers::direction(&group, &negative)
            });
            directions.collect::<Option<Vec<_>>>()
        }
        Strategy::Svm => {
            let rows = training_rows(&wanted, &unwanted, retriever)?;
            from_papers::classified(&rows, wanted.len()).map(|direction| vec![direction])
        }
    };
    match directions.as_deref() {
        Some([direction]) => Ok(Directions::One(direction.clone())),
        Some(directions) => Ok(Directions::Interleaved(directions.to_vec())),
        None => Err(Error::EmptyQuery {
            expected: "papers that do not cancel one another out",
        }),
    }
}

/// Returns the rows of papers without repetitions, and excludes them from retrieval.
fn rows_of(ids: &[String], retriever: &mut Retriever<'_>) -> Result<Vec<RowId>> {
    let mut rows = Vec::new();
    for id in ids {
        let row = retriever.snapshot.row_of(id)?;
        if !rows.contains(&row) {
            rows.push(row);
        }
        retriever.excluded.insert(row.get());
    }
    Ok(rows)
}

/// Returns the vectors of the wanted papers, of the unwanted ones, and of an evenly spaced sample of
/// the other papers of the library.
fn training_rows(
    wanted: &[RowId],
    unwanted: &[RowId],
    retriever: &Retriever<'_>,
) -> Result<Array2<f32>> {
    let index = retriever.snapshot.index;
    let mut others = live_rows(index);
    others.retain(|row| !retriever.excluded.contains(row.get()));
    let rows = [wanted, unwanted, &evenly_spaced(others, NEGATIVE_SAMPLE)].concat();
    let mut vectors = Array2::zeros((rows.len(), index.dim()));
    for (mut vector, row) in vectors.outer_iter_mut().zip(rows) {
        vector.assign(&retriever.snapshot.vector(row)?);
    }
    Ok(vectors)
}
