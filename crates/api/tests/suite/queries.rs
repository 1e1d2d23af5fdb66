//! Exactness of search, its options, and its errors.

use cognate::{Error, Filter, Library, Mode, Paper, PaperHit, Query};
use cognate_testing::{LetterCounts, paper, papers};
use proptest::prelude::*;

use crate::without_day;

const COUNT: usize = 120;

fn library() -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    library.add(papers(COUNT)).unwrap();
    (dir, library)
}

fn ids(hits: &[PaperHit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.paper.id.as_str()).collect()
}

/// Returns a query by the vector of a text alone.
fn by_vector(text: &str) -> Query {
    Query::text(text).mode(Mode::Vector)
}

/// Returns a query by the vectors of papers alone.
fn by_vectors<S: Into<String>>(ids: impl IntoIterator<Item = S>) -> Query {
    Query::papers(ids).mode(Mode::Vector)
}

/// Computes a cosine in `f64`.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| {
        a.iter()
            .zip(b)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum::<f64>()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Asserts that hits are the best `k` of `all`, the papers that may be hits.
fn assert_exact(hits: &[PaperHit], query: &[f32], k: usize, all: &[Paper]) {
    let score = |paper: &Paper| cosine(query, &LetterCounts::row(&paper.text()));
    assert_eq!(hits.len(), k.min(all.len()));
    let mut best: Vec<f64> = all.iter().map(score).collect();
    best.sort_by(|a, b| b.total_cmp(a));
    for (index, hit) in hits.iter().enumerate() {
        assert_eq!(hit.rank, index + 1);
        assert!(all.contains(&without_day(hit.paper.clone())));
        assert!((f64::from(hit.score.unwrap()) - score(&hit.paper)).abs() < 1e-6);
        assert!((f64::from(hit.score.unwrap()) - best[index]).abs() < 1e-6);
    }
}

#[test]
fn agrees_with_cosines_in_f64() {
    let (_dir, library) = library();
    let text = "a galaxy of markets";
    for k in [1, 7, COUNT] {
        let hits = library.search(&by_vector(text).k(k)).unwrap();
        assert_exact(&hits, &LetterCounts::row(text), k, &papers(COUNT));
    }
    let query_vector = Query::vector(LetterCounts::row(text)).k(7);
    let query_text = by_vector(text).k(7);
    assert_eq!(
        library.search(&query_vector).unwrap(),
        library.search(&query_text).unwrap()
    );
    assert_eq!(
        library.search(&by_vector(text)).unwrap().len(),
        Query::DEFAULT_K
    );
}

#[test]
fn a_batch_answers_each_query_as_a_single_search_does() {
    let (_dir, library) = library();
    let texts = ["graph", "enzyme fever", "proof of a proof"];
    let filter = Filter::default().years(..2010);
    let mut queries: Vec<Query> = Mode::ALL
        .iter()
        .flat_map(|mode| texts.map(|text| Query::text(text).mode(*mode).k(9).every_version(true)))
        .collect();
    queries.push(Query::vector(LetterCounts::row("quartz")));
    queries.push(Query::text("quartz").feedback(3));
    queries.push(by_vector("quartz").diversity(0.5));
    queries.push(by_vector("quartz").every_version(false).score_context(true));
    queries.push(Query::text("quartz").filter(filter));
    queries.push(Query::papers(["p1", "p9"]).not(["p4"]));
    let batch = library.search_batch(&queries).unwrap();
    for (query, hits) in queries.iter().zip(batch) {
        assert_eq!(hits, library.search(query).unwrap(), "{query:?}");
    }
}

#[test]
fn the_papers_of_a_query_are_not_hits() {
    let (_dir, library) = library();
    let others: Vec<Paper> = papers(COUNT)
        .into_iter()
        .filter(|paper| paper.id != "p5")
        .collect();
    let hits = library.search(&by_vectors(["p5"]).k(20)).unwrap();
    assert_exact(&hits, &LetterCounts::row(&paper(5).text()), 20, &others);

    let hits = library
        .search(&by_vectors(["p5", "p6"]).not(["p7"]).k(COUNT))
        .unwrap();
    assert_eq!(hits.len(), COUNT - 3);
    assert!(ids(&hits).iter().all(|id| !["p5", "p6", "p7"].contains(id)));

    let hits = library.related("p5", 20).unwrap();
    assert_eq!(hits, library.search(&Query::paper("p5").k(20)).unwrap());
    assert_eq!(hits.len(), 20);
    assert!(!ids(&hits).contains(&"p5"));
}

#[test]
fn agrees_with_rocchios_formula() {
    let (_dir, library) = library();
    let unit = |n: usize| {
        let row = LetterCounts::row(&paper(n).text());
        let length = row
            .iter()
            .map(|&x| f64::from(x) * f64::from(x))
            .sum::<f64>()
            .sqrt();
        row.map(|x| f64::from(x) / length)
    };
    // Two papers on one subject.
    let near = library.search(&by_vectors(["p1"]).k(1)).unwrap();
    let near = near[0].paper.id.clone();
    let number = near[1..].parse().unwrap();
    assert_ne!(number, 3);
    let (a, b, c) = (unit(1), unit(number), unit(3));
    #[expect(clippy::cast_possible_truncation, reason = "as a caller would")]
    let rocchio: Vec<f32> = (0..a.len())
        .map(|i| (0.75 * (a[i] + b[i]) / 2.0 - 0.15 * c[i]) as f32)
        .collect();
    let others: Vec<Paper> = papers(COUNT)
        .into_iter()
        .filter(|p| !["p1", &near, "p3"].contains(&&*p.id))
        .collect();
    let hits = library
        .search(&by_vectors(["p1", &near]).not(["p3"]).k(30))
        .unwrap();
    assert_exact(&hits, &rocchio, 30, &others);
}

#[test]
fn more_hits_than_papers_are_all_papers() {
    let (_dir, library) = library();
    for mode in [Mode::Vector, Mode::Hybrid] {
        let query = |k| Query::text("abc").mode(mode).every_version(true).k(k);
        let all = library.search(&query(120)).unwrap();
        assert_eq!(all.len(), 120);
        for k in [121, 100_000, usize::MAX] {
            assert_eq!(library.search(&query(k)).unwrap(), all);
            let batch = library.search_batch(&[query(k), query(3)]).unwrap();
            assert_eq!((&batch[0], batch[1].len()), (&all, 3));
        }
    }
    let related = library.related("p5", usize::MAX).unwrap();
    assert_eq!(related.len(), 119);
}

#[test]
fn reports_what_is_wrong_with_a_query() {
    let (dir, library) = library();
    let error = |query: Query| library.search(&query).unwrap_err().to_string();
    assert_eq!(
        error(Query::text(" \n")),
        "the query is empty, expected a text"
    );
    assert_eq!(
        error(Query::papers(Vec::<String>::new())),
        "the query is empty, expected at least one paper"
    );
    assert_eq!(
        error(Query::text("a").k(0)),
        "`k` is 0, expected at least 1"
    );
    assert_eq!(
        error(Query::text("a").min_score(7.0)),
        "`min_score` is 7, expected a cosine, -1 to 1"
    );
    assert_eq!(
        error(Query::text("").without_words(["a"])),
        "the query is empty, expected words to search for besides those to leave out"
    );
    assert_eq!(
        error(Query::paper("P12")),
        "no paper `P12` in the library; nearest by spelling: `p12`, `p1`, `p10`"
    );
    assert_eq!(
        error(Query::paper("p1").not(["p1"]).not(["x-y-z-w-v"])),
        "no paper `x-y-z-w-v` in the library"
    );
    let bad = library.search(&Query::vector([1.0; 3]).k(1)).unwrap_err();
    assert!(matches!(bad, Error::Index { .. }));
    assert_eq!(
        std::error::Error::source(&bad).unwrap().to_string(),
        "expected a vector of 16 dimensions, found 3"
    );
    for vector in [[0.0; 16], [f32::NAN; 16]] {
        assert!(matches!(
            library.search(&Query::vector(vector)),
            Err(Error::Index { .. })
        ));
    }

    let empty = dir.path().join("empty");
    let library = Library::create(&empty, LetterCounts::default()).unwrap();
    assert_eq!(
        library.search(&by_vector("a")).unwrap_err().to_string(),
        format!(
            "the library `{}` is empty; add papers first",
            empty.display()
        )
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_filter_agrees_with_a_loop_over_all_papers(
        years in proptest::option::of((1998..2022_i32, 0..12_i32)),
        author in proptest::option::of(prop::sample::select(vec!["smith", "Author3", "other1 ann"])),
        venue in proptest::option::of(prop::sample::select(vec!["letters", "Nature", "of things"])),
        categories in prop::collection::vec(prop::sample::select(vec!["cs", "cs.CL", "math"]), 0..3),
        k in 1..=COUNT,
    ) {
        let (_dir, library) = library();
        let mut filter = Filter::default();
        let mut expected = papers(COUNT);
        if let Some((first, span)) = years {
            filter = filter.years(first..=first + span);
            expected.retain(|paper| (first..=first + span).contains(&paper.year.unwrap()));
        }
        let words = |text: &str| {
            text.to_lowercase().split(' ').map(str::to_owned).collect::<Vec<_>>()
        };
        let matches = |name: &str, wanted: &str| {
            let name = words(name);
            words(wanted).iter().all(|word| name.contains(word))
        };
        if let Some(author) = author {
            filter = filter.author(author);
            expected.retain(|paper| paper.authors.iter().any(|name| matches(name.full(), author)));
        }
        if let Some(venue) = venue {
            filter = filter.venue(venue);
            expected.retain(|paper| matches(paper.venue.as_deref().unwrap(), venue));
        }
        if !categories.is_empty() {
            filter = categories.iter().copied().fold(filter, Filter::category);
            expected.retain(|paper| categories.iter().any(|wanted| {
                let found = &paper.categories[0];
                found == wanted || found.starts_with(&format!("{wanted}."))
            }));
        }
        let text = "market of proofs";
        let hits = library.search(&by_vector(text).k(k).filter(filter.clone())).unwrap();
        assert_exact(&hits, &LetterCounts::row(text), k, &expected);

        // A minimum score leaves out the last hits.
        let bound = hits.get(hits.len() / 2).map_or(0.0, |hit| hit.score.unwrap());
        let query = by_vector(text).k(k).filter(filter).min_score(bound);
        let above: Vec<_> = hits.iter().filter(|hit| hit.score.unwrap() >= bound).cloned().collect();
        prop_assert_eq!(library.search(&query).unwrap(), above);
    }
}
