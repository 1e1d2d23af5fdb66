use std::path::Path;

use serde::Deserialize;

use crate::Result;
use crate::architecture::TRANSFORMER_CONFIG;
use crate::config::{HiddenAct, Json, Rope, check_rotation};

/// ModernBERT (<https://arxiv.org/abs/2412.13663>): layers with global attention, and between them
/// layers with sliding-window attention.
#[derive(Clone, Debug)]
pub(super) struct ModernBertConfig {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) hidden_activation: HiddenAct,
    pub(super) max_position_embeddings: usize,
    pub(super) norm_eps: f32,
    /// The attention of each layer.
    pub(super) layer_types: Vec<LayerType>,
    /// The number of tokens to either side that a local layer attends to.
    pub(super) window: usize,
    pub(super) global_rope_theta: f32,
    pub(super) local_rope_theta: f32,
}

/// The attention of a layer.
///
/// The `Debug` form of a variant is part of fingerprints and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LayerType {
    /// Each token attends to all tokens.
    Global,
    /// Each token attends to the tokens within a window.
    Local,
}

/// The greatest number of layers, for each of which the attention is listed. The large model has 28.
const MAX_LAYERS: usize = 4096;

#[derive(Deserialize)]
struct Fields {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_activation: Option<String>,
    max_position_embeddings: usize,
    norm_eps: Option<f32>,
    is_causal: Option<bool>,
    norm_bias: Option<bool>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    head_dim: Option<usize>,
    local_attention: Option<usize>,
    /// Half of `local_attention`, which it replaces.
    sliding_window: Option<usize>,
    // Written by transformers 5.
    layer_types: Option<Vec<String>>,
    rope_parameters: Option<RopeParameters>,
    // Written by earlier releases, and in published checkpoints.
    global_attn_every_n_layers: Option<usize>,
    global_rope_theta: Option<f32>,
    local_rope_theta: Option<f32>,
    rope_scaling: Option<Rope>,
}

#[derive(Default, Deserialize)]
struct RopeParameters {
    full_attention: Option<Rope>,
    sliding_attention: Option<Rope>,
}

impl ModernBertConfig {
    /// Reads `config.json`, and refuses settings that this release does not run.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let fields = &json.value;
        for (field, found) in [
            ("is_causal", fields.is_causal),
            ("norm_bias", fields.norm_bias),
            ("attention_bias", fields.attention_bias),
            ("mlp_bias", fields.mlp_bias),
        ] {
            json.only(field, found, false)?;
        }
        let activation = fields.hidden_activation.as_deref().unwrap_or("gelu");
        for (field, found) in [
            ("vocab_size", fields.vocab_size),
            ("hidden_size", fields.hidden_size),
            ("intermediate_size", fields.intermediate_size),
            ("max_position_embeddings", fields.max_position_embeddings),
        ] {
            json.at_least(field, found, 1)?;
        }
        json.divides(
            ("num_attention_heads", fields.num_attention_heads),
            ("hidden_size", fields.hidden_size),
        )?;
        let head_size = fields.hidden_size / fields.num_attention_heads;
        json.only("head_dim", fields.head_dim, head_size)?;
        let (global_rope_theta, local_rope_theta) = rope_thetas(&json)?;
        Ok(Self {
            vocab_size: fields.vocab_size,
            hidden_size: fields.hidden_size,
            num_attention_heads: fields.num_attention_heads,
            intermediate_size: fields.intermediate_size,
            hidden_activation: HiddenAct::read(&json, "hidden_activation", activation)?,
            max_position_embeddings: fields.max_position_embeddings,
            norm_eps: fields.norm_eps.unwrap_or(1e-5),
            layer_types: layer_types(&json)?,
            // The other field counts the tokens of both sides.
            window: fields
                .sliding_window
                .unwrap_or(fields.local_attention.unwrap_or(128) / 2),
            global_rope_theta,
            local_rope_theta,
        })
    }

    /// Returns the width of an attention head.
    pub(super) fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}

/// Reads the attention of each layer: from a list, or with global attention in the first layer and
/// every n-th layer after it.
fn layer_types(json: &Json<Fields>) -> Result<Vec<LayerType>> {
    let fields = &json.value;
    let layers = fields.num_hidden_layers;
    json.at_most("num_hidden_layers", layers, MAX_LAYERS)?;
    if let Some(types) = &fields.layer_types {
        if types.len() != layers {
            let found = format!("a list of {}", types.len());
            let expected = format!("a list of num_hidden_layers, {layers}");
            return Err(json.unsupported("layer_types", found, expected));
        }
        let read = |name: &String| match name.as_str() {
            "full_attention" => Ok(LayerType::Global),
            "sliding_attention" => Ok(LayerType::Local),
            found => {
                let expected = "one of `full_attention`, `sliding_attention`";
                Err(json.unsupported("layer_types", found, expected))
            }
        };
        return types.iter().map(read).collect();
    }
    let every = fields.global_attn_every_n_layers.unwrap_or(3);
    json.at_least("global_attn_every_n_layers", every, 1)?;
    let layer_type = |layer: usize| match layer % every {
        0 => LayerType::Global,
        _ => LayerType::Local,
    };
    Ok((0..layers).map(layer_type).collect())
}

/// Reads the rotation bases of global and of local layers.
fn rope_thetas(json: &Json<Fields>) -> Result<(f32, f32)> {
    let fields = &json.value;
    let head_size = fields.hidden_size / fields.num_attention_heads;
    if let Some(scaling) = &fields.rope_scaling {
        scaling.check(json, "rope_scaling")?;
    }
    let theta = |rope: Option<&Rope>, field: &str| {
        let Some(rope) = rope else { return Ok(None) };
        rope.check(json, field)?;
        Ok(rope.theta)
    };
    let parameters = fields.rope_parameters.as_ref();
    let global = theta(
        parameters.and_then(|parameters| parameters.full_attention.as_ref()),
        "rope_parameters.full_attention",
    )?;
    let local = theta(
        parameters.and_then(|parameters| parameters.sliding_attention.as_ref()),
        "rope_parameters.sliding_attention",
    )?;
    // As in transformers, `rope_scaling` comes first.
    let scaled = fields.rope_scaling.as_ref().and_then(|rope| rope.theta);
    let global = scaled.or(global).or(fields.global_rope_theta);
    let local = scaled.or(local).or(fields.local_rope_theta);
    let (global, local) = (global.unwrap_or(160_000.0), local.unwrap_or(10_000.0));
    check_rotation(
        json,
        ("global_rope_theta", global),
        head_size,
        fields.max_position_embeddings,
    )?;
    check_rotation(
        json,
        ("local_rope_theta", local),
        head_size,
        fields.max_position_embeddings,
    )?;
    Ok((global, local))
}
