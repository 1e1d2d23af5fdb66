//! `/api/v1/papers` and `/api/v1/lists/{name}`: papers that pass a filter, in an order, in pages.

use std::ops::ControlFlow;

use axum::extract::State;
use cognate::{Filter, Listing, Paper, SortBy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filters::{FilterParameters, LibraryParameter};
use super::problems::QueryProblems;
use super::ranking::check_count;
use crate::answer::{Answer, Commits, Question, bytes_of};
use crate::etag::KnownTags;
use crate::extract::{InPath, Parameters};
use crate::openapi::documents;
use crate::openapi::named_values::named_values;
use crate::paging::{PageParameters, Paged};
use crate::parameters::groups_of_parameters;
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// The number of papers of a page if none is asked for.
const PAGE: usize = 100;

/// The order of papers.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct OrderParameters {
    /// What the papers are sorted by: the order in which they were added, their year, their date of publication,
    /// their title, their id or their first author. Papers without a value come last. Default: `added`.
    #[param(value_type = Option<SortName>, inline)]
    sort: Option<String>,
    /// Whether the order is reversed, for example the latest first.
    #[param(required = false, default = false)]
    reverse: bool,
}

named_values!(SortName, SortBy::ALL.iter().map(|sort_by| sort_by.name()));

/// The parameters of a list of papers.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct PaperListParameters {
    #[serde(flatten)]
    library: LibraryParameter,
    #[serde(flatten)]
    filter: FilterParameters,
    #[serde(flatten)]
    order: OrderParameters,
    #[serde(flatten)]
    page: PageParameters,
}

groups_of_parameters!(PaperListParameters: LibraryParameter, FilterParameters, OrderParameters, PageParameters);

/// A page of a list of papers.
#[derive(Serialize, ToSchema)]
pub(crate) struct PaperListDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: String,
    /// The papers of the page. Each has the lists that it is on, with their notes.
    #[schema(value_type = Vec<documents::PaperFields>)]
    papers: Vec<Paper>,
    /// The token of the next page, or null on the last one.
    next: Option<String>,
}

/// Lists papers, for example those that were added since a day.
#[utoipa::path(
    get,
    path = "/papers",
    tag = "papers",
    params(PaperListParameters),
    responses((status = 200, description = "A page of papers", body = PaperListDocument), QueryProblems)
)]
pub(crate) async fn papers(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<PaperListParameters>,
) -> Result<Answer, Problem> {
    let filter = parameters.filter.filter()?;
    parameters
        .answer(&server, "papers", false, filter, known)
        .await
}

/// Lists the papers on a list, with their notes.
#[utoipa::path(
    get,
    path = "/lists/{name}",
    tag = "lists",
    params(("name" = String, Path, description = "The name of the list", example = "liked"), PaperListParameters),
    responses((status = 200, description = "A page of papers", body = PaperListDocument), QueryProblems)
)]
pub(crate) async fn list(
    State(server): State<Server>,
    InPath(name): InPath<String>,
    known: KnownTags,
    Parameters(parameters): Parameters<PaperListParameters>,
) -> Result<Answer, Problem> {
    if !parameters.filter.list.is_empty() {
        let detail = "`list` is given, but the path names the list already";
        return Err(Problem::new(Kind::InvalidRequest, detail).with("parameter", "list"));
    }
    let filter = parameters.filter.filter()?.list(name.as_str());
    let route = format!("lists/{name}");
    parameters
        .answer(&server, &route, true, filter, known)
        .await
}

impl PaperListParameters {
    async fn answer(
        self,
        server: &Server,
        route: &str,
        is_list: bool,
        filter: Filter,
        known: KnownTags,
    ) -> Result<Answer, Problem> {
        let limit = self.page.limit.unwrap_or(PAGE.min(server.options().max_k));
        check_count("limit", limit, server.options())?;
        let sort_by = match &self.order.sort {
            Some(name) => name.parse::<SortBy>()?,
            None => SortBy::default(),
        };
        let listing = Listing::default()
            .filter(filter)
            .sort_by(sort_by)
            .reverse(self.order.reverse);
        let uses_lists = is_list || self.filter.uses_lists();
        let libraries: Vec<String> = self.library.library.iter().cloned().collect();
        let key = bytes_of(&(route, &self.filter, &self.order));
        let question = Question::new("papers", &libraries, &(route, &self), Some(known));
        let document = move |commits: &Commits<'_>| {
            let served = commits.first();
            let paged = Paged::new(&commits.generation, uses_lists, &key);
            let page = PageParameters {
                limit: Some(limit),
                ..self.page.clone()
            };
            let page = page.page(paged)?;
            // One more shows whether another page follows.
            let listing = listing
                .clone()
                .offset(page.offset)
                .limit(limit.saturating_add(1));
            let mut papers = Vec::new();
            served.library.list(&listing, |paper| {
                papers.push(paper);
                ControlFlow::Continue(())
            })?;
            let has_more = papers.len() > limit;
            papers.truncate(limit);
            Ok(PaperListDocument {
                version: documents::VERSION,
                library: served.name.clone(),
                papers,
                next: has_more.then(|| page.next(usize::MAX, paged)),
            })
        };
        question.answer(server, document).await
    }
}
