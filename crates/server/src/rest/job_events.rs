//! `GET /api/v1/jobs/{id}/events`: the changes of a job, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use tokio::sync::watch;

use crate::extract::InPath;
use crate::jobs::{JobDocument, JobState};
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::server::Server;

/// How often a comment is sent while nothing changes, so that a client that has gone away is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// An event of a job.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes an event")]
pub(crate) struct JobEvent {
    /// The number of the event, which increases with each event of a job.
    id: String,
    /// What the job does: `waiting`, `progress`, `done`, `failed` or `cancelled`.
    event: String,
    /// The job, as JSON.
    data: String,
}

/// Sends the changes of a job as server-sent events.
///
/// The events `waiting` and `progress` are followed by one of `done`, `failed` and `cancelled`, after which the
/// stream ends. The data of each event is the job, as `GET /api/v1/jobs/{id}` returns it. A client that missed
/// events names the last one that it has in the header `Last-Event-ID`, and gets the present state of the job if
/// it has changed since.
#[utoipa::path(
    get,
    path = "/jobs/{id}/events",
    tag = "changes",
    params(
        ("id" = String, Path, description = "The id of the job", example = "3f1c9a5be07d2468"),
        ("Last-Event-ID" = Option<i64>, Header, minimum = 0, description = "The id of the last event that the client has", example = 3),
    ),
    responses(
        (
            status = 200,
            description = "The events, of which each has a job as JSON in its data",
            body = JobEvent,
            content_type = "text/event-stream",
            example = json!({"id": "5", "event": "done", "data": "{\"version\":1,\"id\":\"3f1c9a5be07d2468\",\"state\":\"done\"}"}),
        ),
        (status = 204, description = "The client has all events of the job, which has ended"),
        (status = 400, description = "The header `Last-Event-ID` is not a number", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No job has the id", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn job_events(
    State(server): State<Server>,
    InPath(id): InPath<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let job = server.jobs().get(&id)?;
    let seen = last_event(&headers)?;
    let watched = job.watch();
    let is_over = {
        let current = watched.borrow();
        current.1.state.is_end() && current.0 <= seen
    };
    if is_over {
        // A browser connects again until it gets this status.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(events(watched, seen))
        .keep_alive(keep_alive)
        .into_response())
}

/// Returns the id of the last event that a client has, or 0.
fn last_event(headers: &HeaderMap) -> Result<u64, Problem> {
    let Some(id) = headers.get("last-event-id") else {
        return Ok(0);
    };
    let id = id
        .to_str()
        .ok()
        .and_then(|id| id.trim().parse::<i64>().ok());
    let id = id.and_then(|id| u64::try_from(id).ok());
    id.ok_or_else(|| {
        Problem::new(
            Kind::InvalidRequest,
            "the header `Last-Event-ID` is not the id of an event, expected a number",
        )
    })
}

/// Returns an event for each change of a job after the event `seen`, until the job ends. Changes that come faster
/// than the client reads are one event.
fn events(
    watched: watch::Receiver<(u64, JobDocument)>,
    seen: u64,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(Some((watched, seen)), |state| async move {
        let (mut watched, seen) = state?;
        let (revision, document) = {
            let change = watched.wait_for(|(revision, _)| *revision > seen);
            change.await.ok()?.clone()
        };
        let name = match document.state {
            JobState::Waiting => "waiting",
            JobState::Running => "progress",
            JobState::Done => "done",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
        };
        let event = Event::default().id(revision.to_string()).event(name);
        // A document is an object with names as keys, which can always be written as JSON.
        let event = event.json_data(&document).ok()?;
        let rest = (!document.state.is_end()).then_some((watched, revision));
        Some((Ok(event), rest))
    })
}
