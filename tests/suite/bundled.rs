use std::collections::HashSet;
use std::path::Path;

use cognate::{Paper, PaperReader};

/// Reads the papers that the examples use.
pub(crate) fn papers() -> Vec<Paper> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data/papers.jsonl");
    PaperReader::open(&path)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn the_bundled_papers_are_complete() {
    let papers = papers();
    assert!(papers.len() >= 150, "{}", papers.len());
    let ids: HashSet<&str> = papers.iter().map(|paper| paper.id.as_str()).collect();
    let titles: HashSet<String> = papers
        .iter()
        .map(|paper| paper.title.to_lowercase())
        .collect();
    assert_eq!((ids.len(), titles.len()), (papers.len(), papers.len()));
    let mut archives: HashSet<&str> = HashSet::new();
    for paper in &papers {
        let words = paper.abstract_text.split_whitespace().count();
        assert!((15..=70).contains(&words), "{}: {words} words", paper.id);
        assert!(!paper.authors.is_empty(), "{}", paper.id);
        assert!(
            paper.year.is_some_and(|year| (1850..2027).contains(&year)),
            "{}",
            paper.id
        );
        assert!(paper.venue.is_some(), "{}", paper.id);
        assert!(
            paper
                .url
                .as_ref()
                .is_some_and(|url| url.starts_with("https://")),
            "{}",
            paper.id
        );
        archives.extend(
            paper
                .categories
                .iter()
                .filter_map(|name| name.split('.').next()),
        );
    }
    assert!(archives.len() >= 10, "papers across fields: {archives:?}");
}
