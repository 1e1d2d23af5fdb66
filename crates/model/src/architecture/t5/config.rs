use std::path::Path;

use cognate_kernels::Epilogue;
use serde::Deserialize;

use crate::Result;
use crate::architecture::TRANSFORMER_CONFIG;
use crate::config::{HiddenAct, Json};

/// The encoder of T5 (<https://arxiv.org/abs/1910.10683>): norms of the inputs of blocks, biases by
/// distance, and attention scores without a factor.
#[derive(Clone, Debug)]
pub(super) struct T5Config {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) head_size: usize,
    pub(super) intermediate_size: usize,
    pub(super) activation: Activation,
    /// Whether the activated values multiply the values of a second projection.
    pub(super) is_gated: bool,
    pub(super) layer_norm_epsilon: f32,
    /// The number of buckets of distances.
    pub(super) buckets: usize,
}

/// The activation of a feed-forward block.
///
/// The `Debug` form of a variant is part of fingerprints and must not change.
#[derive(Clone, Copy, Debug)]
pub(super) enum Activation {
    Hidden(HiddenAct),
    Silu,
}

impl Activation {
    pub(super) fn epilogue(self) -> Epilogue<'static> {
        match self {
            Self::Hidden(activation) => Epilogue::from(activation),
            Self::Silu => Epilogue::Silu,
        }
    }
}

#[derive(Deserialize)]
struct Fields {
    vocab_size: usize,
    #[serde(alias = "hidden_size")]
    d_model: usize,
    #[serde(alias = "num_hidden_layers")]
    num_layers: usize,
    #[serde(alias = "num_attention_heads")]
    num_heads: usize,
    #[serde(alias = "head_dim")]
    d_kv: usize,
    d_ff: usize,
    feed_forward_proj: Option<String>,
    layer_norm_epsilon: Option<f32>,
    relative_attention_num_buckets: Option<usize>,
    relative_attention_max_distance: Option<usize>,
    is_decoder: Option<bool>,
}

/// The distance from which on all distances share a bucket.
const MAX_DISTANCE: usize = 128;

impl T5Config {
    /// Reads `config.json`, and refuses settings that this release does not run.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let fields = &json.value;
        json.only("is_decoder", fields.is_decoder, false)?;
        json.only(
            "relative_attention_max_distance",
            fields.relative_attention_max_distance,
            MAX_DISTANCE,
        )?;
        let buckets = fields.relative_attention_num_buckets.unwrap_or(32);
        for (field, found, minimum) in [
            ("vocab_size", fields.vocab_size, 1),
            ("d_model", fields.d_model, 1),
            ("num_heads", fields.num_heads, 1),
            ("d_kv", fields.d_kv, 1),
            ("d_ff", fields.d_ff, 1),
            // One for each direction, of which a half has one distance each.
            ("relative_attention_num_buckets", buckets, 4),
        ] {
            json.at_least(field, found, minimum)?;
        }
        json.at_most("relative_attention_num_buckets", buckets, 2 * MAX_DISTANCE)?;
        let (activation, is_gated) = feed_forward(&json)?;
        Ok(Self {
            vocab_size: fields.vocab_size,
            hidden_size: fields.d_model,
            num_hidden_layers: fields.num_layers,
            num_attention_heads: fields.num_heads,
            head_size: fields.d_kv,
            intermediate_size: fields.d_ff,
            activation,
            is_gated,
            layer_norm_epsilon: fields.layer_norm_epsilon.unwrap_or(1e-6),
            buckets,
        })
    }
}

/// Returns the activation of the feed-forward blocks, and whether they are gated.
fn feed_forward(json: &Json<Fields>) -> Result<(Activation, bool)> {
    let field = "feed_forward_proj";
    let value = json.value.feed_forward_proj.as_deref().unwrap_or("relu");
    let (name, is_gated) = match value.strip_prefix("gated-") {
        // In transformers, the gate of T5 uses the approximation.
        Some("gelu") => ("gelu_new", true),
        Some(name) => (name, true),
        None => (value, false),
    };
    let activation = match name {
        "silu" | "swish" => Activation::Silu,
        "relu" | "gelu" | "gelu_new" => Activation::Hidden(HiddenAct::read(json, field, name)?),
        _ => {
            let expected = "`relu`, `gelu`, `gelu_new` or `silu`, alone or after `gated-`";
            return Err(json.unsupported(field, value, expected));
        }
    };
    Ok((activation, is_gated))
}
