use std::f64::consts::PI;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Result;
use crate::config::Json;
use crate::cpu::RotaryFrequencies;

/// A rotary position embedding: its base, and how its frequencies are scaled for long texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rope {
    pub(crate) theta: f32,
    pub(crate) scaling: RopeScaling,
}

/// How the frequencies of a rotary position embedding are scaled.
///
/// The `Debug` form is part of fingerprints and must not change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RopeScaling {
    Default,
    /// All frequencies are divided by a factor (<https://arxiv.org/abs/2306.15595>).
    Linear {
        factor: f32,
    },
    /// The low frequencies are divided by a factor, as in Llama 3.1
    /// (<https://arxiv.org/abs/2407.21783>).
    Llama3 {
        factor: f32,
        low_freq_factor: f32,
        high_freq_factor: f32,
        original_positions: f32,
    },
    /// YaRN (<https://arxiv.org/abs/2309.00071>): the low frequencies are divided by a factor, and
    /// queries and keys multiplied by one.
    Yarn {
        factor: f64,
        attention_factor: f64,
        beta_fast: f64,
        beta_slow: f64,
        original_positions: f64,
        truncate: bool,
    },
}

/// The settings of a rotary position embedding in `config.json`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct RopeFields {
    pub(super) rope_theta: Option<f32>,
    rope_type: Option<String>,
    /// The name of `rope_type` in older files.
    #[serde(rename = "type")]
    old_type: Option<String>,
    partial_rotary_factor: Option<f32>,
    factor: Option<f64>,
    low_freq_factor: Option<f32>,
    high_freq_factor: Option<f32>,
    original_max_position_embeddings: Option<f64>,
    attention_factor: Option<f64>,
    beta_fast: Option<f64>,
    beta_slow: Option<f64>,
    mscale: Option<f64>,
    mscale_all_dim: Option<f64>,
    truncate: Option<bool>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Where the settings of a rotary position embedding are, and what they are scaled from.
pub(super) struct RopeSource<'a, T> {
    pub(super) json: &'a Json<T>,
    /// The field that holds the settings.
    pub(super) field: &'a str,
    /// The kinds of scaling that are supported there.
    pub(super) supported: &'a [&'static str],
    /// The base if the settings have none.
    pub(super) default_theta: f32,
    /// The number of positions before the scaling if the settings have none.
    pub(super) original_positions: usize,
}

impl RopeFields {
    /// Reads the scaling, and refuses what this release does not run.
    pub(super) fn read<T: DeserializeOwned>(&self, source: &RopeSource<'_, T>) -> Result<Rope> {
        let (json, field) = (source.json, source.field);
        let name = |part: &str| format!("{field}.{part}");
        let partial = self.partial_rotary_factor;
        json.only(&name("partial_rotary_factor"), partial, 1.0)?;
        if let Some((key, _)) = self.others.iter().find(|(_, value)| value.is_object()) {
            let expected = "one rotary position embedding for all layers";
            return Err(json.unsupported(name(key), "an object", expected));
        }
        let kind = self.rope_type.as_deref().or(self.old_type.as_deref());
        let kind = kind.unwrap_or("default");
        if !source.supported.contains(&kind) {
            let names = source.supported.iter().map(|kind| format!("`{kind}`"));
            let expected = format!("one of {}", names.collect::<Vec<_>>().join(", "));
            return Err(json.unsupported(name("rope_type"), kind, expected));
        }
        let positive = |part: &str, value: Option<f64>| match value {
            Some(value) if value.is_finite() && value > 0.0 => Ok(value),
            found => {
                let found = found.map_or_else(|| "(none)".to_owned(), |value| value.to_string());
                Err(json.unsupported(name(part), found, "a positive number"))
            }
        };
        let factor = || positive("factor", self.factor);
        #[expect(
            clippy::cast_precision_loss,
            reason = "the number of positions is small"
        )]
        let default_positions = source.original_positions as f64;
        let original_positions = || {
            let found = self.original_max_position_embeddings;
            let found = found.or(Some(default_positions));
            positive("original_max_position_embeddings", found)
        };
        let scaling = match kind {
            "linear" => RopeScaling::Linear {
                factor: f32_of(factor()?),
            },
            "llama3" => {
                let low = self.low_freq_factor.map(f64::from);
                let high = self.high_freq_factor.map(f64::from);
                let low_freq_factor = positive("low_freq_factor", low)?;
                let high_freq_factor = positive("high_freq_factor", high)?;
                if high_freq_factor <= low_freq_factor {
                    let expected = format!("more than low_freq_factor, {low_freq_factor}");
                    let found = high_freq_factor.to_string();
                    return Err(json.unsupported(name("high_freq_factor"), found, expected));
                }
                RopeScaling::Llama3 {
                    factor: f32_of(factor()?),
                    low_freq_factor: f32_of(low_freq_factor),
                    high_freq_factor: f32_of(high_freq_factor),
                    original_positions: f32_of(original_positions()?),
                }
            }
            "yarn" => {
                let factor = factor()?;
                let attention_factor = self.attention_factor;
                RopeScaling::Yarn {
                    factor,
                    attention_factor: match attention_factor {
                        Some(_) => positive("attention_factor", attention_factor)?,
                        None => self.yarn_attention_factor(factor),
                    },
                    // The reference reads 0 as the default.
                    beta_fast: positive("beta_fast", or_default(self.beta_fast, 32.0))?,
                    beta_slow: positive("beta_slow", or_default(self.beta_slow, 1.0))?,
                    original_positions: original_positions()?,
                    truncate: self.truncate.unwrap_or(true),
                }
            }
            _ => RopeScaling::Default,
        };
        Ok(Rope {
            theta: self.rope_theta.unwrap_or(source.default_theta),
            scaling,
        })
    }

    /// Returns the factor of queries and keys that YaRN derives from the factor of the positions.
    fn yarn_attention_factor(&self, factor: f64) -> f64 {
        let scale = |mscale: f64| {
            if factor <= 1.0 {
                1.0
            } else {
                0.1 * mscale * factor.ln() + 1.0
            }
        };
        match (self.mscale, self.mscale_all_dim) {
            (Some(mscale), Some(all_dim)) if mscale != 0.0 && all_dim != 0.0 => {
                scale(mscale) / scale(all_dim)
            }
            _ => scale(1.0),
        }
    }
}

impl Rope {
    /// Computes the frequencies of heads of `head_size` values, in f32 as transformers does.
    pub(super) fn frequencies(self, head_size: usize) -> RotaryFrequencies {
        let mut frequencies = RotaryFrequencies::of_base(self.theta, head_size);
        match self.scaling {
            RopeScaling::Default => {}
            RopeScaling::Linear { factor } => {
                for frequency in &mut frequencies.of_pairs {
                    *frequency /= factor;
                }
            }
            RopeScaling::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_positions,
            } => {
                for frequency in &mut frequencies.of_pairs {
                    let wavelength = f32_of(2.0 * PI) / *frequency;
                    if wavelength > original_positions / low_freq_factor {
                        *frequency /= factor;
                    } else if wavelength >= original_positions / high_freq_factor {
                        let range = high_freq_factor - low_freq_factor;
                        let high = (original_positions / wavelength - low_freq_factor) / range;
                        *frequency = (1.0 - high) * *frequency / factor + high * *frequency;
                    }
                }
            }
            RopeScaling::Yarn {
                factor,
                attention_factor,
                beta_fast,
                beta_slow,
                original_positions,
                truncate,
            } => {
                #[expect(clippy::cast_precision_loss, reason = "a head is small")]
                let size = head_size as f64;
                // The pair of values that rotates this many times within the original positions.
                let pair = |rotations: f64| {
                    let log = (original_positions / (rotations * 2.0 * PI)).ln();
                    size * log / (2.0 * f64::from(self.theta).ln())
                };
                let (mut first, mut last) = (pair(beta_fast), pair(beta_slow));
                if truncate {
                    (first, last) = (first.floor(), last.ceil());
                }
                let (first, mut last) = (first.max(0.0), last.min(size - 1.0));
                // Both are equal if all pairs rotate more often, or all less often.
                #[expect(clippy::float_cmp, reason = "transformers compares them so")]
                if first == last {
                    last += 0.001;
                }
                for (index, frequency) in frequencies.of_pairs.iter_mut().enumerate() {
                    #[expect(clippy::cast_precision_loss, reason = "a head is small")]
                    let ramp = (index as f32 - f32_of(first)) / f32_of(last - first);
                    let scaled = 1.0 - ramp.clamp(0.0, 1.0);
                    let divided = *frequency / f32_of(factor);
                    *frequency = divided * (1.0 - scaled) + *frequency * scaled;
                }
                frequencies.scale = f32_of(attention_factor);
            }
        }
        frequencies
    }
}

/// Returns a setting, or the default if it is missing or 0.
fn or_default(value: Option<f64>, default: f64) -> Option<f64> {
    value.filter(|&value| value != 0.0).or(Some(default))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounds to the number format in which transformers computes"
)]
fn f32_of(value: f64) -> f32 {
    value as f32
}
