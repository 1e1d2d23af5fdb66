//! Queries by several papers, and the options that reorder, group or explain hits.

use std::ops::ControlFlow;

use cognate::{
    BoxError, Embed, Embedded, EmbedderInfo, Error, Library, Mode, Paper, PaperHit, Progress,
    Query, Strategy,
};
use cognate_testing::SpelledVector;
use ndarray::Array2;

/// Creates a library of two subjects, along x and along y, with one paper between them, and many papers
/// along z.
fn library() -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), SpelledVector).unwrap();
    let paper = |id: String, text: String| Paper::new(id).abstract_text(text);
    let mut papers = vec![paper("between".into(), "0.7 0.7 0.1".into())];
    for n in 0..6 {
        papers.push(paper(format!("x{n}"), format!("1 0.0{n} 0.01")));
        papers.push(paper(format!("y{n}"), format!("0.0{n} 1 0.02")));
    }
    for n in 0..40 {
        papers.push(paper(
            format!("z{n}"),
            format!("0.{n:02} -0.{:02} 1", 40 - n),
        ));
    }
    library.add(papers).unwrap();
    (dir, library)
}

fn ids(hits: &[PaperHit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.paper.id.as_str()).collect()
}

#[test]
fn hits_of_papers_on_two_subjects_are_interleaved() {
    let (_dir, library) = library();
    let hits = library
        .search(&Query::papers(["x0", "x1", "y0"]).k(6))
        .unwrap();
    let subjects: String = ids(&hits).iter().map(|id| &id[..1]).collect();
    assert_eq!(subjects, "xyxyxy");
    for k in 1..6 {
        let first = library
            .search(&Query::papers(["x0", "x1", "y0"]).k(k))
            .unwrap();
        assert_eq!(first, hits[..k]);
    }
}

#[test]
fn nearest_example_sorts_by_the_highest_cosine_to_any_paper() {
    let (_dir, library) = library();
    let query = Query::papers(["x5", "y5"])
        .strategy(Strategy::NearestExample)
        .mode(Mode::Vector);
    let hits = library.search(&query.clone().k(10)).unwrap();
    assert!(hits.is_sorted_by(|a, b| a.score >= b.score));
    assert!(
        ids(&hits).iter().all(|id| id.starts_with(['x', 'y'])),
        "{:?}",
        ids(&hits)
    );
    // The same from two queries: the ten papers with the highest cosine to either paper.
    let near = |id: &str| {
        library
            .search(&Query::paper(id).mode(Mode::Vector).k(53))
            .unwrap()
    };
    let mut all: Vec<(String, f32)> = near("x5")
        .into_iter()
        .chain(near("y5"))
        .map(|hit| (hit.paper.id, hit.score.unwrap()))
        .filter(|(id, _)| id != "x5" && id != "y5")
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut seen = std::collections::HashSet::new();
    all.retain(|(id, _)| seen.insert(id.clone()));
    let found: Vec<(String, f32)> = hits
        .iter()
        .map(|hit| (hit.paper.id.clone(), hit.score.unwrap()))
        .collect();
    assert_eq!(found, all[..10]);

    let hits = library.search(&query.not(["y0"]).k(50)).unwrap();
    let along_y: Vec<_> = ids(&hits)
        .into_iter()
        .filter(|id| id.starts_with('y'))
        .collect();
    assert!(
        along_y.iter().all(|id| ["y3", "y4"].contains(id)),
        "nearer to y5 than to y0: {along_y:?}"
    );
}

#[test]
fn a_classifier_finds_papers_like_the_wanted_ones() {
    let (_dir, library) = library();
    let query = Query::papers(["x0", "x1", "x2"])
        .not(["y0"])
        .strategy(Strategy::Svm);
    let hits = library.search(&query.clone().k(3)).unwrap();
    let mut found = ids(&hits);
    found.sort_unstable();
    assert_eq!(found, ["x3", "x4", "x5"]);
    assert_eq!(hits, library.search(&query.k(3)).unwrap());
}

#[test]
fn feedback_moves_the_query_toward_its_hits() {
    let (_dir, library) = library();
    let plain = Query::text("0.5 1 0").mode(Mode::Vector).k(1);
    let before = library.search(&plain).unwrap();
    let after = library.search(&plain.clone().feedback(6).k(6)).unwrap();
    assert!(before[0].paper.id.starts_with('y') || before[0].paper.id == "between");
    assert!(
        ids(&after).iter().all(|id| id.starts_with('y')),
        "{:?}",
        ids(&after)
    );
}

#[test]
fn diversity_adds_papers_on_other_subjects() {
    let (_dir, library) = library();
    let query = Query::text("1 0.9 0").mode(Mode::Vector).k(3);
    let plain = library.search(&query).unwrap();
    assert!(
        ids(&plain)[1..].iter().all(|id| id.starts_with('x')),
        "{:?}",
        ids(&plain)
    );
    let diverse = library.search(&query.clone().diversity(0.5)).unwrap();
    assert_eq!(diverse[0].paper, plain[0].paper);
    assert!(
        ids(&diverse).iter().any(|id| id.starts_with('y'))
            || ids(&diverse).iter().any(|id| id.starts_with('z'))
    );
    let error = library.search(&query.diversity(1.5)).unwrap_err();
    assert!(matches!(
        error,
        Error::InvalidOption {
            option: "diversity",
            ..
        }
    ));
}

#[test]
fn score_context_gives_percentile_and_rank() {
    let (_dir, library) = library();
    let query = Query::text("1 0.02 0")
        .mode(Mode::Vector)
        .score_context(true)
        .k(20);
    // Fewer than 100 papers have no percentile.
    let hits = library.search(&query).unwrap();
    let context = hits[0].score_context.unwrap();
    assert_eq!(
        (context.percentile, context.rank_by_cosine.is_some()),
        (None, true)
    );
    let others = (0..60).map(|n| {
        Paper::new(format!("other{n}")).abstract_text(format!("-0.5 0.{n:02} -0.{:02}", 60 - n))
    });
    library.add(others).unwrap();
    let hits = library.search(&query).unwrap();
    let ranks: Vec<_> = hits
        .iter()
        .map(|hit| hit.score_context.unwrap().rank_by_cosine.unwrap())
        .collect();
    for (hit, rank) in hits.iter().zip(&ranks) {
        let ties = hits.iter().filter(|other| other.score == hit.score).count();
        assert!((hit.rank..hit.rank + ties).contains(rank));
    }
    let percentiles: Vec<f32> = hits
        .iter()
        .map(|hit| hit.score_context.unwrap().percentile.unwrap())
        .collect();
    assert!(percentiles.is_sorted_by(|a, b| a >= b));
    assert!(
        percentiles[0] > 90.0 && percentiles[19] < 80.0,
        "{percentiles:?}"
    );
    // A query with several directions has a percentile only.
    let several = library
        .search(&Query::papers(["x0", "y0"]).score_context(true))
        .unwrap();
    assert!(
        several
            .iter()
            .all(|hit| hit.score_context.unwrap().rank_by_cosine.is_none())
    );
}

#[test]
fn versions_of_one_paper_are_one_hit_unless_each_is_asked_for() {
    let (_dir, library) = library();
    let version = |id: &str, text: &str| Paper::new(id).abstract_text(text).doi("10.1234/same");
    library
        .add([
            version("preprint", "1 0.5 0.5"),
            version("published", "1 0.5 0.49"),
        ])
        .unwrap();
    let query = Query::text("1 0.5 0.5").mode(Mode::Vector).k(3);
    let each = library.search(&query.clone().every_version(true)).unwrap();
    assert_eq!(ids(&each)[..2], ["preprint", "published"]);
    let grouped = library.search(&query).unwrap();
    assert_eq!(grouped.len(), 3);
    assert_eq!(grouped[0].paper.id, "preprint");
    assert_eq!(grouped[0].versions[0].id, "published");
    assert_eq!(grouped[1].paper, each[2].paper);
    assert_eq!(grouped[2].rank, 3);
}

/// [`SpelledVector`] with a limit of 0 on the length of a text.
#[derive(Debug)]
struct ReadsNothing;

impl Embed for ReadsNothing {
    fn info(&self) -> EmbedderInfo {
        SpelledVector.info()
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        SpelledVector.embed_documents(texts, progress)
    }

    fn text_within_limit<'t>(&self, _text: &'t str) -> Result<&'t str, BoxError> {
        Ok("")
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        SpelledVector.embed_queries(texts)
    }
}

#[test]
fn a_paper_beyond_the_limit_is_explained_by_its_first_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), ReadsNothing).unwrap();
    library
        .add([Paper::new("a").abstract_text("1 0 0")])
        .unwrap();
    let query = Query::text("1 0 0").mode(Mode::Vector);
    let hits = library.search(&query).unwrap();
    let explanations = library.explain("1 0 0", &hits).unwrap();
    assert_eq!(explanations[0].paper_sentence, "1 0 0");
    assert!(explanations[0].score > 0.99, "{explanations:?}");
}
