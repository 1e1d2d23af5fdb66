//! Related papers of several libraries together.

use std::time::Instant;

use anyhow::{Result, bail};
use cognate::{Library, Mode, Paper, PaperHit, Query, Strategy, is_same_paper, merge_hits};

use super::Arguments;
use crate::failure::wrong_usage;
use crate::json::Header;
use crate::located_library::LocatedLibrary;
use crate::output::{note, step};
use crate::{hits, paper_reference};

pub(super) fn run(arguments: &Arguments, located: &[LocatedLibrary]) -> Result<()> {
    refuse_options(arguments)?;
    let libraries = LocatedLibrary::open_all(located)?;
    if let Some(difference) = LocatedLibrary::difference_of_models(located, &libraries) {
        bail!("{difference}, expected libraries with one model, whose vectors can be compared");
    }
    let names = paper_reference::with_standard_input(&arguments.ids)?;
    let wanted = names.iter().map(|name| find(&libraries, name));
    let wanted: Vec<(usize, Paper)> = wanted.collect::<Result<_>>()?;

    let start = Instant::now();
    let k = arguments.hits.k.unwrap_or(Query::DEFAULT_K);
    let rankings = libraries.iter().map(|library| {
        if library.is_empty()? {
            return Ok(Vec::new());
        }
        // Papers that the library has too are left out afterwards.
        let query = query(arguments, library, &libraries, &wanted)?;
        let mut hits = library.search(&query.k(k.saturating_add(wanted.len())))?;
        let is_wanted = |hit: &PaperHit| {
            let mut papers = wanted.iter().map(|(_, paper)| paper);
            papers.any(|paper| is_same_paper(paper, &hit.paper))
        };
        hits.retain(|hit| !is_wanted(hit));
        Ok(hits)
    });
    let rankings = rankings.collect::<Result<Vec<_>>>()?;
    let mut merged = merge_hits(rankings, true, k);
    arguments.hits.sort.arrange_merged(&mut merged);
    step("searched", start);
    if merged.is_empty() && arguments.hits.format().is_none() {
        note("no other paper passes the filters");
    }
    let ids: Vec<&str> = wanted.iter().map(|(_, paper)| paper.id.as_str()).collect();
    let dirs = located.iter().map(|located| located.dir.as_path());
    let header = Header::new("related", start.elapsed()).libraries(dirs);
    hits::print_merged(&merged, &[], located, &arguments.hits, &ids, &header)
}

/// Fails if an option needs all papers in one library.
fn refuse_options(arguments: &Arguments) -> Result<()> {
    let options = [
        ("--not", !arguments.not.is_empty()),
        ("--strategy", arguments.strategy != Strategy::default()),
        ("--explain", arguments.explain),
        ("--mode keyword", arguments.ranking.mode == Mode::Keyword),
    ];
    match options.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(wrong_usage(&format!(
            "{option} needs one library, and several are named"
        ))),
        None => Ok(()),
    }
}

/// Returns the paper that `name` names, with the position of the first library that has it.
fn find(libraries: &[Library], name: &str) -> Result<(usize, Paper)> {
    let mut first_error = None;
    for (at, library) in libraries.iter().enumerate() {
        match paper_reference::paper(library, name) {
            Ok(paper) => return Ok((at, paper)),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or_else(|| anyhow::anyhow!("no library is named")))
}

/// Returns the query for one of the libraries: by the papers, if it has them all, or else by the mean of
/// their vectors.
fn query(
    arguments: &Arguments,
    library: &Library,
    libraries: &[Library],
    wanted: &[(usize, Paper)],
) -> Result<Query> {
    let mut ids = Vec::new();
    for (_, paper) in wanted {
        let own = library.get(&paper.id)?;
        ids.extend(
            own.filter(|own| is_same_paper(own, paper))
                .map(|own| own.id),
        );
    }
    if ids.len() == wanted.len() {
        return Ok(arguments.apply(Query::papers(&ids)));
    }
    let mut sum: Vec<f32> = Vec::new();
    for (at, paper) in wanted {
        let vector = libraries[*at].vector(&paper.id)?.unwrap_or_default();
        sum.resize(vector.len(), 0.0);
        for (sum, value) in sum.iter_mut().zip(vector) {
            *sum += value;
        }
    }
    Ok(arguments.hits.apply(Query::vector(sum)))
}
