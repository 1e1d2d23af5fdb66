//! The vectors and terms of one commit.

use std::path::Path;

use cognate_index::{FlatIndex, InvertedIndex};

use crate::library::folder::vectors_dir;
use crate::library::store::ReadTxn;
use crate::{Error, Result};

/// The vectors and terms of one commit.
#[derive(Debug)]
pub(super) struct State {
    pub(super) generation: i64,
    pub(super) index: FlatIndex,
    pub(super) terms: InvertedIndex,
}

impl State {
    /// Opens the vectors and terms of the commit that a transaction reads.
    pub(super) fn open(dir: &Path, papers: &ReadTxn<'_>, open: Option<&Self>) -> Result<Self> {
        let vectors = vectors_dir(dir);
        let (generation, manifest) = (papers.generation()?, papers.manifest()?);
        let opened = match open {
            None => FlatIndex::open_manifest(&vectors, &manifest).and_then(|index| {
                let terms = InvertedIndex::open_manifest(&vectors, &manifest)?;
                Ok((index, terms))
            }),
            Some(open) => open.index.reopen(&vectors, &manifest).and_then(|index| {
                let terms = open.terms.reopen(&vectors, &manifest)?;
                Ok((index, terms))
            }),
        };
        let (index, terms) = opened.map_err(Error::index(&vectors))?;
        Ok(Self {
            generation,
            index,
            terms,
        })
    }
}
