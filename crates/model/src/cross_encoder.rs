use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::config::{Json, PostNormConfig, TransformerConfig, post_norm_classes};
use crate::modules::Activation;
use crate::{Checkpoint, Result};

/// How a cross-encoder makes a score, as its files say.
#[derive(Clone, Debug)]
pub(crate) struct CrossEncoderConfig {
    pub(crate) transformer: PostNormConfig,
    /// What the logit goes through.
    pub(crate) activation: Activation,
}

/// What `config.json` says of the head.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    architectures: Vec<String>,
    num_labels: Option<usize>,
    id2label: Option<BTreeMap<String, Value>>,
    sentence_transformers: Option<Settings>,
    /// What releases before 4.0 of sentence-transformers wrote.
    sbert_ce_default_activation_function: Option<String>,
}

/// What sentence-transformers says of the head: in a file of its own, or in `config.json`.
#[derive(Default, Deserialize)]
struct Settings {
    activation_fn: Option<String>,
    default_prompt_name: Option<String>,
}

/// The end of the name of a transformer with a head that classifies.
const TASK: &str = "ForSequenceClassification";

impl CrossEncoderConfig {
    /// Reads what `checkpoint` says of its head, and refuses what is no cross-encoder of one label.
    pub(crate) fn read(checkpoint: &Checkpoint) -> Result<Self> {
        let path = checkpoint.config_path();
        let json: Json<Fields> = Json::read(path, "the configuration of a transformer, in JSON")?;
        let transformer = transformer(checkpoint, &json)?.clone();
        // As in transformers: the labels count, the number stands in for them, 2 is what it takes
        // where neither is said.
        let labels = match (&json.value.id2label, json.value.num_labels) {
            (Some(names), _) => names.len(),
            (None, number) => number.unwrap_or(2),
        };
        if labels != 1 {
            return Err(json.unsupported("num_labels", labels.to_string(), "`1`"));
        }
        Ok(Self {
            transformer,
            activation: activation(checkpoint, &json)?,
        })
    }
}

fn transformer<'a>(checkpoint: &'a Checkpoint, json: &Json<Fields>) -> Result<&'a PostNormConfig> {
    let class = json.value.architectures.first().map(String::as_str);
    let is_known = class
        .and_then(|class| class.strip_suffix(TASK))
        .is_some_and(|name| post_norm_classes().any(|known| known == name));
    match &checkpoint.transformer {
        TransformerConfig::PostNorm(config) if is_known => Ok(config),
        _ => {
            let names: Vec<_> = post_norm_classes()
                .map(|name| format!("`{name}{TASK}`"))
                .collect();
            let expected = format!("one of {}", names.join(", "));
            Err(json.unsupported("architecture", class.unwrap_or("(none)"), expected))
        }
    }
}

/// Sigmoid, where nothing else is said for one label.
fn activation(checkpoint: &Checkpoint, json: &Json<Fields>) -> Result<Activation> {
    if checkpoint.is_cross_encoder {
        let path = checkpoint.whole_config_path();
        let whole: Json<Settings> =
            Json::read(path, "the settings of sentence-transformers, in JSON")?;
        if let Some(name) = &whole.value.default_prompt_name {
            return Err(whole.unsupported("default_prompt_name", name, "none"));
        }
        if let Some(name) = &whole.value.activation_fn {
            return Activation::read(&whole, "activation_fn", name);
        }
    }
    let fields = &json.value;
    let recent = fields.sentence_transformers.as_ref();
    if let Some(name) = recent.and_then(|settings| settings.activation_fn.as_deref()) {
        return Activation::read(json, "sentence_transformers.activation_fn", name);
    }
    match &fields.sbert_ce_default_activation_function {
        Some(name) => Activation::read(json, "sbert_ce_default_activation_function", name),
        None => Ok(Activation::Sigmoid),
    }
}
