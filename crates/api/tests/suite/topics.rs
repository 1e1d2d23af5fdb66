//! Topics of a library.

use std::collections::BTreeSet;

use cognate::{Library, Paper, TopicOptions};
use cognate_testing::LetterCounts;

/// Creates a library of 20, 16 and 12 papers of one letter each, mixed.
fn library(dir: &std::path::Path) -> Library {
    let library = Library::create(dir, LetterCounts::default()).unwrap();
    let paper = |letter: &str, n: usize| {
        let title = format!("{} {} of the", letter.repeat(6), letter.repeat(2 + n % 3));
        Paper::new(format!("{letter}{n}")).title(title)
    };
    let mut all = Vec::new();
    for n in 0..20 {
        for (letter, papers) in [("m", 12), ("g", 20), ("k", 16)] {
            if n < papers {
                all.push(paper(letter, n));
            }
        }
    }
    library.add(all).unwrap();
    library
}

fn options() -> TopicOptions {
    TopicOptions::default().neighbors(11)
}

#[test]
fn planted_topics_are_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let topics = library.topics(&options().resolution(0.5)).unwrap();
    assert_eq!(topics.unplaced, 0);
    let letters = ["g", "k", "m"];
    let sizes: Vec<_> = topics.topics.iter().map(|topic| topic.ids.len()).collect();
    assert_eq!(sizes, [20, 16, 12]);
    for (topic, letter) in topics.topics.iter().zip(letters) {
        assert!(
            topic.ids.iter().all(|id| id.starts_with(letter)),
            "{topic:?}"
        );
        let distinct: BTreeSet<_> = topic.ids.iter().collect();
        assert_eq!(distinct.len(), topic.ids.len());
        assert!(
            topic.words[0].contains(&letter.repeat(6)),
            "{:?}",
            topic.words
        );
        let central: Vec<_> = topic.central.iter().map(|paper| &paper.id).collect();
        assert_eq!(central, topic.ids[..3].iter().collect::<Vec<_>>());
        assert!(topic.central[0].title.starts_with(letter));
    }
    assert!(topics.modularity > 0.3, "{}", topics.modularity);
    // The library has the same topics after it is opened again.
    let again = Library::open(dir.path()).unwrap();
    assert_eq!(again.topics(&options().resolution(0.5)).unwrap(), topics);
}

#[test]
fn groups_that_are_too_small_are_counted_as_unplaced() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let all = options().resolution(0.5);
    let topics = library.topics(&all.clone().min_papers(13)).unwrap();
    assert_eq!((topics.topics.len(), topics.unplaced), (2, 12));
    let few = all.words(1).central(1);
    let topics = library.topics(&few).unwrap();
    for topic in &topics.topics {
        assert_eq!((topic.words.len(), topic.central.len()), (1, 1));
    }
}

#[test]
fn removed_papers_are_in_no_topic() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    library.remove(&["g0".to_owned(), "g7".to_owned()]).unwrap();
    let topics = library.topics(&options().resolution(0.5)).unwrap();
    let ids: BTreeSet<_> = topics.topics.iter().flat_map(|topic| &topic.ids).collect();
    assert_eq!(ids.len(), 46);
    assert!(!ids.contains(&"g0".to_owned()) && ids.contains(&"g1".to_owned()));
}

#[test]
fn invalid_options_and_an_empty_library_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    let message = |options: &TopicOptions| library.topics(options).unwrap_err().to_string();
    assert!(message(&options()).ends_with("is empty; add papers first"));
    assert_eq!(
        message(&options().resolution(0.0)),
        "`resolution` is 0, expected a number above 0"
    );
    assert_eq!(
        message(&options().resolution(f64::NAN)),
        "`resolution` is NaN, expected a number above 0"
    );
    assert_eq!(
        message(&options().neighbors(0)),
        "`neighbors` is 0, expected at least 1"
    );
}
