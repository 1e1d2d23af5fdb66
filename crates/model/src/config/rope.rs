use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::json::Json;
use crate::Result;

/// The settings of rotary position embeddings (<https://arxiv.org/abs/2104.09864>).
///
/// The field names are those of transformers 5; older configurations have some of the fields under
/// `rope_scaling`.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names in `config.json`")]
pub(crate) struct Rope {
    #[serde(rename = "rope_theta")]
    pub(crate) theta: Option<f32>,
    rope_type: Option<String>,
    /// The former name of `rope_type`, which some files have too.
    #[serde(rename = "type")]
    kind: Option<String>,
    partial_rotary_factor: Option<f32>,
}

impl Rope {
    /// Refuses every scaled or partial rotation; `field` is the field of `json` that holds these
    /// settings.
    pub(crate) fn check<T: DeserializeOwned>(&self, json: &Json<T>, field: &str) -> Result<()> {
        let kind = self.rope_type.as_deref().or(self.kind.as_deref());
        json.only(&format!("{field}.rope_type"), kind, "default")?;
        let factor = self.partial_rotary_factor;
        json.only(&format!("{field}.partial_rotary_factor"), factor, 1.0)
    }
}

/// The greatest number of angles that are computed: those of 262,144 positions for a head of 128
/// values. No tensor of the weights has the size of the tables of angles, so none bounds them.
const MAX_ANGLES: usize = 1 << 24;

/// Returns the greatest number of positions for which angles are computed.
pub(crate) fn max_positions(head_size: usize) -> usize {
    MAX_ANGLES / (head_size / 2).max(1)
}

/// Refuses a rotation base that is not a positive number, an odd head size, which cannot be
/// rotated, and more `positions` than tables of angles are made for.
pub(crate) fn check_rotation<T: DeserializeOwned>(
    json: &Json<T>,
    (field, theta): (&str, f32),
    head_size: usize,
    positions: usize,
) -> Result<()> {
    json.at_most(
        "max_position_embeddings",
        positions,
        max_positions(head_size),
    )?;
    if !(theta.is_finite() && theta > 0.0) {
        return Err(json.unsupported(field, theta.to_string(), "a positive number"));
    }
    if !head_size.is_multiple_of(2) {
        let found = head_size.to_string();
        return Err(json.unsupported("size of a head", found, "an even number"));
    }
    Ok(())
}
