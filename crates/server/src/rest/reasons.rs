//! The reasons why an answer has no papers.

use cognate::{EmptyReason, Error, Library, Query};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// A reason why an answer has no papers.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct ReasonDocument {
    /// The kind of the reason, which never changes: `empty-library`, `years`, `published-since`, `added-since`,
    /// `lists`, `not-lists`, `venue`, `author`, `category`, `together`, `words`, `excluded`, `min-score`, `only-query-papers` or `other`. More kinds may come.
    kind: &'static str,
    /// The reason as a clause for a person.
    text: String,
    /// The value of the parameter that no paper has, of a reason that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    wanted: Option<String>,
    /// The values of the library that are spelled most like it, nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    nearest: Vec<String>,
    /// The library, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    library: Option<String>,
}

impl ReasonDocument {
    fn new(reason: EmptyReason, library: Option<&str>) -> Self {
        let text = reason.to_string();
        let (kind, wanted, nearest) = match reason {
            EmptyReason::EmptyLibrary => ("empty-library", None, Vec::new()),
            EmptyReason::Years { .. } => ("years", None, Vec::new()),
            EmptyReason::PublishedSince { .. } => ("published-since", None, Vec::new()),
            EmptyReason::AddedSince { .. } => ("added-since", None, Vec::new()),
            EmptyReason::Lists { .. } => ("lists", None, Vec::new()),
            EmptyReason::NotLists { .. } => ("not-lists", None, Vec::new()),
            EmptyReason::Venue { wanted, nearest } => ("venue", Some(wanted), nearest),
            EmptyReason::Author { wanted, nearest } => ("author", Some(wanted), nearest),
            EmptyReason::Category { wanted, nearest } => ("category", Some(wanted), nearest),
            EmptyReason::Together { .. } => ("together", None, Vec::new()),
            EmptyReason::Words { .. } => ("words", None, Vec::new()),
            EmptyReason::Excluded => ("excluded", None, Vec::new()),
            EmptyReason::MinScore { .. } => ("min-score", None, Vec::new()),
            EmptyReason::OnlyQueryPapers { .. } => ("only-query-papers", None, Vec::new()),
            _ => ("other", None, Vec::new()),
        };
        Self {
            kind,
            text,
            wanted,
            nearest,
            library: library.map(str::to_owned),
        }
    }
}

/// Returns the reasons why a query has no hits. `name` is the name of the library, if there are several.
///
/// # Errors
///
/// Returns a problem if the library cannot be read.
pub(super) fn of_query(
    library: &Library,
    query: &Query,
    name: Option<&str>,
) -> Result<Vec<ReasonDocument>, Problem> {
    match library.explain_no_hits(query) {
        // The answer is right without its reasons.
        Err(Error::Index { .. }) => Ok(Vec::new()),
        reasons => {
            let reasons = reasons?.into_iter();
            Ok(reasons
                .map(|reason| ReasonDocument::new(reason, name))
                .collect())
        }
    }
}
