//! The rows that answer a query: the nearest ones, those that share its words, or both.

use std::collections::{HashMap, HashSet};

use cognate_index::{Hit, RowId, SearchOptions};
use ndarray::{Array1, ArrayView1};
use roaring::RoaringBitmap;

use crate::Result;
use crate::library::snapshot::Snapshot;
use crate::query::fts_expression;
use crate::query::rrf;

/// The number of best rows of each ranking that are fused, and among which diversity chooses: enough
/// for any list that a person reads.
pub(crate) const POOL: usize = 200;

/// A row with its scores, before its paper is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScoredRow {
    pub(crate) row: RowId,
    pub(crate) score: f32,
    pub(crate) keyword_score: Option<f64>,
}

impl From<&Hit> for ScoredRow {
    fn from(hit: &Hit) -> Self {
        Self {
            row: hit.row,
            score: hit.score,
            keyword_score: None,
        }
    }
}

/// Retrieves rows of one snapshot under the restrictions of one query.
pub(crate) struct Retriever<'a> {
    pub(crate) snapshot: Snapshot<'a>,
    /// The rows that pass the filter, or `None` if all do.
    pub(crate) allowed: Option<RoaringBitmap>,
    /// The rows of the query's own papers, which are not hits.
    pub(crate) excluded: RoaringBitmap,
    pub(crate) min_score: Option<f32>,
    /// The nearest rows to the query's vector, if a batch of queries has found them already.
    pub(crate) known_nearest: Option<Vec<Hit>>,
}

impl Retriever<'_> {
    /// Returns the `n` nearest rows to a vector.
    pub(crate) fn nearest(&self, vector: ArrayView1<'_, f32>, n: usize) -> Result<Vec<Hit>> {
        if let Some(nearest) = &self.known_nearest
            && (n <= nearest.len() || nearest.len() == self.snapshot.index.len())
        {
            return Ok(nearest[..n.min(nearest.len())].to_vec());
        }
        // The top n is a prefix of the top n + m, so dropping excluded rows from a longer list is exact.
        let margin = usize::try_from(self.excluded.len()).unwrap_or(usize::MAX);
        let mut options = self.options(n.saturating_add(margin));
        if let Some(rows) = &self.allowed {
            options = options.filter(rows);
        }
        let mut hits = self.snapshot.search(vector, options)?;
        hits.retain(|hit| !self.excluded.contains(hit.row.get()));
        hits.truncate(n);
        Ok(hits)
    }

    fn options<'o>(&self, k: usize) -> SearchOptions<'o> {
        let options = SearchOptions::new(k);
        match self.min_score {
            Some(score) => options.min_score(score),
            None => options,
        }
    }

    /// Returns the `n` rows with the highest BM25 score for `text`, with their cosines to `vector`.
    pub(crate) fn by_keyword(
        &self,
        text: &str,
        vector: &Array1<f32>,
        n: usize,
    ) -> Result<Vec<ScoredRow>> {
        let Some(expression) = fts_expression::expression(text) else {
            return Ok(Vec::new());
        };
        let mut found: Vec<(RowId, f64)> = Vec::new();
        let mut cosines: HashMap<RowId, f32> = HashMap::new();
        let mut failure = None;
        self.snapshot
            .papers
            .keyword_hits(&expression, |row, score| {
                let is_allowed = self
                    .allowed
                    .as_ref()
                    .is_none_or(|rows| rows.contains(row.get()));
                if is_allowed && !self.excluded.contains(row.get()) {
                    found.push((row, score));
                }
                // Cosines are computed for `n` rows at a time, so that a minimum score does not need one
                // search per row.
                if found.len() >= n {
                    match self.add_cosines(vector, &found, &mut cosines) {
                        Ok(()) => found.retain(|(row, _)| cosines.contains_key(row)),
                        Err(error) => failure = Some(error),
                    }
                }
                found.len() < n && failure.is_none()
            })?;
        if let Some(error) = failure {
            return Err(error);
        }
        self.add_cosines(vector, &found, &mut cosines)?;
        let scored = found.into_iter().filter_map(|(row, score)| {
            Some(ScoredRow {
                row,
                score: *cosines.get(&row)?,
                keyword_score: Some(score),
            })
        });
        Ok(scored.collect())
    }

    /// Adds to `known` the cosines of those of `rows` that it lacks and that reach the minimum score.
    fn add_cosines(
        &self,
        vector: &Array1<f32>,
        rows: &[(RowId, f64)],
        known: &mut HashMap<RowId, f32>,
    ) -> Result<()> {
        let unknown = rows
            .iter()
            .map(|(row, _)| row)
            .filter(|row| !known.contains_key(row));
        let unknown: RoaringBitmap = unknown.map(|row| row.get()).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let count = usize::try_from(unknown.len()).unwrap_or(usize::MAX);
        let options = self.options(count).filter(&unknown);
        let hits = self.snapshot.search(vector.view(), options)?;
        known.extend(hits.iter().map(|hit| (hit.row, hit.score)));
        Ok(())
    }

    /// Returns the `n` best rows of the rankings by cosine and by BM25, of [`POOL`] rows each, fused by
    /// reciprocal rank, followed by the next nearest rows.
    pub(crate) fn hybrid(
        &self,
        text: &str,
        vector: &Array1<f32>,
        n: usize,
    ) -> Result<Vec<ScoredRow>> {
        let nearest = self.nearest(vector.view(), n.max(POOL))?;
        let keyword_hits = self.by_keyword(text, vector, POOL)?;
        let mut scored: HashMap<RowId, ScoredRow> = HashMap::new();
        scored.extend(nearest.iter().map(|hit| (hit.row, ScoredRow::from(hit))));
        scored.extend(keyword_hits.iter().map(|hit| (hit.row, *hit)));
        let by_cosine: Vec<RowId> = nearest.iter().map(|hit| hit.row).collect();
        let by_keyword: Vec<RowId> = keyword_hits.iter().map(|hit| hit.row).collect();
        let mut rows = rrf::fuse(&[&by_cosine[..by_cosine.len().min(POOL)], &by_keyword]);
        let fused: HashSet<RowId> = rows.iter().copied().collect();
        rows.extend(by_cosine.into_iter().filter(|row| !fused.contains(row)));
        rows.truncate(n);
        Ok(rows
            .iter()
            .filter_map(|row| scored.get(row).copied())
            .collect())
    }

    /// Returns the nearest row to the first vector, to the second and so on, then the second nearest
    /// row to each, up to `n` rows.
    pub(crate) fn interleaved(&self, vectors: &[Array1<f32>], n: usize) -> Result<Vec<ScoredRow>> {
        let lists = vectors.iter().map(|vector| self.nearest(vector.view(), n));
        let lists = lists.collect::<Result<Vec<_>>>()?;
        let mut seen = HashSet::new();
        let mut merged = Vec::new();
        for rank in 0..n {
            let hits = lists.iter().filter_map(|list| list.get(rank));
            merged.extend(hits.filter(|hit| seen.insert(hit.row)).map(ScoredRow::from));
        }
        merged.truncate(n);
        Ok(merged)
    }

    /// Returns the `n` rows with the highest cosine to any wanted vector, without the rows that are
    /// nearer to an unwanted one.
    pub(crate) fn nearest_example(
        &self,
        wanted: &[Array1<f32>],
        unwanted: &[Array1<f32>],
        n: usize,
    ) -> Result<Vec<ScoredRow>> {
        let mut depth = n;
        loop {
            let mut best: HashMap<RowId, f32> = HashMap::new();
            let mut is_complete = true;
            // At or below this score the lists may lack rows that are near to a wanted vector.
            let mut cutoff = f32::NEG_INFINITY;
            for vector in wanted {
                let hits = self.nearest(vector.view(), depth)?;
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
                let vector = self.snapshot.vector(hit.row)?;
                if unwanted.iter().all(|other| vector.dot(other) <= hit.score) {
                    ranking.push(ScoredRow::from(&hit));
                }
            }
            if ranking.len() >= n || is_complete {
                ranking.truncate(n);
                return Ok(ranking);
            }
            depth = depth.saturating_mul(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{library, random_texts};
    use ndarray::array;

    fn row(number: u32) -> RowId {
        RowId::new(number)
    }

    /// Calls `act` with a retriever that has no restrictions, on a library of these texts.
    fn with_retriever<T>(texts: &[&str], act: impl FnOnce(&mut Retriever<'_>) -> Result<T>) -> T {
        let (_dir, library) = library(texts);
        let with_snapshot = |snapshot: &Snapshot<'_>| {
            act(&mut Retriever {
                snapshot: *snapshot,
                allowed: None,
                excluded: RoaringBitmap::new(),
                min_score: None,
                known_nearest: None,
            })
        };
        library.read(with_snapshot).unwrap()
    }

    fn rows(ranking: &[ScoredRow]) -> Vec<u32> {
        ranking.iter().map(|scored| scored.row.get()).collect()
    }

    #[test]
    fn nearest_leaves_out_excluded_rows_and_keeps_the_restrictions() {
        let texts = ["1 0 0", "1 0.1 0", "1 0.2 0", "1 0.3 0", "0 1 0"];
        with_retriever(&texts, |retriever| {
            let vector = array![1.0, 0.0, 0.0];
            let nearest = |retriever: &Retriever<'_>, n| -> Result<Vec<u32>> {
                let hits = retriever.nearest(vector.view(), n)?;
                Ok(hits.iter().map(|hit| hit.row.get()).collect())
            };
            retriever.excluded = [0, 2].into_iter().collect();
            assert_eq!(nearest(retriever, 2)?, [1, 3]);
            retriever.min_score = Some(0.5);
            assert_eq!(nearest(retriever, 9)?, [1, 3]);
            retriever.allowed = Some([2, 3].into_iter().collect());
            assert_eq!(nearest(retriever, 9)?, [3]);
            Ok(())
        });
    }

    #[test]
    fn known_nearest_rows_are_used_if_they_are_enough() {
        with_retriever(&["1 0 0", "0 1 0", "0 0 1"], |retriever| {
            let hit = |number| Hit::new(row(number), 0.25);
            // These hits are wrong on purpose, which shows where they are used.
            retriever.known_nearest = Some(vec![hit(2), hit(1)]);
            let vector = array![1.0, 0.0, 0.0];
            let first = |n| -> Result<RowId> { Ok(retriever.nearest(vector.view(), n)?[0].row) };
            assert_eq!(first(1)?, row(2));
            assert_eq!(first(2)?, row(2));
            assert_eq!(first(3)?, row(0));
            Ok(())
        });
    }

    #[test]
    fn interleaves_the_nearest_rows_of_each_vector_without_repetitions() {
        let texts = ["1 0 0", "1 0.1 0", "1 1 0", "0.1 1 0", "0 1 0", "0 0 1"];
        with_retriever(&texts, |retriever| {
            let vectors = [array![1.0, 0.0, 0.0], array![0.0, 1.0, 0.0]];
            let all = retriever.interleaved(&vectors, 6)?;
            // Row 2 is the third nearest to both vectors.
            assert_eq!(rows(&all)[..5], [0, 4, 1, 3, 2]);
            for n in 1..6 {
                assert_eq!(rows(&retriever.interleaved(&vectors, n)?), rows(&all)[..n]);
            }
            Ok(())
        });
    }

    #[test]
    fn nearest_example_agrees_with_a_loop_over_all_rows() {
        let texts = random_texts(150);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        with_retriever(&texts, |retriever| {
            let snapshot = retriever.snapshot;
            let vectors = |numbers: &[u32]| -> Result<Vec<Array1<f32>>> {
                let vectors = numbers.iter().map(|number| snapshot.vector(row(*number)));
                vectors.map(|vector| Ok(vector?.to_owned())).collect()
            };
            let wanted = vectors(&[3, 70, 140])?;
            retriever.excluded = [3, 70, 140, 12, 99].into_iter().collect();
            for unwanted in [vectors(&[])?, vectors(&[12, 99])?] {
                let mut expected = Vec::new();
                for number in 0..150 {
                    let vector = snapshot.vector(row(number))?;
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
                for n in [1, 5, 40, 150] {
                    let found = retriever.nearest_example(&wanted, &unwanted, n)?;
                    assert_eq!(rows(&found), expected[..n.min(expected.len())]);
                }
            }
            Ok(())
        });
    }

    #[test]
    fn keyword_hits_have_cosines_and_respect_the_minimum_score() {
        let texts = [
            "1 0 0 wheel",
            "1 1 0 wheel wheel",
            "0 1 0 wheel wheel wheel",
            "0 0 1",
            "0 0 1 star",
            "0 1 1",
            "0 1 1 moon",
        ];
        with_retriever(&texts, |retriever| {
            let vector = array![1.0, 0.0, 0.0];
            let found = retriever.by_keyword("the wheel", &vector, 9)?;
            assert_eq!(found.len(), 3);
            assert!(found.is_sorted_by(|a, b| a.keyword_score >= b.keyword_score));
            for scored in &found {
                let cosine = retriever.snapshot.vector(scored.row)?.dot(&vector);
                assert!((scored.score - cosine).abs() < 1e-6, "{scored:?}");
            }
            retriever.min_score = Some(0.5);
            let mut found = rows(&retriever.by_keyword("the wheel", &vector, 9)?);
            found.sort_unstable();
            assert_eq!(found, [0, 1]);
            // The best row by words is below the minimum score, so the next one takes its place.
            assert_eq!(retriever.by_keyword("the wheel", &vector, 1)?.len(), 1);
            assert!(retriever.by_keyword("?", &vector, 9)?.is_empty());
            Ok(())
        });
    }

    #[test]
    fn a_shorter_hybrid_ranking_is_a_prefix_of_a_longer_one() {
        // More rows than are fused, so that the last ones come by cosine alone.
        let texts = random_texts(POOL + 20);
        let texts = texts.iter().enumerate().map(|(number, text)| {
            let word = if number % 3 == 0 { "wheel" } else { "star" };
            format!("{text} {word}")
        });
        let texts: Vec<String> = texts.collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        with_retriever(&texts, |retriever| {
            let vector = array![1.0, 0.0, 0.0];
            let all = rows(&retriever.hybrid("wheel", &vector, texts.len())?);
            assert_eq!(all.len(), texts.len());
            for n in [1, 2, 17, POOL - 1, POOL, POOL + 1] {
                assert_eq!(rows(&retriever.hybrid("wheel", &vector, n)?), all[..n]);
            }
            Ok(())
        });
    }
}
