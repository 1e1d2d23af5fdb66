use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Result;
use crate::architecture::TRANSFORMER_CONFIG;
use crate::config::{Json, Rope, check_rotation};

/// NomicBERT (<https://arxiv.org/abs/2402.01613>): BERT with rotary position embeddings, gated
/// feed-forward blocks and no biases.
#[derive(Clone, Debug)]
pub(super) struct NomicBertConfig {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) max_position_embeddings: usize,
    /// The number of token types, 0 if the model has none.
    pub(super) type_vocab_size: usize,
    pub(super) layer_norm_eps: f32,
    pub(super) rope_theta: f32,
}

/// The fields as transformers 5 names them, and as published checkpoints do.
#[derive(Deserialize)]
struct Fields {
    vocab_size: usize,
    pad_vocab_size_multiple: Option<usize>,
    hidden_size: Option<usize>,
    n_embd: Option<usize>,
    num_hidden_layers: Option<usize>,
    n_layer: Option<usize>,
    num_attention_heads: Option<usize>,
    n_head: Option<usize>,
    intermediate_size: Option<usize>,
    n_inner: Option<usize>,
    max_position_embeddings: Option<usize>,
    n_positions: Option<usize>,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f32>,
    layer_norm_epsilon: Option<f32>,
    head_dim: Option<usize>,
    // Written by transformers 5.
    hidden_act: Option<String>,
    rope_parameters: Option<Rope>,
    rope_theta: Option<f32>,
    rope_scaling: Option<Value>,
    // In published checkpoints.
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
    is_causal: Option<bool>,
    scale_attn_weights: Option<bool>,
    scale_attn_by_inverse_layer_idx: Option<bool>,
    num_experts: Option<usize>,
    moe_every_n_layers: Option<usize>,
}

impl NomicBertConfig {
    /// Reads `config.json`, and refuses settings that this release does not run.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        check_variant(&json)?;
        let fields = &json.value;
        let size = |field, value, published, published_value| {
            let either = json.either((field, value), (published, published_value))?;
            either.ok_or_else(|| json.unsupported(field, "(none)", "a number"))
        };
        let hidden_size = size("hidden_size", fields.hidden_size, "n_embd", fields.n_embd)?;
        let layers = (fields.num_hidden_layers, fields.n_layer);
        let num_hidden_layers = size("num_hidden_layers", layers.0, "n_layer", layers.1)?;
        let heads = (fields.num_attention_heads, fields.n_head);
        let heads = size("num_attention_heads", heads.0, "n_head", heads.1)?;
        // Published code has tables for more positions than transformers, whose number counts.
        let positions = fields.max_position_embeddings.or(fields.n_positions);
        let max_position_embeddings = size("max_position_embeddings", positions, "", None)?;
        let intermediate_size = json
            .either(
                ("intermediate_size", fields.intermediate_size),
                ("n_inner", fields.n_inner),
            )?
            .unwrap_or(hidden_size.saturating_mul(4));
        let layer_norm_eps = json.either(
            ("layer_norm_eps", fields.layer_norm_eps),
            ("layer_norm_epsilon", fields.layer_norm_epsilon),
        )?;
        for (field, found) in [
            ("vocab_size", fields.vocab_size),
            ("hidden_size", hidden_size),
            ("intermediate_size", intermediate_size),
            ("max_position_embeddings", max_position_embeddings),
        ] {
            json.at_least(field, found, 1)?;
        }
        json.divides(("num_attention_heads", heads), ("hidden_size", hidden_size))?;
        let head_size = hidden_size / heads;
        json.only("head_dim", fields.head_dim, head_size)?;
        if let Some(rope) = &fields.rope_parameters {
            rope.check(&json, "rope_parameters")?;
        }
        // In transformers, `rope_scaling` would replace `rope_parameters`.
        let scaling = fields.rope_scaling.as_ref();
        let is_empty = |scaling: &Value| scaling.as_object().is_some_and(Map::is_empty);
        if let Some(scaling) = scaling.filter(|scaling| !is_empty(scaling)) {
            return Err(json.unsupported("rope_scaling", scaling.to_string(), "`null`"));
        }
        let parameters = fields.rope_parameters.as_ref();
        let base = json.either(
            ("rope_theta", fields.rope_theta),
            ("rotary_emb_base", fields.rotary_emb_base),
        )?;
        let Some(rope_theta) = parameters.and_then(|rope| rope.theta).or(base) else {
            return Err(json.unsupported("rotary_emb_base", "(none)", "a positive number"));
        };
        check_rotation(
            &json,
            ("rotary_emb_base", rope_theta),
            head_size,
            max_position_embeddings,
        )?;
        // The token embeddings are padded to a multiple of this number of rows.
        let multiple = fields.pad_vocab_size_multiple.unwrap_or(1).max(1);
        let Some(vocab_size) = fields.vocab_size.checked_next_multiple_of(multiple) else {
            let found = multiple.to_string();
            let expected = "a number of token embeddings";
            return Err(json.unsupported("pad_vocab_size_multiple", found, expected));
        };
        Ok(Self {
            vocab_size,
            hidden_size,
            num_hidden_layers,
            num_attention_heads: heads,
            intermediate_size,
            max_position_embeddings,
            type_vocab_size: fields.type_vocab_size.unwrap_or(2),
            layer_norm_eps: layer_norm_eps.unwrap_or(1e-12),
            rope_theta,
        })
    }
}

/// Refuses the other models that these fields can describe.
fn check_variant(json: &Json<Fields>) -> Result<()> {
    let fields = &json.value;
    for (field, found, supported) in [
        ("prenorm", fields.prenorm, false),
        ("parallel_block", fields.parallel_block, false),
        ("use_rms_norm", fields.use_rms_norm, false),
        ("causal", fields.causal, false),
        ("is_causal", fields.is_causal, false),
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
        json.only(field, found, supported)?;
    }
    json.only("num_experts", fields.num_experts, 0)?;
    json.only("moe_every_n_layers", fields.moe_every_n_layers, 0)?;
    let activation = fields.activation_function.as_deref();
    json.only("activation_function", activation, "swiglu")?;
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
