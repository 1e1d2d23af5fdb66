use cognate_kernels::Epilogue;
use serde::de::DeserializeOwned;

use super::json::Json;
use crate::Result;

/// The activations that the feed-forward layers of a transformer may use.
///
/// The `Debug` form of a variant is part of fingerprints and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HiddenAct {
    /// `x · Φ(x)`, computed with the error function.
    Gelu,
    /// The approximation of GELU by a hyperbolic tangent.
    GeluTanh,
    Relu,
}

impl HiddenAct {
    /// Parses the `name` of an activation; `field` is the field of `json` that holds the name.
    pub(crate) fn read<T: DeserializeOwned>(
        json: &Json<T>,
        field: &str,
        name: &str,
    ) -> Result<Self> {
        match name {
            "gelu" | "gelu_python" => Ok(Self::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Ok(Self::GeluTanh),
            "relu" => Ok(Self::Relu),
            found => {
                let expected =
                    "one of `gelu`, `gelu_new`, `gelu_pytorch_tanh`, `gelu_fast`, `relu`";
                Err(json.unsupported(field, found, expected))
            }
        }
    }
}

impl From<HiddenAct> for Epilogue<'_> {
    fn from(hidden_act: HiddenAct) -> Self {
        match hidden_act {
            HiddenAct::Gelu => Self::Gelu,
            HiddenAct::GeluTanh => Self::GeluTanh,
            HiddenAct::Relu => Self::Relu,
        }
    }
}
