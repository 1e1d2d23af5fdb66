use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// A file that was read as JSON; keeps its path for messages.
pub(crate) struct Json<T> {
    pub(crate) path: PathBuf,
    pub(crate) value: T,
}

impl<T: DeserializeOwned> Json<T> {
    /// Reads a file that must be there.
    pub(crate) fn read(path: PathBuf, expected: &'static str) -> Result<Self> {
        Self::read_optional(path.clone(), expected)?.ok_or(Error::MissingFile { path, expected })
    }

    /// Reads a file that may be missing.
    pub(crate) fn read_optional(path: PathBuf, expected: &'static str) -> Result<Option<Self>> {
        match std::fs::read(&path) {
            Ok(bytes) => {
                let value =
                    serde_json::from_slice(&bytes).map_err(Error::malformed(&path, expected))?;
                Ok(Some(Self { path, value }))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    pub(crate) fn unsupported(
        &self,
        field: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Error {
        Error::Unsupported {
            path: self.path.clone(),
            field: field.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }
}

/// The activations that BERT's feed-forward layers may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HiddenAct {
    /// `x · Φ(x)`, by the error function.
    Gelu,
    /// Its approximation by a hyperbolic tangent.
    GeluTanh,
    Relu,
}

/// A transformer of the BERT family, as `config.json` describes it.
#[derive(Clone, Debug)]
pub(crate) struct BertConfig {
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) hidden_act: HiddenAct,
    pub(crate) max_position_embeddings: usize,
    pub(crate) type_vocab_size: usize,
    pub(crate) layer_norm_eps: f64,
}

#[derive(Deserialize)]
struct Identity {
    model_type: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
}

#[derive(Deserialize)]
struct BertFields {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: String,
    max_position_embeddings: usize,
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "tiny")]
    layer_norm_eps: f64,
    #[serde(default = "absolute")]
    position_embedding_type: String,
    #[serde(default)]
    is_decoder: bool,
}

fn two() -> usize {
    2
}

fn tiny() -> f64 {
    1e-12
}

fn absolute() -> String {
    "absolute".to_owned()
}

impl BertConfig {
    /// Reads `config.json` of a transformer and refuses what this release does not run.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        const EXPECTED: &str = "the configuration of a transformer, in JSON";
        let identity: Json<Identity> = Json::read(path.to_owned(), EXPECTED)?;
        let architecture = identity.value.architectures.first();
        let is_bert = match &identity.value.model_type {
            Some(model_type) => model_type == "bert",
            None => architecture.is_some_and(|name| name.starts_with("Bert")),
        };
        if !is_bert {
            let found = architecture.or(identity.value.model_type.as_ref()).cloned();
            let found = found.unwrap_or_else(|| "(none)".to_owned());
            return Err(identity.unsupported("architecture", found, "`BertModel`"));
        }

        let json: Json<BertFields> = Json::read(path.to_owned(), EXPECTED)?;
        let fields = &json.value;
        let hidden_act = match fields.hidden_act.as_str() {
            "gelu" => HiddenAct::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => HiddenAct::GeluTanh,
            "relu" => HiddenAct::Relu,
            found => {
                let expected =
                    "one of `gelu`, `gelu_new`, `gelu_pytorch_tanh`, `gelu_fast`, `relu`";
                return Err(json.unsupported("hidden_act", found, expected));
            }
        };
        if fields.position_embedding_type != "absolute" {
            let found = &fields.position_embedding_type;
            return Err(json.unsupported("position_embedding_type", found, "`absolute`"));
        }
        if fields.is_decoder {
            return Err(json.unsupported("is_decoder", "true", "`false`"));
        }
        for (field, value) in [
            ("vocab_size", fields.vocab_size),
            ("hidden_size", fields.hidden_size),
            ("num_attention_heads", fields.num_attention_heads),
            ("intermediate_size", fields.intermediate_size),
            ("max_position_embeddings", fields.max_position_embeddings),
            ("type_vocab_size", fields.type_vocab_size),
        ] {
            if value == 0 {
                return Err(json.unsupported(field, "0", "at least 1"));
            }
        }
        if !fields
            .hidden_size
            .is_multiple_of(fields.num_attention_heads)
        {
            let found = fields.num_attention_heads.to_string();
            let expected = format!("a divisor of hidden_size, {}", fields.hidden_size);
            return Err(json.unsupported("num_attention_heads", found, expected));
        }
        Ok(Self {
            vocab_size: fields.vocab_size,
            hidden_size: fields.hidden_size,
            num_hidden_layers: fields.num_hidden_layers,
            num_attention_heads: fields.num_attention_heads,
            intermediate_size: fields.intermediate_size,
            hidden_act,
            max_position_embeddings: fields.max_position_embeddings,
            type_vocab_size: fields.type_vocab_size,
            layer_norm_eps: fields.layer_norm_eps,
        })
    }
}
