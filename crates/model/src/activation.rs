use serde::de::DeserializeOwned;

use crate::Result;
use crate::config::Json;

/// The activations that a Dense module or the head of a cross-encoder may use.
///
/// The `Debug` form of a variant is part of fingerprints and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    Identity,
    Tanh,
    Relu,
    Sigmoid,
}

impl Activation {
    /// Parses the name of a class of torch, with or without its module path; `field` is the field
    /// of `json` that holds the name.
    pub(crate) fn read<T: DeserializeOwned>(
        json: &Json<T>,
        field: &str,
        name: &str,
    ) -> Result<Self> {
        match name.rsplit('.').next().unwrap_or_default() {
            "Identity" => Ok(Self::Identity),
            "Tanh" => Ok(Self::Tanh),
            "ReLU" => Ok(Self::Relu),
            "Sigmoid" => Ok(Self::Sigmoid),
            _ => {
                let expected = "one of `Identity`, `Tanh`, `ReLU`, `Sigmoid`";
                Err(json.unsupported(field, name, expected))
            }
        }
    }

    /// Returns the activation of one value.
    pub(crate) fn apply(self, value: f32) -> f32 {
        match self {
            Self::Identity => value,
            Self::Tanh => value.tanh(),
            Self::Relu => value.max(0.0),
            Self::Sigmoid => 1.0 / (1.0 + (-value).exp()),
        }
    }
}
