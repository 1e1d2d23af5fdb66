use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::keyword_arguments::{self, CallLength};
use super::token_limits::{TokenLimit, TokenLimits};
use crate::Result;
use crate::architecture::Dtype;
use crate::config::Json;

/// The settings of a transformer module of sentence-transformers that an embedding depends on.
#[derive(Debug, Default)]
pub(super) struct SentenceConfig {
    /// The limit of every text: `max_seq_length`, or `model_max_length` for the tokenizer.
    max_tokens: Option<TokenLimit>,
    query_length: Option<TokenLimit>,
    document_length: Option<TokenLimit>,
    call_length: CallLength,
    pub(super) do_lower_case: bool,
    /// The path, the field and the value of the number format that the file asks for, if it does.
    dtype: Option<(PathBuf, String, String)>,
}

/// The file names that the settings of a transformer module may have, in the order in which they
/// are tried.
const SENTENCE_CONFIGS: [&str; 7] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];

/// A file with settings, not understood yet.
pub(super) type SettingsFile = Json<Map<String, Value>>;

impl SentenceConfig {
    /// Reads the settings of the transformer in `folder`, and refuses those that this release does
    /// not follow.
    ///
    /// As in sentence-transformers, the first file with any setting counts.
    pub(super) fn read(folder: &Path, is_cross_encoder: bool) -> Result<Self> {
        const EXPECTED: &str = "the settings of a transformer module, in JSON";
        for name in SENTENCE_CONFIGS {
            let json = SettingsFile::read_optional(folder.join(name), EXPECTED)?;
            if let Some(json) = json.filter(|json| !json.value.is_empty()) {
                return Self::from_file(&json, is_cross_encoder);
            }
        }
        Ok(Self::default())
    }

    fn from_file(json: &SettingsFile, is_cross_encoder: bool) -> Result<Self> {
        let mut config = Self::default();
        let task = TASKS[usize::from(is_cross_encoder)];
        for (field, value) in &json.value {
            match field.as_str() {
                "max_seq_length" => config.max_tokens = token_limit(json, field, value)?,
                "query_length" => config.query_length = token_limit(json, field, value)?,
                "document_length" => config.document_length = token_limit(json, field, value)?,
                "do_lower_case" => {
                    let flag = value.as_bool().or(value.is_null().then_some(false));
                    let Some(flag) = flag else {
                        return Err(refused(json, field, value, "one of `true`, `false`"));
                    };
                    config.do_lower_case = flag;
                }
                "transformer_task" if value != task.name => {
                    return Err(refused(json, field, value, format!("`{}`", task.name)));
                }
                "modality_config" => check_modalities(json, value, task)?,
                "query_expansion" | "tokenizer_name_or_path" if !value.is_null() => {
                    return Err(refused(json, field, value, "`null`"));
                }
                "processing_kwargs" => {
                    config.call_length = keyword_arguments::of_calls(json, value)?;
                }
                // How the reference computes the same values, and settings for those read above.
                "transformer_task"
                | "query_expansion"
                | "tokenizer_name_or_path"
                | "module_output_name"
                | "unpad_inputs"
                | "backend"
                | "cache_dir" => {}
                _ if keyword_arguments::is_group(field) => {}
                _ => {
                    return Err(refused(
                        json,
                        field,
                        value,
                        "a setting of sentence-transformers",
                    ));
                }
            }
        }
        let arguments = keyword_arguments::of_loading(json)?;
        config.max_tokens = arguments.max_tokens.or(config.max_tokens);
        config.dtype = arguments
            .dtype
            .map(|(field, dtype)| (json.path.clone(), field, dtype));
        Ok(config)
    }

    /// Returns the limits of tokens, with `default` as that of a file without any.
    pub(super) fn limits(&self, default: TokenLimit) -> TokenLimits {
        if let CallLength::Tokens(limit) = &self.call_length {
            return TokenLimits::uniform(limit.clone());
        }
        let general = self.max_tokens.clone().unwrap_or(default);
        let mut limits = TokenLimits::uniform(general);
        if matches!(self.call_length, CallLength::ByRole) {
            for (limit, of_role) in [
                (&mut limits.query, &self.query_length),
                (&mut limits.document, &self.document_length),
            ] {
                if let Some(of_role) = of_role {
                    limit.clone_from(of_role);
                }
            }
        }
        limits
    }

    /// Returns a note if sentence-transformers computes in 16 bits unless it is told otherwise;
    /// `of_model` is the number format in the `config.json` of `folder`.
    pub(super) fn note_on_dtype(&self, of_model: Option<&Dtype>, folder: &Path) -> Option<String> {
        let (path, field, dtype) = match (&self.dtype, of_model) {
            (Some((path, field, dtype)), _) => (path.clone(), field.as_str(), dtype.as_str()),
            (None, Some(dtype)) => (folder.join("config.json"), dtype.field, dtype.name.as_str()),
            (None, None) => return None,
        };
        matches!(dtype, "float16" | "bfloat16").then(|| {
            format!(
                "`{}`: `{field}` is {dtype}, in which sentence-transformers computes unless it is \
                 told otherwise; the embeddings here are those that it gives in float32",
                path.display()
            )
        })
    }
}

/// What a transformer module is used for.
#[derive(Clone, Copy)]
struct Task {
    name: &'static str,
    /// The output of the transformer that the next module reads.
    method_output_name: &'static str,
    /// The name under which the next module finds it.
    module_output_name: &'static str,
}

/// The tasks of embeddings and of cross-encoders.
const TASKS: [Task; 2] = [
    Task {
        name: "feature-extraction",
        method_output_name: "last_hidden_state",
        module_output_name: "token_embeddings",
    },
    Task {
        name: "sequence-classification",
        method_output_name: "logits",
        module_output_name: "scores",
    },
];

/// Refuses texts that are not the input of the transformer as they are, and outputs of it other
/// than that of the task.
fn check_modalities(json: &SettingsFile, modalities: &Value, task: Task) -> Result<()> {
    if !modalities["message"].is_null() {
        let field = "modality_config.message";
        let found = modalities["message"].to_string();
        let expected = "none, because texts are not put into a chat template";
        return Err(json.unsupported(field, found, expected));
    }
    for (key, expected) in [
        ("method", "forward"),
        ("method_output_name", task.method_output_name),
    ] {
        let found = &modalities["text"][key];
        if found != expected {
            let field = format!("modality_config.text.{key}");
            return Err(refused(json, &field, found, format!("`{expected}`")));
        }
    }
    let field = "module_output_name";
    let found = json.value.get(field).unwrap_or(&Value::Null);
    if found != task.module_output_name {
        let expected = format!("`{}`", task.module_output_name);
        return Err(refused(json, field, found, expected));
    }
    Ok(())
}

/// Reads a number of tokens, or returns `None` for `null`.
pub(super) fn token_limit(
    json: &SettingsFile,
    field: &str,
    value: &Value,
) -> Result<Option<TokenLimit>> {
    if value.is_null() {
        return Ok(None);
    }
    // Some files have a float such as 1e30 for "no limit".
    let Some(tokens) = value
        .as_f64()
        .filter(|tokens| *tokens >= 0.0 && tokens.fract() == 0.0)
    else {
        return Err(refused(json, field, value, "a number of tokens"));
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number that is not negative, and the cast saturates"
    )]
    let tokens = tokens as usize;
    Ok(Some(TokenLimit::of_file(tokens, json.path.clone(), field)))
}

/// Returns the error for a value that is not supported, with strings as they are.
pub(super) fn refused(
    json: &SettingsFile,
    field: &str,
    value: &Value,
    expected: impl Into<String>,
) -> crate::Error {
    let found = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    json.unsupported(field, found, expected)
}
