use std::path::Path;

use serde::Deserialize;

use crate::Result;
use crate::architecture::TRANSFORMER_CONFIG;
use crate::config::{Json, Rope, check_rotation};

/// Qwen3 (<https://arxiv.org/abs/2505.09388>): a decoder with causal attention.
#[derive(Clone, Debug)]
pub(super) struct Qwen3Config {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    /// The number of heads of keys and values, each of which several heads of queries share.
    pub(super) num_key_value_heads: usize,
    pub(super) head_dim: usize,
    pub(super) intermediate_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) rms_norm_eps: f32,
    pub(super) rope_theta: f32,
}

#[derive(Deserialize)]
struct Fields {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    intermediate_size: usize,
    hidden_act: Option<String>,
    max_position_embeddings: usize,
    rms_norm_eps: Option<f32>,
    attention_bias: Option<bool>,
    is_causal: Option<bool>,
    use_bidirectional_attention: Option<bool>,
    use_sliding_window: Option<bool>,
    // Written by transformers 5.
    layer_types: Option<Vec<String>>,
    rope_parameters: Option<Rope>,
    // Written by earlier releases, and in published checkpoints.
    rope_theta: Option<f32>,
    rope_scaling: Option<Rope>,
}

impl Qwen3Config {
    /// Reads `config.json`, and refuses settings that this release does not run.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let fields = &json.value;
        json.only("hidden_act", fields.hidden_act.as_deref(), "silu")?;
        json.only("attention_bias", fields.attention_bias, false)?;
        json.only("is_causal", fields.is_causal, true)?;
        let both_ways = fields.use_bidirectional_attention;
        json.only("use_bidirectional_attention", both_ways, false)?;
        json.only("use_sliding_window", fields.use_sliding_window, false)?;
        for layer_type in fields.layer_types.iter().flatten() {
            json.only("layer_types", Some(layer_type.as_str()), "full_attention")?;
        }
        // The default in transformers.
        let head_dim = fields.head_dim.unwrap_or(128);
        for (field, found) in [
            ("vocab_size", fields.vocab_size),
            ("hidden_size", fields.hidden_size),
            ("num_attention_heads", fields.num_attention_heads),
            ("head_dim", head_dim),
            ("intermediate_size", fields.intermediate_size),
            ("max_position_embeddings", fields.max_position_embeddings),
        ] {
            json.at_least(field, found, 1)?;
        }
        let heads = fields.num_attention_heads;
        let key_value_heads = fields.num_key_value_heads.unwrap_or(heads);
        json.divides(
            ("num_key_value_heads", key_value_heads),
            ("num_attention_heads", heads),
        )?;
        let parameters = fields.rope_parameters.as_ref();
        let scaling = fields.rope_scaling.as_ref();
        for (field, rope) in [("rope_parameters", parameters), ("rope_scaling", scaling)] {
            if let Some(rope) = rope {
                rope.check(&json, field)?;
            }
        }
        // As in transformers, `rope_scaling` replaces `rope_parameters`.
        let rope_theta = scaling
            .filter(|rope| !rope.is_empty())
            .or(parameters)
            .and_then(|rope| rope.theta)
            .or(fields.rope_theta)
            .unwrap_or(10_000.0);
        check_rotation(
            &json,
            ("rope_theta", rope_theta),
            head_dim,
            fields.max_position_embeddings,
        )?;
        Ok(Self {
            vocab_size: fields.vocab_size,
            hidden_size: fields.hidden_size,
            num_hidden_layers: fields.num_hidden_layers,
            num_attention_heads: heads,
            num_key_value_heads: key_value_heads,
            head_dim,
            intermediate_size: fields.intermediate_size,
            max_position_embeddings: fields.max_position_embeddings,
            rms_norm_eps: fields.rms_norm_eps.unwrap_or(1e-6),
            rope_theta,
        })
    }
}
