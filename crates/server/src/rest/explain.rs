//! `/api/v1/explain`: why papers answer a query.

use axum::extract::State;
use cognate::{Explanation, PaperHit, QueryText};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filters::LibraryParameter;
use super::problems::QueryProblems;
use super::ranking::check_text;
use super::references;
use crate::answer::{Answer, Commits, Question};
use crate::etag::KnownTags;
use crate::extract::Parameters;
use crate::openapi::documents;
use crate::parameters::groups_of_parameters;
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// The query and the papers of an explanation.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct ExplainedParameters {
    /// The text of the query; there must be one, or a paper in `like`.
    #[param(example = "graph proof")]
    q: Option<String>,
    /// The papers of the query, in place of a text.
    #[param(required = false)]
    like: Vec<String>,
    /// The papers to explain, each by its id, DOI, arXiv identifier or title.
    #[param(required = true, min_items = 1, example = json!(["p1"]))]
    id: Vec<String>,
}

/// The parameters of an explanation.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct ExplainParameters {
    #[serde(flatten)]
    library: LibraryParameter,
    #[serde(flatten)]
    explained: ExplainedParameters,
}

groups_of_parameters!(ExplainParameters: LibraryParameter, ExplainedParameters);

/// Explanations of papers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplanationsDocument {
    /// The version of the form of all documents.
    #[schema(schema_with = documents::version)]
    version: u32,
    /// The name of the library.
    library: String,
    /// The explanations, in the order of the papers.
    #[schema(value_type = Vec<ExplanationSchema>)]
    explanations: Vec<ExplanationDocument>,
}

/// The explanation of a paper.
#[derive(Debug, Serialize)]
struct ExplanationDocument {
    id: String,
    title: String,
    #[serde(flatten)]
    explanation: Explanation,
}

/// Why a paper answers a query.
#[derive(ToSchema)]
#[schema(as = Explanation)]
#[expect(dead_code, reason = "it describes the serialized form")]
pub(crate) struct ExplanationSchema {
    /// The id of the paper.
    id: String,
    /// The title of the paper.
    title: String,
    /// The sentence of the query that is nearest to a sentence of the paper.
    query_sentence: String,
    /// The sentence of the paper that is nearest to a sentence of the query.
    paper_sentence: String,
    /// The cosine of the two sentences, -1 to 1, higher is better.
    score: f32,
    /// The words of the paper that the query has too.
    words: Vec<String>,
}

/// Explains why papers answer a query, by the most similar sentences of query and paper and the words that they
/// share.
#[utoipa::path(
    get,
    path = "/explain",
    tag = "queries",
    params(ExplainParameters),
    responses((status = 200, body = ExplanationsDocument), QueryProblems)
)]
pub(crate) async fn explain(
    State(server): State<Server>,
    known: KnownTags,
    Parameters(parameters): Parameters<ExplainParameters>,
) -> Result<Answer, Problem> {
    let explained = &parameters.explained;
    let options = server.options();
    for (parameter, papers) in [("like", &explained.like), ("id", &explained.id)] {
        references::check(parameter, papers, options)?;
    }
    match (&explained.q, explained.like.as_slice()) {
        (Some(text), []) => {
            check_text("q", text, options)?;
            server.note_query(text);
        }
        (None, [_, ..]) => {}
        (Some(_), _) => {
            let detail = "`q` and `like` are given, expected one of them";
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
        (None, []) => {
            let detail = "`q` is missing, expected a text, or papers in `like`";
            return Err(Problem::new(Kind::EmptyQuery, detail).with("parameter", "q"));
        }
    }
    let libraries: Vec<String> = parameters.library.library.iter().cloned().collect();
    let question = Question::new("explain", &libraries, &parameters, Some(known));
    question
        .answer(&server, move |commits| {
            document(commits, &parameters.explained)
        })
        .await
}

fn document(
    commits: &Commits<'_>,
    explained: &ExplainedParameters,
) -> Result<ExplanationsDocument, Problem> {
    let served = commits.first();
    let library = &served.library;
    let papers = references::papers(library, &explained.id)?;
    let hits: Vec<PaperHit> = papers.into_iter().map(PaperHit::unscored).collect();
    let explanations = if let Some(text) = &explained.q {
        library.explain(&QueryText::parse(text).text, &hits)?
    } else {
        let ids = references::ids(library, &explained.like)?;
        library.explain_related(&ids, &hits)?
    };
    let explanations = hits.into_iter().zip(explanations);
    let explanations = explanations.map(|(hit, explanation)| ExplanationDocument {
        id: hit.paper.id,
        title: hit.paper.title,
        explanation,
    });
    Ok(ExplanationsDocument {
        version: documents::VERSION,
        library: served.name.clone(),
        explanations: explanations.collect(),
    })
}
