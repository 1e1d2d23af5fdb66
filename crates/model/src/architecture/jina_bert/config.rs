use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::Result;
use crate::architecture::TRANSFORMER_CONFIG;
use crate::config::{HiddenAct, Json};

/// The BERT of Jina embeddings 2 (<https://arxiv.org/abs/2310.19923>): BERT with linear biases by
/// distance instead of position embeddings, and gated feed-forward blocks.
#[derive(Clone, Debug)]
pub(super) struct JinaBertConfig {
    pub(super) version: Version,
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) gate_activation: HiddenAct,
    pub(super) max_position_embeddings: usize,
    pub(super) type_vocab_size: usize,
    pub(super) layer_norm_eps: f32,
}

/// The version of the published code.
///
/// The `Debug` form of a variant is part of fingerprints and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// `jinaai/jina-bert-implementation`, of the models for texts.
    Text,
    /// `jinaai/jina-bert-v2-qk-post-norm`, of the models for code, which normalizes queries and keys.
    Code,
}

/// The tensor names of a version, without their endings.
pub(super) struct TensorNames {
    pub(super) attention_norm: &'static str,
    /// The projections to the gate and to what it multiplies, in the order of the version.
    pub(super) gate_and_up: &'static str,
    pub(super) down: &'static str,
    pub(super) output_norm: &'static str,
}

/// What the name of the code of [`Version::Code`] contains.
const CODE: &str = "qk-post-norm";

impl Version {
    pub(super) fn names(self) -> TensorNames {
        match self {
            Self::Text => TensorNames {
                attention_norm: "attention.output.LayerNorm",
                gate_and_up: "mlp.gated_layers",
                down: "mlp.wo",
                output_norm: "mlp.layernorm",
            },
            Self::Code => TensorNames {
                attention_norm: "layer_norm_1",
                gate_and_up: "mlp.up_gated_layer",
                down: "mlp.down_layer",
                output_norm: "layer_norm_2",
            },
        }
    }
}

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "_name_or_path")]
    name_or_path: Option<String>,
    #[serde(default)]
    auto_map: BTreeMap<String, Value>,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    feed_forward_type: Option<String>,
    max_position_embeddings: usize,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f32>,
    position_embedding_type: Option<String>,
    is_decoder: Option<bool>,
}

/// The greatest number of biases by distance, whose table no tensor of the weights bounds.
const MAX_BIASES: usize = 1 << 24;

/// The greatest number of token types, as in BERT.
const MAX_TOKEN_TYPES: usize = 16;

impl JinaBertConfig {
    /// Reads `config.json`, and refuses settings that this release does not run.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let fields = &json.value;
        let positions = fields.position_embedding_type.as_deref();
        json.only(
            "position_embedding_type",
            Some(positions.unwrap_or("absolute")),
            "alibi",
        )?;
        json.only("is_decoder", fields.is_decoder, false)?;
        let gate_activation = match fields.feed_forward_type.as_deref() {
            Some("geglu") => HiddenAct::Gelu,
            Some("reglu") => HiddenAct::Relu,
            found => {
                let found = found.unwrap_or("(none)");
                let expected = "one of `geglu`, `reglu`";
                return Err(json.unsupported("feed_forward_type", found, expected));
            }
        };
        let type_vocab_size = fields.type_vocab_size.unwrap_or(2);
        for (field, found) in [
            ("vocab_size", fields.vocab_size),
            ("hidden_size", fields.hidden_size),
            ("intermediate_size", fields.intermediate_size),
            ("max_position_embeddings", fields.max_position_embeddings),
            ("type_vocab_size", type_vocab_size),
        ] {
            json.at_least(field, found, 1)?;
        }
        json.at_most("type_vocab_size", type_vocab_size, MAX_TOKEN_TYPES)?;
        let heads = fields.num_attention_heads;
        json.divides(
            ("num_attention_heads", heads),
            ("hidden_size", fields.hidden_size),
        )?;
        json.at_most(
            "max_position_embeddings",
            fields.max_position_embeddings,
            MAX_BIASES / heads,
        )?;
        Ok(Self {
            version: version(fields),
            vocab_size: fields.vocab_size,
            hidden_size: fields.hidden_size,
            num_hidden_layers: fields.num_hidden_layers,
            num_attention_heads: heads,
            intermediate_size: fields.intermediate_size,
            gate_activation,
            max_position_embeddings: fields.max_position_embeddings,
            type_vocab_size,
            layer_norm_eps: fields.layer_norm_eps.unwrap_or(1e-12),
        })
    }
}

/// Returns the version of the code that the file names. The tensors of the versions have different
/// names, so that weights of another version than the one found are refused.
fn version(fields: &Fields) -> Version {
    let code = fields.auto_map.values().filter_map(Value::as_str);
    let mut names = code.chain(fields.name_or_path.as_deref());
    if names.any(|name| name.contains(CODE)) {
        Version::Code
    } else {
        Version::Text
    }
}
