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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{library, random_texts};
    use ndarray::array;
    use roaring::RoaringBitmap;

    /// Papers along x, y and z.
    const TEXTS: [&str; 6] = [
        "1 0 0.01", "1 0.01 0", "1 0 0.02", "0 1 0.01", "0.01 1 0", "0 0 1",
    ];

    /// Resolves a query on a library of [`TEXTS`] and papers in random directions, of which few are as
    /// near each other as the papers along one axis. Returns the excluded rows too.
    fn resolve(query: &Query, vector: Option<&Array1<f32>>) -> Result<(Directions, Vec<u32>)> {
        let others = random_texts(30);
        let others = others.iter().map(String::as_str);
        let (_dir, library) = library(&TEXTS.into_iter().chain(others).collect::<Vec<_>>());
        library.read(|snapshot| {
            let mut retriever = Retriever {
                snapshot: *snapshot,
                allowed: None,
                excluded: RoaringBitmap::new(),
                min_score: None,
                known_nearest: None,
            };
            let directions = Directions::resolve(query, vector, &mut retriever)?;
            Ok((directions, retriever.excluded.iter().collect()))
        })
    }

    fn one(directions: Directions) -> Array1<f32> {
        match directions {
            Directions::One(vector) => vector,
            _ => panic!("expected one direction"),
        }
    }

    #[test]
    fn a_vector_without_feedback_stays_as_it_is() {
        let vector = array![3.0, 4.0, 0.0];
        let (directions, excluded) = resolve(&Query::vector([0.0]), Some(&vector)).unwrap();
        assert_eq!(one(directions), vector);
        assert!(excluded.is_empty());
        let query = Query::vector([0.0]).feedback(1);
        let (directions, _) = resolve(&query, Some(&array![0.0, 1.0, 0.02])).unwrap();
        let moved = one(directions);
        // The nearest paper is `0 1 0.01`.
        assert!((moved.dot(&moved) - 1.0).abs() < 1e-6);
        assert!(
            (moved[2] / moved[1] - 0.0275 / 1.75).abs() < 1e-5,
            "{moved}"
        );
    }

    #[test]
    fn one_paper_is_its_own_direction_and_not_a_hit() {
        let (directions, excluded) = resolve(&Query::papers(["5", "5"]), None).unwrap();
        assert_eq!(one(directions), array![0.0, 0.0, 1.0]);
        assert_eq!(excluded, [5]);
    }

    #[test]
    fn papers_on_two_subjects_are_two_directions_the_larger_group_first() {
        let (directions, excluded) = resolve(&Query::papers(["3", "0", "1", "2"]), None).unwrap();
        let Directions::Interleaved(directions) = directions else {
            panic!("expected several directions");
        };
        assert_eq!(directions.len(), 2);
        assert!(directions[0][0] > 0.99 && directions[1][1] > 0.99);
        assert_eq!(excluded, [0, 1, 2, 3]);
    }

    #[test]
    fn strategies_turn_away_from_unwanted_papers() {
        let query = Query::papers(["0", "1"]).not(["3"]);
        let (rocchio, excluded) = resolve(&query, None).unwrap();
        assert!(one(rocchio)[1] < 0.0);
        assert_eq!(excluded, [0, 1, 3]);
        let (svm, _) = resolve(&query.clone().strategy(Strategy::Svm), None).unwrap();
        let svm = one(svm);
        assert!(svm[0] > svm[1] && (svm.dot(&svm) - 1.0).abs() < 1e-6);
        let nearest = query.strategy(Strategy::NearestExample);
        let (Directions::NearestExample(wanted, unwanted), _) = resolve(&nearest, None).unwrap()
        else {
            panic!("expected examples");
        };
        assert_eq!((wanted.len(), unwanted.len()), (2, 1));
    }

    #[test]
    fn queries_without_a_direction_are_errors() {
        let message = |query: &Query| resolve(query, None).err().unwrap().to_string();
        assert_eq!(
            message(&Query::text("a")),
            "the query is empty, expected a text"
        );
        assert_eq!(
            message(&Query::papers(Vec::<String>::new())),
            "the query is empty, expected at least one paper"
        );
        assert!(message(&Query::paper("nobody")).starts_with("no paper `nobody`"));
    }
}
