//! Searches a small library for arbitrary text by keywords.
//!
//! No text is a syntax error of the search underneath, a text with words of its own finds what it names,
//! and words become terms that can be searched for.
#![no_main]

use std::sync::LazyLock;

use cognate::text::{fold, index_words, sentences, stem, words};
use cognate::{Library, Mode, Paper, Query};
use cognate_fuzz::letters::Letters;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static LIBRARY: LazyLock<(TempDir, Library)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a temporary folder can be created");
    let library = Library::create(dir.path(), Letters).expect("the folder is empty");
    let papers = ["graph proof", "C++ \"enzyme\" NEAR quartz", "机器学习 AND 2,4-D"];
    let paper = |(at, title): (usize, &&str)| Paper::new(at.to_string()).title(*title);
    library
        .add(papers.iter().enumerate().map(paper))
        .expect("the papers are valid");
    (dir, library)
});

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for word in index_words(&text) {
        assert!(!word.text.is_empty() && !word.terms.is_empty());
        for term in &word.terms {
            let is_separator = |c: char| c.is_whitespace() || c == '"';
            assert!(!term.is_empty() && !term.contains(is_separator), "{term:?}");
        }
    }
    for word in words(&text) {
        assert!(!word.is_empty() && !stem(&word).is_empty());
    }
    let folded = fold(&text);
    assert_eq!(fold(&folded), folded);
    assert!(sentences(&text).iter().all(|sentence| !sentence.trim().is_empty()));

    if text.trim().is_empty() {
        return;
    }
    let library = &LIBRARY.1;
    let found = |text: &str| {
        let query = Query::text(text).mode(Mode::Keyword);
        let hits = library.search(&query).expect("every text is a query");
        hits.into_iter().map(|hit| hit.paper.id).collect::<Vec<_>>()
    };
    found(&text);
    // Outside of phrases, a further word only adds papers.
    if !text.contains('"') {
        assert!(found(&format!("{text}\nquartz")).contains(&"1".to_owned()));
    }
});
