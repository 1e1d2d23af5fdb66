//! Which papers of a library a draft cites.

use std::collections::HashMap;

use crate::analysis::missed::CitedPaper;
use crate::{Citation, Draft, Paper, identifiers};

/// The words that a title needs to be recognized within an entry of a list of references: `Graph
/// theory` is in too many.
const MIN_TITLE_WORDS: usize = 3;

/// What a draft cites, and which of it was found.
#[derive(Debug)]
pub(super) struct Cited {
    citations: Vec<Citation>,
    /// The id of the paper that a citation is.
    found: Vec<Option<String>>,
    /// The citations by each of their names.
    names: HashMap<Name, Vec<usize>>,
    /// The entries of the draft's own list of references: words, with the citation and the byte
    /// where it begins.
    entries: String,
    starts: Vec<(usize, usize)>,
    /// The title of the draft.
    title: Option<String>,
}

/// What a paper is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    Id(String),
    Doi(String),
    Arxiv(String),
    Title(String),
    Url(String),
}

impl Cited {
    pub(super) fn new(draft: &Draft, references: &[Paper]) -> Self {
        let mut cited = Self {
            citations: Vec::new(),
            found: Vec::new(),
            names: HashMap::new(),
            entries: " ".to_owned(),
            starts: Vec::new(),
            title: draft.title().map(identifiers::title_key),
        };
        let by_key: HashMap<&str, &Paper> = references
            .iter()
            .map(|paper| (paper.id.as_str(), paper))
            .collect();
        let cites_all = draft
            .citations()
            .iter()
            .all(|citation| citation.key.is_none() || is_all(citation));
        for citation in draft.citations() {
            if !is_all(citation) {
                let key = citation.key.as_deref();
                let reference = key.and_then(|key| by_key.get(key)).copied();
                cited.push(citation.clone(), reference);
            }
        }
        // Without a key, nothing else says which of them are cited.
        if cites_all || draft.citations().iter().any(is_all) {
            let keys: Vec<_> = draft.citations().iter().map(|c| c.key.clone()).collect();
            for reference in references {
                let citation = Citation::by_key(&reference.id);
                if !keys.contains(&citation.key) {
                    cited.push(citation, Some(reference));
                }
            }
        }
        cited
    }

    fn push(&mut self, mut citation: Citation, reference: Option<&Paper>) {
        let place = self.citations.len();
        let mut names = Vec::new();
        if let Some(key) = &citation.key {
            names.push(Name::Id(key.clone()));
            names.extend(identifiers::arxiv(key).map(Name::Arxiv));
            names.extend(identifiers::doi(key).map(Name::Doi));
        }
        if let Some(paper) = reference {
            names.extend(names_of(paper));
            citation.doi = citation.doi.or_else(|| paper.doi.clone());
            citation.arxiv = citation.arxiv.or_else(|| paper.arxiv.clone());
            if !paper.title.trim().is_empty() {
                citation.text = citation.text.or_else(|| Some(paper.title.clone()));
            }
        }
        names.extend(citation.doi.clone().map(Name::Doi));
        names.extend(citation.arxiv.clone().map(Name::Arxiv));
        names.extend(citation.url.as_deref().map(bare_address).map(Name::Url));
        if let (Some(text), None) = (&citation.text, reference) {
            self.starts.push((self.entries.len(), place));
            let words = identifiers::title_key(text);
            self.entries.push_str(&words);
            // What no title has, so that none reaches into the next entry.
            self.entries.push_str(" \n ");
            names.push(Name::Title(words));
        }
        for name in names {
            self.names.entry(name).or_default().push(place);
        }
        self.citations.push(citation);
        self.found.push(None);
    }

    /// Whether a paper is cited; its citations are then found.
    pub(super) fn take(&mut self, paper: &Paper) -> bool {
        let mut names = names_of(paper);
        names.push(Name::Id(paper.id.clone()));
        names.extend(paper.url.as_deref().map(bare_address).map(Name::Url));
        let mut places: Vec<usize> = names
            .iter()
            .filter_map(|name| self.names.get(name))
            .flatten()
            .copied()
            .collect();
        if !self.starts.is_empty() {
            places.extend(self.entry_with(&identifiers::title_key(&paper.title)));
        }
        for &place in &places {
            self.found[place].get_or_insert_with(|| paper.id.clone());
        }
        !places.is_empty()
    }

    /// The citation whose entry has these words.
    fn entry_with(&self, title: &str) -> Option<usize> {
        if title.split(' ').take(MIN_TITLE_WORDS).count() < MIN_TITLE_WORDS {
            return None;
        }
        let at = self.entries.find(&format!(" {title} "))?;
        let entry = self.starts.partition_point(|(start, _)| *start <= at + 1);
        Some(self.starts.get(entry.checked_sub(1)?)?.1)
    }

    /// Whether a paper is the draft itself, by its title.
    pub(super) fn is_draft(&self, paper: &Paper) -> bool {
        let title = self.title.as_deref().filter(|title| !title.is_empty());
        title.is_some_and(|title| identifiers::title_key(&paper.title) == title)
    }

    /// What was found and what was not. A link that leads to no paper is no citation.
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

/// `\nocite{*}`.
fn is_all(citation: &Citation) -> bool {
    citation.key.as_deref() == Some("*")
}

/// What a paper is known by everywhere, whichever of its fields says so.
fn names_of(paper: &Paper) -> Vec<Name> {
    let fields = [&paper.doi, &paper.arxiv, &paper.url];
    let fields = fields.into_iter().flatten().chain([&paper.id]);
    let mut names = Vec::new();
    for field in fields {
        names.extend(identifiers::doi(field).map(Name::Doi));
        names.extend(identifiers::arxiv(field).map(Name::Arxiv));
    }
    let title = identifiers::title_key(&paper.title);
    if !title.is_empty() {
        names.push(Name::Title(title));
    }
    names
}

/// An address without what may differ between two writings of it.
fn bare_address(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    bare.strip_prefix("www.").unwrap_or(bare).to_owned()
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
        let mut cited = Cited::new(&Draft::parse(text, format), references);
        for paper in papers {
            cited.take(paper);
        }
        let (found, not_found) = cited.into_report();
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
    fn recognizes_a_paper_by_every_name() {
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
    fn takes_all_references_where_the_draft_names_no_key() {
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
    fn takes_no_link_for_a_citation_that_leads_to_no_paper() {
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
