//! `/api/v1/search`: papers near a text or a vector.

use axum::extract::State;
use cognate::{Query, QueryText};
use serde::{Deserialize, Serialize};

use super::filters::{FilterParameters, LibrariesParameter};
use super::hits::{Explain, Found, HitsDocument};
use super::problems::QueryProblems;
use super::ranking::{HitParameters, check_count, check_text};
use crate::answer::{Answer, Commits, Question, bytes_of};
use crate::etag::KnownTags;
use crate::extract::{JsonParameters, Parameters};
use crate::paging::{PageParameters, Paged};
use crate::parameters::groups_of_parameters;
use crate::problem::{Kind, Problem};
use crate::served::ServedLibrary;
use crate::server::Server;

/// What is searched for.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct TargetParameters {
    /// The text to search for, of any length that the model reads: words in double quotes are a phrase, and
    /// `-word` leaves out papers with that word.
    #[param(example = "graph proof")]
    q: Option<String>,
    /// A vector of the library's model, in place of a text.
    #[param(required = false)]
    vector: Vec<f32>,
    /// Searches again with the query moved toward the best papers, of which this is the number
    /// (pseudo-relevance feedback).
    #[param(minimum = 0, default = 0)]
    feedback: usize,
}

/// The parameters of a search.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct SearchParameters {
    #[serde(flatten)]
    libraries: LibrariesParameter,
    #[serde(flatten)]
    target: TargetParameters,
    #[serde(flatten)]
    hits: HitParameters,
    #[serde(flatten)]
    filter: FilterParameters,
    #[serde(flatten)]
    page: PageParameters,
}

groups_of_parameters!(
    SearchParameters: LibrariesParameter, TargetParameters, HitParameters, FilterParameters, PageParameters
);

impl SearchParameters {
    /// Checks what the limits of the server concern, and makes the query.
    fn query(&self, server: &Server) -> Result<(Query, usize), Problem> {
        let target = &self.target;
        check_count("feedback", target.feedback, server.options())?;
        let query = match (&target.q, target.vector.as_slice()) {
            (Some(_), [_, ..]) => {
                let detail = "`q` and `vector` are given, expected one of them";
                return Err(Problem::new(Kind::InvalidRequest, detail));
            }
            (Some(text), []) => {
                check_text("q", text, server.options())?;
                server.note_query(text);
                QueryText::parse(text).query()
            }
            (None, [_, ..]) => {
                if self.hits.explain {
                    let detail = "`explain` is true, expected a query by text if it is";
                    return Err(Problem::new(Kind::InvalidOption, detail));
                }
                check_direction(&target.vector)?;
                Query::vector(target.vector.clone())
            }
            (None, []) => {
                let detail = "`q` is missing, expected a text, or a `vector`";
                return Err(Problem::new(Kind::EmptyQuery, detail).with("parameter", "q"));
            }
        };
        let k = self.hits.number(&self.page, server)?;
        let query = self.hits.apply(query, &self.filter, k)?;
        Ok((query.feedback(target.feedback), k))
    }

    /// Answers the query from libraries at one commit.
    fn document(
        &self,
        commits: &Commits<'_>,
        query: &Query,
        k: usize,
    ) -> Result<HitsDocument<Option<String>>, Problem> {
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
        let search = |library: &cognate::Library| Ok((query.clone(), library.search(query)?));
        self.check_dimensions(commits)?;
        let found = Found::search(commits, k, self.hits.order()?, search)?;
        let text = self.target.q.clone();
        let searched = QueryText::parse(text.as_deref().unwrap_or_default()).text;
        let explain: Explain<'_> = &|library, hits| library.explain(&searched, hits);
        let explain = self.hits.explain.then_some(explain);
        found.document(commits, text, page, paged, explain)
    }

    /// Fails if the vector is not one of the model of a library.
    fn check_dimensions(&self, commits: &Commits<'_>) -> Result<(), Problem> {
        let found = self.target.vector.len();
        let expected = |served: &ServedLibrary| served.library.embedder_info().dim;
        let mut libraries = commits.libraries.iter();
        match libraries.find(|served| found > 0 && found != expected(served)) {
            Some(served) => {
                let (name, expected) = (&served.name, expected(served));
                let detail = format!(
                    "`vector` has {found} values, expected {expected}, as the model of the library `{name}` \
                     gives"
                );
                Err(Problem::new(Kind::InvalidOption, detail).with("parameter", "vector"))
            }
            None => Ok(()),
        }
    }

    async fn answer(self, server: &Server, known: Option<KnownTags>) -> Result<Answer, Problem> {
        let (query, k) = self.query(server)?;
        if let Some(text) = &self.target.q {
            server.note_query(text);
        }
        let question = Question::new("search", &self.libraries.library, &self, known);
        let act = move |commits: &Commits<'_>| self.document(commits, &query, k);
        question.answer(server, act).await
    }
}

/// Fails if a vector has no cosine with others.
fn check_direction(vector: &[f32]) -> Result<(), Problem> {
    let is_finite = vector.iter().all(|value| value.is_finite());
    if is_finite && vector.iter().any(|value| *value != 0.0) {
        return Ok(());
    }
    let detail = "`vector` has no direction, expected finite numbers of which one is not 0";
    Err(Problem::new(Kind::InvalidOption, detail).with("parameter", "vector"))
}

/// Searches for papers near a text or a vector.
///
/// Papers are found by meaning, by words, or by both. The answer is exact, and the same as the answer of
/// the command `cognate search`.
#[utoipa::path(
    get,
    path = "/search",
    tag = "queries",
    params(SearchParameters),
    responses((status = 200, body = HitsDocument<Option<String>>), QueryProblems)
)]
pub(crate) async fn search(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<SearchParameters>,
) -> Result<Answer, Problem> {
    parameters.answer(&server, Some(known)).await
}

/// Searches for papers near a text or a vector, with the parameters in the body.
#[utoipa::path(
    post,
    path = "/search",
    tag = "queries",
    request_body(
        content = SearchParameters,
        description = "The parameters, as the fields of an object",
        example = json!({"q": "graph proof", "k": 5, "category": ["cs"]})
    ),
    responses((status = 200, body = HitsDocument<Option<String>>), QueryProblems)
)]
pub(crate) async fn search_by_body(
    State(server): State<Server>,
    JsonParameters(parameters): JsonParameters<SearchParameters>,
) -> Result<Answer, Problem> {
    parameters.answer(&server, None).await
}
