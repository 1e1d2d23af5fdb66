//! Which papers are one work: a preprint and its publication, or two records of one paper.

use std::fmt;

use crate::Paper;
use cognate_papers::identifiers;
use cognate_papers::text::{fold, is_stop_word, words};

/// Why two papers are taken for one work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DuplicateReason {
    /// They have the same DOI.
    Doi,
    /// They have the same number on arXiv.
    Arxiv,
    /// They have the same title and near years, and nothing that is known of them disagrees.
    Title,
    /// Their texts are nearly the same; they may be versions that their archives count as two.
    Text,
}

impl fmt::Display for DuplicateReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Doi => "same DOI",
            Self::Arxiv => "same arXiv number",
            Self::Title => "same title",
            Self::Text => "nearly the same text",
        })
    }
}

/// Years between a preprint and its publication, at most.
const YEARS_APART: u32 = 2;

/// The least cosine of two records with one title that are one work, where both have an abstract.
///
/// Of 100,000 arXiv papers, 36 pairs have one title. With all-MiniLM-L6-v2, those that share an
/// author and are one work in two versions have a cosine of 0.71 and more; two introductions to
/// `Evolutionary algorithms` by different authors have 0.62, and of two random papers out of 300,
/// at most 0.68, one in a thousand above 0.46.
const LEAST_COSINE: f32 = 0.65;

/// The same, where one of them has no abstract, so that its text is the title alone: of 300 papers,
/// 99 of 100 have a cosine of 0.456 or more with their own title.
const LEAST_COSINE_OF_TITLE: f32 = 0.45;

/// Words of a title that tells works apart, at least, and how many of them are no stop words:
/// `Introduction`, `Editorial` and `On the Method` name many works.
const TELLING_WORDS: usize = 3;
const TELLING_SUBJECTS: usize = 2;

/// Whether two papers, whose vectors have this cosine, are one work, and why. Never
/// [`DuplicateReason::Text`].
pub(crate) fn same_work(a: &Paper, b: &Paper, cosine: f32) -> Option<DuplicateReason> {
    let dois = (doi_of(a), doi_of(b));
    if let (Some(a), Some(b)) = &dois
        && a == b
    {
        return Some(DuplicateReason::Doi);
    }
    let numbers = (arxiv_of(a), arxiv_of(b));
    match &numbers {
        (Some(a), Some(b)) if a == b => return Some(DuplicateReason::Arxiv),
        (Some(_), Some(_)) => return None,
        _ => {}
    }
    if let (Some(a), Some(b)) = &dois
        && archive(a) == archive(b)
    {
        return None;
    }
    let least = if has_abstract(a) && has_abstract(b) {
        LEAST_COSINE
    } else {
        LEAST_COSINE_OF_TITLE
    };
    let agree = cosine >= least
        && years_agree(a.year, b.year)
        && words(&a.title).eq(words(&b.title))
        && is_telling(&a.title)
        && authors_agree(&a.authors, &b.authors);
    agree.then_some(DuplicateReason::Title)
}

/// The DOI of a paper, in one writing and without the version that some archives put into it; from
/// its field, or else from its address.
pub(crate) fn doi_of(paper: &Paper) -> Option<String> {
    let from = |text: &Option<String>| text.as_deref().and_then(identifiers::doi);
    let doi = from(&paper.doi).or_else(|| from(&paper.url))?;
    Some(match archive(&doi) {
        Some(_) => without_version(&doi).to_owned(),
        None => doi,
    })
}

/// The arXiv number of a paper: from its field, or else from a DOI of arXiv, an address there, or
/// an id that says that it is one.
pub(crate) fn arxiv_of(paper: &Paper) -> Option<String> {
    let says = |text: &str, sign: &str| text.to_ascii_lowercase().contains(sign);
    let from = |text: Option<&str>, sign: &str| {
        text.filter(|text| says(text, sign))
            .and_then(identifiers::arxiv)
    };
    from(paper.arxiv.as_deref(), "")
        .or_else(|| from(paper.doi.as_deref(), "10.48550/arxiv."))
        .or_else(|| from(paper.url.as_deref(), "arxiv.org/"))
        .or_else(|| from(Some(&paper.id), "arxiv:"))
}

/// Whether a title says enough to tell works apart.
pub(crate) fn is_telling(title: &str) -> bool {
    let mut subjects = 0;
    let all = words(title).inspect(|word| subjects += usize::from(!is_stop_word(word)));
    all.count() >= TELLING_WORDS && subjects >= TELLING_SUBJECTS
}

/// The archive of preprints that gave a DOI; nothing for a publisher. Two papers may each have a
/// DOI of their own from an archive, from another, and from a publisher, and be one work.
fn archive(doi: &str) -> Option<&'static str> {
    const ARCHIVES: [&str; 10] = [
        "10.48550/arxiv.",
        "10.21203/rs.",
        "10.2139/ssrn.",
        "10.26434/chemrxiv",
        "10.20944/preprints",
        "10.31234/osf.io",
        "10.31219/osf.io",
        "10.36227/techrxiv",
        "10.5281/zenodo.",
        "10.6084/m9.figshare.",
    ];
    // bioRxiv and medRxiv share a prefix with journals, whose names begin with letters.
    const BIORXIV: &str = "10.1101/";
    let of_biorxiv = || {
        doi.strip_prefix(BIORXIV)
            .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
            .map(|_| BIORXIV)
    };
    ARCHIVES
        .into_iter()
        .find(|prefix| doi.starts_with(prefix))
        .or_else(of_biorxiv)
}

/// A DOI without `/v2`, `-v2`, `.v2` or `v2` behind a digit.
fn without_version(doi: &str) -> &str {
    let Some((name, version)) = doi.rsplit_once('v') else {
        return doi;
    };
    let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    let bare = name.trim_end_matches(['/', '-', '.']);
    if is_version && bare.ends_with(|c: char| c.is_ascii_digit()) {
        bare
    } else {
        doi
    }
}

fn has_abstract(paper: &Paper) -> bool {
    !paper.abstract_text.trim().is_empty()
}

fn years_agree(a: Option<i32>, b: Option<i32>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(b) <= YEARS_APART,
        _ => true,
    }
}

/// Whether two lists of authors have a name in common, in any writing (`Ada Lovelace`,
/// `Lovelace, A.`), or one is unknown.
fn authors_agree(a: &[String], b: &[String]) -> bool {
    let names = |list: &[String]| -> Vec<String> {
        let text = fold(&list.join(" "));
        words(&text)
            .filter(|word| word.chars().count() > 1)
            .collect()
    };
    let (a, b) = (names(a), names(b));
    a.is_empty() || b.is_empty() || a.iter().any(|name| b.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(title: &str) -> Paper {
        Paper::new("x").title(title).abstract_text("Something.")
    }

    #[test]
    fn a_preprint_and_its_publication_are_one_work() {
        let preprint = paper("Sorting by Rotating Wheels")
            .doi("10.48550/arXiv.2001.00001")
            .year(2019);
        let published = paper("Sorting by rotating wheels.")
            .doi("https://doi.org/10.1234/WHEELS")
            .year(2021);
        let found = same_work(&preprint, &published, 0.8);
        assert_eq!(found, Some(DuplicateReason::Title));
        let again = paper("Other words").doi("10.1234/wheels");
        assert_eq!(
            same_work(&published, &again, 0.1),
            Some(DuplicateReason::Doi)
        );
        let number = paper("Other words").arxiv("2001.00001v3");
        assert_eq!(
            same_work(&preprint, &number, 0.1),
            Some(DuplicateReason::Arxiv)
        );
    }

    #[test]
    fn what_is_known_and_differs_contradicts_a_title() {
        let one = || {
            paper("Sorting by Rotating Wheels")
                .year(2019)
                .authors(["Ann Ada"])
        };
        let same = |a: Paper, b: Paper| same_work(&a, &b, 0.9).is_some();
        assert!(same(one(), one()));
        assert!(same(one(), one().authors(["Ada, A.", "Bo Else"])));
        assert!(same(one(), one().authors(Vec::<String>::new())));
        assert!(!same(one(), one().authors(["Bo Else"])));
        assert!(same(one(), paper("Sorting by rotating wheels")));
        assert!(same(one(), one().year(2021)) && !same(one(), one().year(2022)));
        let doi = |name: &str| one().doi(name);
        assert!(!same(doi("10.1234/a"), doi("10.1234/b")));
        assert!(!same(doi("10.1234/a"), doi("10.9876/b")));
        assert!(same(doi("10.1234/a"), doi("10.1101/2020.01.02.123456")));
        assert!(!same(doi("10.1234/a"), doi("10.1101/gr.123456")));
        assert!(same(doi("10.2139/ssrn.1"), doi("10.21203/rs.3.rs-7/v1")));
        assert!(!same(
            doi("10.48550/arXiv.2001.00001"),
            doi("10.48550/arXiv.2001.00002")
        ));
        assert!(!same(one().arxiv("2001.00001"), one().arxiv("2001.00002")));
        assert!(same(one().arxiv("2001.00001"), one()));
    }

    #[test]
    fn a_cosine_contradicts_a_title_sooner_where_both_have_abstracts() {
        let full = paper("Sorting by Rotating Wheels");
        let bare = paper("Sorting by Rotating Wheels").abstract_text("");
        assert_eq!(same_work(&full, &full, 0.5), None);
        assert!(same_work(&full, &bare, 0.5).is_some());
        assert_eq!(same_work(&full, &bare, 0.3), None);
        assert_eq!(same_work(&full, &bare, f32::NAN), None);
    }

    #[test]
    fn titles_that_many_works_have_say_nothing() {
        for title in [
            "",
            "Introduction",
            "Evolutionary algorithms",
            "On the method",
            "- - -",
        ] {
            assert_eq!(
                same_work(&paper(title), &paper(title), 1.0),
                None,
                "{title}"
            );
        }
    }

    #[test]
    fn identifiers_are_found_where_they_stand() {
        let number = Some("2001.00001".to_owned());
        assert_eq!(arxiv_of(&Paper::new("arXiv:2001.00001v2")), number);
        let at = Paper::new("x").url("https://arxiv.org/abs/2001.00001v1");
        assert_eq!(arxiv_of(&at), number);
        // A number or an address of something else is none.
        assert_eq!(arxiv_of(&Paper::new("2001.00001")), None);
        assert_eq!(
            arxiv_of(&Paper::new("x").url("https://a.org/b/1234567")),
            None
        );
        let at = Paper::new("x").url("https://doi.org/10.1234/ABC");
        assert_eq!(doi_of(&at).as_deref(), Some("10.1234/abc"));
        for (doi, expected) in [
            ("10.21203/rs.3.rs-7/v12", "10.21203/rs.3.rs-7"),
            ("10.26434/chemrxiv-2020-7-v2", "10.26434/chemrxiv-2020-7"),
            (
                "10.20944/preprints202001.0001.v1",
                "10.20944/preprints202001.0001",
            ),
            ("10.1234/abc.v2", "10.1234/abc.v2"),
            ("10.31234/osf.io/abv2", "10.31234/osf.io/abv2"),
        ] {
            let paper = Paper::new("x").doi(doi);
            assert_eq!(doi_of(&paper).as_deref(), Some(expected));
        }
    }
}
