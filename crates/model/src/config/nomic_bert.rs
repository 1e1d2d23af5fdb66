use serde::Deserialize;

use super::Json;
use super::rope::{self, Rope};
use crate::Result;

/// NomicBERT (<https://arxiv.org/abs/2402.01613>): BERT with rotations for positions, gates in the
/// feed-forward part, and no biases.
#[derive(Clone, Debug)]
pub(crate) struct NomicBertConfig {
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) max_position_embeddings: usize,
    /// 0 where there are no token types.
    pub(crate) type_vocab_size: usize,
    pub(crate) layer_norm_eps: f32,
    pub(crate) rope_theta: f32,
}

/// The names of recent releases, and as aliases those of published checkpoints.
#[derive(Deserialize)]
pub(super) struct Fields {
    vocab_size: usize,
    pad_vocab_size_multiple: Option<usize>,
    #[serde(alias = "n_embd")]
    hidden_size: usize,
    #[serde(alias = "n_layer")]
    num_hidden_layers: usize,
    #[serde(alias = "n_head")]
    num_attention_heads: usize,
    #[serde(alias = "n_inner")]
    intermediate_size: Option<usize>,
    #[serde(alias = "n_positions")]
    max_position_embeddings: usize,
    type_vocab_size: Option<usize>,
    #[serde(alias = "layer_norm_epsilon")]
    layer_norm_eps: Option<f32>,
    head_dim: Option<usize>,
    // Recent releases.
    hidden_act: Option<String>,
    rope_parameters: Option<Rope>,
    // Published checkpoints.
    activation_function: Option<String>,
    rotary_emb_base: Option<f32>,
    rotary_emb_fraction: Option<f32>,
    rotary_emb_interleaved: Option<bool>,
    rotary_emb_scale_base: Option<f32>,
    rotary_scaling_factor: Option<f32>,
    qkv_proj_bias: Option<bool>,
    mlp_fc1_bias: Option<bool>,
    mlp_fc2_bias: Option<bool>,
    prenorm: Option<bool>,
    parallel_block: Option<bool>,
    use_rms_norm: Option<bool>,
    causal: Option<bool>,
    scale_attn_weights: Option<bool>,
    scale_attn_by_inverse_layer_idx: Option<bool>,
    num_experts: Option<usize>,
    moe_every_n_layers: Option<usize>,
}

impl NomicBertConfig {
    pub(super) fn of(json: &Json<Fields>) -> Result<Self> {
        check_kind(json)?;
        let fields = &json.value;
        let hidden_size = fields.hidden_size;
        let intermediate_size = fields.intermediate_size.unwrap_or(4 * hidden_size);
        for (field, found) in [
            ("vocab_size", fields.vocab_size),
            ("hidden_size", hidden_size),
            ("intermediate_size", intermediate_size),
            ("max_position_embeddings", fields.max_position_embeddings),
        ] {
            json.at_least(field, found, 1)?;
        }
        let heads = fields.num_attention_heads;
        json.divides(("num_attention_heads", heads), ("hidden_size", hidden_size))?;
        let head_size = hidden_size / heads;
        json.only("head_dim", fields.head_dim, head_size)?;
        if let Some(rope) = &fields.rope_parameters {
            rope.check(json, "rope_parameters")?;
        }
        let recent = fields.rope_parameters.as_ref();
        let Some(rope_theta) = recent
            .and_then(|rope| rope.theta)
            .or(fields.rotary_emb_base)
        else {
            return Err(json.unsupported("rotary_emb_base", "(none)", "a positive number"));
        };
        rope::check(json, ("rotary_emb_base", rope_theta), head_size)?;
        // The table of the tokens is made up to a multiple.
        let multiple = fields.pad_vocab_size_multiple.unwrap_or(1).max(1);
        Ok(Self {
            vocab_size: fields.vocab_size.next_multiple_of(multiple),
            hidden_size,
            num_hidden_layers: fields.num_hidden_layers,
            num_attention_heads: heads,
            intermediate_size,
            max_position_embeddings: fields.max_position_embeddings,
            type_vocab_size: fields.type_vocab_size.unwrap_or(2),
            layer_norm_eps: fields.layer_norm_eps.unwrap_or(1e-12),
            rope_theta,
        })
    }

    /// Field by field, so that a field added later changes no fingerprint.
    pub(super) fn facts(&self) -> String {
        format!(
            "NomicBert heads {} eps {:e} theta {:e}",
            self.num_attention_heads, self.layer_norm_eps, self.rope_theta,
        )
    }
}

/// Refuses the many other models that these fields can describe.
fn check_kind(json: &Json<Fields>) -> Result<()> {
    let fields = &json.value;
    for (field, found, runs) in [
        ("prenorm", fields.prenorm, false),
        ("parallel_block", fields.parallel_block, false),
        ("use_rms_norm", fields.use_rms_norm, false),
        ("causal", fields.causal, false),
        ("scale_attn_weights", fields.scale_attn_weights, true),
        (
            "scale_attn_by_inverse_layer_idx",
            fields.scale_attn_by_inverse_layer_idx,
            false,
        ),
        (
            "rotary_emb_interleaved",
            fields.rotary_emb_interleaved,
            false,
        ),
    ] {
        json.only(field, found, runs)?;
    }
    json.only("num_experts", fields.num_experts, 0)?;
    json.only("moe_every_n_layers", fields.moe_every_n_layers, 0)?;
    let published = fields.activation_function.as_deref();
    json.only("activation_function", published, "swiglu")?;
    json.only("hidden_act", fields.hidden_act.as_deref(), "silu")?;
    for (field, found) in [
        ("qkv_proj_bias", fields.qkv_proj_bias),
        ("mlp_fc1_bias", fields.mlp_fc1_bias),
        ("mlp_fc2_bias", fields.mlp_fc2_bias),
    ] {
        json.only(field, found, false)?;
    }
    json.only("rotary_emb_fraction", fields.rotary_emb_fraction, 1.0)?;
    for (field, found) in [
        ("rotary_emb_scale_base", fields.rotary_emb_scale_base),
        ("rotary_scaling_factor", fields.rotary_scaling_factor),
    ] {
        if let Some(found) = found {
            return Err(json.unsupported(field, found.to_string(), "`null`"));
        }
    }
    Ok(())
}
