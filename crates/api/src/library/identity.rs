//! Whether two records with one id are records of one paper.
//!
//! An id names a paper within the file that the paper comes from. Other files may use the same id, such as a
//! citation key or a number of a record, for another paper.

use cognate_papers::identifiers;
use cognate_papers::text::words;

use crate::Paper;
use crate::query::versions::{arxiv_of, doi_of};

/// The smallest share of the words of two titles that both have, if they are the titles of one paper.
const MIN_SHARED_WORDS: f64 = 0.5;

/// Returns whether two records that came with the same `id` are records of one paper.
///
/// They are if they have the same arXiv identifier or the same PubMed identifier, and if they have the same
/// DOI and titles that do not contradict each other: a chapter may have the DOI of its book. Without a common identifier, similar titles
/// decide, unless both have a DOI, an arXiv identifier or a PubMed identifier and a different one: then the
/// titles must be equal. They must also be equal if the id was made from the title.
pub(super) fn are_same_paper(a: &Paper, b: &Paper, id: &str) -> bool {
    let agreement = Agreement::of(a, b);
    if agreement.arxiv == Some(true) || agreement.pmid == Some(true) {
        return true;
    }
    let is_derived = |paper: &Paper| paper.derived_id().as_deref() == Some(id);
    if agreement.doi == Some(true) {
        return !identifiers::titles_contradict(&a.title, &b.title);
    }
    let must_be_equal = agreement.is_contradicted() || is_derived(a) && is_derived(b);
    match title_similarity(&a.title, &b.title) {
        Some(similarity) if must_be_equal => similarity >= 1.0,
        Some(similarity) => similarity >= MIN_SHARED_WORDS,
        None => !must_be_equal,
    }
}

/// Returns whether the identifiers of two records with the same id show that they are of different papers:
/// they have different ones, none in common, and different titles.
pub(super) fn are_contradictory(a: &Paper, b: &Paper) -> bool {
    let agreement = Agreement::of(a, b);
    agreement.is_contradicted()
        && title_similarity(&a.title, &b.title).is_none_or(|similarity| similarity < 1.0)
}

/// Whether two papers have the same identifiers; `None` if one of them has no identifier of the kind.
struct Agreement {
    arxiv: Option<bool>,
    pmid: Option<bool>,
    doi: Option<bool>,
}

impl Agreement {
    fn of(a: &Paper, b: &Paper) -> Self {
        let agree = |a: Option<String>, b: Option<String>| Some(a? == b?);
        Self {
            arxiv: agree(arxiv_of(a), arxiv_of(b)),
            pmid: agree(a.details.pmid.clone(), b.details.pmid.clone()),
            doi: agree(doi_of(a), doi_of(b)),
        }
    }

    /// Returns whether the papers have different identifiers and none in common.
    fn is_contradicted(&self) -> bool {
        let all = [self.arxiv, self.pmid, self.doi];
        all.contains(&Some(false)) && !all.contains(&Some(true))
    }
}

/// Returns the number of words that two titles share, divided by the number of words of the shorter one, if
/// that has two words or more, or else of both. Returns `None` if a title has no words, and 1 only for titles
/// of the same words.
fn title_similarity(a: &str, b: &str) -> Option<f64> {
    let key = |title: &str| identifiers::title_key(title);
    let (a_key, b_key) = (key(a), key(b));
    let distinct = |key: &str| {
        let mut distinct: Vec<String> = words(key).collect();
        distinct.sort_unstable();
        distinct.dedup();
        distinct
    };
    let (a_words, b_words) = (distinct(&a_key), distinct(&b_key));
    if a_words.is_empty() || b_words.is_empty() {
        return None;
    }
    if a_key == b_key {
        return Some(1.0);
    }
    let shared = a_words
        .iter()
        .filter(|word| b_words.binary_search(word).is_ok())
        .count();
    let shorter = a_words.len().min(b_words.len());
    let all = a_words.len() + b_words.len() - shared;
    // A title without its subtitle is similar to the whole title.
    let whole = if shared == shorter && shorter > 1 {
        shorter
    } else {
        all
    };
    let similarity = shared as f64 / whole as f64;
    Some(similarity.min(0.99))
}

/// Returns the `n`-th id for papers that have the id of another paper: `id`, `id-2`, `id-3` and so on, counted
/// from 1.
pub(super) fn nth_id(id: &str, n: usize) -> String {
    if n <= 1 {
        id.to_owned()
    } else {
        format!("{id}-{n}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(title: &str) -> Paper {
        Paper::new("x").title(title)
    }

    #[test]
    fn identifiers_decide_before_titles() {
        let wheels = || paper("Sorting by rotating wheels");
        let other = || paper("A survey of stones and mosses");
        for (a, b, expected) in [
            (wheels(), wheels(), true),
            (wheels(), paper("Sorting by rotating wheels: a study"), true),
            (wheels(), paper("Sorting with rotating wheels"), true),
            (wheels(), other(), false),
            (
                wheels().arxiv("2001.00001"),
                other().arxiv("2001.00001v2"),
                true,
            ),
            (
                wheels().arxiv("2001.00001"),
                other().arxiv("2001.00002"),
                false,
            ),
            (wheels().doi("10.1000/a"), wheels().doi("10.1000/b"), true),
            (
                wheels().doi("10.1000/a"),
                paper("Sorting with rotating wheels").doi("10.1000/b"),
                false,
            ),
            (wheels().doi("10.1000/a"), other().doi("10.1000/a"), false),
            (wheels().doi("10.1000/a"), wheels(), true),
            (paper("").abstract_text("One."), wheels(), true),
        ] {
            assert_eq!(are_same_paper(&a, &b, "x"), expected, "{a:?} {b:?}");
            assert_eq!(are_same_paper(&b, &a, "x"), expected);
        }
    }

    #[test]
    fn different_identifiers_and_titles_are_a_contradiction() {
        let a = || paper("Sorting by rotating wheels").doi("10.1000/a");
        let b = || paper("Mosses on stones");
        assert!(are_contradictory(&a(), &b().doi("10.1000/b")));
        assert!(!are_contradictory(&a(), &b()));
        assert!(!are_contradictory(&a(), &b().doi("10.1000/a")));
        assert!(!are_contradictory(&a(), &a().doi("10.1000/b")));
    }

    #[test]
    fn an_id_made_from_the_title_needs_equal_titles() {
        let report = |part: &str| {
            let mut paper = paper(&format!("Annual report on the state of forests: {part}"));
            paper.id = paper.derived_id().unwrap();
            paper
        };
        assert_eq!(report("north").id, report("south").id);
        let id = report("north").id;
        assert!(!are_same_paper(&report("north"), &report("south"), &id));
        assert!(are_same_paper(&report("north"), &report("north"), &id));
        assert!(are_same_paper(&report("north"), &report("south"), "7"));
    }
}
