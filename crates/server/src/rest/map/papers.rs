//! `/api/v1/map/papers`: the papers of some points of a map, or the points of some papers.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::filters::LibraryParameter;
use super::super::problems::QueryProblems;
use super::{map_of, question};
use crate::answer::{Answer, Commits};
use crate::etag::KnownTags;
use crate::extract::{JsonParameters, Parameters};
use crate::maps::ServedMap;
use crate::openapi::documents;
use crate::parameters::groups_of_parameters;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::server::Server;

/// The largest number of papers of an answer.
const MAX_PAPERS: usize = 10_000;

/// Which points of a map are asked for.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct PointParameters {
    /// The points, each by its position in `GET /api/v1/map/points`; at most 10,000.
    #[param(required = false, minimum = 0, example = json!([0, 1]))]
    at: Vec<usize>,
    /// In place of positions: the papers, each by its id; at most 10,000.
    #[param(required = false)]
    id: Vec<String>,
    /// The `revision` of the map to which the positions belong. If the map has another one by now, the answer is a
    /// problem and not the papers of other points.
    revision: Option<String>,
}

/// The parameters of papers on a map.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct MapPapersParameters {
    #[serde(flatten)]
    library: LibraryParameter,
    #[serde(flatten)]
    points: PointParameters,
}

groups_of_parameters!(MapPapersParameters: LibraryParameter, PointParameters);

/// Papers on the map of a library.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapPapersDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: String,
    /// The `revision` of the map.
    #[schema(example = "9f3c01be27d4a586")]
    revision: String,
    /// The papers, in the order in which they were asked for.
    papers: Vec<MapPaperDocument>,
    /// The ids that no paper of the map has.
    unknown: Vec<String>,
}

/// A paper on a map.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MapPaper)]
pub(crate) struct MapPaperDocument {
    /// The position of its point.
    at: usize,
    /// The id of the paper.
    id: String,
    /// The title.
    title: String,
    /// The year of publication, or null if it is unknown.
    year: Option<i32>,
    /// The horizontal coordinate, -1 to 1.
    x: f32,
    /// The vertical coordinate, -1 to 1.
    y: f32,
}

impl MapPapersParameters {
    fn check(&self) -> Result<(), Problem> {
        let (at, id) = (&self.points.at, &self.points.id);
        if at.is_empty() == id.is_empty() {
            let (kind, found) = if at.is_empty() {
                (Kind::EmptyQuery, "neither `at` nor `id` is given")
            } else {
                (Kind::InvalidRequest, "`at` and `id` are given")
            };
            let detail = format!("{found}, expected positions or ids");
            return Err(Problem::new(kind, detail).with("parameter", "at"));
        }
        for (parameter, found) in [("at", at.len()), ("id", id.len())] {
            if found > MAX_PAPERS {
                let detail =
                    format!("`{parameter}` has {found} items, expected at most {MAX_PAPERS}");
                return Err(Problem::new(Kind::InvalidOption, detail).with("parameter", parameter));
            }
        }
        Ok(())
    }

    /// Returns the positions of the points that are asked for, and the ids that no point has.
    fn positions(&self, served: &ServedMap) -> Result<(Vec<usize>, Vec<String>), Problem> {
        if let Some(revision) = &self.points.revision
            && *revision != served.revision
        {
            let detail = "the map has changed since the points were read; read them again";
            return Err(Problem::new(Kind::Changed, detail));
        }
        let count = served.map.points.len();
        if let Some(beyond) = self.points.at.iter().find(|at| **at >= count) {
            let detail =
                format!("`at` is {beyond}, expected a number below {count}, the number of points");
            return Err(Problem::new(Kind::InvalidOption, detail).with("parameter", "at"));
        }
        let (mut positions, mut unknown) = (self.points.at.clone(), Vec::new());
        for id in &self.points.id {
            match served.position(id) {
                Some(position) => positions.push(position),
                None => unknown.push(id.clone()),
            }
        }
        Ok((positions, unknown))
    }

    /// Answers from a library at one commit.
    fn document(
        &self,
        server: &Server,
        commits: &Commits<'_>,
    ) -> Result<MapPapersDocument, Problem> {
        let served = map_of(server, commits)?;
        let (positions, unknown) = self.positions(&served)?;
        let library = commits.first();
        let mut papers = Vec::with_capacity(positions.len());
        for at in positions {
            let point = &served.map.points[at];
            // A paper that was removed meanwhile is not in the answer, and the question is then asked again.
            if let Some(paper) = library.library.get(&point.id)? {
                papers.push(MapPaperDocument {
                    at,
                    id: paper.id,
                    title: paper.title,
                    year: paper.year,
                    x: point.x,
                    y: point.y,
                });
            }
        }
        Ok(MapPapersDocument {
            version: documents::VERSION,
            library: library.name.clone(),
            revision: served.revision.clone(),
            papers,
            unknown,
        })
    }

    async fn answer(self, server: &Server, known: Option<KnownTags>) -> Result<Answer, Problem> {
        self.check()?;
        let library = self.library.clone();
        let question = question(server, "map-papers", &library, &self, known).await?;
        let shared = server.clone();
        let act = move |commits: &Commits<'_>| self.document(&shared, commits);
        question.answer(server, act).await
    }
}

/// Returns the papers of points of a map, or the points of papers.
#[utoipa::path(
    get,
    path = "/map/papers",
    tag = "analyses",
    params(MapPapersParameters),
    responses(
        (status = 200, body = MapPapersDocument),
        (status = 404, description = "The library has no map, or the server lacks the library", body = ProblemDocument, content_type = "application/problem+json"),
        QueryProblems,
    )
)]
pub(crate) async fn map_papers(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<MapPapersParameters>,
) -> Result<Answer, Problem> {
    parameters.answer(&server, Some(known)).await
}

/// Returns the papers of points of a map, or the points of papers, with the parameters in the body.
#[utoipa::path(
    post,
    path = "/map/papers",
    tag = "analyses",
    request_body(
        content = MapPapersParameters,
        description = "The parameters, as the fields of an object",
        example = json!({"id": ["p1", "p2"]})
    ),
    responses(
        (status = 200, body = MapPapersDocument),
        (status = 404, description = "The library has no map, or the server lacks the library", body = ProblemDocument, content_type = "application/problem+json"),
        QueryProblems,
    )
)]
pub(crate) async fn map_papers_by_body(
    State(server): State<Server>,
    JsonParameters(parameters): JsonParameters<MapPapersParameters>,
) -> Result<Answer, Problem> {
    parameters.answer(&server, None).await
}
