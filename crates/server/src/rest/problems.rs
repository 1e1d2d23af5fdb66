//! The problems that all queries have in common, for their descriptions.

use std::collections::BTreeMap;

use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

use crate::problem::{Kind, ProblemDocument};

/// The problems with which a query may be answered.
pub(crate) struct QueryProblems;

/// The kinds of these problems.
const KINDS: &[Kind] = &[
    Kind::InvalidRequest,
    Kind::InvalidOption,
    Kind::EmptyQuery,
    Kind::InvalidPapers,
    Kind::Unauthorized,
    Kind::Forbidden,
    Kind::UnknownLibrary,
    Kind::UnknownPaper,
    Kind::UnknownList,
    Kind::Timeout,
    Kind::AmbiguousPaper,
    Kind::Changed,
    Kind::EmptyLibrary,
    Kind::TooLarge,
    Kind::UnsupportedMedia,
    Kind::Overloaded,
    Kind::Internal,
    Kind::Damaged,
    Kind::Locked,
    Kind::NoEmbedder,
    Kind::Stopping,
];

impl IntoResponses for QueryProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut titles: BTreeMap<u16, Vec<String>> = BTreeMap::new();
        for kind in KINDS {
            let line = format!("`{}`: {}.", kind.name(), kind.title());
            titles.entry(kind.status()).or_default().push(line);
        }
        let response = |(status, titles): (u16, Vec<String>)| {
            let schema = Ref::from_schema_name(ProblemDocument::name());
            let content = ContentBuilder::new().schema(Some(schema)).build();
            let response = ResponseBuilder::new()
                .description(titles.join(" "))
                .content("application/problem+json", content);
            (status.to_string(), response.build().into())
        };
        titles.into_iter().map(response).collect()
    }
}
