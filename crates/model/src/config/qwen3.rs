use serde::Deserialize;

use super::Json;
use super::rope::{self, Rope};
use crate::Result;

/// Qwen3 (<https://arxiv.org/abs/2505.09388>), whose tokens see those before them.
#[derive(Clone, Debug)]
pub(crate) struct Qwen3Config {
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    /// Heads of keys and values; several heads of queries share one.
    pub(crate) num_key_value_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) max_position_embeddings: usize,
    pub(crate) rms_norm_eps: f32,
    pub(crate) rope_theta: f32,
}

#[derive(Deserialize)]
pub(super) struct Fields {
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
    use_sliding_window: Option<bool>,
    // Recent releases.
    layer_types: Option<Vec<String>>,
    rope_parameters: Option<Rope>,
    // Published checkpoints.
    rope_theta: Option<f32>,
    rope_scaling: Option<Rope>,
}

impl Qwen3Config {
    pub(super) fn of(json: &Json<Fields>) -> Result<Self> {
        let fields = &json.value;
        json.only("hidden_act", fields.hidden_act.as_deref(), "silu")?;
        json.only("attention_bias", fields.attention_bias, false)?;
        json.only("is_causal", fields.is_causal, true)?;
        json.only("use_sliding_window", fields.use_sliding_window, false)?;
        for layer_type in fields.layer_types.iter().flatten() {
            json.only("layer_types", Some(layer_type.as_str()), "full_attention")?;
        }
        // The default of transformers.
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
        let shared = fields.num_key_value_heads.unwrap_or(heads);
        json.divides(
            ("num_key_value_heads", shared),
            ("num_attention_heads", heads),
        )?;
        let recent = fields.rope_parameters.as_ref();
        for (field, rope) in [
            ("rope_parameters", recent),
            ("rope_scaling", fields.rope_scaling.as_ref()),
        ] {
            if let Some(rope) = rope {
                rope.check(json, field)?;
            }
        }
        let rope_theta = recent
            .and_then(|rope| rope.theta)
            .or(fields.rope_theta)
            .unwrap_or(10_000.0);
        rope::check(json, ("rope_theta", rope_theta), head_dim)?;
        Ok(Self {
            vocab_size: fields.vocab_size,
            hidden_size: fields.hidden_size,
            num_hidden_layers: fields.num_hidden_layers,
            num_attention_heads: heads,
            num_key_value_heads: shared,
            head_dim,
            intermediate_size: fields.intermediate_size,
            max_position_embeddings: fields.max_position_embeddings,
            rms_norm_eps: fields.rms_norm_eps.unwrap_or(1e-6),
            rope_theta,
        })
    }

    /// Field by field, so that a field added later changes no fingerprint.
    pub(super) fn facts(&self) -> String {
        format!(
            "Qwen3 heads {} {} of {} eps {:e} theta {:e}",
            self.num_attention_heads,
            self.num_key_value_heads,
            self.head_dim,
            self.rms_norm_eps,
            self.rope_theta,
        )
    }
}
