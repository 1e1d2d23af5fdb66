use serde::Deserialize;

use super::rope::{self, Rope};
use super::{HiddenAct, Json};
use crate::Result;

/// ModernBERT (<https://arxiv.org/abs/2412.13663>): layers that see all tokens, and between them
/// layers that see the nearest ones.
#[derive(Clone, Debug)]
pub(crate) struct ModernBertConfig {
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) hidden_activation: HiddenAct,
    pub(crate) max_position_embeddings: usize,
    pub(crate) norm_eps: f32,
    /// What each layer sees.
    pub(crate) layer_types: Vec<LayerType>,
    /// Tokens to either side that a local layer sees.
    pub(crate) window: usize,
    pub(crate) global_rope_theta: f32,
    pub(crate) local_rope_theta: f32,
}

/// What a layer sees: all tokens, or the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LayerType {
    Global,
    Local,
}

#[derive(Deserialize)]
pub(super) struct Fields {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_activation: Option<String>,
    max_position_embeddings: usize,
    norm_eps: Option<f32>,
    norm_bias: Option<bool>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    local_attention: Option<usize>,
    // Recent releases.
    layer_types: Option<Vec<String>>,
    rope_parameters: Option<Ropes>,
    // Published checkpoints.
    global_attn_every_n_layers: Option<usize>,
    global_rope_theta: Option<f32>,
    local_rope_theta: Option<f32>,
    rope_scaling: Option<Rope>,
}

#[derive(Default, Deserialize)]
struct Ropes {
    full_attention: Option<Rope>,
    sliding_attention: Option<Rope>,
}

impl ModernBertConfig {
    pub(super) fn of(json: &Json<Fields>) -> Result<Self> {
        let fields = &json.value;
        for (field, found) in [
            ("norm_bias", fields.norm_bias),
            ("attention_bias", fields.attention_bias),
            ("mlp_bias", fields.mlp_bias),
        ] {
            json.only(field, found, false)?;
        }
        let activation = fields.hidden_activation.as_deref().unwrap_or("gelu");
        for (field, found, least) in [
            ("vocab_size", fields.vocab_size, 1),
            ("hidden_size", fields.hidden_size, 1),
            ("intermediate_size", fields.intermediate_size, 1),
            ("max_position_embeddings", fields.max_position_embeddings, 1),
        ] {
            json.at_least(field, found, least)?;
        }
        json.divides(
            ("num_attention_heads", fields.num_attention_heads),
            ("hidden_size", fields.hidden_size),
        )?;
        let (global_rope_theta, local_rope_theta) = thetas(json)?;
        Ok(Self {
            vocab_size: fields.vocab_size,
            hidden_size: fields.hidden_size,
            num_attention_heads: fields.num_attention_heads,
            intermediate_size: fields.intermediate_size,
            hidden_activation: HiddenAct::read(json, "hidden_activation", activation)?,
            max_position_embeddings: fields.max_position_embeddings,
            norm_eps: fields.norm_eps.unwrap_or(1e-5),
            layer_types: layer_types(json)?,
            // The field counts both sides.
            window: fields.local_attention.unwrap_or(128) / 2,
            global_rope_theta,
            local_rope_theta,
        })
    }

    pub(crate) fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    /// Field by field, so that a field added later changes no fingerprint.
    pub(super) fn facts(&self) -> String {
        format!(
            "ModernBert heads {} act {:?} eps {:e} layers {:?} window {} theta {:e} {:e}",
            self.num_attention_heads,
            self.hidden_activation,
            self.norm_eps,
            self.layer_types,
            self.window,
            self.global_rope_theta,
            self.local_rope_theta,
        )
    }
}

/// What each layer sees: a list, or one layer in so many that sees all, the first one first.
fn layer_types(json: &Json<Fields>) -> Result<Vec<LayerType>> {
    let fields = &json.value;
    let layers = fields.num_hidden_layers;
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

/// The bases of the rotations of global and of local layers.
fn thetas(json: &Json<Fields>) -> Result<(f32, f32)> {
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
    let ropes = fields.rope_parameters.as_ref();
    let global = theta(
        ropes.and_then(|ropes| ropes.full_attention.as_ref()),
        "rope_parameters.full_attention",
    )?;
    let local = theta(
        ropes.and_then(|ropes| ropes.sliding_attention.as_ref()),
        "rope_parameters.sliding_attention",
    )?;
    let global = global.or(fields.global_rope_theta).unwrap_or(160_000.0);
    let local = local.or(fields.local_rope_theta).unwrap_or(10_000.0);
    rope::check(json, ("global_rope_theta", global), head_size)?;
    rope::check(json, ("local_rope_theta", local), head_size)?;
    Ok((global, local))
}
