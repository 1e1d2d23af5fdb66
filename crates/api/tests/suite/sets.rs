//! Queries by several papers, and what reorders or explains an answer.

use cognate::{
    BoxError, Embed, Embedded, EmbedderInfo, Error, Library, Mode, Paper, PaperHit, Query,
    Strategy, Truncation,
};
use ndarray::Array2;
use std::ops::ControlFlow;

/// Reads a vector from a text such as `1 0 0.5`.
#[derive(Debug)]
struct Spelled;

impl Embed for Spelled {
    fn info(&self) -> EmbedderInfo {
        EmbedderInfo {
            model: "spelled".to_owned(),
            precision: "f32".to_owned(),
            fingerprint: "1".to_owned(),
            dim: 3,
        }
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        _progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        let values = texts.iter().flat_map(|text| text.split(' '));
        let values = values.map(str::parse).collect::<Result<Vec<f32>, _>>()?;
        Ok(Embedded {
            rows: Array2::from_shape_vec((texts.len(), 3), values)?,
            truncation: Truncation::default(),
        })
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Ok(self
            .embed_documents(texts, &mut |_| ControlFlow::Continue(()))?
            .rows)
    }
}

/// Two subjects, along x and along y, and one paper between them; and many along z.
fn library() -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), Spelled).unwrap();
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
fn papers_of_two_subjects_are_asked_for_in_turn() {
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
fn the_nearest_to_any_of_them_come_by_their_highest_cosine() {
    let (_dir, library) = library();
    let query = Query::papers(["x5", "y5"]).strategy(Strategy::Best);
    let hits = library.search(&query.clone().k(10)).unwrap();
    assert!(hits.is_sorted_by(|a, b| a.score >= b.score));
    assert!(
        ids(&hits).iter().all(|id| id.starts_with(['x', 'y'])),
        "{:?}",
        ids(&hits)
    );
    // By hand: of all papers the ten with the highest cosine to either.
    let near = |id: &str| library.search(&Query::paper(id).k(53)).unwrap();
    let mut all: Vec<(String, f32)> = near("x5")
        .into_iter()
        .chain(near("y5"))
        .map(|hit| (hit.paper.id, hit.score))
        .filter(|(id, _)| id != "x5" && id != "y5")
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut seen = std::collections::HashSet::new();
    all.retain(|(id, _)| seen.insert(id.clone()));
    let found: Vec<(String, f32)> = hits
        .iter()
        .map(|hit| (hit.paper.id.clone(), hit.score))
        .collect();
    assert_eq!(found, all[..10]);

    let hits = library.search(&query.not(["y0"]).k(50)).unwrap();
    let vectors: Vec<_> = ids(&hits)
        .into_iter()
        .filter(|id| id.starts_with('y'))
        .collect();
    assert!(
        vectors.iter().all(|id| ["y3", "y4"].contains(id)),
        "nearer to y5 than to y0: {vectors:?}"
    );
}

#[test]
fn a_classifier_finds_the_side_of_the_wanted() {
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
fn feedback_moves_to_what_was_found() {
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
fn diversity_brings_other_subjects_in() {
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
            name: "diversity",
            ..
        }
    ));
}

#[test]
fn a_score_says_where_it_stands() {
    let (_dir, library) = library();
    let query = Query::text("1 0.02 0")
        .mode(Mode::Vector)
        .standing(true)
        .k(20);
    let hits = library.search(&query).unwrap();
    let places: Vec<_> = hits
        .iter()
        .map(|hit| hit.standing.unwrap().at_least_as_near.unwrap())
        .collect();
    for (hit, place) in hits.iter().zip(&places) {
        let ties = hits
            .iter()
            .filter(|other| other.score.to_bits() == hit.score.to_bits())
            .count();
        assert!((hit.rank..hit.rank + ties).contains(place));
    }
    let percentiles: Vec<f32> = hits
        .iter()
        .map(|hit| hit.standing.unwrap().percentile.unwrap())
        .collect();
    assert!(percentiles.is_sorted_by(|a, b| a >= b));
    assert!(
        percentiles[0] > 90.0 && percentiles[19] < 80.0,
        "{percentiles:?}"
    );
    // Of several directions only the percentile can be said.
    let several = library
        .search(&Query::papers(["x0", "y0"]).standing(true))
        .unwrap();
    assert!(
        several
            .iter()
            .all(|hit| hit.standing.unwrap().at_least_as_near.is_none())
    );
}

#[test]
fn versions_of_one_paper_are_one_hit_on_request() {
    let (_dir, library) = library();
    let version = |id: &str, text: &str| Paper::new(id).abstract_text(text).doi("10.1234/same");
    library
        .add([
            version("preprint", "1 0.5 0.5"),
            version("published", "1 0.5 0.49"),
        ])
        .unwrap();
    let query = Query::text("1 0.5 0.5").mode(Mode::Vector).k(3);
    let each = library.search(&query).unwrap();
    assert_eq!(ids(&each)[..2], ["preprint", "published"]);
    let once = library.search(&query.every_version(false)).unwrap();
    assert_eq!(once.len(), 3);
    assert_eq!(once[0].paper.id, "preprint");
    assert_eq!(once[0].versions[0].id, "published");
    assert_eq!(once[1].paper, each[2].paper);
    assert_eq!(once[2].rank, 3);
}

/// [`Spelled`], which says that it reads nothing of any text.
#[derive(Debug)]
struct Unread;

impl Embed for Unread {
    fn info(&self) -> EmbedderInfo {
        Spelled.info()
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        Spelled.embed_documents(texts, progress)
    }

    fn text_within_limit<'t>(&self, _text: &'t str) -> Result<&'t str, BoxError> {
        Ok("")
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Spelled.embed_queries(texts)
    }
}

#[test]
fn a_paper_of_which_nothing_is_read_is_explained_by_its_first_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), Unread).unwrap();
    library
        .add([Paper::new("a").abstract_text("1 0 0")])
        .unwrap();
    let query = Query::text("1 0 0").mode(Mode::Vector);
    let hits = library.search(&query).unwrap();
    let why = library.explain("1 0 0", &hits).unwrap();
    assert_eq!(why[0].paper_sentence, "1 0 0");
    assert!(why[0].score > 0.99, "{why:?}");
}
