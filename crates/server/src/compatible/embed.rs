//! What the routes that embed texts have in common.

use std::ops::ControlFlow;

use cognate::{BoxError, Embed, Encoder, ModelError, Role};
use ndarray::{Array2, Axis, Slice};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::Input;
use crate::options::ServerOptions;
use crate::problem::{Kind, Problem};
use crate::served::ServedModel;

/// The largest number of texts of a request, which OpenAI has too.
pub(super) const MAX_TEXTS: usize = 2_048;

/// What texts are to a search, by the names that clients use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InputType {
    /// Texts to search in.
    #[default]
    #[serde(alias = "passage", alias = "search_document")]
    Document,
    /// Texts to search with.
    #[serde(alias = "search_query")]
    Query,
}

impl From<InputType> for Role {
    fn from(input_type: InputType) -> Self {
        match input_type {
            InputType::Document => Self::Document,
            InputType::Query => Self::Query,
        }
    }
}

/// Returns the texts of `input`, the field `param` of a request, or the problem with them.
pub(super) fn texts(
    input: Input,
    param: &str,
    role: Role,
    options: &ServerOptions,
) -> Result<Vec<String>, Problem> {
    let problem = |kind, detail: String| Problem::new(kind, detail).with("param", param);
    let Input::Texts(texts) = input else {
        return Err(problem(
            Kind::InvalidRequest,
            format!(
                "`{param}` has token ids, expected texts: this server tokenizes texts itself (in LangChain, \
                 set `check_embedding_ctx_length=False`)"
            ),
        ));
    };
    if texts.is_empty() {
        return Err(problem(
            Kind::EmptyQuery,
            format!("`{param}` is empty, expected at least one text"),
        ));
    }
    if let Some(at) = texts.iter().position(String::is_empty) {
        return Err(problem(
            Kind::EmptyQuery,
            format!("text {at} of `{param}` is empty"),
        ));
    }
    if texts.len() > MAX_TEXTS {
        let found = texts.len();
        return Err(problem(
            Kind::TooLarge,
            format!("`{param}` has {found} texts, expected at most {MAX_TEXTS}"),
        ));
    }
    let limit = options.max_query_bytes;
    if role == Role::Query
        && let Some(at) = texts.iter().position(|text| text.len() > limit)
    {
        let found = texts[at].len();
        return Err(problem(
            Kind::TooLarge,
            format!("query {at} of `{param}` has {found} bytes, expected at most {limit}"),
        ));
    }
    Ok(texts)
}

/// Embeds texts in one call of the model.
pub(super) fn embed(
    model: &ServedModel,
    role: Role,
    texts: &[String],
) -> Result<Array2<f32>, Problem> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let rows = match role {
        Role::Query => model.embedder.embed_queries(&texts),
        _ => model
            .embedder
            .embed_documents(&texts, &mut |_| ControlFlow::Continue(()))
            .map(|embedded| embedded.rows),
    };
    rows.map_err(|error| embedding_problem(&error))
}

/// Returns the number of tokens that the model reads of `texts`, special tokens included.
pub(super) fn count_tokens(
    encoder: &Encoder,
    role: Role,
    texts: &[String],
) -> Result<usize, Problem> {
    let tokens = encoder.tokenize(role, texts);
    let tokens = tokens.map_err(|error| embedding_problem(&BoxError::from(error)))?;
    Ok(tokens.ids().len())
}

/// Returns the number of values of the embeddings of a request that asks for `dimensions` values.
pub(super) fn dimensions(model: &ServedModel, asked: Option<usize>) -> Result<usize, Problem> {
    let dim = model.encoder.dim();
    match asked {
        None => Ok(dim),
        Some(asked) if asked == dim || model.smaller_dimensions.contains(&asked) => Ok(asked),
        Some(asked) => {
            let name = &model.name;
            let mut supported = model.smaller_dimensions.clone();
            supported.push(dim);
            let supported: Vec<_> = supported.iter().map(usize::to_string).collect();
            let supported = supported.join(", ");
            let detail = format!(
                "`dimensions` is {asked}, expected one that `{name}` supports: {supported}"
            );
            Err(Problem::new(Kind::InvalidOption, detail).with("param", "dimensions"))
        }
    }
}

/// Keeps the first `dim` values of each row, and makes rows that lose values as long as 1 again.
pub(super) fn truncate(rows: Array2<f32>, dim: usize) -> Array2<f32> {
    if dim >= rows.ncols() {
        return rows;
    }
    let mut rows = rows.slice_axis(Axis(1), Slice::from(..dim)).to_owned();
    normalize(&mut rows);
    rows
}

/// Divides each row by its length. A row that is as long as 1 already, up to rounding, stays as it is, and so
/// does a row of zeros.
pub(super) fn normalize(rows: &mut Array2<f32>) {
    for mut row in rows.rows_mut() {
        let square: f64 = row.iter().map(|&value| f64::from(value).powi(2)).sum();
        let length = square.sqrt();
        if length > 0.0 && (length - 1.0).abs() > 1e-4 {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the quotient is rounded to f32"
            )]
            row.mapv_inplace(|value| (f64::from(value) / length) as f32);
        }
    }
}

/// Returns the problem for an error of an embedder or a cross-encoder.
pub(super) fn embedding_problem(error: &BoxError) -> Problem {
    let is_fault_of_text = matches!(
        error.downcast_ref(),
        Some(
            ModelError::Tokenize { .. }
                | ModelError::TokenizeQuery { .. }
                | ModelError::NothingToPool { .. }
        )
    );
    let kind = if is_fault_of_text {
        Kind::InvalidRequest
    } else {
        Kind::Internal
    };
    Problem::new(kind, error.to_string())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rows_of_length_one_keep_their_bits_and_others_get_it() {
        let near = 0.8_f32.next_up();
        let mut rows = array![[0.6, near], [3.0, 4.0], [0.0, 0.0]];
        normalize(&mut rows);
        assert_eq!(rows, array![[0.6, near], [0.6, 0.8], [0.0, 0.0]]);
    }

    #[test]
    fn truncated_rows_have_length_one() {
        let rows = array![[3.0, 4.0, 12.0], [0.0, 2.0, 1.0]];
        assert_eq!(truncate(rows.clone(), 2), array![[0.6, 0.8], [0.0, 1.0]]);
        assert_eq!(truncate(rows.clone(), 3), rows);
    }
}
