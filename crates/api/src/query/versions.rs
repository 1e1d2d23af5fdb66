//! Recognizes versions of one paper: a preprint and its publication, or two records of one publication.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use cognate_papers::identifiers;
use cognate_papers::text::{fold, is_stop_word, words};
use serde::Serialize;

use crate::{Name, Paper, PaperKind};

/// The evidence that two papers are versions of one paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DuplicateReason {
    /// They have the same DOI, and are not different parts of the publication that has it.
    Doi,
    /// They have the same arXiv identifier.
    Arxiv,
    /// They have the same title, and no other metadata contradicts that they are versions.
    Title,
    /// Their texts are nearly the same, though nothing else shows that they are versions.
    Text,
}

impl DuplicateReason {
    /// All reasons, in the order of their declaration.
    pub const ALL: &'static [Self] = &[Self::Doi, Self::Arxiv, Self::Title, Self::Text];

    /// Returns the name, such as `doi`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Doi => "doi",
            Self::Arxiv => "arxiv",
            Self::Title => "title",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for DuplicateReason {
    /// Writes a phrase for a reader, such as `same DOI`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Doi => "same DOI",
            Self::Arxiv => "same arXiv identifier",
            Self::Title => "same title",
            Self::Text => "nearly the same text",
        })
    }
}

/// The largest number of years between two versions, such as a preprint and its publication.
const MAX_YEARS_BETWEEN: u32 = 2;

/// The lowest cosine of two versions with the same title that both have an abstract.
///
/// Among 100,000 arXiv papers, 36 pairs have the same title. With all-MiniLM-L6-v2, the pairs that
/// share an author and are versions of one paper have a cosine of 0.71 or more, and two introductions
/// to `Evolutionary algorithms` by different authors have 0.62. Of all pairs among 300 random papers,
/// the highest cosine is 0.68, and one pair in a thousand is above 0.46.
const MIN_COSINE: f32 = 0.65;

/// The lowest cosine of two versions with the same title if at least one has no abstract, so that its
/// text is the title alone. Of 300 papers, 99 in 100 have a cosine of 0.456 or more with their own
/// title.
const MIN_COSINE_WITHOUT_ABSTRACT: f32 = 0.45;

/// The fewest words of a distinctive title: many papers are called `Introduction` or `Editorial`.
const MIN_TITLE_WORDS: usize = 3;

/// The fewest words of a distinctive title that are not stop words: many papers are called `On the
/// Method`.
const MIN_TITLE_CONTENT_WORDS: usize = 2;

/// A paper with the metadata by which its versions are recognized, each normalized at most once.
#[derive(Debug)]
pub(crate) struct VersionCandidate {
    pub(crate) paper: Arc<Paper>,
    doi: Option<String>,
    arxiv: Option<String>,
    /// The words of the title, or `None` if the title is not distinctive.
    title: OnceCell<Option<String>>,
    /// The words of the authors' names that have more than one letter.
    author_words: OnceCell<Vec<String>>,
}

impl VersionCandidate {
    /// Extracts the identifiers of a paper. Title and authors are normalized when they are first
    /// compared, which few pairs of papers need.
    pub(crate) fn new(paper: Paper) -> Self {
        Self {
            doi: doi_of(&paper),
            arxiv: arxiv_of(&paper),
            title: OnceCell::new(),
            author_words: OnceCell::new(),
            paper: Arc::new(paper),
        }
    }

    /// Returns the reason why two papers are versions of one paper, or `None` if they are not.
    /// `cosine` is the cosine of their vectors. The result is never [`DuplicateReason::Text`].
    pub(crate) fn evidence(&self, other: &Self, cosine: f32) -> Option<DuplicateReason> {
        let min_cosine = if self.has_abstract() && other.has_abstract() {
            MIN_COSINE
        } else {
            MIN_COSINE_WITHOUT_ABSTRACT
        };
        if self.doi.is_some() && self.doi == other.doi {
            // The chapters of a book may all carry the DOI of the book.
            let are_parts = identifiers::titles_contradict(&self.paper.title, &other.paper.title)
                && (cosine < min_cosine || !self.authors_agree(other) || self.has_part(other));
            return (!are_parts).then_some(DuplicateReason::Doi);
        }
        match (&self.arxiv, &other.arxiv) {
            (Some(a), Some(b)) if a == b => return Some(DuplicateReason::Arxiv),
            (Some(_), Some(_)) => return None,
            _ => {}
        }
        if let (Some(a), Some(b)) = (&self.doi, &other.doi)
            && identifiers::preprint_archive(a) == identifiers::preprint_archive(b)
        {
            return None;
        }
        let agree = cosine >= min_cosine
            && years_agree(self.paper.year, other.paper.year)
            && self.title().is_some()
            && self.title() == other.title()
            && self.authors_agree(other);
        agree.then_some(DuplicateReason::Title)
    }

    /// Returns the identifiers and the title of the paper, of which two versions share at least one. Each
    /// begins with a letter for its kind.
    pub(crate) fn keys(&self) -> Vec<String> {
        let key = |kind: char, text: &str| format!("{kind}{text}");
        let doi = self.doi.as_deref().map(|doi| key('d', doi));
        let arxiv = self.arxiv.as_deref().map(|arxiv| key('a', arxiv));
        let title = self.title().map(|title| key('t', title));
        [doi, arxiv, title].into_iter().flatten().collect()
    }

    /// Returns whether one of two papers is a part of a book, or both have pages and these differ.
    fn has_part(&self, other: &Self) -> bool {
        let is_part = |paper: &Paper| paper.details.kind == Some(PaperKind::Chapter);
        let pages = (&self.paper.details.pages, &other.paper.details.pages);
        is_part(&self.paper)
            || is_part(&other.paper)
            || matches!(pages, (Some(a), Some(b)) if a != b)
    }

    fn has_abstract(&self) -> bool {
        !self.paper.abstract_text.trim().is_empty()
    }

    fn title(&self) -> Option<&str> {
        let title = &self.paper.title;
        let key = || is_distinctive(title).then(|| identifiers::title_key(title));
        self.title.get_or_init(key).as_deref()
    }

    fn author_words(&self) -> &[String] {
        self.author_words.get_or_init(|| {
            let names: Vec<&str> = self.paper.authors.iter().map(Name::full).collect();
            let authors = fold(&names.join(" "));
            words(&authors)
                .filter(|word| word.chars().count() > 1)
                .collect()
        })
    }

    /// Returns whether the authors have a word of more than one letter in common, such as `Lovelace`
    /// in `Ada Lovelace` and `Lovelace, A.`, or one of the papers has no authors.
    fn authors_agree(&self, other: &Self) -> bool {
        let (a, b) = (self.author_words(), other.author_words());
        a.is_empty() || b.is_empty() || a.iter().any(|word| b.contains(word))
    }
}

/// Returns the normalized DOI of a paper, without the version number that some archives append. The DOI
/// comes from the field `doi`, or else from the URL.
pub(crate) fn doi_of(paper: &Paper) -> Option<String> {
    let from = |text: &Option<String>| text.as_deref().and_then(identifiers::doi);
    let doi = from(&paper.doi).or_else(|| from(&paper.url))?;
    Some(identifiers::without_archive_version(&doi).to_owned())
}

/// Returns the arXiv identifier of a paper, from the field `arxiv`, or else from a DOI of arXiv, a URL
/// of arXiv or of a site that shows its papers, or an id that contains `arxiv:`, in this order.
pub(crate) fn arxiv_of(paper: &Paper) -> Option<String> {
    let from = |text: Option<&str>, marker: &str| {
        text.filter(|text| text.to_ascii_lowercase().contains(marker))
            .and_then(identifiers::arxiv)
    };
    from(paper.arxiv.as_deref(), "")
        .or_else(|| from(paper.doi.as_deref(), "10.48550/arxiv."))
        .or_else(|| from(paper.url.as_deref(), "arxiv.org/"))
        .or_else(|| from(paper.url.as_deref(), "://"))
        .or_else(|| from(Some(&paper.id), "arxiv:"))
}

/// Returns whether a title has enough words to distinguish papers.
pub(crate) fn is_distinctive(title: &str) -> bool {
    let mut content_words = 0;
    let all = words(title).inspect(|word| content_words += usize::from(!is_stop_word(word)));
    all.count() >= MIN_TITLE_WORDS && content_words >= MIN_TITLE_CONTENT_WORDS
}

fn years_agree(a: Option<i32>, b: Option<i32>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(b) <= MAX_YEARS_BETWEEN,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version_evidence(a: &Paper, b: &Paper, cosine: f32) -> Option<DuplicateReason> {
        VersionCandidate::new(a.clone()).evidence(&VersionCandidate::new(b.clone()), cosine)
    }

    fn paper(title: &str) -> Paper {
        Paper::new("x").title(title).abstract_text("Something.")
    }

    #[test]
    fn recognizes_a_preprint_and_its_publication() {
        let preprint = paper("Sorting by Rotating Wheels")
            .doi("10.48550/arXiv.2001.00001")
            .year(2019);
        let published = paper("Sorting by rotating wheels.")
            .doi("https://doi.org/10.1234/WHEELS")
            .year(2021);
        let found = version_evidence(&preprint, &published, 0.8);
        assert_eq!(found, Some(DuplicateReason::Title));
        let same_doi = paper("Other words").doi("10.1234/wheels");
        assert_eq!(
            version_evidence(&published, &same_doi, 0.8),
            Some(DuplicateReason::Doi)
        );
        let untitled = paper("").doi("10.1234/wheels");
        assert_eq!(
            version_evidence(&published, &untitled, 0.1),
            Some(DuplicateReason::Doi)
        );
        let same_arxiv = paper("Other words").arxiv("2001.00001v3");
        assert_eq!(
            version_evidence(&preprint, &same_arxiv, 0.1),
            Some(DuplicateReason::Arxiv)
        );
    }

    #[test]
    fn chapters_with_the_doi_of_their_book_are_different_papers() {
        let wheels = paper("Sorting by Rotating Wheels")
            .doi("10.1234/book")
            .authors(["Ann Ada"]);
        let ferns = paper("Ferns in winter").doi("10.1234/book");
        assert_eq!(version_evidence(&wheels, &ferns, 0.1), None);
        let by_another = ferns.clone().authors(["Bo Else"]);
        assert_eq!(version_evidence(&wheels, &by_another, 0.9), None);
        let by_same = ferns.authors(["Ann Ada"]);
        assert!(version_evidence(&wheels, &by_same, 0.9).is_some());
        let chapter = by_same.clone().kind(PaperKind::Chapter);
        assert_eq!(version_evidence(&wheels, &chapter, 0.9), None);
        let with_pages = |mut paper: Paper, pages: &str| {
            paper.details.pages = Some(pages.to_owned());
            paper
        };
        let (first, second) = (
            with_pages(wheels.clone(), "1-9"),
            with_pages(by_same, "11-19"),
        );
        assert_eq!(version_evidence(&first, &second, 0.9), None);
        let longer = paper("Sorting by Rotating Wheels: A Survey").doi("10.1234/book");
        assert_eq!(
            version_evidence(&wheels, &longer, 0.1),
            Some(DuplicateReason::Doi)
        );
    }

    #[test]
    fn different_metadata_contradict_the_same_title() {
        let base = || {
            paper("Sorting by Rotating Wheels")
                .year(2019)
                .authors(["Ann Ada"])
        };
        let same = |a: Paper, b: Paper| version_evidence(&a, &b, 0.9).is_some();
        assert!(same(base(), base()));
        assert!(same(base(), base().authors(["Ada, A.", "Bo Else"])));
        assert!(same(base(), base().authors(Vec::<Name>::new())));
        assert!(!same(base(), base().authors(["Bo Else"])));
        assert!(same(base(), paper("Sorting by rotating wheels")));
        assert!(same(base(), base().year(2021)) && !same(base(), base().year(2022)));
        let doi = |name: &str| base().doi(name);
        assert!(!same(doi("10.1234/a"), doi("10.1234/b")));
        assert!(!same(doi("10.1234/a"), doi("10.9876/b")));
        assert!(same(doi("10.1234/a"), doi("10.1101/2020.01.02.123456")));
        assert!(!same(doi("10.1234/a"), doi("10.1101/gr.123456")));
        assert!(same(doi("10.1234/a"), doi("10.31235/osf.io/abcde")));
        assert!(same(doi("10.2139/ssrn.1"), doi("10.21203/rs.3.rs-7/v1")));
        assert!(!same(
            doi("10.48550/arXiv.2001.00001"),
            doi("10.48550/arXiv.2001.00002")
        ));
        assert!(!same(
            base().arxiv("2001.00001"),
            base().arxiv("2001.00002")
        ));
        assert!(same(base().arxiv("2001.00001"), base()));
    }

    #[test]
    fn needs_a_higher_cosine_if_both_have_abstracts() {
        let full = paper("Sorting by Rotating Wheels");
        let bare = paper("Sorting by Rotating Wheels").abstract_text("");
        assert_eq!(version_evidence(&full, &full, 0.5), None);
        assert!(version_evidence(&full, &bare, 0.5).is_some());
        assert_eq!(version_evidence(&full, &bare, 0.3), None);
        assert_eq!(version_evidence(&full, &bare, f32::NAN), None);
    }

    #[test]
    fn ignores_titles_that_are_not_distinctive() {
        for title in [
            "",
            "Introduction",
            "Evolutionary algorithms",
            "On the method",
            "- - -",
        ] {
            assert_eq!(
                version_evidence(&paper(title), &paper(title), 1.0),
                None,
                "{title}"
            );
        }
    }

    #[test]
    fn finds_identifiers_in_all_fields() {
        let identifier = Some("2001.00001".to_owned());
        assert_eq!(arxiv_of(&Paper::new("arXiv:2001.00001v2")), identifier);
        let paper = Paper::new("x").url("https://arxiv.org/abs/2001.00001v1");
        assert_eq!(arxiv_of(&paper), identifier);
        let paper = Paper::new("x").url("https://huggingface.co/papers/2001.00001");
        assert_eq!(arxiv_of(&paper), identifier);
        // Ids and URLs of other sites may look alike.
        assert_eq!(arxiv_of(&Paper::new("2001.00001")), None);
        assert_eq!(
            arxiv_of(&Paper::new("x").url("https://a.org/b/1234567")),
            None
        );
        let paper = Paper::new("x").url("https://doi.org/10.1234/ABC");
        assert_eq!(doi_of(&paper).as_deref(), Some("10.1234/abc"));
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
