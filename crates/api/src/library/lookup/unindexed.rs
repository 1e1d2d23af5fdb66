//! Looking up papers in a library whose terms cannot be read, by reading all papers.

use std::ops::ControlFlow;

use super::Lookup;
use super::candidates::Candidates;
use super::reference::Reference;
use crate::Result;
use crate::library::nearest_ids::nearest_ids;
use crate::library::snapshot::SUGGESTIONS;
use crate::library::store::ReadTxn;

/// Looks up all texts.
pub(super) fn lookup_all(papers: &ReadTxn<'_>, references: &[Reference]) -> Result<Vec<Lookup>> {
    let mut candidates: Vec<Candidates> = Vec::new();
    candidates.resize_with(references.len(), Candidates::default);
    let mut ids = Vec::new();
    papers.for_each(|stored| {
        for (reference, candidates) in references.iter().zip(&mut candidates) {
            if let Some(way) = reference.names(&stored.paper) {
                candidates.add(way, stored.paper.id.clone(), stored.key);
            }
        }
        ids.push(stored.paper.id);
        ControlFlow::Continue(())
    })?;
    let nearest = |text: &str| Ok(nearest_ids(text, ids.iter().cloned(), SUGGESTIONS));
    let found = references.iter().zip(candidates);
    found
        .map(|(reference, candidates)| candidates.into_lookup(papers, reference, nearest))
        .collect()
}
