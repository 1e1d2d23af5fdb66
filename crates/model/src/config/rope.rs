use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Json;
use crate::Result;

/// How positions rotate (<https://arxiv.org/abs/2104.09864>), in the words of recent releases; older
/// ones have a part of it under `rope_scaling`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Rope {
    #[serde(rename = "rope_theta")]
    pub(super) theta: Option<f32>,
    #[serde(rename = "rope_type", alias = "type")]
    kind: Option<String>,
    partial_rotary_factor: Option<f32>,
}

impl Rope {
    /// Refuses every rotation but the plain one. `field` is the field that this is the value of.
    pub(super) fn check<T: DeserializeOwned>(&self, json: &Json<T>, field: &str) -> Result<()> {
        let kind = self.kind.as_deref();
        json.only(&format!("{field}.rope_type"), kind, "default")?;
        let factor = self.partial_rotary_factor;
        json.only(&format!("{field}.partial_rotary_factor"), factor, 1.0)
    }
}

/// Refuses a base of rotations that is no positive number, and a head that cannot be rotated.
pub(super) fn check<T: DeserializeOwned>(
    json: &Json<T>,
    (field, theta): (&str, f32),
    head_size: usize,
) -> Result<()> {
    if !(theta.is_finite() && theta > 0.0) {
        return Err(json.unsupported(field, theta.to_string(), "a positive number"));
    }
    if !head_size.is_multiple_of(2) {
        let found = head_size.to_string();
        return Err(json.unsupported("size of a head", found, "an even number"));
    }
    Ok(())
}
