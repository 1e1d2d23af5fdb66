//! Search by the nearest of several examples.

use std::collections::HashMap;

use cognate_index::{Hit, RowId};
use ndarray::Array1;
use roaring::RoaringBitmap;

use crate::Result;
use crate::query::keyword_query::KeywordQuery;
use crate::query::retrieve::{RankingQuery, Retriever};

/// Wanted and unwanted examples. The cosine of a row is that with the nearest wanted example. A row that
/// is nearer to an unwanted example is not a hit.
pub(crate) struct Examples {
    pub(crate) wanted: Vec<Array1<f32>>,
    pub(crate) unwanted: Vec<Array1<f32>>,
    pub(crate) keywords: KeywordQuery,
}

impl Examples {
    /// Returns whether a row with this cosine is at least as near to a wanted example as to any unwanted
    /// one.
    fn allows(&self, retriever: &Retriever<'_>, row: RowId, cosine: f32) -> Result<bool> {
        let vector = retriever.snapshot.vector(row)?;
        let mut unwanted = self.unwanted.iter();
        Ok(unwanted.all(|example| vector.dot(example) <= cosine))
    }
}

impl RankingQuery for Examples {
    fn keywords(&self) -> &KeywordQuery {
        &self.keywords
    }

    fn nearest(
        &self,
        retriever: &Retriever<'_>,
        n: usize,
        min_score: Option<f32>,
    ) -> Result<Vec<Hit>> {
        let mut depth = n;
        loop {
            let mut best: HashMap<RowId, f32> = HashMap::new();
            let mut is_complete = true;
            // At or below this score the lists may lack rows that are near to a wanted vector.
            let mut cutoff = f32::NEG_INFINITY;
            for vector in &self.wanted {
                let hits = retriever.nearest(vector.view(), depth, min_score)?;
                if hits.len() == depth {
                    is_complete = false;
                    cutoff = hits.last().map_or(cutoff, |hit| cutoff.max(hit.score));
                }
                for hit in &hits {
                    let score = best.entry(hit.row).or_insert(hit.score);
                    *score = score.max(hit.score);
                }
            }
            let mut hits: Vec<Hit> = best
                .into_iter()
                .map(|(row, score)| Hit::new(row, score))
                .collect();
            hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
            let mut ranking = Vec::new();
            for hit in hits {
                if !is_complete && hit.score <= cutoff {
                    break;
                }
                if self.allows(retriever, hit.row, hit.score)? {
                    ranking.push(hit);
                }
            }
            if ranking.len() >= n || is_complete {
                ranking.truncate(n);
                return Ok(ranking);
            }
            depth = depth.saturating_mul(2);
        }
    }

    fn cosines(
        &self,
        retriever: &Retriever<'_>,
        rows: &RoaringBitmap,
        min_score: Option<f32>,
    ) -> Result<Option<HashMap<RowId, f32>>> {
        let mut best: HashMap<RowId, f32> = HashMap::new();
        for vector in &self.wanted {
            for (row, cosine) in retriever.cosines(vector.view(), rows, min_score)? {
                let score = best.entry(row).or_insert(cosine);
                *score = score.max(cosine);
            }
        }
        let mut allowed = HashMap::new();
        for (row, cosine) in best {
            if self.allows(retriever, row, cosine)? {
                allowed.insert(row, cosine);
            }
        }
        Ok(Some(allowed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Query;
    use crate::query::mode::Mode;
    use crate::testing::{library, random_texts};

    #[test]
    fn nearest_example_agrees_with_a_loop_over_all_rows() {
        let texts = random_texts(150);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (_dir, library) = library(&texts);
        let outcome = library.read(|snapshot| {
            let ranking = Query::paper("").mode(Mode::Vector).ranking();
            let mut retriever = Retriever::unrestricted(*snapshot, ranking);
            let vectors = |numbers: &[u32]| -> Result<Vec<Array1<f32>>> {
                let rows = numbers.iter().map(|number| RowId::new(*number));
                let vectors = rows.map(|row| snapshot.vector(row));
                vectors.map(|vector| Ok(vector?.to_owned())).collect()
            };
            let wanted = vectors(&[3, 70, 140])?;
            retriever.excluded = [3, 70, 140, 12, 99].into_iter().collect();
            for unwanted in [vectors(&[])?, vectors(&[12, 99])?] {
                let mut expected = Vec::new();
                for number in 0..150 {
                    let vector = snapshot.vector(RowId::new(number))?;
                    let nearest = |examples: &[Array1<f32>]| {
                        let cosines = examples.iter().map(|example| vector.dot(example));
                        cosines.max_by(f32::total_cmp).unwrap_or(-2.0)
                    };
                    let is_hit = nearest(&unwanted) <= nearest(&wanted);
                    if is_hit && !retriever.excluded.contains(number) {
                        expected.push((number, nearest(&wanted)));
                    }
                }
                expected.sort_by(|a, b| b.1.total_cmp(&a.1));
                assert!((20..150).contains(&expected.len()), "{}", expected.len());
                let expected: Vec<u32> = expected.iter().map(|(number, _)| *number).collect();
                let examples = Examples {
                    wanted: wanted.clone(),
                    unwanted,
                    keywords: KeywordQuery::default(),
                };
                for n in [1, 5, 40, 150] {
                    let found = retriever.best(&examples, n)?;
                    let found: Vec<u32> = found.iter().map(|scored| scored.row.get()).collect();
                    assert_eq!(found, expected[..n.min(expected.len())]);
                }
                // Cosines of given rows are those of the ranking, without the rows that are no hits.
                let rows: RoaringBitmap = (0..150).collect();
                let cosines = examples.cosines(&retriever, &rows, None)?.unwrap();
                for hit in examples.nearest(&retriever, 150, None)? {
                    assert_eq!(cosines[&hit.row].to_bits(), hit.score.to_bits());
                }
                let excluded = if examples.unwanted.is_empty() { 5 } else { 3 };
                assert_eq!(cosines.len(), expected.len() + excluded);
            }
            Ok(())
        });
        outcome.unwrap();
    }
}
