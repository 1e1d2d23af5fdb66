//! Whether two records are records of one paper.
//!
//! An id names a paper within the file that the paper comes from. Other files may use the same id, such as a
//! citation key or a number of a record, for another paper.

use std::collections::BTreeSet;

use cognate_papers::identifiers;
use cognate_papers::text::words;

use crate::Paper;
use crate::query::versions::{arxiv_of, doi_of};

/// Returns whether two records that came with the same `id` are records of one paper.
///
/// They are if they have the same arXiv identifier or the same PubMed identifier, and if they have the same
/// DOI and titles that do not contradict each other: a chapter may have the DOI of its book. Without a common identifier, similar titles
/// decide, unless both have a DOI, an arXiv identifier or a PubMed identifier and a different one: then the
/// titles must be equal. They must also be equal if the id was made from the title.
pub(super) fn are_same_paper(a: &Paper, b: &Paper, id: &str) -> bool {
    let agreement = Agreement::of(a, b);
    if let Some(is_same) = agreement.decides(a, b) {
        return is_same;
    }
    let is_derived = |paper: &Paper| paper.derived_id().as_deref() == Some(id);
    let must_be_equal = agreement.is_contradicted() || is_derived(a) && is_derived(b);
    match titles(&a.title, &b.title) {
        Some(Titles::Equal) => true,
        Some(Titles::Similar) | None => !must_be_equal,
        Some(Titles::Different) => false,
    }
}

/// Returns whether papers of two libraries are the same one.
///
/// They are if they have the same arXiv identifier, PubMed identifier or DOI, unless a common DOI comes with
/// titles that contradict each other. Without a common identifier, they are if
/// they have the same id, and neither their titles nor their identifiers show that they differ, as
/// [`SameId::Distinguish`](crate::SameId::Distinguish) decides it.
pub fn is_same_paper(one: &Paper, other: &Paper) -> bool {
    let by_identifiers = Agreement::of(one, other).decides(one, other);
    by_identifiers.unwrap_or_else(|| one.id == other.id && are_same_paper(one, other, &one.id))
}

/// Returns the names of what is unique to a paper: its id and its identifiers. Papers that are the
/// [same](is_same_paper) have one of them in common.
pub(crate) fn names(paper: &Paper) -> Vec<String> {
    let name = |kind: &str, value: Option<String>| value.map(|value| format!("{kind}:{value}"));
    let names = [
        name("id", Some(paper.id.clone())),
        name("arxiv", arxiv_of(paper)),
        name("pmid", paper.details.pmid.clone()),
        name("doi", doi_of(paper)),
    ];
    names.into_iter().flatten().collect()
}

/// Returns whether the identifiers of two records with the same id show that they are of different papers:
/// they have different ones, none in common, and different titles.
pub(super) fn are_contradictory(a: &Paper, b: &Paper) -> bool {
    let agreement = Agreement::of(a, b);
    agreement.is_contradicted() && titles(&a.title, &b.title) != Some(Titles::Equal)
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

    /// Returns whether the papers are the same one, or `None` if they have no identifier in common.
    fn decides(&self, a: &Paper, b: &Paper) -> Option<bool> {
        if self.arxiv == Some(true) || self.pmid == Some(true) {
            return Some(true);
        }
        (self.doi == Some(true)).then(|| !identifiers::titles_contradict(&a.title, &b.title))
    }

    /// Returns whether the papers have different identifiers and none in common.
    fn is_contradicted(&self) -> bool {
        let all = [self.arxiv, self.pmid, self.doi];
        all.contains(&Some(false)) && !all.contains(&Some(true))
    }
}

/// How the words of two titles compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Titles {
    /// The same words in the same order.
    Equal,
    /// Half of the words or more are in both titles, or all words of the shorter title, if these are two or more,
    /// are in the other.
    Similar,
    Different,
}

/// Compares two titles. Returns `None` if a title has no words.
fn titles(a: &str, b: &str) -> Option<Titles> {
    let (a, b) = (identifiers::title_key(a), identifiers::title_key(b));
    let distinct = |key: &str| -> BTreeSet<String> { words(key).collect() };
    let (a_words, b_words) = (distinct(&a), distinct(&b));
    let shorter = a_words.len().min(b_words.len());
    if shorter == 0 {
        return None;
    }
    let shared = a_words.intersection(&b_words).count();
    let all = a_words.union(&b_words).count();
    // A title without its subtitle is similar to the whole title.
    let is_part = shared == shorter && shorter > 1;
    Some(if a == b {
        Titles::Equal
    } else if is_part || 2 * shared >= all {
        Titles::Similar
    } else {
        Titles::Different
    })
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
    fn papers_of_two_libraries_are_the_same_by_identifiers_or_else_by_id() {
        let named = |id: &str| Paper::new(id).title("On graphs");
        let doi = |id: &str, doi: &str| named(id).doi(doi);
        let same = [
            (doi("a", "10.1000/X"), doi("b", "https://doi.org/10.1000/x")),
            (
                named("a").arxiv("1706.03762v1"),
                named("b").arxiv("1706.03762"),
            ),
            (named("a"), named("a").doi("10.1000/x")),
        ];
        for (one, other) in &same {
            assert!(is_same_paper(one, other) && is_same_paper(other, one));
            let of_other = names(other);
            assert!(names(one).iter().any(|name| of_other.contains(name)));
        }
        for (one, other) in [
            (named("a"), named("b")),
            (named("a"), Paper::new("a").title("Wetland birds")),
            (
                doi("a", "10.1000/x").title("Spike trains"),
                doi("a", "10.1000/y").title("Spike trains in birds"),
            ),
            (
                doi("a", "10.1000/x"),
                doi("b", "10.1000/x").title("Wetland birds"),
            ),
        ] {
            assert!(!is_same_paper(&one, &other), "{one:?}, {other:?}");
        }
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
