//! Tests of the retrieval of hits.

use super::*;
use crate::query::Query;
use crate::testing::{library, random_texts};
use ndarray::array;

fn row(number: u32) -> RowId {
    RowId::new(number)
}

/// Calls `act` with a retriever that has no restrictions, on a library of these texts.
fn with_retriever<T>(
    mode: Mode,
    texts: &[&str],
    act: impl FnOnce(&mut Retriever<'_>) -> Result<T>,
) -> T {
    let (_dir, library) = library(texts);
    let with_snapshot = |snapshot: &Snapshot<'_>| {
        act(&mut Retriever::unrestricted(
            *snapshot,
            Query::text("").mode(mode).ranking(),
        ))
    };
    library.read(with_snapshot).unwrap()
}

fn direction(x: f32, y: f32, z: f32, text: &str) -> Direction {
    Direction {
        vector: Some(array![x, y, z]),
        keywords: KeywordQuery::of_text(text),
    }
}

fn rows(ranking: &[ScoredRow]) -> Vec<u32> {
    ranking.iter().map(|scored| scored.row.get()).collect()
}

#[test]
fn nearest_leaves_out_excluded_rows_and_keeps_the_restrictions() {
    let texts = ["1 0 0", "1 0.1 0", "1 0.2 0", "1 0.3 0", "0 1 0"];
    with_retriever(Mode::Vector, &texts, |retriever| {
        let query = direction(1.0, 0.0, 0.0, "");
        let nearest = |retriever: &Retriever<'_>, n| -> Result<Vec<u32>> {
            Ok(rows(&retriever.best(&query, n)?))
        };
        retriever.excluded = [0, 2].into_iter().collect();
        assert_eq!(nearest(retriever, 2)?, [1, 3]);
        retriever.min_score = Some(0.5);
        assert_eq!(nearest(retriever, 9)?, [1, 3]);
        retriever.allowed = Some([2, 3].into_iter().collect());
        retriever.last_nearest.take();
        assert_eq!(nearest(retriever, 9)?, [3]);
        Ok(())
    });
}

#[test]
fn known_nearest_rows_are_used_if_they_are_enough() {
    with_retriever(Mode::Vector, &["1 0 0", "0 1 0", "0 0 1"], |retriever| {
        let hit = |number| Hit::new(row(number), 0.25);
        // These hits are wrong on purpose, which shows where they are used.
        retriever.known_nearest = Some(vec![hit(2), hit(1)]);
        let vector = array![1.0, 0.0, 0.0];
        let first = |n| -> Result<RowId> { Ok(retriever.nearest(vector.view(), n, None)?[0].row) };
        assert_eq!(first(1)?, row(2));
        assert_eq!(first(2)?, row(2));
        assert_eq!(first(3)?, row(0));
        Ok(())
    });
}

#[test]
fn interleaves_the_nearest_rows_of_each_vector_without_repetitions() {
    let texts = ["1 0 0", "1 0.1 0", "1 1 0", "0.1 1 0", "0 1 0", "0 0 1"];
    with_retriever(Mode::Vector, &texts, |retriever| {
        let both = [direction(1.0, 0.0, 0.0, ""), direction(0.0, 1.0, 0.0, "")];
        let all = retriever.interleaved(&both, 6)?;
        // Row 2 is the third nearest to both vectors.
        assert_eq!(rows(&all)[..5], [0, 4, 1, 3, 2]);
        for n in 1..6 {
            assert_eq!(rows(&retriever.interleaved(&both, n)?), rows(&all)[..n]);
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
    with_retriever(Mode::Keyword, &texts, |retriever| {
        let query = direction(1.0, 0.0, 0.0, "the wheel");
        let found = retriever.best(&query, 9)?;
        assert_eq!(found.len(), 3);
        assert!(found.is_sorted_by(|a, b| a.keyword_score >= b.keyword_score));
        for scored in &found {
            let cosine = retriever.snapshot.vector(scored.row)?.dot(&query.vector()?);
            assert!((scored.cosine() - cosine).abs() < 1e-6, "{scored:?}");
        }
        retriever.min_score = Some(0.5);
        let mut found = rows(&retriever.best(&query, 9)?);
        found.sort_unstable();
        assert_eq!(found, [0, 1]);
        // The best row by words is below the minimum score, so the next one takes its place.
        assert_eq!(retriever.best(&query, 1)?.len(), 1);
        let nothing = direction(1.0, 0.0, 0.0, "?");
        assert!(retriever.best(&nothing, 9)?.is_empty());
        Ok(())
    });
}

/// Texts of more rows than are fused, so that the last ones come by cosine alone. Every third has the
/// word `wheel`, more or less often.
fn wheels_and_stars() -> Vec<String> {
    let texts = random_texts(POOL + 20);
    let texts = texts.iter().enumerate().map(|(number, text)| {
        let word = if number % 3 == 0 { "wheel" } else { "star" };
        format!("{text} {}", [word].repeat(1 + number % 5).join(" "))
    });
    texts.collect()
}

#[test]
fn a_shorter_ranking_is_a_prefix_of_a_longer_one_in_every_mode() {
    let texts = wheels_and_stars();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for mode in Mode::ALL {
        with_retriever(*mode, &texts, |retriever| {
            for (fusion, smooth) in [
                (Fusion::ZScore, false),
                (Fusion::ZScore, true),
                (Fusion::ReciprocalRank, false),
                (Fusion::ReciprocalRank, true),
            ] {
                retriever.ranking.fusion = fusion;
                retriever.ranking.smooth = smooth;
                let query = direction(1.0, 0.0, 0.0, "wheel");
                let all = retriever.best(&query, texts.len())?;
                if *mode == Mode::Keyword {
                    assert_eq!(all.len(), (POOL + 20).div_ceil(3));
                } else {
                    assert_eq!(all.len(), texts.len());
                }
                assert!(all.is_sorted_by(|a, b| a.rank_score() >= b.rank_score()));
                for n in [1, 2, 17, SMOOTHED, POOL - 1, POOL, POOL + 1] {
                    assert_eq!(retriever.best(&query, n)?, all[..n.min(all.len())]);
                }
            }
            Ok(())
        });
    }
}

#[test]
fn a_minimum_score_and_a_filter_leave_the_order_of_a_hybrid_ranking() {
    let texts = wheels_and_stars();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    with_retriever(Mode::Hybrid, &texts, |retriever| {
        let query = direction(1.0, 0.0, 0.0, "wheel");
        let all = retriever.best(&query, texts.len())?;
        retriever.min_score = Some(0.2);
        let above = |scored: &&ScoredRow| scored.cosine() >= 0.2;
        let expected: Vec<ScoredRow> = all.iter().filter(above).copied().collect();
        assert!((20..POOL).contains(&expected.len()), "{}", expected.len());
        for n in [1, 10, texts.len()] {
            let expected = &expected[..n.min(expected.len())];
            assert_eq!(retriever.best(&query, n)?, expected);
        }
        retriever.min_score = None;
        retriever.allowed = Some((0..30).collect());
        retriever.last_nearest.take();
        let some = retriever.best(&query, texts.len())?;
        assert_eq!(some.len(), 30);
        assert!(some.iter().all(|scored| scored.row.get() < 30));
        Ok(())
    });
}
