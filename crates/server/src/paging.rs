//! Pages of long answers. The token of a page names the commit of the library, so that pages of different
//! commits are never put together.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use cognate::Generation;
use serde::{Deserialize, Serialize};

use crate::problem::{Kind, Problem};

/// The part of an answer that a request asks for.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct PageParameters {
    /// The largest number of items of the page. Default: all.
    #[param(minimum = 1)]
    pub(crate) limit: Option<usize>,
    /// The number of items before the page.
    #[param(minimum = 0, default = 0)]
    pub(crate) offset: usize,
    /// The token of the page, which is `next` of the page before; the other parameters must be as they were.
    pub(crate) page: Option<String>,
}

/// A page of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) offset: usize,
    pub(crate) limit: Option<usize>,
}

/// What a page belongs to: the commits of the libraries and the query, as hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paged {
    generation: [u8; HASH],
    query: [u8; HASH],
}

/// The size of a hash in a token, in bytes.
const HASH: usize = 8;

/// The form of tokens, which is their first byte.
const VERSION: u8 = 1;

impl PageParameters {
    /// Returns whether an answer in pages is asked for.
    pub(crate) fn is_paged(&self) -> bool {
        self.limit.is_some() || self.offset > 0 || self.page.is_some()
    }

    /// Returns the page.
    ///
    /// # Errors
    ///
    /// Returns a problem if the token belongs to another commit or to another query, or is not a token.
    pub(crate) fn page(&self, paged: Paged) -> Result<Page, Problem> {
        let limit = self.limit;
        if limit == Some(0) {
            return Err(wrong("`limit` is 0, expected at least 1", "limit"));
        }
        let Some(token) = &self.page else {
            let offset = self.offset;
            return Ok(Page { offset, limit });
        };
        if self.offset > 0 {
            return Err(wrong(
                "`offset` and `page` are given, expected one of them",
                "page",
            ));
        }
        let (found, offset) = Paged::read(token)
            .ok_or_else(|| wrong("`page` is not a token, expected `next` of a page", "page"))?;
        if found.query != paged.query {
            let detail =
                "`page` belongs to another query, expected the parameters of the page before";
            return Err(wrong(detail, "page"));
        }
        if found.generation != paged.generation {
            let detail =
                "the library has changed since the page before; begin with the first page again";
            return Err(Problem::new(Kind::Changed, detail));
        }
        Ok(Page { offset, limit })
    }
}

impl Page {
    /// Returns the items of the page, and whether more follow.
    pub(crate) fn of<T>(self, items: Vec<T>) -> (Vec<T>, bool) {
        let end = self.end(items.len());
        let has_more = end < items.len();
        let mut items = items;
        items.truncate(end);
        items.drain(..self.offset.min(end));
        (items, has_more)
    }

    /// Returns the token of the next page.
    pub(crate) fn next(self, total: usize, paged: Paged) -> String {
        paged.token(self.end(total))
    }

    fn end(self, total: usize) -> usize {
        let limit = self.limit.unwrap_or(usize::MAX);
        self.offset.saturating_add(limit).min(total)
    }
}

impl Paged {
    /// Creates the description of the commits `generation` and of `query`, the parameters of the request
    /// without the parameters of the page. Changes of lists count only if the answer depends on them, so that a reader can
    /// put papers on lists while turning pages.
    pub(crate) fn new(generation: &[Generation], uses_lists: bool, query: &[u8]) -> Self {
        let mut counted = Vec::new();
        for generation in generation {
            counted.extend(generation.papers.to_le_bytes());
            if uses_lists {
                counted.extend(generation.lists.to_le_bytes());
            }
        }
        Self {
            generation: hash(&counted),
            query: hash(query),
        }
    }

    fn token(self, offset: usize) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend((offset as u64).to_le_bytes());
        bytes.extend(self.generation);
        bytes.extend(self.query);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token: what its page belongs to, and the number of items before the page.
    fn read(token: &str) -> Option<(Self, usize)> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (version, bytes) = bytes.split_first()?;
        let (offset, bytes) = bytes.split_first_chunk()?;
        let (generation, bytes) = bytes.split_first_chunk()?;
        let query = bytes.try_into().ok()?;
        let paged = Self {
            generation: *generation,
            query,
        };
        let offset = usize::try_from(u64::from_le_bytes(*offset)).ok()?;
        (*version == VERSION).then_some((paged, offset))
    }
}

fn hash(bytes: &[u8]) -> [u8; HASH] {
    let mut short = [0; HASH];
    short.copy_from_slice(&blake3::hash(bytes).as_bytes()[..HASH]);
    short
}

fn wrong(detail: &str, parameter: &str) -> Problem {
    Problem::new(Kind::InvalidRequest, detail).with("parameter", parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(text: &str) -> [Generation; 1] {
        [text.parse().unwrap()]
    }

    #[test]
    fn changes_of_lists_count_if_the_query_uses_them() {
        let paged = |text, uses_lists| Paged::new(&generation(text), uses_lists, b"query");
        assert_eq!(paged("1.0", false), paged("1.1", false));
        assert_ne!(paged("1.0", true), paged("1.1", true));
        assert_ne!(paged("1.0", true), paged("2.0", true));
    }

    #[test]
    fn a_token_gives_its_page_and_no_other() {
        let paged = Paged::new(&generation("1.0"), false, b"query");
        let first = Page {
            offset: 0,
            limit: Some(10),
        };
        let parameters = PageParameters {
            limit: Some(10),
            page: Some(first.next(25, paged)),
            ..PageParameters::default()
        };
        let second = parameters.page(paged).unwrap();
        assert_eq!(
            second,
            Page {
                offset: 10,
                limit: Some(10)
            }
        );
        assert_eq!(second.of((0..25).collect()), ((10..20).collect(), true));
        let changed = parameters
            .page(Paged::new(&generation("2.0"), false, b"query"))
            .unwrap_err();
        assert_eq!(changed.kind(), Kind::Changed);
        let other = parameters
            .page(Paged::new(&generation("1.0"), false, b"other"))
            .unwrap_err();
        assert_eq!(other.kind(), Kind::InvalidRequest);
        for token in ["", "?", "AAAA", "AQ"] {
            let page = Some(token.to_owned());
            let parameters = PageParameters {
                page,
                ..parameters.clone()
            };
            assert!(parameters.page(paged).is_err(), "{token}");
        }
    }

    #[test]
    fn pages_cover_all_items_once() {
        let paged = Paged::new(&generation("1.0"), false, b"query");
        for limit in [1, 3, 7, 8] {
            let mut page = Page {
                offset: 0,
                limit: Some(limit),
            };
            let mut all = Vec::new();
            loop {
                let (items, has_more) = page.of((0..7).collect::<Vec<_>>());
                all.extend(items);
                if !has_more {
                    break;
                }
                page.offset = Paged::read(&page.next(7, paged)).unwrap().1;
            }
            assert_eq!(all, (0..7).collect::<Vec<_>>());
        }
        let beyond = Page {
            offset: 9,
            limit: None,
        };
        assert_eq!(beyond.of(vec![1, 2]), (Vec::new(), false));
    }
}
