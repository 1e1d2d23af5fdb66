//! `/api/v1/jobs`: the jobs of the server.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::extract::InPath;
use crate::jobs::{JobDocument, JobKind};
use crate::problem::{Problem, ProblemDocument};
use crate::server::Server;

/// How long a request waits for the end of the job that it cancels.
const CANCELLING: Duration = Duration::from_secs(10);

/// The jobs of the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobsDocument {
    /// The version of the form of all documents.
    #[schema(example = 1)]
    version: u32,
    /// The jobs that wait or run, and those that ended in the last hour, in the order of their requests.
    jobs: Vec<JobDocument>,
}

/// Lists the jobs that wait or run, and at most 100 that ended in the last hour.
#[utoipa::path(
    get,
    path = "/jobs",
    tag = "changes",
    responses((status = 200, description = "The jobs", body = JobsDocument))
)]
pub(crate) async fn jobs(State(server): State<Server>) -> Json<JobsDocument> {
    let jobs = server.jobs().all();
    Json(JobsDocument {
        version: 1,
        jobs: jobs.iter().map(|job| job.document()).collect(),
    })
}

/// Describes a job.
#[utoipa::path(
    get,
    path = "/jobs/{id}",
    tag = "changes",
    params(("id" = String, Path, description = "The id of the job", example = "3f1c9a5be07d2468")),
    responses(
        (status = 200, description = "The job", body = JobDocument),
        (status = 404, description = "No job has the id", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn job(
    State(server): State<Server>,
    InPath(id): InPath<String>,
) -> Result<Json<JobDocument>, Problem> {
    Ok(Json(server.jobs().get(&id)?.document()))
}

/// Cancels a job if it has not ended, and removes it from the list of jobs. Papers that were committed stay in
/// the library. The answer comes when the job has ended, or after ten seconds.
#[utoipa::path(
    delete,
    path = "/jobs/{id}",
    tag = "changes",
    params(("id" = String, Path, description = "The id of the job", example = "3f1c9a5be07d2468")),
    responses(
        (status = 200, description = "The job, which is not in the list any more", body = JobDocument),
        (status = 404, description = "No job has the id", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel_job(
    State(server): State<Server>,
    InPath(id): InPath<String>,
) -> Result<Json<JobDocument>, Problem> {
    // A map does not change the papers.
    let job = server.jobs().get(&id);
    if !job.is_ok_and(|job| job.kind() == JobKind::Map) {
        server.check_write()?;
    }
    let job = server.jobs().remove(&id)?;
    let mut watched = job.watch();
    let end = watched.wait_for(|(_, document)| document.state.is_end());
    // The document says whether the job has ended.
    let _ = timeout(CANCELLING, end).await;
    Ok(Json(job.document()))
}
