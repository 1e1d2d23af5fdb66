//! The papers that a command is about: those that a person names, or those that pass filters.

use std::collections::HashSet;
use std::ops::ControlFlow;

use anyhow::Result;
use cognate::{Library, Listing, Paper};

/// Calls `act` with each of the papers that `ids` name, in their order, or with the papers of a listing if no id
/// is given, until `act` fails. Returns the number of papers.
pub(crate) fn for_each(
    library: &Library,
    ids: &[String],
    listing: &Listing,
    mut act: impl FnMut(&Paper) -> Result<()>,
) -> Result<usize> {
    let mut papers = 0;
    if !ids.is_empty() {
        let mut seen = HashSet::new();
        for id in ids {
            let paper = find(library, id)?;
            if seen.insert(paper.id.clone()) {
                act(&paper)?;
                papers += 1;
            }
        }
        return Ok(papers);
    }
    let mut outcome = Ok(());
    library.list(listing, |paper| {
        outcome = act(&paper);
        match outcome {
            Ok(()) => {
                papers += 1;
                ControlFlow::Continue(())
            }
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    outcome.map(|()| papers)
}

fn find(library: &Library, id: &str) -> Result<Paper> {
    match library.get(id)? {
        Some(paper) => Ok(paper),
        None => anyhow::bail!("no paper has the id `{id}`"),
    }
}
