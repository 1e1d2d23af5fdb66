//! A search of several libraries together.

use std::time::Instant;

use anyhow::Result;
use cognate::{Explanation, Library, MergedHit, PaperHit, Query, merge_hits};

use super::Arguments;
use crate::hits;
use crate::json::Header;
use crate::located_library::LocatedLibrary;
use crate::model;
use crate::output::note;
use crate::reranking::Reranking;

pub(super) fn run(arguments: &Arguments, located: &[LocatedLibrary]) -> Result<()> {
    let libraries: Vec<Library> = located
        .iter()
        .map(LocatedLibrary::open)
        .collect::<Result<_, _>>()?;
    let libraries = if arguments.needs_embedder() {
        model::attach_all(libraries, &arguments.model)?
    } else {
        libraries
    };
    let has_same_model = report_models(&libraries, located);

    let start = Instant::now();
    let rankings = libraries.iter().map(|library| search(arguments, library));
    let rankings = rankings.collect::<Result<Vec<_>>>()?;
    let k = arguments.hits.k.unwrap_or(Query::DEFAULT_K);
    let merged = merge_hits(rankings, has_same_model, k);
    let took = start.elapsed();
    let explanations = explain(arguments, &libraries, &merged)?;
    let header = Header::new("search", took).libraries(located.iter().map(|one| one.dir.as_path()));
    hits::print_merged(
        &merged,
        &explanations,
        located,
        &arguments.hits,
        &arguments.text,
        &header,
    )
}

/// Says if the libraries have different models, and returns whether they have the same.
fn report_models(libraries: &[Library], located: &[LocatedLibrary]) -> bool {
    let models: Vec<_> = libraries.iter().map(Library::embedder_info).collect();
    let is_same = |one: &usize| models[*one].fingerprint == models[0].fingerprint;
    let Some(other) = (0..models.len()).find(|one| !is_same(one)) else {
        return true;
    };
    note(&format!(
        "`{}` has the model `{}` ({}) and `{}` the model `{}` ({}), whose cosines are not comparable: the hits \
         are merged by rank",
        located[0].name,
        models[0].model,
        models[0].precision,
        located[other].name,
        models[other].model,
        models[other].precision,
    ));
    false
}

/// Returns the hits of one library.
fn search(arguments: &Arguments, library: &Library) -> Result<Vec<PaperHit>> {
    let papers = library.len()?;
    if papers == 0 {
        return Ok(Vec::new());
    }
    let precision = library.embedder_info().precision.parse()?;
    let query = arguments.query();
    let k = arguments.hits.k.unwrap_or(Query::DEFAULT_K).min(papers);
    match Reranking::load(&arguments.rerank, precision)? {
        Some(reranking) => reranking.search(library, query.k(k), &arguments.text, Some(k)),
        None => Ok(library.search(&query.k(k))?),
    }
}

/// Returns the explanation of each hit by the library that found it, if they are wanted.
fn explain(
    arguments: &Arguments,
    libraries: &[Library],
    merged: &[MergedHit],
) -> Result<Vec<Explanation>> {
    if !arguments.explain {
        return Ok(Vec::new());
    }
    let mut explanations: Vec<Option<Explanation>> = vec![None; merged.len()];
    for (at, library) in libraries.iter().enumerate() {
        let positions = (0..merged.len()).filter(|position| merged[*position].library == at);
        let positions: Vec<usize> = positions.collect();
        let hits: Vec<PaperHit> = positions.iter().map(|at| merged[*at].hit.clone()).collect();
        let explained = library.explain(&arguments.text, &hits)?;
        for (position, explanation) in positions.into_iter().zip(explained) {
            explanations[position] = Some(explanation);
        }
    }
    Ok(explanations.into_iter().flatten().collect())
}
