//! A search of several libraries together.

use std::time::Instant;

use anyhow::Result;
use cognate::{Explanation, Library, MergedHit, PaperHit, Query, QueryText, merge_hits};

use super::Arguments;
use crate::json::Header;
use crate::located_library::LocatedLibrary;
use crate::output::{note, step};
use crate::reranking::Reranking;
use crate::{hits, model, no_papers};

/// Searches for `text`, which the user wrote as `typed`.
pub(super) fn run(
    arguments: &Arguments,
    typed: &str,
    text: &QueryText,
    located: &[LocatedLibrary],
) -> Result<()> {
    let libraries = LocatedLibrary::open_all(located)?;
    let libraries = if arguments.needs_embedder() {
        model::attach_all(libraries, &arguments.model)?
    } else {
        libraries
    };
    let difference = LocatedLibrary::difference_of_models(located, &libraries);
    if let Some(difference) = &difference {
        note(&format!(
            "{difference}: their cosines are not comparable, so the hits are merged by rank"
        ));
    }
    let precision = libraries[0].embedder_info().precision.parse()?;
    let reranking = Reranking::load(&arguments.rerank, precision)?;

    let start = Instant::now();
    let query = arguments.query(text);
    let k = arguments.hits.k;
    let search = |library: &Library| -> Result<Vec<PaperHit>> {
        match &reranking {
            _ if library.is_empty()? => Ok(Vec::new()),
            Some(reranking) => reranking.search(library, query.clone(), &text.text, k),
            None => Ok(library.search(&query)?),
        }
    };
    let rankings = libraries.iter().map(search).collect::<Result<Vec<_>>>()?;
    let k = k.unwrap_or(Query::DEFAULT_K);
    let mut merged = merge_hits(rankings, difference.is_none(), k);
    arguments.hits.sort.arrange_merged(&mut merged);
    step("searched", start);
    let took = start.elapsed();
    let explanations = if arguments.explain {
        explain(&libraries, &merged, &text.text)?
    } else {
        Vec::new()
    };
    if merged.is_empty() && arguments.hits.format().is_none() {
        for (library, located) in libraries.iter().zip(located) {
            note(&format!("in `{}`:", located.name));
            no_papers::explain_query(library, &query)?;
        }
    }
    let dirs = located.iter().map(|located| located.dir.as_path());
    let header = Header::new("search", took).libraries(dirs);
    hits::print_merged(
        &merged,
        &explanations,
        located,
        &arguments.hits,
        &typed,
        &header,
    )
}

/// Returns the explanation of each hit by the library that found it.
fn explain(libraries: &[Library], merged: &[MergedHit], text: &str) -> Result<Vec<Explanation>> {
    let mut explanations: Vec<Option<Explanation>> = vec![None; merged.len()];
    for (at, library) in libraries.iter().enumerate() {
        let positions = (0..merged.len()).filter(|position| merged[*position].library == at);
        let positions: Vec<usize> = positions.collect();
        let hits: Vec<PaperHit> = positions.iter().map(|at| merged[*at].hit.clone()).collect();
        for (position, explanation) in positions.into_iter().zip(library.explain(text, &hits)?) {
            explanations[position] = Some(explanation);
        }
    }
    Ok(explanations.into_iter().flatten().collect())
}
