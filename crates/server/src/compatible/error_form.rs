//! Errors in the forms of OpenAI and of text-embeddings-inference.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Kind, Problem};

/// An error in the form of OpenAI.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenAiError {
    error: OpenAiErrorBody,
}

/// What is wrong with a request to a route of OpenAI.
#[derive(Debug, Serialize, ToSchema)]
struct OpenAiErrorBody {
    /// What is wrong.
    message: String,
    /// The class of the error, such as `invalid_request_error`.
    r#type: &'static str,
    /// The field of the request that is wrong.
    param: Option<String>,
    /// The kind of the error, such as `model_not_found`.
    code: Option<String>,
}

/// An error in the form of text-embeddings-inference.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TeiError {
    /// What is wrong.
    error: String,
    /// The class of the error, such as `Validation`.
    error_type: &'static str,
}

/// The forms of errors of other servers.
#[derive(Clone, Copy, Debug)]
enum Form {
    OpenAi,
    Tei,
}

impl Form {
    /// Returns the form of the errors of the route with a path, or `None` if it answers with problems.
    fn of_path(path: &str) -> Option<Self> {
        match path {
            "/embed" | "/rerank" | "/info" => Some(Self::Tei),
            _ if path.starts_with("/v1/") => Some(Self::OpenAi),
            _ => None,
        }
    }

    /// Returns the status and the body for a problem.
    fn answer(self, problem: &Problem) -> (StatusCode, serde_json::Result<Vec<u8>>) {
        match self {
            Self::OpenAi => (problem.status(), serde_json::to_vec(&openai(problem))),
            Self::Tei => {
                let (status, error_type) = tei_class(problem.kind());
                let error = problem.detail().to_owned();
                let body = serde_json::to_vec(&TeiError { error, error_type });
                (status, body)
            }
        }
    }
}

/// Gives the problems of compatible routes the form of their servers, wherever they come from.
pub(crate) async fn error_form(request: Request, next: Next) -> Response {
    let form = Form::of_path(request.uri().path());
    let response = next.run(request).await;
    let problem = response.extensions().get::<Problem>();
    let Some((form, problem)) = form.zip(problem) else {
        return response;
    };
    let (status, Ok(body)) = form.answer(problem) else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.status = status;
    let json = HeaderValue::from_static("application/json");
    parts.headers.insert(header::CONTENT_TYPE, json);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

fn openai(problem: &Problem) -> OpenAiError {
    let kind = problem.kind();
    let class = match kind.status() {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    };
    let code = match kind {
        Kind::UnknownModel => "model_not_found".to_owned(),
        Kind::Unauthorized => "invalid_api_key".to_owned(),
        _ => kind.name().replace('-', "_"),
    };
    let param = problem.member("param").and_then(|param| param.as_str());
    OpenAiError {
        error: OpenAiErrorBody {
            message: problem.detail().to_owned(),
            r#type: class,
            param: param.map(str::to_owned),
            code: Some(code),
        },
    }
}

/// Returns the status and the class of an error of text-embeddings-inference.
fn tei_class(kind: Kind) -> (StatusCode, &'static str) {
    match kind {
        Kind::InvalidRequest | Kind::InvalidOption => {
            (StatusCode::UNPROCESSABLE_ENTITY, "Validation")
        }
        Kind::EmptyQuery => (StatusCode::BAD_REQUEST, "Empty"),
        Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Validation"),
        Kind::Overloaded => (StatusCode::TOO_MANY_REQUESTS, "Overloaded"),
        Kind::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "Unhealthy"),
        Kind::Internal | Kind::NoModel | Kind::NoReranker => {
            (StatusCode::FAILED_DEPENDENCY, "Backend")
        }
        _ => {
            let status = StatusCode::from_u16(kind.status());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, "Validation")
        }
    }
}
