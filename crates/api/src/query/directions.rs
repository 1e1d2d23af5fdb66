//! From the target of a query to the directions in which its hits are searched for.

use cognate_index::RowId;
use ndarray::{Array1, Array2, ArrayView1};

use crate::library::background_similarity::live_rows;
use crate::library::canonical_order::canonical_sample;
use crate::query::keyword_query::KeywordQuery;
use crate::query::mode::{Mode, Strategy};
use crate::query::nearest_example::Examples;
use crate::query::retrieve::{Direction, Retriever};
use crate::query::{Query, Target, from_papers};
use crate::{Error, Paper, Result};

/// The largest number of other papers of the library from which a classifier separates the wanted
/// ones.
const NEGATIVE_SAMPLE: usize = 20_000;

/// Wanted papers whose mean cosine is below this percentile of random pairs are on several subjects.
const TOPIC_THRESHOLD: f64 = 95.0;

/// The directions in which the hits of a query are searched for.
pub(crate) enum Directions {
    One(Direction),
    /// Several directions, whose best rows are interleaved.
    Interleaved(Vec<Direction>),
    /// Rows near to any of the wanted papers, unless they are nearer to an unwanted one.
    NearestExample(Examples),
}

impl Directions {
    /// Resolves the target of a query. `vector` is the vector of a query by text or by vector; a text
    /// that is searched for by keywords alone needs none. The papers of a query by papers are excluded
    /// from what `retriever` returns.
    pub(crate) fn resolve(
        query: &Query,
        vector: Option<&Array1<f32>>,
        retriever: &mut Retriever<'_>,
    ) -> Result<Self> {
        let is_by_keyword = retriever.ranking.mode == Mode::Keyword;
        let direction = match (&query.target, vector) {
            (Target::Papers(wanted), _) => return of_papers(query, wanted, retriever),
            (Target::Text(text), vector) if vector.is_some() || is_by_keyword => Direction {
                vector: vector.cloned(),
                keywords: KeywordQuery::of_text(text),
            },
            (_, Some(vector)) => Direction {
                vector: Some(vector.clone()),
                keywords: KeywordQuery::default(),
            },
            (_, None) => return Err(Error::EmptyQuery { expected: "a text" }),
        };
        let feedback = query.feedback.unwrap_or_default();
        with_feedback(direction, feedback, retriever).map(Self::One)
    }
}

/// Moves the vector of a direction toward its `papers` best rows. The words stay.
fn with_feedback(
    direction: Direction,
    papers: usize,
    retriever: &Retriever<'_>,
) -> Result<Direction> {
    if papers == 0 {
        return Ok(direction);
    }
    let best = retriever.best(&direction, papers)?;
    let found = best
        .iter()
        .map(|scored| retriever.snapshot.vector(scored.row));
    let found = found.collect::<Result<Vec<_>>>()?;
    let vector = from_papers::rocchio(direction.vector()?, &found);
    let vector = vector.ok_or(Error::EmptyQuery {
        expected: "a vector that the papers near it do not cancel out",
    })?;
    Ok(Direction {
        vector: Some(vector),
        ..direction
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
    let no_direction = || Error::EmptyQuery {
        expected: "papers that do not cancel one another out",
    };
    match query.strategy.unwrap_or_default() {
        Strategy::NearestExample => Ok(Directions::NearestExample(Examples {
            wanted: owned(positive),
            unwanted: owned(negative),
            keywords: keywords_of(&wanted, &unwanted, retriever)?,
        })),
        Strategy::Rocchio => {
            let background = snapshot.background_similarity()?;
            let threshold = background.and_then(|sampled| sampled.cosine_at(TOPIC_THRESHOLD));
            let groups = from_papers::groups(&positive, threshold.unwrap_or(-1.0));
            let direction = |group: &Vec<usize>| -> Result<Direction> {
                let vectors: Vec<_> = group.iter().map(|member| positive[*member]).collect();
                let rows: Vec<_> = group.iter().map(|member| wanted[*member]).collect();
                let vector = from_papers::direction(&vectors, &negative);
                Ok(Direction {
                    vector: Some(vector.ok_or_else(no_direction)?),
                    keywords: keywords_of(&rows, &unwanted, retriever)?,
                })
            };
            let directions = groups.iter().map(direction);
            let mut directions = directions.collect::<Result<Vec<_>>>()?;
            Ok(match directions.len() {
                1 => Directions::One(directions.remove(0)),
                _ => Directions::Interleaved(directions),
            })
        }
        Strategy::Svm => {
            let rows = training_rows(&wanted, &unwanted, retriever)?;
            let vector = from_papers::classified(&rows, wanted.len());
            Ok(Directions::One(Direction {
                vector: Some(vector.ok_or_else(no_direction)?),
                keywords: keywords_of(&wanted, &unwanted, retriever)?,
            }))
        }
    }
}

/// Returns the words that characterize the wanted papers, or none if the ranking needs no words.
fn keywords_of(
    wanted: &[RowId],
    unwanted: &[RowId],
    retriever: &Retriever<'_>,
) -> Result<KeywordQuery> {
    if retriever.ranking.mode == Mode::Vector {
        return Ok(KeywordQuery::default());
    }
    let snapshot = &retriever.snapshot;
    let papers_at = |rows: &[RowId]| -> Result<Vec<Paper>> {
        rows.iter().map(|row| snapshot.paper_at(*row)).collect()
    };
    KeywordQuery::of_papers(
        &papers_at(wanted)?,
        &papers_at(unwanted)?,
        u32::try_from(retriever.snapshot.index.len()).unwrap_or(u32::MAX),
        |terms| snapshot.document_frequencies(terms),
    )
}

/// Returns the rows of papers without repetitions, and excludes them from retrieval.
fn rows_of(ids: &[String], retriever: &mut Retriever<'_>) -> Result<Vec<RowId>> {
    let mut rows = Vec::new();
    for id in ids {
        let row = retriever.snapshot.row_of(id)?;
        if !rows.contains(&row) {
            rows.push(row);
        }
        retriever.exclude(row);
    }
    Ok(rows)
}

/// Returns the vectors of the wanted papers, of the unwanted ones, and of a sample of the other papers of
/// the library, each in an order that does not depend on the order of adding.
fn training_rows(
    wanted: &[RowId],
    unwanted: &[RowId],
    retriever: &Retriever<'_>,
) -> Result<Array2<f32>> {
    let snapshot = &retriever.snapshot;
    let index = snapshot.index;
    let mut others = live_rows(index);
    others.retain(|row| !retriever.excluded.contains(row.get()));
    let canonical = |rows: Vec<RowId>, count: usize| {
        canonical_sample(index, rows, count).map_err(Error::index(snapshot.dir))
    };
    let rows = [
        canonical(wanted.to_vec(), wanted.len())?,
        canonical(unwanted.to_vec(), unwanted.len())?,
        canonical(others, NEGATIVE_SAMPLE)?,
    ]
    .concat();
    let mut vectors = Array2::zeros((rows.len(), index.dim()));
    for (mut vector, row) in vectors.outer_iter_mut().zip(rows) {
        vector.assign(&snapshot.vector(row)?);
    }
    Ok(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{library, random_texts};
    use ndarray::array;

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
            let mut retriever = Retriever::unrestricted(*snapshot, query.ranking());
            let directions = Directions::resolve(query, vector, &mut retriever)?;
            Ok((directions, retriever.excluded.iter().collect()))
        })
    }

    fn one(directions: Directions) -> Array1<f32> {
        match directions {
            Directions::One(direction) => direction.vector.unwrap(),
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
        assert!((moved[2] / moved[1] - 0.023 / 1.3).abs() < 1e-5, "{moved}");
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
        let component = |at: usize| directions[at].vector().unwrap()[at];
        assert!(component(0) > 0.99 && component(1) > 0.99);
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
        let (Directions::NearestExample(examples), _) = resolve(&nearest, None).unwrap() else {
            panic!("expected examples");
        };
        assert_eq!((examples.wanted.len(), examples.unwanted.len()), (2, 1));
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
