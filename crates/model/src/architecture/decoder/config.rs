use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::layers::{LayerFields, Layers};
#[cfg(any(test, feature = "candle"))]
use super::rope::RopeScaling;
use super::rope::{Rope, RopeFields, RopeSource};
use super::variant::{DecoderVariant, Style, Windows};
use crate::architecture::TRANSFORMER_CONFIG;
use crate::config::{HiddenAct, Json, check_rotation};
use crate::{Error, Result};

/// A decoder of the family of Llama (<https://arxiv.org/abs/2302.13971>).
#[derive(Clone, Debug)]
pub(crate) struct DecoderConfig {
    pub(crate) variant: &'static DecoderVariant,
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    /// The number of heads of keys and values, each of which several heads of queries share.
    pub(crate) num_key_value_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) intermediate_size: usize,
    /// The activation of the gate, or `None` for SiLU.
    pub(crate) hidden_activation: Option<HiddenAct>,
    pub(crate) max_position_embeddings: usize,
    pub(crate) rms_norm_eps: f32,
    pub(crate) layers: Layers,
    /// The rotary position embedding of layers with full attention.
    pub(crate) rope: Rope,
    /// The rotary position embedding of layers with a sliding window, or `None` if it is the same.
    pub(crate) sliding_rope: Option<Rope>,
    /// The number whose inverse square root is the factor of attention scores, or `None` for the
    /// size of a head.
    pub(crate) query_pre_attn_scalar: Option<f32>,
}

/// The fields of all variants.
#[derive(Deserialize)]
#[expect(
    clippy::option_option,
    reason = "the outer option is the presence of a field, the inner one `null`"
)]
struct Fields {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    intermediate_size: usize,
    hidden_act: Option<String>,
    hidden_activation: Option<String>,
    max_position_embeddings: usize,
    original_max_position_embeddings: Option<usize>,
    rms_norm_eps: Option<f32>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    query_pre_attn_scalar: Option<f32>,
    attn_logit_softcapping: Option<f32>,
    #[serde(default, deserialize_with = "given")]
    is_causal: Option<Option<bool>>,
    use_bidirectional_attention: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    sliding_window: Option<Option<usize>>,
    use_sliding_window: Option<bool>,
    max_window_layers: Option<usize>,
    sliding_window_pattern: Option<usize>,
    layer_types: Option<Vec<String>>,
    rope_theta: Option<f32>,
    rope_local_base_freq: Option<f32>,
    partial_rotary_factor: Option<f32>,
    rope_scaling: Option<Value>,
    rope_parameters: Option<Value>,
}

/// The rotary position embeddings of Gemma 3, as transformers 5 writes them.
#[derive(Default, Deserialize)]
struct RopeParameters {
    full_attention: Option<RopeFields>,
    sliding_attention: Option<RopeFields>,
}

/// Reads a field whose value `null` differs from its absence.
#[expect(
    clippy::option_option,
    reason = "a field may be missing, `null` or set"
)]
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl DecoderConfig {
    /// Reads `config.json` of a `variant`, and refuses settings that this release does not run.
    pub(super) fn read(path: &Path, variant: &'static DecoderVariant) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let fields = &json.value;
        let is_gemma = variant.style == Style::Gemma;
        if !variant.has_qkv_bias {
            json.only("attention_bias", fields.attention_bias, false)?;
        }
        json.only("mlp_bias", fields.mlp_bias, false)?;
        let hidden_activation = if is_gemma {
            let name = fields.hidden_activation.as_deref();
            let name = name.unwrap_or("gelu_pytorch_tanh");
            Some(HiddenAct::read(&json, "hidden_activation", name)?)
        } else {
            json.only("hidden_act", fields.hidden_act.as_deref(), "silu")?;
            None
        };
        let heads = fields.num_attention_heads;
        let head_dim = if let Some(head_dim) = fields.head_dim.or(variant.default_head_dim) {
            head_dim
        } else {
            json.divides(
                ("num_attention_heads", heads),
                ("hidden_size", fields.hidden_size),
            )?;
            fields.hidden_size / heads
        };
        for (field, found) in [
            ("vocab_size", fields.vocab_size),
            ("hidden_size", fields.hidden_size),
            ("num_attention_heads", heads),
            ("head_dim", head_dim),
            ("intermediate_size", fields.intermediate_size),
            ("max_position_embeddings", fields.max_position_embeddings),
        ] {
            json.at_least(field, found, 1)?;
        }
        let key_value_heads = fields.num_key_value_heads.unwrap_or(heads);
        json.divides(
            ("num_key_value_heads", key_value_heads),
            ("num_attention_heads", heads),
        )?;
        let layers = read_layers(&json, variant)?;
        let (rope, sliding_rope) = if is_gemma {
            let (full, sliding) = read_gemma_ropes(&json)?;
            (full, Some(sliding))
        } else {
            (read_rope(&json)?, None)
        };
        for (field, rope) in [
            ("rope_theta", Some(rope)),
            ("rope_local_base_freq", sliding_rope),
        ] {
            let theta = rope.map_or(1.0, |rope| rope.theta);
            let positions = fields.max_position_embeddings;
            check_rotation(&json, (field, theta), head_dim, positions)?;
        }
        Ok(Self {
            variant,
            vocab_size: fields.vocab_size,
            hidden_size: fields.hidden_size,
            num_hidden_layers: fields.num_hidden_layers,
            num_attention_heads: heads,
            num_key_value_heads: key_value_heads,
            head_dim,
            intermediate_size: fields.intermediate_size,
            hidden_activation,
            max_position_embeddings: fields.max_position_embeddings,
            rms_norm_eps: fields.rms_norm_eps.unwrap_or(1e-6),
            layers,
            rope,
            sliding_rope,
            query_pre_attn_scalar: if is_gemma {
                Some(read_attention_scalar(&json)?)
            } else {
                None
            },
        })
    }

    /// Returns whether this is Qwen3 with causal attention in all layers and unscaled rotations.
    #[cfg(any(test, feature = "candle"))]
    pub(super) fn is_plain_qwen3(&self) -> bool {
        self.variant.name == "Qwen3"
            && self.layers.causal
            && !self.layers.sliding.contains(&true)
            && self.rope.scaling == RopeScaling::Default
    }
}

/// Reads the number whose inverse square root is the factor of attention scores.
fn read_attention_scalar(json: &Json<Fields>) -> Result<f32> {
    let fields = &json.value;
    if let Some(cap) = fields.attn_logit_softcapping {
        return Err(json.unsupported("attn_logit_softcapping", cap.to_string(), "`null`"));
    }
    let scalar = fields.query_pre_attn_scalar.unwrap_or(256.0);
    if !(scalar.is_finite() && scalar > 0.0) {
        let found = scalar.to_string();
        return Err(json.unsupported("query_pre_attn_scalar", found, "a positive number"));
    }
    Ok(scalar)
}

fn read_layers(json: &Json<Fields>, variant: &DecoderVariant) -> Result<Layers> {
    /// The default in transformers.
    const WINDOW: Option<usize> = Some(4096);
    let fields = &json.value;
    if variant.style != Style::Gemma {
        let found = fields.use_bidirectional_attention;
        json.only("use_bidirectional_attention", found, false)?;
    }
    let is_causal = match fields.is_causal {
        None => true,
        Some(Some(is_causal)) => is_causal,
        Some(None) => {
            let expected = "one of `true`, `false`";
            return Err(json.unsupported("is_causal", "null", expected));
        }
    };
    let window = match variant.windows {
        Windows::Never => None,
        Windows::Last if fields.use_sliding_window != Some(true) => None,
        _ => fields.sliding_window.unwrap_or(WINDOW),
    };
    let layer_fields = LayerFields {
        count: fields.num_hidden_layers,
        window,
        max_window_layers: fields.max_window_layers.unwrap_or(28),
        sliding_window_pattern: fields.sliding_window_pattern.unwrap_or(6),
        layer_types: fields.layer_types.as_deref(),
        is_causal,
        use_bidirectional_attention: fields.use_bidirectional_attention.unwrap_or(false),
    };
    layer_fields.read(json, variant)
}

/// Reads the rotary position embedding of a model that has one for all layers.
fn read_rope(json: &Json<Fields>) -> Result<Rope> {
    let fields = &json.value;
    json.only("partial_rotary_factor", fields.partial_rotary_factor, 1.0)?;
    let (field, rope): (_, Option<RopeFields>) =
        match read_given(json, fields.rope_scaling.as_ref())? {
            Some(rope) => ("rope_scaling", Some(rope)),
            None => (
                "rope_parameters",
                read_given(json, fields.rope_parameters.as_ref())?,
            ),
        };
    let original = fields.original_max_position_embeddings;
    rope.unwrap_or_default().read(&RopeSource {
        json,
        field,
        supported: &["default", "linear", "llama3", "yarn"],
        default_theta: fields.rope_theta.unwrap_or(10_000.0),
        original_positions: original.unwrap_or(fields.max_position_embeddings),
    })
}

/// Reads the rotary position embeddings of Gemma 3: one for layers with full attention, and one for
/// layers with a sliding window.
fn read_gemma_ropes(json: &Json<Fields>) -> Result<(Rope, Rope)> {
    let fields = &json.value;
    let parameters: Option<RopeParameters> = read_given(json, fields.rope_parameters.as_ref())?;
    let parameters = parameters.unwrap_or_default();
    let scaled: Option<RopeFields> = read_given(json, fields.rope_scaling.as_ref())?;
    let source = |field, default_theta| RopeSource {
        json,
        field,
        supported: &["default", "linear"],
        default_theta,
        original_positions: fields.max_position_embeddings,
    };
    let full = match (scaled, parameters.full_attention) {
        (Some(_), Some(_)) => {
            let expected = "one of rope_scaling, rope_parameters";
            return Err(json.unsupported("rope_scaling", "both", expected));
        }
        (Some(rope), None) => {
            let theta = fields.rope_theta.unwrap_or(1_000_000.0);
            rope.read(&source("rope_scaling", theta))?
        }
        (None, rope) => {
            let theta = fields.rope_theta.unwrap_or(1_000_000.0);
            let source = source("rope_parameters.full_attention", theta);
            rope.unwrap_or_default().read(&source)?
        }
    };
    let theta = fields.rope_local_base_freq.unwrap_or(10_000.0);
    let source = source("rope_parameters.sliding_attention", theta);
    let sliding = parameters.sliding_attention.unwrap_or_default();
    Ok((full, sliding.read(&source)?))
}

/// Reads settings whose form depends on the variant; an empty object counts as none, as in Python.
fn read_given<T: DeserializeOwned>(
    json: &Json<Fields>,
    settings: Option<&Value>,
) -> Result<Option<T>> {
    let is_empty = |settings: &&Value| settings.as_object().is_some_and(Map::is_empty);
    let settings = settings.filter(|settings| !is_empty(settings));
    let settings = settings.cloned().map(serde_json::from_value).transpose();
    settings.map_err(Error::malformed(&json.path, TRANSFORMER_CONFIG))
}
