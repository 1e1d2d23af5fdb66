use super::Json;
use crate::Result;

/// The activations that feed-forward layers may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HiddenAct {
    /// `x · Φ(x)`, by the error function.
    Gelu,
    /// Its approximation by a hyperbolic tangent.
    GeluTanh,
    Relu,
}

impl HiddenAct {
    /// The activation of this name, which is the value of `field`.
    pub(super) fn read<T: serde::de::DeserializeOwned>(
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
