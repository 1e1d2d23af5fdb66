//! `POST /v1/embeddings`: embeddings in the form of OpenAI.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cognate::Role;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::embed::{self, InputType};
use super::error_form::OpenAiError;
use super::input::{Input, InputForm};
use crate::extract::JsonBody;
use crate::problem::Problem;
use crate::server::Server;

/// Texts to embed.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"input": ["graph proof", "dark matter"], "encoding_format": "float"}))]
pub(crate) struct EmbeddingsRequest {
    /// A text, or a list of at most 2,048 texts. Texts longer than the model reads are truncated.
    #[schema(value_type = InputForm)]
    input: Input,
    /// The name of the model, as `/v1/models` lists it. Default: the first model.
    model: Option<String>,
    /// The form of the embeddings. Default: `float`.
    encoding_format: Option<EncodingFormat>,
    /// The number of values of an embedding. Fewer than the model has are possible if the model supports it.
    dimensions: Option<usize>,
    /// Whether the texts are documents or queries, which matters for models with prompts. Default: documents.
    #[serde(alias = "prompt_name")]
    input_type: Option<InputType>,
}

/// The form of embeddings in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EncodingFormat {
    /// A list of numbers, each with the fewest digits that give the same 32-bit number.
    #[default]
    Float,
    /// The numbers as 32-bit floating point, little endian, in Base64.
    Base64,
}

/// Embeddings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmbeddingsDocument<'a> {
    /// Always `list`.
    object: &'static str,
    /// The embeddings, in the order of the texts.
    data: Vec<EmbeddingDocument<'a>>,
    /// The name of the model.
    model: &'a str,
    /// What the request cost.
    usage: Usage,
}

/// The embedding of a text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmbeddingDocument<'a> {
    /// Always `embedding`.
    object: &'static str,
    /// The number of the text, from 0.
    index: usize,
    /// The embedding: a list of numbers, or a text in Base64.
    #[schema(value_type = EmbeddingForm)]
    embedding: Embedding<'a>,
}

/// The form of an embedding.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Embedding)]
#[expect(dead_code, reason = "only describes the form")]
pub(crate) enum EmbeddingForm {
    /// A list of numbers.
    Float(Vec<f32>),
    /// The numbers as 32-bit floating point, little endian, in Base64.
    Base64(String),
}

#[derive(Debug)]
struct Embedding<'a> {
    values: &'a [f32],
    format: EncodingFormat,
}

/// The tokens that the model has read, special tokens included.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// The number of tokens.
    prompt_tokens: usize,
    /// The same number.
    total_tokens: usize,
}

impl Serialize for Embedding<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.format {
            EncodingFormat::Float => self.values.serialize(serializer),
            EncodingFormat::Base64 => {
                let bytes: Vec<u8> = self.values.iter().flat_map(|v| v.to_le_bytes()).collect();
                serializer.serialize_str(&STANDARD.encode(bytes))
            }
        }
    }
}

/// Embeds texts.
#[utoipa::path(
    post,
    path = "/v1/embeddings",
    tag = "compatible",
    request_body = EmbeddingsRequest,
    responses(
        (status = 200, body = EmbeddingsDocument<'_>),
        (status = 400, description = "The request is not as described", body = OpenAiError),
        (status = 404, description = "There is no such model", body = OpenAiError),
        (status = 413, description = "The request is too large", body = OpenAiError),
        (status = 429, description = "Too many requests wait", body = OpenAiError),
        (status = 500, description = "The server failed", body = OpenAiError),
    )
)]
pub(crate) async fn embeddings(
    State(server): State<Server>,
    JsonBody(request): JsonBody<EmbeddingsRequest>,
) -> Result<impl IntoResponse, Problem> {
    let model = server.model(request.model.as_deref())?.clone();
    let role = Role::from(request.input_type.unwrap_or_default());
    let dim = embed::dimensions(&model, request.dimensions)?;
    let format = request.encoding_format.unwrap_or_default();
    let texts = embed::texts(request.input, "input", role, server.options())?;
    let body = server.run(move || {
        let tokens = embed::count_tokens(&model.encoder, role, &texts)?;
        let rows = embed::truncate(embed::embed(&model, role, &texts)?, dim);
        let rows = rows.as_standard_layout();
        let values = rows.rows();
        let data = values.into_iter().enumerate().map(|(index, row)| {
            let values = row.to_slice().unwrap_or_default();
            let embedding = Embedding { values, format };
            EmbeddingDocument {
                object: "embedding",
                index,
                embedding,
            }
        });
        let document = EmbeddingsDocument {
            object: "list",
            data: data.collect(),
            model: &model.name,
            usage: Usage {
                prompt_tokens: tokens,
                total_tokens: tokens,
            },
        };
        serde_json::to_vec(&document).map_err(|_| Problem::internal())
    });
    let body = body.await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body))
}
