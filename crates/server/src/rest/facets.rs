//! `/api/v1/facets`: how many papers a library has of each year, venue, category and list.

use axum::extract::State;
use cognate::FacetCount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filters::{FilterParameters, LibraryParameter};
use super::problems::QueryProblems;
use super::ranking::check_count;
use crate::answer::{Answer, Commits, Question};
use crate::etag::KnownTags;
use crate::extract::Parameters;
use crate::openapi::documents;
use crate::parameters::groups_of_parameters;
use crate::problem::Problem;
use crate::server::Server;

/// The number of values of a facet if none is asked for.
const LIMIT: usize = 20;

/// How many values each facet has.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct LimitParameter {
    /// The largest number of venues, of categories and of lists.
    #[param(minimum = 1, default = 20)]
    limit: Option<usize>,
}

/// The parameters of facets.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct FacetsParameters {
    #[serde(flatten)]
    library: LibraryParameter,
    #[serde(flatten)]
    filter: FilterParameters,
    #[serde(flatten)]
    limit: LimitParameter,
}

groups_of_parameters!(FacetsParameters: LibraryParameter, FilterParameters, LimitParameter);

/// The numbers of papers that pass the filters, in all and by their fields.
#[derive(Serialize, ToSchema)]
pub(crate) struct FacetsDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: String,
    /// The number of papers that pass the filters.
    papers: usize,
    /// The years of publication, earliest first.
    years: Vec<YearCount>,
    /// The venues with the most papers.
    #[schema(value_type = Vec<NameCount>)]
    venues: Vec<FacetCount>,
    /// The categories with the most papers.
    #[schema(value_type = Vec<NameCount>)]
    categories: Vec<FacetCount>,
    /// The lists with the most papers.
    #[schema(value_type = Vec<NameCount>)]
    lists: Vec<FacetCount>,
}

/// A year, and its number of papers.
#[derive(Serialize, ToSchema)]
pub(crate) struct YearCount {
    /// The year.
    year: i32,
    /// The number of papers.
    papers: usize,
}

/// A value of a field, and its number of papers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `cognate::FacetCount`")]
pub(crate) struct NameCount {
    /// The venue, the category or the name of the list.
    name: String,
    /// The number of papers.
    papers: usize,
}

/// Counts papers by year, venue, category and list.
#[utoipa::path(
    get,
    path = "/facets",
    tag = "papers",
    params(FacetsParameters),
    responses((status = 200, description = "The numbers of papers", body = FacetsDocument), QueryProblems)
)]
pub(crate) async fn facets(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<FacetsParameters>,
) -> Result<Answer, Problem> {
    let limit = parameters.limit.limit.unwrap_or(LIMIT);
    check_count("limit", limit, server.options())?;
    let filter = parameters.filter.filter()?;
    let libraries: Vec<String> = parameters.library.library.iter().cloned().collect();
    let question = Question::new("facets", &libraries, &parameters, Some(known));
    let document = move |commits: &Commits<'_>| {
        let served = commits.first();
        let facets = served.library.facets(&filter, limit)?;
        let years = facets.years.into_iter();
        Ok(FacetsDocument {
            version: documents::VERSION,
            library: served.name.clone(),
            papers: facets.papers,
            years: years
                .map(|(year, papers)| YearCount { year, papers })
                .collect(),
            venues: facets.venues,
            categories: facets.categories,
            lists: facets.lists,
        })
    };
    question.answer(&server, document).await
}
