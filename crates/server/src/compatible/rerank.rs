//! `POST /rerank`: texts in the order of their relevance to a query, in the form of text-embeddings-inference
//! or in the form of Cohere, which Open WebUI uses.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::embed::{MAX_TEXTS, embedding_problem};
use super::error_form::{OpenAiError, TeiError};
use crate::extract::JsonBody;
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// Texts to rank. A request has either `texts`, and is answered by a list of ranks, or `documents`, and is
/// answered by an object with `results`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"query": "what is dark matter", "texts": ["graph proof", "dark matter"]}))]
pub(crate) struct RerankRequest {
    /// The text that is searched for.
    query: String,
    /// At most 2,048 texts, in the form of text-embeddings-inference.
    texts: Option<Vec<String>>,
    /// At most 2,048 texts, in the form of Cohere and Open WebUI.
    documents: Option<Vec<RerankText>>,
    /// The name of the cross-encoder. Default: the first one.
    model: Option<String>,
    /// The number of results. Default: all texts.
    top_n: Option<usize>,
    /// Whether the results have the texts. Default: false.
    #[serde(alias = "return_documents")]
    return_text: Option<bool>,
}

/// A text to rank, or an object that has it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum RerankText {
    /// The text.
    Text(String),
    /// An object with the text.
    Object {
        /// The text.
        text: String,
    },
}

/// The answer to a request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum RerankAnswer {
    /// The ranks of `texts`, the best first.
    Ranks(Vec<Rank>),
    /// The results of `documents`.
    Results(RerankResults),
}

/// A text with its relevance, in the form of text-embeddings-inference.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rank {
    /// The number of the text in the request, from 0.
    index: usize,
    /// The score that the cross-encoder gives: higher is better.
    score: f32,
    /// The text, if the request asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// The results of a request in the form of Cohere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RerankResults {
    /// The name of the cross-encoder.
    model: String,
    /// The documents, the best first.
    results: Vec<RerankResult>,
}

/// A document with its relevance, in the form of Cohere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RerankResult {
    /// The number of the document in the request, from 0.
    index: usize,
    /// The score that the cross-encoder gives: higher is better.
    relevance_score: f32,
    /// The document, if the request asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<RerankedDocument>,
}

/// A document of a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RerankedDocument {
    /// The text.
    text: String,
}

impl RerankText {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Object { text } => text,
        }
    }
}

/// Ranks texts by their relevance to a query.
#[utoipa::path(
    post,
    path = "/rerank",
    tag = "compatible",
    request_body = RerankRequest,
    responses(
        (status = 200, body = RerankAnswer),
        (status = 400, description = "There is no text", body = TeiError),
        (status = 404, description = "There is no such cross-encoder", body = TeiError),
        (status = 413, description = "The request is too large", body = TeiError),
        (status = 422, description = "The request is not as described", body = TeiError),
        (status = 424, description = "The cross-encoder failed, or there is none", body = TeiError),
        (status = 429, description = "Too many requests wait", body = TeiError),
    )
)]
pub(crate) async fn rerank(
    State(server): State<Server>,
    JsonBody(request): JsonBody<RerankRequest>,
) -> Result<Json<RerankAnswer>, Problem> {
    answer(&server, request).await
}

/// Ranks texts by their relevance to a query: the same as `/rerank`, with errors in the form of OpenAI.
#[utoipa::path(
    post,
    path = "/v1/rerank",
    tag = "compatible",
    request_body = RerankRequest,
    responses(
        (status = 200, body = RerankAnswer),
        (status = 400, description = "The request is not as described", body = OpenAiError),
        (status = 404, description = "There is no such cross-encoder", body = OpenAiError),
        (status = 413, description = "The request is too large", body = OpenAiError),
        (status = 429, description = "Too many requests wait", body = OpenAiError),
        (status = 500, description = "The server failed", body = OpenAiError),
    )
)]
pub(crate) async fn below_v1(
    State(server): State<Server>,
    JsonBody(request): JsonBody<RerankRequest>,
) -> Result<Json<RerankAnswer>, Problem> {
    answer(&server, request).await
}

async fn answer(server: &Server, request: RerankRequest) -> Result<Json<RerankAnswer>, Problem> {
    let reranker = server.reranker(request.model.as_deref())?.clone();
    let (is_tei, texts) = match (request.texts, request.documents) {
        (Some(texts), None) => (true, texts),
        (None, Some(documents)) => {
            let texts = documents.into_iter().map(RerankText::into_text);
            (false, texts.collect())
        }
        _ => {
            let detail = "the request has neither or both, expected either `texts` or `documents`";
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
    };
    check(&request.query, &texts, server.options().max_query_bytes)?;
    let (query, count) = (request.query, request.top_n.unwrap_or(texts.len()));
    let return_text = request.return_text.unwrap_or(false);
    let call = move || {
        let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
        let scores = reranker.reranker.scores(&query, &borrowed);
        let scores = scores.map_err(|error| embedding_problem(&error))?;
        if scores.len() != texts.len() {
            return Err(Problem::internal());
        }
        let mut ranks: Vec<Rank> = scores
            .into_iter()
            .zip(texts)
            .enumerate()
            .map(|(index, (score, text))| Rank {
                index,
                score,
                text: return_text.then_some(text),
            })
            .collect();
        // The sort is stable, so that texts with the same score keep their order.
        ranks.sort_by(|a, b| b.score.total_cmp(&a.score));
        ranks.truncate(count);
        Ok((reranker.name.clone(), ranks))
    };
    let (model, ranks) = server.run(call).await?;
    if is_tei {
        return Ok(Json(RerankAnswer::Ranks(ranks)));
    }
    let results = ranks.into_iter().map(|rank| RerankResult {
        index: rank.index,
        relevance_score: rank.score,
        document: rank.text.map(|text| RerankedDocument { text }),
    });
    let results = results.collect();
    Ok(Json(RerankAnswer::Results(RerankResults {
        model,
        results,
    })))
}

fn check(query: &str, texts: &[String], max_query_bytes: usize) -> Result<(), Problem> {
    if query.is_empty() || texts.is_empty() {
        let detail = "the query or the list of texts is empty";
        return Err(Problem::new(Kind::EmptyQuery, detail));
    }
    if texts.len() > MAX_TEXTS {
        let found = texts.len();
        let detail = format!("the request has {found} texts, expected at most {MAX_TEXTS}");
        return Err(Problem::new(Kind::TooLarge, detail));
    }
    if query.len() > max_query_bytes {
        let found = query.len();
        let detail = format!("the query has {found} bytes, expected at most {max_query_bytes}");
        return Err(Problem::new(Kind::TooLarge, detail));
    }
    Ok(())
}
