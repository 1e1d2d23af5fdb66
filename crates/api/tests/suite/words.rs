//! Search by words: what is a word, in many scripts, and how words and vectors are combined.

use std::collections::BTreeSet;

use cognate::{Fusion, Library, Mode, Paper, Query, Strategy, TextRecipe, TopicOptions};
use cognate_testing::{LetterCounts, SpelledVector};

/// Creates a library of papers with these abstracts, whose ids are their positions.
fn library(texts: &[&str]) -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    let papers = texts.iter().enumerate();
    let papers = papers.map(|(id, text)| Paper::new(id.to_string()).abstract_text(*text));
    library.add(papers).unwrap();
    (dir, library)
}

/// Returns the texts of the hits of a keyword search, best first.
fn found<'t>(library: &Library, texts: &[&'t str], query: &str) -> Vec<&'t str> {
    let query = Query::text(query).mode(Mode::Keyword).every_version(true);
    let hits = library.search(&query).unwrap();
    let text = |id: &str| texts[id.parse::<usize>().unwrap()];
    hits.iter().map(|hit| text(&hit.paper.id)).collect()
}

#[test]
fn words_of_every_script_are_found() {
    let texts = [
        "Newton and the apple",
        "vitamin C in winter",
        "vitamin D in summer",
        "a compiler for C++ programs",
        "a compiler for C programs",
        "the herbicide 2,4-D in soil",
        "BERT-base and friends",
        "signaling by β-catenin",
        "die Straßenbahnhaltestelle in Zürich",
        "深度学习用于图像识别",
        "機械学習による画像分類",
        "한국어 문서를 분류한다",
        "การเรียนรู้ของเครื่อง",
        "пространство Гильберта",
        "eight samples from 1931 in 3.5 liters",
        "something else entirely",
        "and one more text",
        "yet other words here",
    ];
    let (_dir, library) = library(&texts);
    let first = |query: &str| found(&library, &texts, query).first().copied();
    for (query, expected) in [
        ("Newton's", texts[0]),
        ("NEWTON\u{2019}S laws", texts[0]),
        ("vitamin C", texts[1]),
        ("vitamin D", texts[2]),
        ("C++", texts[3]),
        ("2,4-D", texts[5]),
        ("2,4-d", texts[5]),
        ("BERT-base", texts[6]),
        ("bert", texts[6]),
        ("β-catenin", texts[7]),
        ("Β-CATENIN", texts[7]),
        ("Strassenbahnhaltestelle", texts[8]),
        ("zurich", texts[8]),
        // A word within a longer run of characters.
        ("图像", texts[9]),
        ("深度学习", texts[9]),
        ("識", texts[9]),
        ("画像", texts[10]),
        ("学習", texts[10]),
        ("分類", texts[10]),
        // Korean words with and without a particle, composed and decomposed.
        ("문서", texts[11]),
        ("\u{1106}\u{116e}\u{11ab}\u{1109}\u{1165}", texts[11]),
        ("เรียนรู้", texts[12]),
        ("ГИЛЬБЕРТА", texts[13]),
        ("1931", texts[14]),
        ("3.5", texts[14]),
    ] {
        let expected = if query == "識" { None } else { Some(expected) };
        assert_eq!(first(query), expected, "{query}");
    }
    assert_eq!(found(&library, &texts, "C++"), [texts[3]]);
    assert!(found(&library, &texts, "習図").is_empty());
}

#[test]
fn a_word_that_is_repeated_counts_more_than_once() {
    let texts = [
        "wheel axle hub rim",
        "star moon sun sky",
        "other words are here",
        "and some more of them",
        "which nobody searches",
    ];
    let (_dir, library) = library(&texts);
    let best = |query: &str| found(&library, &texts, query)[0];
    assert_eq!(
        best("wheel star"),
        texts[0],
        "a tie, by the order of adding"
    );
    assert_eq!(best("wheel star star star"), texts[1]);
    assert_eq!(
        best("wheel star star"),
        texts[0],
        "√2 is nearer to 1 than to 2"
    );
}

/// Papers around the x axis, of which every third has the word `wheel`. Their vectors are spelled in their
/// abstracts.
fn wheels() -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let recipe = TextRecipe::new("abstract", |paper: &Paper| paper.abstract_text.clone());
    let library = Library::create(dir.path(), SpelledVector).unwrap();
    let library = library.with_text_recipe(recipe).unwrap();
    let paper = |n: usize| {
        let vector = format!("1 0.{:03} 0.{:03}", 10 * n, (7 * n) % 40);
        let paper = Paper::new(format!("p{n:02}")).abstract_text(vector);
        paper.title(["wheel", "star", "tree"][n % 3])
    };
    library.add((0..60).map(paper)).unwrap();
    (dir, library)
}

fn ids(library: &Library, query: &Query) -> Vec<String> {
    let hits = library.search(&query.clone().every_version(true)).unwrap();
    hits.into_iter().map(|hit| hit.paper.id).collect()
}

#[test]
fn related_papers_share_words_unless_only_the_vector_counts() {
    let (_dir, library) = wheels();
    for strategy in Strategy::ALL {
        let query = Query::papers(["p30", "p33"]).strategy(*strategy).k(10);
        let with_wheels = |query: &Query| {
            let ids = ids(&library, query);
            let numbers = ids.iter().map(|id| id[1..].parse::<usize>().unwrap());
            numbers.filter(|number| number % 3 == 0).count()
        };
        let by_vector = query.clone().mode(Mode::Vector);
        let found = (with_wheels(&by_vector), with_wheels(&query));
        assert!(found.1 > found.0, "{strategy}: {found:?}");
        assert!(with_wheels(&query.clone().mode(Mode::Keyword)) >= 8);
        let hits = library.search(&by_vector).unwrap();
        assert!(hits.is_sorted_by(|a, b| a.score >= b.score) || *strategy == Strategy::Rocchio);
        assert!(hits.iter().all(|hit| hit.fused_score.is_none()));
        let hits = library.search(&query).unwrap();
        assert!(hits.iter().all(|hit| hit.fused_score.is_some()));
    }
}

#[test]
fn diversity_and_feedback_keep_the_words() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    let paper = |n: usize| {
        let word = if n.is_multiple_of(10) {
            "xylophone"
        } else {
            "piano"
        };
        Paper::new(format!("p{n:02}")).abstract_text(format!("music of the {word} number {n}"))
    };
    library.add((0..60).map(paper)).unwrap();
    let query = Query::text("xylophone").k(6);
    let plain = ids(&library, &query);
    let as_set = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
    // The six papers with the word, in a hybrid search and whatever is added to it.
    assert!(plain.iter().all(|id| id.ends_with('0')), "{plain:?}");
    let nearly_off = ids(&library, &query.clone().diversity(1e-6));
    assert_eq!(nearly_off, plain);
    for changed in [
        query.clone().diversity(0.1),
        query.clone().feedback(5),
        query.clone().fusion(Fusion::ReciprocalRank).feedback(5),
    ] {
        assert_eq!(as_set(&ids(&library, &changed)), as_set(&plain));
    }
}

#[test]
fn the_order_of_adding_changes_no_topics_and_no_classifier() {
    let papers: Vec<Paper> = (0..120_usize)
        .map(|n| {
            let subject = ["wheel axle hub", "star moon sky", "tree leaf root"][n % 3];
            let text = format!("{subject} {} {}", ["a", "few", "more"][n % 7 % 3], n * n);
            Paper::new(format!("p{n:03}")).abstract_text(text)
        })
        .collect();
    let library = |papers: Vec<Paper>| {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
        library.add(papers).unwrap();
        (dir, library)
    };
    let mut turned = papers.clone();
    turned.reverse();
    turned.rotate_left(37);
    let (one, other) = (library(papers), library(turned));
    let topics = |library: &Library| {
        let topics = library.topics(&TopicOptions::default()).unwrap();
        let ids = topics
            .topics
            .iter()
            .map(|topic| topic.ids.iter().cloned().collect());
        let words = topics.topics.iter().map(|topic| topic.words.clone());
        let ids: Vec<BTreeSet<String>> = ids.collect();
        (ids, words.collect::<Vec<_>>(), topics.modularity.to_bits())
    };
    assert_eq!(topics(&one.1), topics(&other.1));
    assert!(topics(&one.1).0.len() > 1);
    let scores = |library: &Library| {
        let query = Query::papers(["p003", "p010", "p050"])
            .not(["p004"])
            .strategy(Strategy::Svm)
            .every_version(true)
            .k(20);
        let hits = library.search(&query).unwrap();
        let hits = hits
            .into_iter()
            .map(|hit| (hit.paper.id, hit.score.unwrap().to_bits()));
        hits.collect::<Vec<_>>()
    };
    assert_eq!(scores(&one.1), scores(&other.1));
}
