//! `/api/v1/related`: papers similar to papers of the library.

mod several;

use axum::extract::State;
use cognate::{Library, Query, Strategy};
use serde::{Deserialize, Serialize};

use super::filters::{FilterParameters, LibrariesParameter};
use super::hits::{Explain, Found, HitsDocument};
use super::problems::QueryProblems;
use super::ranking::HitParameters;
use super::references;
use crate::answer::{Answer, Commits, Question, bytes_of};
use crate::etag::KnownTags;
use crate::extract::{JsonParameters, Parameters};
use crate::openapi::named_values::named_values;
use crate::paging::{PageParameters, Paged};
use crate::parameters::groups_of_parameters;
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// The papers to which similar ones are searched for.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct ExampleParameters {
    /// The papers, each by its id, DOI, arXiv identifier or title.
    #[param(required = true, min_items = 1, example = json!(["p1"]))]
    like: Vec<String>,
    /// Papers to move away from, named in the same ways.
    #[param(required = false)]
    not: Vec<String>,
    /// How papers form one query: by their mean vector (Rocchio relevance feedback), by the most similar of
    /// them, or by a linear classifier. Default: `rocchio`.
    #[param(value_type = Option<StrategyName>, inline)]
    strategy: Option<String>,
}

named_values!(
    StrategyName,
    Strategy::ALL.iter().map(|strategy| strategy.name())
);

/// The parameters of a query by papers.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct RelatedParameters {
    #[serde(flatten)]
    libraries: LibrariesParameter,
    #[serde(flatten)]
    examples: ExampleParameters,
    #[serde(flatten)]
    hits: HitParameters,
    #[serde(flatten)]
    filter: FilterParameters,
    #[serde(flatten)]
    page: PageParameters,
}

groups_of_parameters!(
    RelatedParameters: LibrariesParameter, ExampleParameters, HitParameters, FilterParameters, PageParameters
);

impl RelatedParameters {
    /// Checks what the limits of the server concern, and returns the number of hits on all pages.
    fn check(&self, server: &Server) -> Result<usize, Problem> {
        let examples = &self.examples;
        if examples.like.is_empty() {
            let detail = "`like` has no paper, expected at least one";
            return Err(Problem::new(Kind::EmptyQuery, detail).with("parameter", "like"));
        }
        for (parameter, papers) in [("like", &examples.like), ("not", &examples.not)] {
            references::check(parameter, papers, server.options())?;
        }
        self.hits.number(&self.page, server)
    }

    fn strategy(&self) -> Result<Strategy, Problem> {
        let strategy = self.examples.strategy.as_deref();
        Ok(strategy.map(str::parse).transpose()?.unwrap_or_default())
    }

    /// Answers the query from libraries at one commit.
    fn document(
        &self,
        commits: &Commits<'_>,
        k: usize,
    ) -> Result<HitsDocument<Vec<String>>, Problem> {
        let of_all_pages = Self {
            page: PageParameters::default(),
            hits: HitParameters {
                k: Some(k),
                ..self.hits.clone()
            },
            ..self.clone()
        };
        let paged = Paged::new(
            &commits.generation,
            self.filter.uses_lists(),
            &bytes_of(&of_all_pages),
        );
        let page = self.page.page(paged)?;
        if commits.libraries.len() > 1 {
            let (found, ids) = several::search(self, commits, k)?;
            return found.document(commits, ids, page, paged, None);
        }
        let library = &commits.first().library;
        let ids = references::ids(library, &self.examples.like)?;
        let unwanted = references::ids(library, &self.examples.not)?;
        let query = Query::papers(&ids)
            .not(&unwanted)
            .strategy(self.strategy()?);
        let query = self.hits.apply(query, &self.filter, k)?;
        let search = |library: &Library| Ok((query.clone(), library.search(&query)?));
        let found = Found::search(commits, k, self.hits.order()?, search)?;
        let searched = ids.clone();
        let explain: Explain<'_> = &|library, hits| library.explain_related(&searched, hits);
        let explain = self.hits.explain.then_some(explain);
        found.document(commits, ids, page, paged, explain)
    }

    async fn answer(self, server: &Server, known: Option<KnownTags>) -> Result<Answer, Problem> {
        let k = self.check(server)?;
        let question = Question::new("related", &self.libraries.library, &self, known);
        let act = move |commits: &Commits<'_>| self.document(commits, k);
        question.answer(server, act).await
    }
}

/// Searches for papers similar to papers of the library.
///
/// With several libraries of one model, the papers are looked up in all of them. A library that lacks one of the
/// papers is searched by the mean of their vectors.
#[utoipa::path(
    get,
    path = "/related",
    tag = "queries",
    params(RelatedParameters),
    responses((status = 200, body = HitsDocument<Vec<String>>), QueryProblems)
)]
pub(crate) async fn related(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<RelatedParameters>,
) -> Result<Answer, Problem> {
    parameters.answer(&server, Some(known)).await
}

/// Searches for papers similar to papers of the library, with the parameters in the body.
#[utoipa::path(
    post,
    path = "/related",
    tag = "queries",
    request_body(
        content = RelatedParameters,
        description = "The parameters, as the fields of an object",
        example = json!({"like": ["p1", "p2"], "not": ["p3"], "k": 5})
    ),
    responses((status = 200, body = HitsDocument<Vec<String>>), QueryProblems)
)]
pub(crate) async fn related_by_body(
    State(server): State<Server>,
    JsonParameters(parameters): JsonParameters<RelatedParameters>,
) -> Result<Answer, Problem> {
    parameters.answer(&server, None).await
}
