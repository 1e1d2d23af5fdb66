//! The keyword arguments in `sentence_bert_config.json` for the functions of transformers: those that
//! load the model, its configuration and its tokenizer, and the call of the tokenizer.

use serde_json::{Map, Value};

use super::sentence_config::{SettingsFile, refused, token_limit};
use super::token_limits::TokenLimit;
use crate::Result;

/// The groups of arguments for loading, by their former and their present names. If a file has
/// both, sentence-transformers reads the former.
const GROUPS: [(&str, &str, &[&str]); 3] = [
    (
        "model_args",
        "model_kwargs",
        &[
            "add_pooling_layer",
            "attn_implementation",
            "device_map",
            "low_cpu_mem_usage",
            "use_safetensors",
            "weights_only",
        ],
    ),
    (
        "tokenizer_args",
        "processor_kwargs",
        &["clean_up_tokenization_spaces", "padding_side", "use_fast"],
    ),
    (
        "config_args",
        "config_kwargs",
        &["attn_implementation", "use_cache"],
    ),
];

/// Arguments of every group that say where files come from, which sentence-transformers replaces.
const OF_SOURCES: [&str; 8] = [
    "cache_dir",
    "force_download",
    "local_files_only",
    "proxies",
    "revision",
    "subfolder",
    "token",
    "trust_remote_code",
];

/// Returns whether a field is a group of arguments for loading.
pub(super) fn is_group(field: &str) -> bool {
    GROUPS
        .iter()
        .any(|&(former, name, _)| field == former || field == name)
}

/// What the arguments for loading change.
#[derive(Debug, Default)]
pub(super) struct LoadingArguments {
    /// `model_max_length` of the tokenizer.
    pub(super) max_tokens: Option<TokenLimit>,
    /// The field and the value of the number format of the model.
    pub(super) dtype: Option<(String, String)>,
}

/// Reads the arguments for loading, and refuses those that could change an embedding.
pub(super) fn of_loading(json: &SettingsFile) -> Result<LoadingArguments> {
    let mut read = LoadingArguments::default();
    for (former, name, harmless) in GROUPS {
        let (group, value) = match (json.value.get(former), json.value.get(name)) {
            (Some(value), _) => (former, value),
            (None, Some(value)) => (name, value),
            (None, None) => continue,
        };
        for (argument, value) in object(json, group, value)?.into_iter().flatten() {
            let field = format!("{group}.{argument}");
            match argument.as_str() {
                "model_max_length" if name == "processor_kwargs" => {
                    read.max_tokens = token_limit(json, &field, value)?;
                }
                "dtype" | "torch_dtype" if name != "processor_kwargs" => {
                    let dtype = value.as_str().filter(|dtype| *dtype != "auto");
                    if let (Some(dtype), None) = (dtype, &read.dtype) {
                        read.dtype = Some((field, dtype.to_owned()));
                    }
                }
                argument if harmless.contains(&argument) || OF_SOURCES.contains(&argument) => {}
                _ => {
                    let followed = match name {
                        "processor_kwargs" => "`model_max_length` alone",
                        _ => "no argument that changes the model",
                    };
                    return Err(refused(json, &field, value, followed));
                }
            }
        }
    }
    Ok(read)
}

/// How the arguments of the call of the tokenizer limit texts.
#[derive(Debug, Default)]
pub(super) enum CallLength {
    /// By the role of the text.
    #[default]
    ByRole,
    /// As texts without a role, because the arguments override the lengths of roles with `null`.
    General,
    /// All texts alike.
    Tokens(TokenLimit),
}

/// Reads `processing_kwargs`, the arguments of each call of the tokenizer, and refuses those that
/// could change an embedding in another way than by the length.
pub(super) fn of_calls(json: &SettingsFile, value: &Value) -> Result<CallLength> {
    let mut length = CallLength::default();
    let Some(groups) = object(json, "processing_kwargs", value)? else {
        return Ok(length);
    };
    // What is common to all kinds of inputs comes last, and wins.
    for group in ["text", "common"] {
        let Some(arguments) = groups.get(group) else {
            continue;
        };
        let group = format!("processing_kwargs.{group}");
        for (argument, value) in object(json, &group, arguments)?.into_iter().flatten() {
            let field = format!("{group}.{argument}");
            let expected = match argument.as_str() {
                "max_length" => {
                    length = match token_limit(json, &field, value)? {
                        Some(limit) => CallLength::Tokens(limit),
                        None => CallLength::General,
                    };
                    continue;
                }
                "verbose" | "logits_to_keep" => continue,
                "truncation" if *value == true || value == "longest_first" => continue,
                "truncation" => "one of `true`, `longest_first`",
                "padding" if value.is_boolean() || value == "longest" => continue,
                "padding" => "one of `true`, `false`, `longest`",
                "padding_side" if value == "right" => continue,
                "padding_side" => "`right`",
                "add_special_tokens" | "return_attention_mask" if *value == true => continue,
                "add_special_tokens" | "return_attention_mask" => "`true`",
                "return_tensors" if value == "pt" => continue,
                "return_tensors" => "`pt`",
                _ => "`max_length` alone",
            };
            return Err(refused(json, &field, value, expected));
        }
    }
    Ok(length)
}

/// Returns the members of an object, or `None` for `null`.
fn object<'a>(
    json: &SettingsFile,
    field: &str,
    value: &'a Value,
) -> Result<Option<&'a Map<String, Value>>> {
    match value {
        Value::Object(members) => Ok(Some(members)),
        Value::Null => Ok(None),
        _ => Err(refused(json, field, value, "an object")),
    }
}
