//! The problems of queries that not every route has, for their descriptions.

use std::collections::BTreeMap;

use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

use crate::problem::{Kind, ProblemDocument};

/// The problems with which a query may be answered, besides the problems of every route.
pub(crate) struct QueryProblems;

/// The statuses of these problems.
const STATUSES: &[u16] = &[409, 413];

impl IntoResponses for QueryProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let response = |status: &u16| {
            let kinds = Kind::ALL.iter().filter(|kind| kind.status() == *status);
            let lines = kinds.map(|kind| format!("`{}`: {}.", kind.name(), kind.title()));
            let schema = Ref::from_schema_name(ProblemDocument::name());
            let content = ContentBuilder::new().schema(Some(schema)).build();
            let response = ResponseBuilder::new()
                .description(lines.collect::<Vec<_>>().join(" "))
                .content("application/problem+json", content);
            (status.to_string(), response.build().into())
        };
        STATUSES.iter().map(response).collect()
    }
}
