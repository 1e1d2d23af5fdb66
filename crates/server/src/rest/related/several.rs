//! Related papers of several libraries together.

use cognate::{Library, Mode, Paper, PaperHit, Query, Strategy, is_same_paper};

use super::RelatedParameters;
use crate::answer::Commits;
use crate::problem::{Kind, Problem};
use crate::rest::hits::{Found, has_same_model};

/// Searches all libraries and merges their hits. Returns also the ids of the papers that the query names.
pub(super) fn search(
    parameters: &RelatedParameters,
    commits: &Commits<'_>,
    k: usize,
) -> Result<(Found, Vec<String>), Problem> {
    refuse_options(parameters)?;
    if !has_same_model(commits) {
        let detail = "the libraries have different models, expected libraries with one model, whose vectors \
                      can be compared";
        return Err(Problem::new(Kind::InvalidOption, detail).with("parameter", "library"));
    }
    let names = parameters.examples.like.iter();
    let wanted = names.map(|name| find(commits, name));
    let wanted: Vec<(&Library, Paper)> = wanted.collect::<Result<_, _>>()?;
    let is_wanted = |hit: &PaperHit| {
        let mut papers = wanted.iter().map(|(_, paper)| paper);
        papers.any(|paper| is_same_paper(paper, &hit.paper))
    };
    let found = Found::search(commits, k, parameters.hits.order()?, |library| {
        // Papers that the library has too are left out afterwards.
        let query = query(parameters, library, &wanted, k)?;
        let mut hits = library.search(&query)?;
        hits.retain(|hit| !is_wanted(hit));
        Ok((query, hits))
    })?;
    let ids = wanted.into_iter().map(|(_, paper)| paper.id);
    Ok((found, ids.collect()))
}

/// Fails if an option needs all papers in one library.
fn refuse_options(parameters: &RelatedParameters) -> Result<(), Problem> {
    let is_keyword = parameters.hits.mode()? == Some(Mode::Keyword);
    let options = [
        ("not", !parameters.examples.not.is_empty()),
        ("strategy", parameters.strategy()? != Strategy::default()),
        ("explain", parameters.hits.explain),
        ("mode", is_keyword),
    ];
    match options.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => {
            let detail = format!("`{option}` needs one library, found several");
            Err(Problem::new(Kind::InvalidOption, detail).with("parameter", *option))
        }
        None => Ok(()),
    }
}

/// Returns the paper that `name` names, with the first library that has it.
fn find<'a>(commits: &Commits<'a>, name: &str) -> Result<(&'a Library, Paper), Problem> {
    let mut first_error = None;
    for served in &commits.libraries {
        match served.library.lookup(name)?.into_paper(name) {
            Ok(paper) => return Ok((&served.library, paper)),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.map_or_else(Problem::internal, Problem::from))
}

/// Returns the query for one of the libraries: by the papers, if it has them all, or else by the mean of their
/// vectors.
fn query(
    parameters: &RelatedParameters,
    library: &Library,
    wanted: &[(&Library, Paper)],
    k: usize,
) -> Result<Query, Problem> {
    let k = k.saturating_add(wanted.len());
    let mut ids = Vec::new();
    for (_, paper) in wanted {
        let own = library.get(&paper.id)?;
        ids.extend(
            own.filter(|own| is_same_paper(own, paper))
                .map(|own| own.id),
        );
    }
    if ids.len() == wanted.len() {
        return parameters
            .hits
            .apply(Query::papers(&ids), &parameters.filter, k);
    }
    let mut sum: Vec<f32> = Vec::new();
    for (library, paper) in wanted {
        let vector = library.vector(&paper.id)?.unwrap_or_default();
        sum.resize(vector.len(), 0.0);
        for (sum, value) in sum.iter_mut().zip(vector) {
            *sum += value;
        }
    }
    // A query by vector has neither a mode nor a fusion, and is not smoothed.
    let mut hits = parameters.hits.clone();
    hits.mode = None;
    hits.fusion = None;
    hits.smooth = None;
    hits.apply(Query::vector(sum), &parameters.filter, k)
}
