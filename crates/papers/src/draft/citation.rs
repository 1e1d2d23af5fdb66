use std::collections::HashMap;

use crate::identifiers;

/// Something that a draft cites: a key of its list of references, an identifier, the text of an
/// entry, or several of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Citation {
    /// The key, as in `\cite{key}` or `[@key]`; `*` where `\nocite{*}` cites all.
    pub key: Option<String>,
    /// The digital object identifier, in small letters.
    pub doi: Option<String>,
    /// The number on arXiv, without its version.
    pub arxiv: Option<String>,
    /// The entry in the list of references, or the text of a link.
    pub text: Option<String>,
    /// Where a link leads that may be a citation or not.
    pub url: Option<String>,
}

impl Citation {
    /// Creates a citation by the key of an entry in a list of references.
    pub fn by_key(key: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..Self::default()
        }
    }

    /// What names it to a reader: the key, or else an identifier, the text or the address.
    pub fn label(&self) -> &str {
        [&self.key, &self.doi, &self.arxiv, &self.text, &self.url]
            .into_iter()
            .find_map(Option::as_deref)
            .unwrap_or_default()
    }
}

/// Citations in order of appearance, each once.
#[derive(Debug, Default)]
pub(super) struct Citations {
    list: Vec<Citation>,
    /// The place in the list of each key, and of each identifier or text that stands alone.
    places: HashMap<String, usize>,
}

impl Citations {
    /// A citation by its key.
    pub(super) fn key(&mut self, key: &str) {
        let key = key.trim();
        if !key.is_empty() {
            self.place(&format!("key {key}"), || Citation {
                key: Some(key.to_owned()),
                ..Citation::default()
            });
        }
    }

    /// An identifier that stands in the text.
    pub(super) fn doi(&mut self, doi: String) {
        // A preprint's DOI is its number.
        match identifiers::arxiv(&doi) {
            Some(number) if doi.starts_with("10.48550/") => self.arxiv(number),
            _ => {
                self.place(&format!("doi {doi}"), || Citation {
                    doi: Some(doi.clone()),
                    ..Citation::default()
                });
            }
        }
    }

    /// A number on arXiv that stands in the text.
    pub(super) fn arxiv(&mut self, number: String) {
        self.place(&format!("arxiv {number}"), || Citation {
            arxiv: Some(number.clone()),
            ..Citation::default()
        });
    }

    /// An entry of the list of references, by its key if it has one, and what identifies it there.
    pub(super) fn entry(
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
        let name = key.map_or_else(|| format!("text {text}"), |key| format!("key {key}"));
        let place = self.place(&name, || Citation {
            key: key.map(str::to_owned),
            ..Citation::default()
        });
        let citation = &mut self.list[place];
        citation.doi = citation.doi.take().or(doi);
        citation.arxiv = citation.arxiv.take().or(arxiv);
        citation.text = citation
            .text
            .take()
            .or(Some(text).filter(|text| !text.is_empty()));
    }

    /// A link.
    pub(super) fn link(&mut self, url: &str, text: &str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // Within the draft itself.
        if !url.starts_with('#') {
            self.place(&format!("url {url}"), || Citation {
                url: Some(url.to_owned()),
                text: Some(text).filter(|text| !text.is_empty()),
                ..Citation::default()
            });
        }
    }

    pub(super) fn into_list(self) -> Vec<Citation> {
        self.list
    }

    fn place(&mut self, name: &str, citation: impl FnOnce() -> Citation) -> usize {
        if let Some(&place) = self.places.get(name) {
            return place;
        }
        self.list.push(citation());
        self.places.insert(name.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}
