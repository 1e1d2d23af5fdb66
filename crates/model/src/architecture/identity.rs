use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::spec::{Architecture, TRANSFORMER_CONFIG};
use crate::Result;
use crate::config::{Json, RemoteCode};

/// The fields of `config.json` that say which code runs the transformer, and those that change the
/// computation whatever the architecture is.
#[derive(Deserialize)]
pub(super) struct Identity {
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
    auto_map: Option<RemoteCode>,
    is_causal: Option<bool>,
    add_cross_attention: Option<bool>,
    pruned_heads: Option<Map<String, Value>>,
    quantization_config: Option<Value>,
    transformers_weights: Option<String>,
    dtype: Option<Value>,
    /// The former name of `dtype`.
    torch_dtype: Option<Value>,
}

/// The number format in which transformers computes unless it is told otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Dtype {
    /// The field that names it.
    pub(crate) field: &'static str,
    pub(crate) name: String,
}

/// What the file names.
pub(super) struct Identified {
    pub(super) architecture: &'static Architecture,
    /// Whether the first class is a language model that predicts the next token, and attention is
    /// causal.
    pub(super) is_causal_lm: bool,
    /// Whether the first class scores a sequence, as in cross-encoders.
    pub(super) is_classifier: bool,
    pub(super) dtype: Option<Dtype>,
}

impl Identity {
    /// Reads `config.json`, and finds the entry of the `registry` that it names.
    ///
    /// The architecture is the one with the file's `model_type`; if several have it, the classes in
    /// `architectures` decide, as they do in a file without it.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Unsupported`](crate::Error::Unsupported) if the registry has none, and for
    /// a class or a setting with which the checkpoint would not be computed as the entry is.
    pub(super) fn read(
        path: &Path,
        registry: &'static [&'static Architecture],
    ) -> Result<Identified> {
        let json: Json<Self> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let classes = json.value.architectures.as_deref().unwrap_or_default();
        let class = classes.first().map(String::as_str);
        let is_candidate = |known: &&Architecture| match &json.value.model_type {
            Some(model_type) => model_type == known.model_type,
            None => class.is_some_and(|class| is_class_of(class, known.class_prefix)),
        };
        let candidates: Vec<_> = registry.iter().copied().filter(is_candidate).collect();
        let runs_all = |known: &&&'static Architecture| {
            let is_known = |class: &String| is_class_of(class, known.class_prefix);
            classes.iter().all(is_known)
        };
        let Some(architecture) = candidates.iter().find(runs_all).copied() else {
            return Err(json.value.unknown(&json, &candidates, registry));
        };
        json.value.check(&json, architecture)?;
        let fields = [
            ("dtype", &json.value.dtype),
            ("torch_dtype", &json.value.torch_dtype),
        ];
        let dtype = fields.into_iter().find_map(|(field, value)| {
            let name = value.as_ref()?.as_str()?.to_owned();
            Some(Dtype { field, name })
        });
        Ok(Identified {
            architecture,
            is_causal_lm: class.is_some_and(|class| class.ends_with("ForCausalLM"))
                && json.value.is_causal != Some(false),
            dtype,
            is_classifier: class.is_some_and(|class| class.ends_with("ForSequenceClassification")),
        })
    }

    /// Refuses code of the checkpoint's own, and settings that no architecture of this release
    /// follows.
    fn check(&self, json: &Json<Self>, architecture: &Architecture) -> Result<()> {
        if let Some(code) = &self.auto_map {
            code.check(json, architecture.remote_code)?;
        }
        json.only("add_cross_attention", self.add_cross_attention, false)?;
        if let Some(heads) = self.pruned_heads.as_ref().filter(|heads| !heads.is_empty()) {
            let found = Value::Object(heads.clone()).to_string();
            return Err(json.unsupported("pruned_heads", found, "no pruned heads"));
        }
        if let Some(quantization) = &self.quantization_config {
            let method = quantization.get("quant_method").and_then(Value::as_str);
            let found = method.unwrap_or("an unnamed method");
            return Err(json.unsupported("quantization_config", found, "`null`"));
        }
        let weights = self.transformers_weights.as_deref();
        json.only("transformers_weights", weights, "model.safetensors")
    }

    /// Returns the error for a file that names none of the `candidates`: the architectures with its
    /// `model_type`.
    fn unknown(
        &self,
        json: &Json<Self>,
        candidates: &[&Architecture],
        registry: &[&Architecture],
    ) -> crate::Error {
        let classes = self.architectures.as_deref().unwrap_or_default();
        if !candidates.is_empty() {
            // With code of its own, the file names a class of that code, so the message names the code.
            let known: Vec<_> = candidates
                .iter()
                .flat_map(|known| known.remote_code)
                .copied()
                .collect();
            if let Some(code) = &self.auto_map
                && let Err(error) = code.check(json, &known)
            {
                return error;
            }
            let is_foreign = |class: &&String| {
                !candidates
                    .iter()
                    .any(|known| is_class_of(class, known.class_prefix))
            };
            let found = classes.iter().find(is_foreign).or(classes.first());
            let names: Vec<_> = candidates
                .iter()
                .map(|known| format!("`{0}Model` or `{0}For…`", known.class_prefix))
                .collect();
            let expected = format!(
                "a class of the model_type `{}`: {}",
                candidates[0].model_type,
                names.join(", ")
            );
            return json.unsupported(
                "architectures",
                found.cloned().unwrap_or_default(),
                expected,
            );
        }
        let found = classes.first().or(self.model_type.as_ref()).cloned();
        let found = found.unwrap_or_else(|| "(none)".to_owned());
        let names: Vec<_> = registry
            .iter()
            .map(|known| format!("`{}Model`", known.class_prefix))
            .collect();
        json.unsupported(
            "architecture",
            found,
            format!("one of {}", names.join(", ")),
        )
    }
}

/// Returns whether a class of transformers is the transformer with this prefix, alone or with a head:
/// `BertModel`, `BertForMaskedLM` and so on, but not `BertGenerationEncoder`.
fn is_class_of(class: &str, prefix: &str) -> bool {
    class.strip_prefix(prefix).is_some_and(|kind| {
        let is_model = matches!(
            kind,
            "Model" | "EncoderModel" | "LMHeadModel" | "PreTrainedModel"
        );
        is_model || kind.starts_with("For")
    })
}
