use std::collections::BTreeSet;

use crate::sandbox::Sandbox;

#[test]
fn every_paper_is_in_one_topic_or_counted_as_unplaced() {
    let sandbox = Sandbox::with_library(60);
    let found = sandbox.json(&["topics", "--library", "L", "--json"]);
    let topics = found["topics"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    let mut placed = 0;
    for topic in topics {
        let list = topic["ids"].as_array().unwrap();
        assert_eq!(topic["size"], list.len());
        assert!(!topic["words"].as_array().unwrap().is_empty());
        assert_eq!(topic["central"][0]["id"], list[0]);
        placed += list.len();
        ids.extend(list.iter().map(|id| id.as_str().unwrap()));
    }
    assert!(!topics.is_empty() && ids.len() == placed);
    assert_eq!(
        60 - placed,
        usize::try_from(found["unplaced"].as_u64().unwrap()).unwrap()
    );
    assert!(topics.is_sorted_by(|a, b| a["size"].as_u64() >= b["size"].as_u64()));
}

#[test]
fn the_text_shows_size_words_and_central_papers() {
    let sandbox = Sandbox::with_library(60);
    let text = sandbox.ok(&["topics", "--library", "L", "--resolution", "0.001"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("     60  "), "{text}");
    for line in &lines[1..] {
        assert!(
            line.starts_with("           ") && line.contains(" · paper-"),
            "{text}"
        );
    }
    let finer = sandbox.ok(&["topics", "--library", "L", "--resolution", "3"]);
    assert!(finer.lines().count() > 4, "{finer}");
    assert_eq!(
        text,
        sandbox.ok(&["topics", "--library", "L", "--resolution", "0.001"])
    );
}

#[test]
fn a_resolution_of_zero_is_an_error() {
    let sandbox = Sandbox::with_library(3);
    let message = sandbox.misused(&["topics", "--library", "L", "--resolution", "0"]);
    assert!(
        message.starts_with(
            "error: invalid value '0' for '--resolution <NUMBER>': expected a number above 0"
        ),
        "{message}"
    );
}
