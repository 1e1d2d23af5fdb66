//! `POST /embed` and `GET /info`: the routes of text-embeddings-inference.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use cognate::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::embed::{self, InputType, MAX_TEXTS};
use super::error_form::TeiError;
use super::input::{Input, InputForm};
use crate::extract::JsonBody;
use crate::problem::{Kind, Problem};
use crate::served::ServedModel;
use crate::server::Server;

/// Texts to embed.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"inputs": ["graph proof", "dark matter"], "truncate": true}))]
pub(crate) struct EmbedRequest {
    /// A text, or a list of at most 2,048 texts.
    #[schema(value_type = InputForm)]
    inputs: Input,
    /// Whether texts longer than the model reads are truncated. If not, they are refused. Default: true.
    truncate: Option<bool>,
    /// The side on which long texts are truncated. A model supports one side only.
    truncation_direction: Option<TruncationDirection>,
    /// Whether the texts are documents or queries, which matters for models with prompts. Default: documents.
    #[serde(alias = "input_type")]
    prompt_name: Option<InputType>,
    /// Whether embeddings get the length 1. Otherwise they are as the model gives them. Default: true.
    normalize: Option<bool>,
    /// The number of values of an embedding. Fewer than the model has are possible if the model supports it.
    dimensions: Option<usize>,
}

/// The side on which long texts are truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum TruncationDirection {
    /// The beginning is cut off.
    #[serde(rename = "Left", alias = "left")]
    Left,
    /// The end is cut off.
    #[serde(rename = "Right", alias = "right")]
    Right,
}

/// Embeds texts.
#[utoipa::path(
    post,
    path = "/embed",
    tag = "compatible",
    request_body = EmbedRequest,
    responses(
        (status = 200, description = "The embeddings, in the order of the texts", body = Vec<Vec<f32>>),
        (status = 400, description = "There is no text", body = TeiError),
        (status = 413, description = "The request or a text is too large", body = TeiError),
        (status = 422, description = "The request is not as described", body = TeiError),
        (status = 424, description = "The model failed, or there is none", body = TeiError),
        (status = 429, description = "Too many requests wait", body = TeiError),
    )
)]
pub(crate) async fn embed(
    State(server): State<Server>,
    JsonBody(request): JsonBody<EmbedRequest>,
) -> Result<impl IntoResponse, Problem> {
    let model = server.model(None)?.clone();
    let role = Role::from(request.prompt_name.unwrap_or_default());
    let dim = embed::dimensions(&model, request.dimensions)?;
    let texts = embed::texts(request.inputs, "inputs", role, server.options())?;
    let should_normalize = request.normalize.unwrap_or(true);
    let may_truncate = request.truncate.unwrap_or(true);
    let direction = request.truncation_direction;
    let body = server.run(move || {
        check_lengths(&model, role, &texts, may_truncate, direction)?;
        let mut rows = embed::truncate(embed::embed(&model, role, &texts)?, dim);
        if should_normalize {
            embed::normalize(&mut rows);
        }
        let rows = rows.as_standard_layout();
        let rows: Vec<_> = rows.rows().into_iter().map(|row| row.to_slice()).collect();
        serde_json::to_vec(&rows).map_err(|_| Problem::internal())
    });
    let body = body.await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body))
}

/// Refuses texts longer than the model reads, unless they may be truncated on the side on which the model's
/// tokenizer does that.
fn check_lengths(
    model: &ServedModel,
    role: Role,
    texts: &[String],
    may_truncate: bool,
    direction: Option<TruncationDirection>,
) -> Result<(), Problem> {
    if may_truncate && direction.is_none() {
        return Ok(());
    }
    for (at, text) in texts.iter().enumerate() {
        let read = model.encoder.text_within_limit(role, text);
        let read = read.map_err(|error| embed::embedding_problem(&error.into()))?;
        if read.len() == text.len() {
            continue;
        }
        let limit = model.encoder.max_tokens_of(role);
        if !may_truncate {
            return Err(Problem::new(
                Kind::TooLarge,
                format!(
                    "text {at} of `inputs` has more than {limit} tokens, and `truncate` is false"
                ),
            ));
        }
        let side = if text.starts_with(read) {
            TruncationDirection::Right
        } else {
            TruncationDirection::Left
        };
        if direction != Some(side) {
            return Err(Problem::new(
                Kind::InvalidOption,
                format!(
                    "text {at} of `inputs` has more than {limit} tokens, and the model supports only the \
                     `truncation_direction` `{side:?}`"
                ),
            ));
        }
    }
    Ok(())
}

/// The first model, with the limits of requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TeiInfoDocument {
    /// The name of the model.
    model_id: String,
    /// Always absent: a model has the fingerprint of its files instead.
    model_sha: Option<String>,
    /// A hash of everything that the embeddings depend on.
    model_fingerprint: String,
    /// The number format of the arithmetic.
    model_dtype: String,
    /// The number of requests that run or wait at once; further ones are refused.
    max_concurrent_requests: usize,
    /// The number of tokens that the model reads of a text.
    max_input_length: usize,
    /// The largest number of texts of a request.
    max_client_batch_size: usize,
    /// Whether long texts are truncated by default.
    auto_truncate: bool,
    /// The version of the server.
    version: &'static str,
}

/// Describes the model of `/embed`.
#[utoipa::path(
    get,
    operation_id = "tei_info",
    path = "/info",
    tag = "compatible",
    responses(
        (status = 200, body = TeiInfoDocument),
        (status = 424, description = "There is no model", body = TeiError),
    )
)]
pub(crate) async fn info(State(server): State<Server>) -> Result<Json<TeiInfoDocument>, Problem> {
    let model = server.model(None)?;
    let options = server.options();
    Ok(Json(TeiInfoDocument {
        model_id: model.name.clone(),
        model_sha: None,
        model_fingerprint: model.encoder.fingerprint().to_owned(),
        model_dtype: model.encoder.precision().to_string(),
        max_concurrent_requests: options.running + options.waiting,
        max_input_length: model.encoder.max_tokens(),
        max_client_batch_size: MAX_TEXTS,
        auto_truncate: true,
        version: env!("CARGO_PKG_VERSION"),
    }))
}
