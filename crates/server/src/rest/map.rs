//! `/api/v1/map`: the papers of a library as points of a plane.

pub(super) mod papers;
pub(super) mod points;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use cognate::{Generation, MapLabel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filters::LibraryParameter;
use super::problems::QueryProblems;
use crate::answer::{Answer, Commits, Question};
use crate::etag::KnownTags;
use crate::extract::Parameters;
use crate::jobs::{JobDocument, Task};
use crate::maps::ServedMap;
use crate::openapi::documents;
use crate::parameters::groups_of_parameters;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::server::Server;

/// The parameters of a map.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct MapParameters {
    #[serde(flatten)]
    library: LibraryParameter,
}

groups_of_parameters!(MapParameters: LibraryParameter);

/// The map of a library, without its points.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: String,
    /// The number of commits of papers and the number of changes of lists, such as `12.3`.
    generation: String,
    /// The number of papers of the library.
    papers: usize,
    /// The layout, or null without one; `POST /api/v1/map` makes one.
    map: Option<LayoutDocument>,
    /// The topics, the largest one of the layout first. A point names its topic by the position here.
    labels: Vec<LabelDocument>,
}

/// A layout of the papers of a library.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MapLayout)]
pub(crate) struct LayoutDocument {
    /// A text that changes when points come, go or move, for `revision` of `GET /api/v1/map/papers`.
    #[schema(example = "9f3c01be27d4a586")]
    revision: String,
    /// The generation of the library that was laid out.
    #[schema(example = "10.3")]
    generation: String,
    /// The number of points.
    points: usize,
    /// The share of the 15 nearest papers of a paper that are its nearest on the map too, 0 to 1, when it was laid out.
    neighbors_kept: f32,
    /// The number of papers that are new or have another text since the layout. They are placed among their nearest
    /// papers, and are the last points.
    placed: usize,
    /// The number of papers of the layout that were removed or have another text since.
    removed: usize,
    /// Whether no paper was placed, removed or changed since the layout.
    is_current: bool,
    /// Whether the layout is stored in the library. Another is forgotten when the server stops.
    is_stored: bool,
}

/// A topic on a map.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MapLabel)]
pub(crate) struct LabelDocument {
    /// The median of the horizontal coordinates of its papers, -1 to 1.
    x: f32,
    /// The median of the vertical coordinates of its papers, -1 to 1.
    y: f32,
    /// The most typical words or pairs of words, the most typical first.
    words: Vec<String>,
    /// The number of its papers.
    papers: usize,
}

/// Describes the map of a library: its layout, and the topics at their places.
///
/// Near papers are near each other on the map. Distances between groups that are far apart mean little.
#[utoipa::path(
    get,
    path = "/map",
    tag = "analyses",
    params(MapParameters),
    responses((status = 200, body = MapDocument), QueryProblems)
)]
pub(crate) async fn map(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<MapParameters>,
) -> Result<Answer, Problem> {
    let library = &parameters.library;
    let question = question(&server, "map", library, &parameters, Some(known)).await?;
    let shared = server.clone();
    let act = move |commits: &Commits<'_>| {
        let served = commits.first();
        let generation = commits.generation[0];
        let map = shared.maps().current(served, generation)?;
        let papers = served.library.len()?;
        Ok(MapDocument::new(
            &served.name,
            generation,
            papers,
            map.as_deref(),
        ))
    };
    question.answer(&server, act).await
}

/// Lays out the map of a library.
///
/// The answer names the job that does it, in the header `Location`; if the map is being laid out already, it is that
/// job. A map of the present papers is not computed a second time. The map before is served until the job is done. A server that may change libraries stores the map, and another
/// keeps it until it stops.
#[utoipa::path(
    post,
    path = "/map",
    tag = "analyses",
    params(MapParameters),
    responses(
        (
            status = 202,
            description = "The job waits or runs",
            body = JobDocument,
            headers(("Location" = String, description = "The path of the job")),
        ),
        (status = 429, description = "Too many jobs of the library run or wait", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn lay_out_map(
    State(server): State<Server>,
    Parameters(parameters): Parameters<MapParameters>,
) -> Result<impl IntoResponse, Problem> {
    let library = &server.library(parameters.library.library.as_deref())?.name;
    let job = server.jobs().submit(&server, library, Task::Map)?;
    let location = format!("/api/v1/jobs/{}", job.id());
    let headers = [(header::LOCATION, location)];
    Ok((StatusCode::ACCEPTED, headers, Json(job.document())))
}

/// Creates a question about the map of a library. Another layout has another entity tag.
async fn question(
    server: &Server,
    route: &'static str,
    library: &LibraryParameter,
    parameters: &impl Serialize,
    known: Option<KnownTags>,
) -> Result<Question, Problem> {
    let name = server.library(library.library.as_deref())?.name.clone();
    let (shared, library) = (server.clone(), name.clone());
    let checksum = move || shared.maps().checksum(shared.library(Some(&library))?);
    let checksum = server.run(checksum).await?;
    let parameters = &(parameters, checksum);
    Ok(Question::new(route, &[name], parameters, known))
}

/// Returns the map of the library of a question.
fn map_of(server: &Server, commits: &Commits<'_>) -> Result<Arc<ServedMap>, Problem> {
    let served = commits.first();
    let map = server.maps().current(served, commits.generation[0])?;
    map.ok_or_else(|| no_map(&served.name))
}

fn no_map(library: &str) -> Problem {
    Problem::new(
        Kind::NoMap,
        format!("the library `{library}` has no map; `POST /api/v1/map` makes one"),
    )
}

impl MapDocument {
    fn new(library: &str, generation: Generation, papers: usize, map: Option<&ServedMap>) -> Self {
        let labels = map.into_iter().flat_map(|served| &served.map.labels);
        Self {
            version: documents::VERSION,
            library: library.to_owned(),
            generation: generation.to_string(),
            papers,
            map: map.map(LayoutDocument::new),
            labels: labels.map(LabelDocument::new).collect(),
        }
    }
}

impl LayoutDocument {
    fn new(served: &ServedMap) -> Self {
        let map = &served.map;
        Self {
            revision: served.revision.clone(),
            generation: map.generation.to_string(),
            points: map.points.len(),
            neighbors_kept: map.neighbors_kept,
            placed: map.placed,
            removed: map.removed,
            is_current: map.is_current(),
            is_stored: served.is_stored,
        }
    }
}

impl LabelDocument {
    fn new(label: &MapLabel) -> Self {
        Self {
            x: label.x,
            y: label.y,
            words: label.words.clone(),
            papers: label.papers,
        }
    }
}
