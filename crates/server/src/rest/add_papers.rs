//! `POST /api/v1/papers`: starts a job that adds papers.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use cognate::Format;
use serde::Deserialize;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};

use crate::extract::Parameters;
use crate::jobs::{JobDocument, Task, Upload};
use crate::openapi::named_values::named_values;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::server::Server;
use crate::spool;

/// The largest length of the name of a file, in bytes.
const MAX_NAME: usize = 255;

/// The options of adding papers.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct AddParameters {
    /// The name of the library that gets the papers. Default: the first library.
    #[param(example = "papers")]
    library: Option<String>,
    /// The format of the file. Default: detected by its content, then by its name.
    #[param(value_type = Option<FormatName>, inline)]
    format: Option<String>,
    /// The name of the file, for its format and for messages. Default: the file name of the header
    /// `Content-Disposition`.
    #[param(min_length = 1, max_length = 255, example = "refs.bib")]
    filename: Option<String>,
    /// Whether invalid records are left out. Otherwise, no paper is added if a record is invalid.
    #[param(required = false, default = false)]
    skip_bad: bool,
    /// Whether papers replace those with the same id, with all fields. Otherwise, fields that a record lacks stay
    /// as they are in the library, and a record of another paper than the one with its id gets an id of its own.
    #[param(required = false, default = false)]
    replace: bool,
}

named_values!(FormatName, Format::ALL.iter().map(|format| format.name()));

/// Adds papers.
///
/// The body is a file of papers in any format that `cognate add` reads, such as BibTeX, RIS, CSV or JSON, plain
/// or compressed with gzip or Zstandard. A list of papers in JSON is such a file. The answer comes once the file
/// has arrived, and the header `Location` names the job that adds the papers.
#[utoipa::path(
    post,
    path = "/papers",
    tag = "changes",
    params(AddParameters),
    request_body(
        description = "A file of papers",
        content(
            (AnyJson = "application/json", example = json!([{"id": "helix", "title": "Molecular Structure of Nucleic Acids", "year": 1953}])),
            (AnyFile = "application/octet-stream"),
        ),
    ),
    responses(
        (
            status = 202,
            description = "The file has arrived, and the job waits or runs",
            body = JobDocument,
            headers(("Location" = String, description = "The path of the job")),
        ),
        (status = 400, description = "The body is empty, or a parameter has a value that is not allowed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body is larger than the server allows", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is a form; send the file itself as the body", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many jobs of the library run or wait", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add_papers(
    State(server): State<Server>,
    Parameters(parameters): Parameters<AddParameters>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    server.check_write()?;
    let library = &server.library(parameters.library.as_deref())?.name;
    let format = match &parameters.format {
        Some(name) => Some(name.parse::<Format>().map_err(cognate::Error::from)?),
        None => None,
    };
    refuse_forms(&headers)?;
    let name = file_name(&parameters, &headers)?;
    let (file, size) = spool::to_file(body, server.options().max_body_bytes).await?;
    if size == 0 {
        let detail = "the body is empty, expected a file of papers";
        return Err(Problem::new(Kind::InvalidRequest, detail));
    }
    let upload = Upload::new(name, file, format)
        .skip_bad(parameters.skip_bad)
        .replace(parameters.replace);
    let job = server
        .jobs()
        .submit(&server, library, Task::Import(upload))?;
    let location = format!("/api/v1/jobs/{}", job.id());
    let headers = [(header::LOCATION, location)];
    Ok((StatusCode::ACCEPTED, headers, Json(job.document())))
}

/// Refuses a body that contains the file in the encoding of a form, because it would be read as part of the file.
fn refuse_forms(headers: &HeaderMap) -> Result<(), Problem> {
    let form = headers.get(header::CONTENT_TYPE);
    let form = form.and_then(|form| form.to_str().ok()).unwrap_or_default();
    if form
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("multipart/")
    {
        return Err(Problem::new(
            Kind::UnsupportedMedia,
            "the body is a form, expected the file itself as the body",
        ));
    }
    Ok(())
}

/// Returns the name of the file.
fn file_name(parameters: &AddParameters, headers: &HeaderMap) -> Result<String, Problem> {
    let name = match &parameters.filename {
        Some(name) => name.clone(),
        None => disposition_name(headers).unwrap_or_else(|| "body".to_owned()),
    };
    if name.trim().is_empty() || name.len() > MAX_NAME || name.contains(char::is_control) {
        return Err(Problem::new(
            Kind::InvalidOption,
            format!(
                "`filename` is not the name of a file, expected 1 to {MAX_NAME} bytes without control characters"
            ),
        ));
    }
    Ok(name)
}

/// Returns the file name of the header `Content-Disposition`.
fn disposition_name(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_DISPOSITION)?.to_str().ok()?;
    let mut parameters = value.split(';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_name = name.trim().eq_ignore_ascii_case("filename");
        is_name.then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// A paper or a list of papers, or a document of another format of JSON that `cognate add` reads. A paper has an
/// `id`, and a `title` or an `abstract`.
pub(crate) struct AnyJson;

impl utoipa::PartialSchema for AnyJson {
    fn schema() -> RefOr<Schema> {
        let description = "A paper or a list of papers, or a document of another format of JSON that `cognate add` \
                           reads. A paper has an `id`, and a `title` or an `abstract`; the job says whether the \
                           document was read.";
        let object = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        object.description(Some(description)).into()
    }
}

impl utoipa::ToSchema for AnyJson {}

/// A file that is not empty.
pub(crate) struct AnyFile;

impl utoipa::PartialSchema for AnyFile {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .min_length(Some(1));
        object
            .description(Some("A file of papers in any format"))
            .into()
    }
}

impl utoipa::ToSchema for AnyFile {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_in_the_disposition() {
        let name = |value: &str| {
            let headers = [(header::CONTENT_DISPOSITION, value.parse().unwrap())];
            disposition_name(&headers.into_iter().collect())
        };
        assert_eq!(
            name("attachment; filename=\"refs.bib\"").unwrap(),
            "refs.bib"
        );
        assert_eq!(name("attachment; FileName = refs.ris").unwrap(), "refs.ris");
        assert_eq!(name("attachment"), None);
        assert_eq!(name("filename=refs.bib"), None);
    }
}
