//! Invented papers, as the command exports them.

use std::fmt::Write as _;
use std::ops::Range;

use cognate_testing::Numbers;
use serde_json::{Value, json};

const WORDS: [&str; 24] = [
    "graph", "proof", "enzyme", "galaxy", "market", "syntax", "quartz", "fever", "harbor",
    "signal", "forest", "ledger", "crystal", "muscle", "planet", "verb", "turbine", "yeast",
    "glacier", "tariff", "lens", "vowel", "magnet", "spore",
];

/// Returns a paper. No two numbers, and no two revisions, have the same text.
pub(crate) fn paper(number: u32, revision: u32) -> Value {
    let mut numbers = Numbers::new(u64::from(number) << 32 | u64::from(revision));
    let mut words = |count: usize| {
        let mut text = String::new();
        for _ in 0..count {
            let word = WORDS[numbers.below(24) as usize];
            write!(text, "{word} ").unwrap();
        }
        text
    };
    json!({
        "id": id(number),
        "title": format!("{}{number} r{revision}", words(3)),
        "abstract": format!("{}end.", words(3)),
        "authors": [format!("Ada Author{}", number % 7)],
        "year": 1990 + number % 35,
        "venue": null,
        "url": null,
        "categories": ["cs.X"],
        "doi": null,
        "arxiv": null,
        "references": [],
    })
}

/// Returns the first revisions of papers.
pub(crate) fn papers(numbers: Range<u32>) -> Vec<Value> {
    numbers.map(|number| paper(number, 0)).collect()
}

/// Returns the id of a paper.
pub(crate) fn id(number: u32) -> String {
    format!("p{number}")
}

/// Returns the number and the revision of a paper, which its id and title name.
pub(crate) fn number_and_revision(paper: &Value) -> (u32, u32) {
    let number = paper["id"].as_str().unwrap()[1..].parse().unwrap();
    let (_, revision) = paper["title"].as_str().unwrap().rsplit_once('r').unwrap();
    (number, revision.parse().unwrap())
}
