//! The papers that a text may name, as far as they are known.

use std::collections::BTreeMap;

use super::reference::{Reference, Way};
use super::{Lookup, MAX_LISTED};
use crate::Result;
use crate::library::store::ReadTxn;

/// The papers that a text names in the most certain way that was found so far.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    way: Option<Way>,
    /// The keys of the papers by their ids.
    keys: BTreeMap<String, u64>,
}

impl Candidates {
    /// Returns the most certain way so far.
    pub(super) fn way(&self) -> Option<Way> {
        self.way
    }

    /// Returns whether no more certain way than `way` was found, nor this one.
    pub(super) fn is_less_certain_than(&self, way: Way) -> bool {
        self.way.is_none_or(|found| found > way)
    }

    /// Adds a paper, unless others are named in a more certain way. Less certain ones are dropped.
    pub(super) fn add(&mut self, way: Way, id: String, key: u64) {
        if self.is_less_certain_than(way) {
            self.way = Some(way);
            self.keys.clear();
        }
        if self.way == Some(way) {
            self.keys.insert(id, key);
        }
    }

    /// Returns the ids of the papers.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// Reads the papers. `nearest` returns the ids that are spelled like the text.
    pub(super) fn into_lookup(
        self,
        papers: &ReadTxn<'_>,
        reference: &Reference,
        nearest: impl FnOnce(&str) -> Result<Vec<String>>,
    ) -> Result<Lookup> {
        let total = self.keys.len();
        let keys = self.keys.into_values().take(MAX_LISTED);
        let read = keys.map(|key| papers.with_lists(papers.paper(key)?.paper));
        let mut read = read.collect::<Result<Vec<_>>>()?;
        let by = self.way.and_then(Way::matched_by);
        Ok(match (read.pop(), by) {
            (None, _) => Lookup::NotFound {
                nearest: nearest(reference.trimmed())?,
            },
            (Some(paper), None) => Lookup::Exact(paper),
            (Some(paper), Some(by)) if total == 1 => Lookup::Found { paper, by },
            (Some(last), Some(by)) => {
                read.push(last);
                Lookup::Ambiguous {
                    papers: read,
                    total,
                    by,
                }
            }
        })
    }
}
