use std::path::Path;

use serde::Deserialize;

use crate::Result;
use crate::architecture::TRANSFORMER_CONFIG;
use crate::config::{HiddenAct, Json, check_rotation};
use crate::cpu::RotaryFrequencies;

/// GTE (<https://arxiv.org/abs/2407.19669>): BERT with rotary position embeddings and gated
/// feed-forward blocks.
#[derive(Clone, Debug)]
pub(super) struct GteConfig {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) hidden_act: HiddenAct,
    pub(super) max_position_embeddings: usize,
    /// The number of token types, 0 if the model has none.
    pub(super) type_vocab_size: usize,
    pub(super) layer_norm_eps: f32,
    pub(super) rope_theta: f32,
    /// The factor of NTK-aware scaling, 1 without scaling.
    pub(super) ntk_factor: f32,
    /// Whether queries, keys and values are one tensor.
    pub(super) has_packed_qkv: bool,
}

#[derive(Deserialize)]
struct Fields {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: Option<String>,
    max_position_embeddings: usize,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f32>,
    layer_norm_type: Option<String>,
    position_embedding_type: Option<String>,
    is_causal: Option<bool>,
    logn_attention_scale: Option<bool>,
    pack_qkv: Option<bool>,
    head_dim: Option<usize>,
    rope_theta: Option<f32>,
    rope_scaling: Option<Rope>,
    // Written by transformers 5.
    rope_parameters: Option<Rope>,
}

#[derive(Clone, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names in `config.json`")]
struct Rope {
    rope_theta: Option<f32>,
    #[serde(rename = "type")]
    kind: Option<String>,
    rope_type: Option<String>,
    factor: Option<f32>,
    mixed_b: Option<f32>,
    partial_rotary_factor: Option<f32>,
}

impl GteConfig {
    /// Reads `config.json`, and refuses settings that this release does not run; `default_theta` is
    /// the rotation base of a file without one.
    pub(super) fn read(path: &Path, default_theta: f32) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let fields = &json.value;
        let hidden_act = fields.hidden_act.as_deref().unwrap_or("gelu");
        let hidden_act = HiddenAct::read(&json, "hidden_act", hidden_act)?;
        json.only("is_causal", fields.is_causal, false)?;
        let norm = fields.layer_norm_type.as_deref();
        json.only("layer_norm_type", norm, "layer_norm")?;
        let positions = fields.position_embedding_type.as_deref();
        json.only("position_embedding_type", positions, "rope")?;
        let is_scaled = fields.logn_attention_scale;
        json.only("logn_attention_scale", is_scaled, false)?;
        let hidden_size = fields.hidden_size;
        for (field, found) in [
            ("vocab_size", fields.vocab_size),
            ("hidden_size", hidden_size),
            ("intermediate_size", fields.intermediate_size),
            ("max_position_embeddings", fields.max_position_embeddings),
        ] {
            json.at_least(field, found, 1)?;
        }
        let heads = fields.num_attention_heads;
        json.divides(("num_attention_heads", heads), ("hidden_size", hidden_size))?;
        let head_size = hidden_size / heads;
        json.only("head_dim", fields.head_dim, head_size)?;
        let (field, rope) = match &fields.rope_scaling {
            Some(rope) => ("rope_scaling", Some(rope)),
            None => ("rope_parameters", fields.rope_parameters.as_ref()),
        };
        let rope_theta = rope
            .and_then(|rope| rope.rope_theta)
            .or(fields.rope_theta)
            .unwrap_or(default_theta);
        check_rotation(
            &json,
            ("rope_theta", rope_theta),
            head_size,
            fields.max_position_embeddings,
        )?;
        Ok(Self {
            vocab_size: fields.vocab_size,
            hidden_size,
            num_hidden_layers: fields.num_hidden_layers,
            num_attention_heads: heads,
            intermediate_size: fields.intermediate_size,
            hidden_act,
            max_position_embeddings: fields.max_position_embeddings,
            type_vocab_size: fields.type_vocab_size.unwrap_or(1),
            layer_norm_eps: fields.layer_norm_eps.unwrap_or(1e-12),
            rope_theta,
            ntk_factor: rope.map_or(Ok(1.0), |rope| ntk_factor(&json, field, rope))?,
            has_packed_qkv: fields.pack_qkv.unwrap_or(true),
        })
    }

    /// Returns the frequencies of the rotations.
    ///
    /// Scaling multiplies the rotation base, and divides all frequencies so that the lowest one is
    /// divided by the factor (<https://kexue.fm/archives/9706>, equation 6).
    #[expect(clippy::cast_precision_loss, reason = "a head is small")]
    pub(super) fn frequencies(&self) -> RotaryFrequencies {
        let size = self.hidden_size / self.num_attention_heads;
        let factor = self.ntk_factor;
        let mut frequencies = RotaryFrequencies::of_base(self.rope_theta * factor, size);
        let divisor = factor.powf(2.0 / size as f32);
        for frequency in &mut frequencies.of_pairs {
            *frequency /= divisor;
        }
        frequencies
    }
}

/// Returns the factor of NTK-aware scaling in the settings `rope`, which are in the field `field`.
fn ntk_factor(json: &Json<Fields>, field: &str, rope: &Rope) -> Result<f32> {
    json.only(
        &format!("{field}.partial_rotary_factor"),
        rope.partial_rotary_factor,
        1.0,
    )?;
    if let Some(found) = rope.mixed_b {
        return Err(json.unsupported(format!("{field}.mixed_b"), found.to_string(), "`null`"));
    }
    match rope.kind.as_deref().or(rope.rope_type.as_deref()) {
        None | Some("default") => Ok(1.0),
        Some("ntk") => match rope.factor {
            Some(factor) if factor.is_finite() && factor >= 1.0 => Ok(factor),
            found => {
                let found = found.map_or("(none)".to_owned(), |found| found.to_string());
                Err(json.unsupported(format!("{field}.factor"), found, "at least 1"))
            }
        },
        Some(kind) => {
            Err(json.unsupported(format!("{field}.type"), kind, "one of `default`, `ntk`"))
        }
    }
}
