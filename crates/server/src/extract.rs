//! The parts of a request, read as typed values. What does not fit is answered by a problem.

use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use crate::parameters::{from_address, from_object};
use crate::problem::{Kind, Problem};

/// The parameters after the question mark of an address. A parameter that is given several times is a list.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parameters<T>(pub(crate) T);

/// The same parameters as the fields of a JSON object in the body of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct JsonParameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + IntoParams> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        from_address(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + IntoParams> FromRequest<S> for JsonParameters<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let object = axum::Json::<Map<String, Value>>::from_request(request, state).await;
        let axum::Json(object) = object?;
        from_object(object).map(Self)
    }
}

/// A part of the path of an address.
#[derive(Clone, Copy, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(crate) struct InPath<T>(pub(crate) T);

/// A body of JSON.
#[derive(Clone, Copy, Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(Kind::InvalidRequest, rejection.body_text())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let kind = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Kind::UnsupportedMedia,
            _ => Kind::InvalidRequest,
        };
        Self::new(kind, rejection.body_text())
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        let kind = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
            _ => Kind::InvalidRequest,
        };
        Self::new(kind, rejection.body_text())
    }
}
