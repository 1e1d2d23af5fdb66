//! Recognizes the papers of a library that a draft cites.

use std::collections::HashMap;

use cognate_papers::identifiers::{arxiv, doi, title_key};
use serde::Serialize;

use crate::{Citation, Draft, Paper};

/// The fewest words of a title that is searched for within the entries of a list of references: `Graph
/// theory` would be in many entries.
const MIN_TITLE_WORDS: usize = 3;

/// A citation that is a paper of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CitedPaper {
    /// The citation as the draft writes it: a key, an identifier or an entry of its list of references.
    pub citation: String,
    /// The id of the paper.
    pub id: String,
}

/// The citations of a draft, which are matched with papers of a library one by one.
#[derive(Debug)]
pub(super) struct CitationMatcher {
    citations: Vec<Citation>,
    /// The id of the paper that each citation was matched with.
    found: Vec<Option<String>>,
    /// The positions of the citations that have each identifier.
    citations_by: HashMap<Identifier, Vec<usize>>,
    /// The words of the entries of the draft's own list of references, one entry after the other.
    entries: String,
    /// The byte of `entries` at which each entry starts, with the position of its citation.
    entry_starts: Vec<(usize, usize)>,
    /// The normalized title of the draft.
    draft_title: Option<String>,
}

/// A value by which a citation and a paper are matched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Identifier {
    Id(String),
    Doi(String),
    Arxiv(String),
    Title(String),
    Url(String),
}

impl CitationMatcher {
    /// Collects the citations of a draft. `references` is its list of references, by citation key.
    pub(super) fn new(draft: &Draft, references: &[Paper]) -> Self {
        let mut matcher = Self {
            citations: Vec::new(),
            found: Vec::new(),
            citations_by: HashMap::new(),
            entries: " ".to_owned(),
            entry_starts: Vec::new(),
            draft_title: draft.title().map(title_key),
        };
        // Of several references with the same key, the first is cited, as in BibTeX.
        let mut by_key: HashMap<&str, &Paper> = HashMap::new();
        for paper in references {
            by_key.entry(paper.id.as_str()).or_insert(paper);
        }
        let has_no_key = draft
            .citations()
            .iter()
            .all(|citation| citation.key.is_none() || is_all(citation));
        for citation in draft.citations() {
            if !is_all(citation) {
                let key = citation.key.as_deref();
                let reference = key.and_then(|key| by_key.get(key)).copied();
                matcher.push(citation.clone(), reference);
            }
        }
        // A draft without keys does not tell which references it cites, so all count as cited.
        if has_no_key || draft.citations().iter().any(is_all) {
            let keys: Vec<_> = draft.citations().iter().map(|c| c.key.clone()).collect();
            for reference in references {
                let citation = Citation::by_key(&reference.id);
                if !keys.contains(&citation.key) {
                    matcher.push(citation, Some(reference));
                }
            }
        }
        matcher
    }

    /// Adds a citation with the reference of its key, if there is one.
    fn push(&mut self, mut citation: Citation, reference: Option<&Paper>) {
        let position = self.citations.len();
        let mut identifiers = Vec::new();
        if let Some(key) = &citation.key {
            identifiers.push(Identifier::Id(key.clone()));
            identifiers.extend(arxiv(key).map(Identifier::Arxiv));
            identifiers.extend(doi(key).map(Identifier::Doi));
        }
        if let Some(paper) = reference {
            identifiers.extend(identifiers_of(paper));
            citation.doi = citation.doi.or_else(|| paper.doi.clone());
            citation.arxiv = citation.arxiv.or_else(|| paper.arxiv.clone());
            if !paper.title.trim().is_empty() {
                citation.text = citation.text.or_else(|| Some(paper.title.clone()));
            }
        }
        identifiers.extend(citation.doi.clone().map(Identifier::Doi));
        identifiers.extend(citation.arxiv.clone().map(Identifier::Arxiv));
        identifiers.extend(
            citation
                .url
                .as_deref()
                .map(normalized_url)
                .map(Identifier::Url),
        );
        if let (Some(text), None) = (&citation.text, reference) {
            self.entry_starts.push((self.entries.len(), position));
            let words = title_key(text);
            self.entries.push_str(&words);
            // No title has a line break, so no title matches across two entries.
            self.entries.push_str(" \n ");
            identifiers.push(Identifier::Title(words));
        }
        for identifier in identifiers {
            self.citations_by
                .entry(identifier)
                .or_default()
                .push(position);
        }
        self.citations.push(citation);
        self.found.push(None);
    }

    /// Returns whether the draft cites a paper, and marks the citations of the paper as found.
    pub(super) fn find(&mut self, paper: &Paper) -> bool {
        let mut identifiers = identifiers_of(paper);
        identifiers.push(Identifier::Id(paper.id.clone()));
        identifiers.extend(
            paper
                .url
                .as_deref()
                .map(normalized_url)
                .map(Identifier::Url),
        );
        let mut positions: Vec<usize> = identifiers
            .iter()
            .filter_map(|identifier| self.citations_by.get(identifier))
            .flatten()
            .copied()
            .collect();
        if !self.entry_starts.is_empty() {
            positions.extend(self.entry_with(&title_key(&paper.title)));
        }
        for &position in &positions {
            self.found[position].get_or_insert_with(|| paper.id.clone());
        }
        !positions.is_empty()
    }

    /// Returns the position of the citation whose entry contains the words of a title.
    fn entry_with(&self, title: &str) -> Option<usize> {
        if title.split(' ').take(MIN_TITLE_WORDS).count() < MIN_TITLE_WORDS {
            return None;
        }
        let found = self.entries.find(&format!(" {title} "))?;
        let next = self
            .entry_starts
            .partition_point(|(start, _)| *start <= found + 1);
        Some(self.entry_starts.get(next.checked_sub(1)?)?.1)
    }

    /// Returns whether a paper has the title of the draft, so that it is the draft itself.
    pub(super) fn is_draft(&self, paper: &Paper) -> bool {
        let title = self
            .draft_title
            .as_deref()
            .filter(|title| !title.is_empty());
        title.is_some_and(|title| title_key(&paper.title) == title)
    }

    /// Returns the citations that were found and those that were not. A link that was not found is
    /// left out, because it may lead to anything.
    pub(super) fn into_report(self) -> (Vec<CitedPaper>, Vec<Citation>) {
        let (mut found, mut not_found) = (Vec::new(), Vec::new());
        for (citation, id) in self.citations.into_iter().zip(self.found) {
            match id {
                Some(id) => found.push(CitedPaper {
                    citation: citation.label().to_owned(),
                    id,
                }),
                None if citation.url.is_none() => not_found.push(citation),
                None => {}
            }
        }
        (found, not_found)
    }
}

/// Returns whether a citation is `\nocite{*}`, which cites all references.
fn is_all(citation: &Citation) -> bool {
    citation.key.as_deref() == Some("*")
}

/// Returns the DOIs and arXiv identifiers in all fields of a paper, and its title.
fn identifiers_of(paper: &Paper) -> Vec<Identifier> {
    let fields = [&paper.doi, &paper.arxiv, &paper.url];
    let fields = fields.into_iter().flatten().chain([&paper.id]);
    let mut found = Vec::new();
    for field in fields {
        found.extend(doi(field).map(Identifier::Doi));
        found.extend(arxiv(field).map(Identifier::Arxiv));
    }
    let title = title_key(&paper.title);
    if !title.is_empty() {
        found.push(Identifier::Title(title));
    }
    found
}

/// Removes the parts of a URL in which two spellings of it may differ: the scheme, `www.` and slashes at
/// the end.
fn normalized_url(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let without_scheme = url.split_once("://").map_or(url, |(_, address)| address);
    without_scheme
        .strip_prefix("www.")
        .unwrap_or(without_scheme)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DraftFormat;

    fn cited(
        text: &str,
        format: DraftFormat,
        references: &[Paper],
        papers: &[Paper],
    ) -> Vec<String> {
        let mut matcher = CitationMatcher::new(&Draft::parse(text, format), references);
        for paper in papers {
            matcher.find(paper);
        }
        let (found, not_found) = matcher.into_report();
        let found = found
            .into_iter()
            .map(|cited| format!("{} = {}", cited.citation, cited.id));
        found
            .chain(
                not_found
                    .iter()
                    .map(|citation| format!("no {}", citation.label())),
            )
            .collect()
    }

    #[test]
    fn recognizes_a_paper_by_every_identifier() {
        let papers = [
            Paper::new("key2019").title("By its key"),
            Paper::new("b").title("By DOI").doi("10.1234/abc"),
            Paper::new("arXiv:2001.00001").title("By number"),
            Paper::new("d").title("On the growth of trees"),
            Paper::new("e")
                .title("Never cited here")
                .doi("10.1234/other"),
        ];
        let references = [
            Paper::new("two")
                .title("Another title of it")
                .doi("https://doi.org/10.1234/ABC"),
            Paper::new("three")
                .title("X")
                .url("https://arxiv.org/abs/2001.00001v2"),
            Paper::new("four").title("On the Growth of {Trees}!"),
            Paper::new("five").title("Nobody has it"),
            Paper::new("e")
                .title("In the list, and not cited")
                .doi("10.1234/other"),
        ];
        assert_eq!(
            cited(
                r"\cite{key2019,two,three} \citep{four,five,six}",
                DraftFormat::Latex,
                &references,
                &papers
            ),
            [
                "key2019 = key2019",
                "two = b",
                "three = arXiv:2001.00001",
                "four = d",
                "no five",
                "no six"
            ]
        );
        assert_eq!(
            cited(
                "See arXiv:2001.00001v3 and doi:10.1234/ABC.",
                DraftFormat::Plain,
                &[],
                &papers
            ),
            ["2001.00001 = arXiv:2001.00001", "10.1234/abc = b"]
        );
        assert_eq!(
            cited(
                "Text.\n\nReferences\n\n[1] C. Vogt. On the growth of trees. 2019.\n[2] D. Marlow. Roots, 2020.",
                DraftFormat::Plain,
                &[],
                &papers
            ),
            [
                "[1] C. Vogt. On the growth of trees. 2019. = d",
                "no [2] D. Marlow. Roots, 2020."
            ]
        );
    }

    #[test]
    fn a_draft_without_keys_cites_all_references() {
        let papers = [Paper::new("a").title("One"), Paper::new("b").title("Two")];
        let all = |text: &str, format| cited(text, format, &papers, &papers);
        assert_eq!(all("Some text.", DraftFormat::Plain), ["a = a", "b = b"]);
        assert_eq!(
            all(r"\nocite{*} \cite{b}", DraftFormat::Latex),
            ["b = b", "a = a"]
        );
        assert_eq!(all(r"\cite{b}", DraftFormat::Latex), ["b = b"]);
    }

    #[test]
    fn a_link_that_leads_to_no_paper_is_not_a_citation() {
        let papers = [
            Paper::new("a")
                .title("A paper at home")
                .url("https://www.example.org/a/"),
            Paper::new("b").title("Named by its link"),
        ];
        let text = "See [this](http://example.org/a), [named by its link](https://x.org) and [home](https://y.org).";
        assert_eq!(
            cited(text, DraftFormat::Markdown, &[], &papers),
            ["this = a", "named by its link = b"]
        );
    }
}
