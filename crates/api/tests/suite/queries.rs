use cognate::{Error, Filter, Library, Mode, Paper, PaperHit, Query};
use proptest::prelude::*;

use cognate_testing::{LetterCounts, paper, papers};

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

/// A query by the vector of a text alone.
fn by_meaning(text: &str) -> Query {
    Query::text(text).mode(Mode::Vector)
}

/// The cosine in f64.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| {
        a.iter()
            .zip(b)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum::<f64>()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Checks hits against every paper of `all` that may answer.
fn assert_exact(hits: &[PaperHit], query: &[f32], k: usize, all: &[Paper]) {
    let score = |paper: &Paper| cosine(query, &LetterCounts::row(&paper.text()));
    assert_eq!(hits.len(), k.min(all.len()));
    let mut best: Vec<f64> = all.iter().map(score).collect();
    best.sort_by(|a, b| b.total_cmp(a));
    for (at, hit) in hits.iter().enumerate() {
        assert_eq!(hit.rank, at + 1);
        assert!(all.contains(&hit.paper));
        assert!((f64::from(hit.score) - score(&hit.paper)).abs() < 1e-6);
        assert!((f64::from(hit.score) - best[at]).abs() < 1e-6);
    }
}

#[test]
fn agrees_with_every_cosine_in_f64() {
    let (_dir, library) = library();
    let text = "a galaxy of markets";
    for k in [1, 7, COUNT] {
        let hits = library.search(&by_meaning(text).k(k)).unwrap();
        assert_exact(&hits, &LetterCounts::row(text), k, &papers(COUNT));
    }
    let by_vector = Query::vector(LetterCounts::row(text)).k(7);
    let by_text = by_meaning(text).k(7);
    assert_eq!(
        library.search(&by_vector).unwrap(),
        library.search(&by_text).unwrap()
    );
    assert_eq!(
        library.search(&by_meaning(text)).unwrap().len(),
        Query::DEFAULT_K
    );
}

#[test]
fn a_batch_gives_what_each_query_gives() {
    let (_dir, library) = library();
    let texts = ["graph", "enzyme fever", "proof of a proof"];
    let filter = Filter::default().years(..2010);
    let mut queries: Vec<Query> = Mode::ALL
        .into_iter()
        .flat_map(|mode| texts.map(|text| Query::text(text).mode(*mode).k(9).every_version(true)))
        .collect();
    queries.push(Query::vector(LetterCounts::row("quartz")));
    queries.push(Query::text("quartz").feedback(3));
    queries.push(by_meaning("quartz").diversity(0.5));
    queries.push(
        by_meaning("quartz")
            .every_version(false)
            .score_context(true),
    );
    queries.push(Query::text("quartz").filter(filter));
    queries.push(Query::papers(["p1", "p9"]).not(["p4"]));
    let batch = library.search_batch(&queries).unwrap();
    for (query, hits) in queries.iter().zip(batch) {
        assert_eq!(hits, library.search(query).unwrap(), "{query:?}");
    }
}

#[test]
fn leaves_the_papers_asked_for_out() {
    let (_dir, library) = library();
    let others: Vec<Paper> = papers(COUNT)
        .into_iter()
        .filter(|paper| paper.id != "p5")
        .collect();
    let hits = library.related("p5", 20).unwrap();
    assert_exact(&hits, &LetterCounts::row(&paper(5).text()), 20, &others);

    let hits = library
        .search(&Query::papers(["p5", "p6"]).not(["p7"]).k(COUNT))
        .unwrap();
    assert_eq!(hits.len(), COUNT - 3);
    assert!(ids(&hits).iter().all(|id| !["p5", "p6", "p7"].contains(id)));
}

#[test]
fn turns_towards_the_wanted_and_away_from_the_unwanted() {
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
    // Two that are of one subject.
    let near = library.related("p1", 1).unwrap().remove(0).paper.id;
    let number = near[1..].parse().unwrap();
    assert_ne!(number, 3);
    let (a, b, c) = (unit(1), unit(number), unit(3));
    #[expect(clippy::cast_possible_truncation, reason = "as a caller would")]
    let rocchio: Vec<f32> = (0..a.len())
        .map(|at| (0.75 * (a[at] + b[at]) / 2.0 - 0.15 * c[at]) as f32)
        .collect();
    let left: Vec<Paper> = papers(COUNT)
        .into_iter()
        .filter(|p| !["p1", &near, "p3"].contains(&&*p.id))
        .collect();
    let hits = library
        .search(&Query::papers(["p1", &near]).not(["p3"]).k(30))
        .unwrap();
    assert_exact(&hits, &rocchio, 30, &left);
}

#[test]
fn says_what_is_wrong_with_a_question() {
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
        "k is 0, expected 1 to 120 papers"
    );
    assert_eq!(
        error(Query::text("a").k(121)),
        "k is 121, expected 1 to 120 papers"
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
        library.search(&by_meaning("a")).unwrap_err().to_string(),
        format!(
            "the library `{}` is empty; add papers first",
            empty.display()
        )
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_filter_gives_what_a_loop_over_all_papers_gives(
        years in proptest::option::of((1998..2022_i32, 0..12_i32)),
        author in proptest::option::of(prop::sample::select(vec!["smith", "Author3", "other1 ann"])),
        venue in proptest::option::of(prop::sample::select(vec!["letters", "Nature", "of things"])),
        categories in prop::collection::vec(prop::sample::select(vec!["cs", "cs.CL", "math"]), 0..3),
        k in 1..=COUNT,
    ) {
        let (_dir, library) = library();
        let mut filter = Filter::default();
        let mut left = papers(COUNT);
        if let Some((first, span)) = years {
            filter = filter.years(first..=first + span);
            left.retain(|paper| (first..=first + span).contains(&paper.year.unwrap()));
        }
        let words = |text: &str| {
            text.to_lowercase().split(' ').map(str::to_owned).collect::<Vec<_>>()
        };
        let fits = |name: &str, wanted: &str| {
            let name = words(name);
            words(wanted).iter().all(|word| name.contains(word))
        };
        if let Some(author) = author {
            filter = filter.author(author);
            left.retain(|paper| paper.authors.iter().any(|name| fits(name, author)));
        }
        if let Some(venue) = venue {
            filter = filter.venue(venue);
            left.retain(|paper| fits(paper.venue.as_deref().unwrap(), venue));
        }
        if !categories.is_empty() {
            filter = categories.iter().copied().fold(filter, Filter::category);
            left.retain(|paper| categories.iter().any(|wanted| {
                let found = &paper.categories[0];
                found == wanted || found.starts_with(&format!("{wanted}."))
            }));
        }
        let text = "market of proofs";
        let hits = library.search(&by_meaning(text).k(k).filter(filter.clone())).unwrap();
        assert_exact(&hits, &LetterCounts::row(text), k, &left);

        // A minimum score cuts the end off.
        let bound = hits.get(hits.len() / 2).map_or(0.0, |hit| hit.score);
        let query = by_meaning(text).k(k).filter(filter).min_score(bound);
        let above: Vec<_> = hits.iter().filter(|hit| hit.score >= bound).cloned().collect();
        prop_assert_eq!(library.search(&query).unwrap(), above);
    }
}
