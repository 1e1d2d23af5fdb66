//! `/api/v1/duplicates`: the papers that a library contains twice.

use axum::extract::State;
use cognate::{DuplicatePair, Library};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filters::LibraryParameter;
use super::problems::QueryProblems;
use super::ranking::check_count;
use crate::analyses::Stop;
use crate::answer::{Answer, Question, bytes_of};
use crate::etag::KnownTags;
use crate::extract::Parameters;
use crate::openapi::documents;
use crate::paging::{PageParameters, Paged};
use crate::parameters::groups_of_parameters;
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// The least threshold. A lower one would give pairs of most papers.
const MIN_THRESHOLD: f32 = 0.5;

/// Which pairs are duplicates.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct ThresholdParameter {
    /// The least cosine of papers with nearly the same text. Papers with the same DOI, arXiv identifier or
    /// title are pairs whatever their cosine.
    #[param(minimum = 0.5, maximum = 1, default = 0.95)]
    threshold: f32,
}

impl Default for ThresholdParameter {
    fn default() -> Self {
        Self { threshold: 0.95 }
    }
}

/// The parameters of duplicates.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct DuplicatesParameters {
    #[serde(flatten)]
    library: LibraryParameter,
    #[serde(flatten)]
    threshold: ThresholdParameter,
    #[serde(flatten)]
    page: PageParameters,
}

groups_of_parameters!(DuplicatesParameters: LibraryParameter, ThresholdParameter, PageParameters);

/// The pairs of papers that are versions of one paper, or nearly have the same text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DuplicatesDocument<'a> {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: &'a str,
    /// The least cosine of papers with nearly the same text.
    threshold: f32,
    /// The number of pairs on all pages.
    total: usize,
    /// The pairs of the page, the most similar first.
    #[schema(value_type = Vec<documents::DuplicatePairFields>)]
    pairs: Vec<&'a DuplicatePair>,
    /// The token of the next page, or null on the last one.
    next: Option<String>,
}

/// Finds papers that a library contains twice, or nearly so.
///
/// The pairs are computed once for each state of the library and each threshold. If all clients that wait for them
/// have gone, the computation stops. Without `limit`, a page has as many pairs as the server allows.
#[utoipa::path(
    get,
    path = "/duplicates",
    tag = "analyses",
    params(DuplicatesParameters),
    responses((status = 200, body = DuplicatesDocument<'static>), QueryProblems)
)]
pub(crate) async fn duplicates(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<DuplicatesParameters>,
) -> Result<Answer, Problem> {
    let options = server.options();
    let threshold = parameters.threshold.threshold;
    if !(MIN_THRESHOLD..=1.0).contains(&threshold) {
        let detail =
            format!("`threshold` is {threshold}, expected a cosine from {MIN_THRESHOLD} to 1");
        return Err(Problem::new(Kind::InvalidOption, detail).with("parameter", "threshold"));
    }
    let mut page = parameters.page.clone();
    let limit = page.limit.unwrap_or(options.max_k);
    check_count("limit", limit, options)?;
    page.limit = Some(limit);
    let name = server
        .library(parameters.library.library.as_deref())?
        .name
        .clone();
    let question = Question::new(
        "duplicates",
        std::slice::from_ref(&name),
        &parameters,
        Some(known),
    );
    let commit = match question.look_up(&server).await? {
        Ok(known) => return Ok(known),
        Err(commit) => commit,
    };
    // The papers of pairs have their lists.
    let key = bytes_of(&(&name, &commit.generation, threshold));
    let paged = Paged::new(&commit.generation, false, &bytes_of(&threshold));
    let page = page.page(paged)?;
    let compute = |stop| compute(server.clone(), name.clone(), threshold, stop);
    let all = server.analyses().duplicates.get(key, compute).await?;
    let tag = question.tag_if_unchanged(&server, commit).await?;
    let (pairs, has_more) = page.of(all.iter().collect());
    let document = DuplicatesDocument {
        version: documents::VERSION,
        library: &name,
        threshold,
        total: all.len(),
        pairs,
        next: has_more.then(|| page.next(all.len(), paged)),
    };
    Answer::document(tag, &document)
}

async fn compute(
    server: Server,
    name: String,
    threshold: f32,
    stop: Stop,
) -> Result<Vec<DuplicatePair>, Problem> {
    let compute =
        move |library: &Library| Ok(library.duplicates_with(threshold, &mut |_| stop.check())?);
    server.call(Some(&name), compute).await
}
