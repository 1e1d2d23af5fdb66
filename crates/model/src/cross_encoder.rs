use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::activation::Activation;
use crate::architecture::{PairHead, TRANSFORMER_CONFIG, cross_encoder_prefixes};
use crate::checkpoint::TransformerModule;
use crate::config::Json;
use crate::{Checkpoint, Result};

/// How a cross-encoder turns hidden states into a score, according to its files.
#[derive(Clone, Debug)]
pub(crate) struct CrossEncoderConfig {
    pub(crate) head: &'static PairHead,
    /// The activation applied to the logit.
    pub(crate) activation: Activation,
}

/// The fields of `config.json` about the head.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    architectures: Vec<String>,
    num_labels: Option<usize>,
    id2label: Option<BTreeMap<String, Value>>,
    sentence_transformers: Option<Settings>,
    /// Written by sentence-transformers before 4.0.
    sbert_ce_default_activation_function: Option<String>,
}

/// The settings of sentence-transformers about the head, in a file of their own or in
/// `config.json`.
#[derive(Default, Deserialize)]
struct Settings {
    activation_fn: Option<String>,
    default_prompt_name: Option<String>,
}

/// The end of the class name of a transformer with a classification head.
const TASK: &str = "ForSequenceClassification";

impl CrossEncoderConfig {
    /// Reads the settings of the head, and refuses a checkpoint that is not a cross-encoder with
    /// one label.
    pub(crate) fn read(checkpoint: &Checkpoint) -> Result<Self> {
        let module = checkpoint.transformer_module()?;
        let json: Json<Fields> = Json::read(module.config_path(), TRANSFORMER_CONFIG)?;
        let head = head(module, &json)?;
        // As in transformers: the list of labels decides, the number of labels replaces a missing
        // list, and 2 is the default if both are missing.
        let labels = match (&json.value.id2label, json.value.num_labels) {
            (Some(names), _) => names.len(),
            (None, number) => number.unwrap_or(2),
        };
        if labels != 1 {
            return Err(json.unsupported("num_labels", labels.to_string(), "`1`"));
        }
        Ok(Self {
            head,
            activation: activation(checkpoint, &json)?,
        })
    }
}

/// Returns the head of the checkpoint's architecture, if the class is one with a classification
/// head.
fn head(module: &TransformerModule, json: &Json<Fields>) -> Result<&'static PairHead> {
    let class = json.value.architectures.first().map(String::as_str);
    let is_known = class
        .and_then(|class| class.strip_suffix(TASK))
        .is_some_and(|name| cross_encoder_prefixes().any(|known| known == name));
    match &module.transformer.architecture.pair_head {
        Some(head) if is_known => Ok(head),
        _ => {
            let names: Vec<_> = cross_encoder_prefixes()
                .map(|name| format!("`{name}{TASK}`"))
                .collect();
            let expected = format!("one of {}", names.join(", "));
            Err(json.unsupported("architecture", class.unwrap_or("(none)"), expected))
        }
    }
}

/// Returns the activation of the logit: a sigmoid unless one of the files names another.
fn activation(checkpoint: &Checkpoint, json: &Json<Fields>) -> Result<Activation> {
    if checkpoint.is_cross_encoder {
        let path = checkpoint.sentence_transformers_config_path();
        let settings: Json<Settings> =
            Json::read(path, "the settings of sentence-transformers, in JSON")?;
        if let Some(name) = &settings.value.default_prompt_name {
            return Err(settings.unsupported("default_prompt_name", name, "none"));
        }
        if let Some(name) = &settings.value.activation_fn {
            return Activation::read(&settings, "activation_fn", name);
        }
    }
    let fields = &json.value;
    let settings = fields.sentence_transformers.as_ref();
    if let Some(name) = settings.and_then(|settings| settings.activation_fn.as_deref()) {
        return Activation::read(json, "sentence_transformers.activation_fn", name);
    }
    match &fields.sbert_ce_default_activation_function {
        Some(name) => Activation::read(json, "sbert_ce_default_activation_function", name),
        None => Ok(Activation::Sigmoid),
    }
}
