//! `GET /api/v1/map/points`: the points of a map, as numbers.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use cognate::{MapPoint, PaperMap};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

use super::super::problems::QueryProblems;
use super::{MapParameters, no_map, question};
use crate::answer::insert_tag;
use crate::etag::KnownTags;
use crate::extract::Parameters;
use crate::problem::{Problem, ProblemDocument};
use crate::server::Server;

/// The topic of a paper that is in none.
const NO_TOPIC: u16 = u16::MAX;

/// Returns the points of the map of a library.
///
/// The body has 12 bytes for each point, in columns, all little-endian: first x and y of each point (32-bit floating
/// point numbers, -1 to 1), then the year of each (16-bit unsigned integers, 0 if unknown), then the position of its
/// topic in `labels` of `GET /api/v1/map` (16-bit unsigned integers, 65535 if it is in none).
#[utoipa::path(
    get,
    path = "/map/points",
    tag = "analyses",
    params(MapParameters),
    responses(
        (
            status = 200,
            description = "The points, 12 bytes for each",
            body = PointBytes,
            content_type = "application/octet-stream",
            headers(("X-Map-Revision" = String, description = "The `revision` of the map")),
        ),
        (status = 404, description = "The library has no map, or the server lacks the library", body = ProblemDocument, content_type = "application/problem+json"),
        QueryProblems,
    )
)]
pub(crate) async fn map_points(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<MapParameters>,
) -> Result<Response, Problem> {
    let library = &parameters.library;
    let question = question(&server, "map-points", library, &parameters, Some(known)).await?;
    let commit = match question.look_up(&server).await? {
        Ok(known) => return Ok(known.into_response()),
        Err(commit) => commit,
    };
    let (shared, name) = (server.clone(), question.libraries[0].clone());
    let generation = commit.generation[0];
    let read = move || {
        let map = shared
            .maps()
            .current(shared.library(Some(&name))?, generation)?;
        let map = map.ok_or_else(|| no_map(&name))?;
        Ok((map.revision.clone(), columns(&map.map)))
    };
    let (revision, columns) = server.run(read).await?;
    let tag = question.tag_if_unchanged(&server, commit).await?;
    let mut headers = HeaderMap::new();
    let form = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, form);
    if let Ok(revision) = HeaderValue::from_str(&revision) {
        headers.insert("x-map-revision", revision);
    }
    if let Some(tag) = tag {
        insert_tag(&mut headers, &tag);
    }
    Ok((headers, columns).into_response())
}

/// Returns the columns of the points of a map.
fn columns(map: &PaperMap) -> Bytes {
    let points = &map.points;
    let mut bytes = Vec::with_capacity(12 * points.len());
    for point in points {
        bytes.extend(point.x.to_le_bytes());
        bytes.extend(point.y.to_le_bytes());
    }
    let year = |point: &MapPoint| point.year.and_then(|year| u16::try_from(year).ok());
    for point in points {
        bytes.extend(year(point).unwrap_or(0).to_le_bytes());
    }
    for point in points {
        let topic = point.topic.and_then(|topic| u16::try_from(topic).ok());
        bytes.extend(topic.unwrap_or(NO_TOPIC).to_le_bytes());
    }
    bytes.into()
}

/// The points of a map, in columns.
pub(crate) struct PointBytes;

impl utoipa::PartialSchema for PointBytes {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        object
            .description(Some(
                "The points of a map, in columns of little-endian numbers",
            ))
            .into()
    }
}

impl utoipa::ToSchema for PointBytes {}
