//! `/api/v1/suggest`: completions of what is typed into a search box.

use axum::extract::State;
use cognate::Suggestion;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filters::LibraryParameter;
use super::problems::QueryProblems;
use super::ranking::{check_count, check_text};
use crate::answer::{Answer, Commits, Question};
use crate::etag::KnownTags;
use crate::extract::Parameters;
use crate::openapi::documents;
use crate::parameters::groups_of_parameters;
use crate::problem::Problem;
use crate::server::Server;

/// The number of suggestions if none is asked for.
const K: usize = 8;

/// What is typed.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct PrefixParameters {
    /// The beginning of a title, or of a word of the name of an author, a venue or a category.
    #[param(required = true, example = "gra")]
    q: String,
    /// The largest number of suggestions of each kind.
    #[param(minimum = 1, default = 8)]
    k: Option<usize>,
}

/// The parameters of suggestions.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct SuggestParameters {
    #[serde(flatten)]
    library: LibraryParameter,
    #[serde(flatten)]
    prefix: PrefixParameters,
}

groups_of_parameters!(SuggestParameters: LibraryParameter, PrefixParameters);

/// Suggestions for what is typed.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuggestionsDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: String,
    /// The suggestions: papers, then authors, venues and categories, the best of each kind first.
    #[schema(value_type = Vec<SuggestionDocument>)]
    suggestions: Vec<Suggestion>,
}

/// A suggestion.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `cognate::Suggestion`")]
pub(crate) struct SuggestionDocument {
    /// What the suggestion is: `paper`, `author`, `venue` or `category`.
    kind: String,
    /// The title or the name.
    text: String,
    /// The id of the paper; absent if the suggestion is not a paper.
    #[schema(value_type = String, required = false)]
    id: Option<String>,
    /// The number of papers with the name, 1 for a paper.
    papers: usize,
}

/// Completes what is typed into a search box: to titles, authors, venues and categories.
#[utoipa::path(
    get,
    path = "/suggest",
    tag = "papers",
    params(SuggestParameters),
    responses((status = 200, description = "The suggestions", body = SuggestionsDocument), QueryProblems)
)]
pub(crate) async fn suggest(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<SuggestParameters>,
) -> Result<Answer, Problem> {
    let k = parameters.prefix.k.unwrap_or(K);
    check_count("k", k, server.options())?;
    check_text("q", &parameters.prefix.q, server.options())?;
    let libraries: Vec<String> = parameters.library.library.iter().cloned().collect();
    let question = Question::new("suggest", &libraries, &parameters, Some(known));
    let document = move |commits: &Commits<'_>| {
        let served = commits.first();
        Ok(SuggestionsDocument {
            version: documents::VERSION,
            library: served.name.clone(),
            suggestions: served.library.suggest(&parameters.prefix.q, k)?,
        })
    };
    question.answer(&server, document).await
}
