use std::collections::HashMap;

use serde::{Serialize, Serializer};

use crate::{Paper, identifiers};

/// A citation in a draft: by a key, an identifier, an entry in the list of references or a link.
///
/// Several fields are set if the draft relates them, such as the key and the DOI of an entry.
/// [Serialized](Serialize), a citation has these fields, and its [label](Self::label) as `citation`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Citation {
    /// The key, as in `\cite{key}` or `[@key]`. The key `*` of `\nocite{*}` cites all references. In a
    /// document of Word, a citation whose data have no key has its DOI or its title instead.
    pub key: Option<String>,
    /// The digital object identifier (DOI), in lower case.
    pub doi: Option<String>,
    /// The arXiv identifier, without its version.
    pub arxiv: Option<String>,
    /// The text of the entry in the list of references, or of the link.
    pub text: Option<String>,
    /// The address of a link, which may cite a paper or not.
    pub url: Option<String>,
}

impl Citation {
    /// Creates a citation by a key.
    pub fn by_key(key: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..Self::default()
        }
    }

    /// Returns the first of key, DOI, arXiv identifier, text and address that is set, to show to a
    /// reader.
    pub fn label(&self) -> &str {
        [&self.key, &self.doi, &self.arxiv, &self.text, &self.url]
            .into_iter()
            .find_map(Option::as_deref)
            .unwrap_or_default()
    }
}

/// The JSON form of a citation.
#[derive(Serialize)]
struct Written<'a> {
    citation: &'a str,
    key: Option<&'a str>,
    doi: Option<&'a str>,
    arxiv: Option<&'a str>,
    text: Option<&'a str>,
    url: Option<&'a str>,
}

impl Serialize for Citation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            citation: self.label(),
            key: self.key.as_deref(),
            doi: self.doi.as_deref(),
            arxiv: self.arxiv.as_deref(),
            text: self.text.as_deref(),
            url: self.url.as_deref(),
        };
        written.serialize(serializer)
    }
}

/// Citations in order of first appearance, without repetitions.
#[derive(Debug, Default)]
pub(super) struct Citations {
    list: Vec<Citation>,
    /// The index in `list` of each key, and of each identifier, entry or link without a key.
    indices: HashMap<String, usize>,
}

impl Citations {
    /// Adds a citation by a key. A key such as `doi:10.1145/3292500` is an identifier too.
    pub(super) fn add_key(&mut self, key: &str) {
        let key = key.trim();
        // A macro of an author may take the bracket of an option for its argument.
        if !key.contains(|c: char| c.is_alphanumeric() || c == '*') {
            return;
        }
        let labeled = |label: &str| {
            let start = key.get(..label.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(label))
        };
        let is_address = labeled("https://") || labeled("http://");
        self.index_of(&format!("key {key}"), || Citation {
            key: Some(key.to_owned()),
            doi: identifiers::doi(key).filter(|_| labeled("doi:") || is_address),
            arxiv: identifiers::arxiv(key).filter(|_| labeled("arxiv:") || is_address),
            ..Citation::default()
        });
    }

    /// Adds a DOI that the text mentions.
    pub(super) fn add_doi(&mut self, doi: String) {
        // The DOI of an arXiv preprint contains its arXiv identifier.
        match identifiers::arxiv(&doi) {
            Some(identifier) if doi.starts_with("10.48550/") => self.add_arxiv(identifier),
            _ => {
                self.index_of(&format!("doi {doi}"), || Citation {
                    doi: Some(doi.clone()),
                    ..Citation::default()
                });
            }
        }
    }

    /// Adds an arXiv identifier that the text mentions.
    pub(super) fn add_arxiv(&mut self, identifier: String) {
        self.index_of(&format!("arxiv {identifier}"), || Citation {
            arxiv: Some(identifier.clone()),
            ..Citation::default()
        });
    }

    /// Adds an entry of the list of references with its key, if it has one, and its identifiers.
    pub(super) fn add_entry(
        &mut self,
        key: Option<&str>,
        text: &str,
        doi: Option<String>,
        arxiv: Option<String>,
    ) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() && doi.is_none() && arxiv.is_none() {
            return;
        }
        // `\bibitem{}` has no key.
        let key = key.filter(|key| !key.is_empty());
        let name = key.map_or_else(|| format!("text {text}"), |key| format!("key {key}"));
        let index = self.index_of(&name, || Citation {
            key: key.map(str::to_owned),
            ..Citation::default()
        });
        let citation = &mut self.list[index];
        citation.doi = citation.doi.take().or(doi);
        citation.arxiv = citation.arxiv.take().or(arxiv);
        citation.text = citation
            .text
            .take()
            .or(Some(text).filter(|text| !text.is_empty()));
    }

    /// Adds a citation of a work by its data. A work without a key gets its DOI or its title as the key.
    pub(super) fn add_work(
        &mut self,
        key: Option<&str>,
        title: &str,
        doi: Option<String>,
        arxiv: Option<String>,
    ) {
        let by_data = || doi.as_deref().or(arxiv.as_deref()).unwrap_or(title.trim());
        let key = key.unwrap_or_else(by_data).to_owned();
        if title.trim().is_empty() && doi.is_none() && arxiv.is_none() {
            self.add_key(&key);
        } else {
            self.add_entry(Some(&key), title, doi, arxiv);
        }
    }

    /// Completes the citation of a paper, whose id is its key, by the data of the paper.
    ///
    /// Adds the citation if the draft cites all references, as `\nocite{*}` does.
    pub(super) fn describe(&mut self, paper: &Paper) {
        let name = format!("key {}", paper.id);
        if self.indices.contains_key(&name) || self.indices.contains_key("key *") {
            let doi = paper.doi.clone();
            self.add_entry(Some(&paper.id), &paper.title, doi, paper.arxiv.clone());
        }
    }

    /// Adds a link.
    pub(super) fn add_link(&mut self, url: &str, text: &str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // A link within the draft, or to nowhere, is not a citation.
        if !url.is_empty() && !url.starts_with('#') {
            self.index_of(&format!("url {url}"), || Citation {
                url: Some(url.to_owned()),
                text: Some(text).filter(|text| !text.is_empty()),
                ..Citation::default()
            });
        }
    }

    pub(super) fn into_list(self) -> Vec<Citation> {
        self.list
    }

    /// Returns the index of the citation with this name, and adds the citation if there is none.
    fn index_of(&mut self, name: &str, citation: impl FnOnce() -> Citation) -> usize {
        if let Some(&index) = self.indices.get(name) {
            return index;
        }
        self.list.push(citation());
        self.indices.insert(name.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}
