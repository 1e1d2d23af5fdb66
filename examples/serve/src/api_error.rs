use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cognate::Error;
use serde_json::json;
use tokio::sync::AcquireError;
use tokio::task::JoinError;

/// An error as an answer: a status, and a JSON object with the message.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::UnknownPaper { .. } => StatusCode::NOT_FOUND,
            Error::EmptyQuery { .. } | Error::InvalidOption { .. } | Error::Papers(_) => {
                StatusCode::BAD_REQUEST
            }
            Error::AmbiguousPaper { .. } => StatusCode::CONFLICT,
            Error::Locked { .. } => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self {
            status,
            message: error.to_string(),
        }
    }
}

impl From<JoinError> for ApiError {
    /// A call has panicked.
    fn from(error: JoinError) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: error.to_string(),
        }
    }
}

impl From<AcquireError> for ApiError {
    /// The server is stopping.
    fn from(error: AcquireError) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            message: error.to_string(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}
