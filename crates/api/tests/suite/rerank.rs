//! Reordering hits by a reranker.

use cognate::{BoxError, Error, Library, Paper, PaperHit, Query, Rerank};
use cognate_testing::{LetterCounts, papers};

/// Scores a document by the number of times that the query occurs in it.
struct Occurrences;

impl Rerank for Occurrences {
    fn scores(&self, query: &str, documents: &[&str]) -> Result<Vec<f32>, BoxError> {
        let count = |document: &&str| {
            let times = u8::try_from(document.matches(query).count())?;
            Ok(f32::from(times))
        };
        documents.iter().map(count).collect()
    }
}

/// Returns these scores for any query, or an error if there are none.
struct FixedScores(Vec<f32>);

impl Rerank for FixedScores {
    fn scores(&self, _: &str, _: &[&str]) -> Result<Vec<f32>, BoxError> {
        if self.0.is_empty() {
            return Err("the weights are gone".into());
        }
        Ok(self.0.clone())
    }
}

fn library() -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    library.add(papers(40)).unwrap();
    let cells = "Cells and cells and what divides cells";
    library
        .add([
            Paper::new("often").title(cells),
            Paper::new("once").title("How stars divide cells"),
        ])
        .unwrap();
    (dir, library)
}

fn ids(hits: &[PaperHit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.paper.id.as_str()).collect()
}

#[test]
fn sorts_hits_by_the_scores_of_the_reranker_and_keeps_the_order_of_ties() {
    let (_dir, library) = library();
    let before = library.search(&Query::text("a galaxy").k(42)).unwrap();
    let after = library
        .rerank("cells", before.clone(), &Occurrences)
        .unwrap();
    assert_eq!(ids(&after[..2]), ["often", "once"]);
    assert_eq!(after[0].rerank_score, Some(2.0));
    let others: Vec<_> = ids(&before)
        .into_iter()
        .filter(|id| !["often", "once"].contains(id))
        .collect();
    assert_eq!(ids(&after[2..]), others);
    for (index, hit) in after.iter().enumerate() {
        assert_eq!(hit.rank, index + 1);
        let same = before.iter().find(|other| other.paper.id == hit.paper.id);
        assert_eq!(same.unwrap().score, hit.score);
    }
    assert!(before.iter().all(|hit| hit.rerank_score.is_none()));

    // If only some hits are reranked, they exchange the ranks that they had.
    let some = library.rerank(
        "cells",
        before[5..9].to_vec(),
        &FixedScores(vec![0.0, 3.0, -1.0, 3.0]),
    );
    let some = some.unwrap();
    let expected = [6, 8, 5, 7].map(|index: usize| before[index].paper.id.as_str());
    assert_eq!(ids(&some), expected);
    let ranks: Vec<_> = some.iter().map(|hit| hit.rank).collect();
    assert_eq!(ranks, [6, 7, 8, 9]);
}

#[test]
fn reports_an_empty_query_and_a_faulty_reranker() {
    let (_dir, library) = library();
    let hits = || library.search(&Query::text("a galaxy").k(2)).unwrap();
    let message = |query: &str, scores: Vec<f32>| {
        let error = library
            .rerank(query, hits(), &FixedScores(scores))
            .unwrap_err();
        error.to_string()
    };
    assert_eq!(
        message(" ", vec![1.0, 2.0]),
        "the query is empty, expected a text"
    );
    assert_eq!(
        message("a", vec![1.0]),
        "the reranker gave 1 scores, expected 2"
    );
    assert_eq!(message("a", Vec::new()), "the reranker failed");
    let first = hits()[0].paper.id.clone();
    assert_eq!(
        message("a", vec![f32::NAN, 1.0]),
        format!("the reranker gave the paper `{first}` the score NaN, expected a finite number")
    );
    let failed = library
        .rerank("a", hits(), &FixedScores(Vec::new()))
        .unwrap_err();
    assert!(matches!(failed, Error::Rerank { .. }));
    assert!(
        library
            .rerank("a", Vec::new(), &FixedScores(Vec::new()))
            .unwrap()
            .is_empty()
    );
}
