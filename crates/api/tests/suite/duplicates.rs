//! Pairs of papers that are versions of one paper, or nearly have the same text.

use cognate::{DuplicateReason, Library, Paper};
use cognate_testing::{LetterCounts, papers};

const TEXT: &str = "On enzymes that fold a quartz lattice";

/// Creates a library in which some papers are versions of each other.
fn library(dir: &std::path::Path) -> Library {
    let library = Library::create(dir, LetterCounts::default()).unwrap();
    let paper = |id: &str, title: &str| Paper::new(id).title(title);
    let mut all = papers(40);
    all.insert(3, paper("published", TEXT).year(2010).doi("10.1234/q"));
    all.insert(9, paper("preprint", TEXT).year(2009).arxiv("0901.00001"));
    all.insert(
        15,
        paper("same-doi", "Enzymes that fold a lattice of glass").doi("https://doi.org/10.1234/Q"),
    );
    // A chapter with the DOI of its book.
    all.insert(17, paper("chapter", "zzzz zz zzzzz").doi("10.1234/q"));
    all.insert(
        20,
        paper("version", "kkk kk k jj").url("https://arxiv.org/abs/0901.00001v2"),
    );
    all.insert(25, paper("late", TEXT).year(2020));
    library.add(all).unwrap();
    library
}

fn found(library: &Library, threshold: f32) -> Vec<(String, String, DuplicateReason)> {
    let pairs = library.duplicates(threshold).unwrap();
    assert!(pairs.is_sorted_by(|a, b| a.cosine >= b.cosine));
    pairs
        .into_iter()
        .map(|pair| (pair.first.id.clone(), pair.second.id.clone(), pair.reason))
        .collect()
}

#[test]
fn planted_duplicates_are_found_with_their_reasons() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let mut pairs = found(&library, 1.0);
    pairs.retain(|(first, second, _)| !(first.starts_with('p') && second.starts_with("p1")));
    let pair = |a: &str, b: &str, reason| (a.to_owned(), b.to_owned(), reason);
    // Rounding may put the cosine of equal vectors slightly below 1, so pairs by text are left out.
    pairs.retain(|(_, _, reason)| *reason != DuplicateReason::Text);
    pairs.sort();
    assert_eq!(
        pairs,
        [
            pair("preprint", "version", DuplicateReason::Arxiv),
            pair("published", "preprint", DuplicateReason::Title),
            pair("published", "same-doi", DuplicateReason::Doi),
        ]
    );
    let near = found(&library, 0.999_9);
    for first in ["published", "preprint"] {
        let late = pair(first, "late", DuplicateReason::Text);
        assert!(near.contains(&late), "{near:?}");
    }
    assert_eq!(near, found(&Library::open(dir.path()).unwrap(), 0.999_9));
}

#[test]
fn every_pair_of_papers_is_above_the_lowest_threshold() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    library.remove(&["late".to_owned()]).unwrap();
    assert_eq!(found(&library, -1.0).len(), 45 * 44 / 2);
}

#[test]
fn a_threshold_that_is_not_a_cosine_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    for (threshold, shown) in [(1.5, "1.5"), (f32::NAN, "NaN")] {
        assert_eq!(
            library.duplicates(threshold).unwrap_err().to_string(),
            format!("`threshold` is {shown}, expected a cosine, -1 to 1")
        );
    }
}

#[test]
fn an_empty_library_has_no_duplicates() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    assert!(library.duplicates(0.9).unwrap().is_empty());
}
