use serde::de::DeserializeOwned;

use crate::Result;
use crate::config::Json;

/// The activations that a Dense module or the head of a cross-encoder may use, with the default
/// parameters of torch.
///
/// The `Debug` form of a variant is part of fingerprints and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    Identity,
    Tanh,
    Relu,
    Sigmoid,
    Celu,
    Elu,
    Gelu,
    HardShrink,
    HardSigmoid,
    HardSwish,
    HardTanh,
    LeakyRelu,
    LogSigmoid,
    Mish,
    Relu6,
    Selu,
    Silu,
    SoftPlus,
    SoftShrink,
    SoftSign,
    TanhShrink,
}

/// The classes of torch.
const CLASSES: [(&str, Activation); 21] = [
    ("Identity", Activation::Identity),
    ("Tanh", Activation::Tanh),
    ("ReLU", Activation::Relu),
    ("Sigmoid", Activation::Sigmoid),
    ("GELU", Activation::Gelu),
    ("SiLU", Activation::Silu),
    ("Mish", Activation::Mish),
    ("ELU", Activation::Elu),
    ("CELU", Activation::Celu),
    ("SELU", Activation::Selu),
    ("LeakyReLU", Activation::LeakyRelu),
    ("ReLU6", Activation::Relu6),
    ("Softplus", Activation::SoftPlus),
    ("Softsign", Activation::SoftSign),
    ("Softshrink", Activation::SoftShrink),
    ("Tanhshrink", Activation::TanhShrink),
    ("LogSigmoid", Activation::LogSigmoid),
    ("Hardtanh", Activation::HardTanh),
    ("Hardsigmoid", Activation::HardSigmoid),
    ("Hardswish", Activation::HardSwish),
    ("Hardshrink", Activation::HardShrink),
];

/// The Python modules in which the classes are found.
const PYTHON_MODULES: [&str; 4] = [
    "torch.nn",
    "torch.nn.modules",
    "torch.nn.modules.activation",
    "torch.nn.modules.linear",
];

impl Activation {
    /// Parses the name of a class of torch with its module path; `field` is the field of `json` that
    /// holds the name.
    ///
    /// A name without the path is refused, because sentence-transformers trusts only classes of torch
    /// and takes its default instead of others.
    pub(crate) fn read<T: DeserializeOwned>(
        json: &Json<T>,
        field: &str,
        name: &str,
    ) -> Result<Self> {
        let (path, class) = name.rsplit_once('.').unwrap_or_default();
        let known = CLASSES.iter().find(|(known, _)| *known == class);
        match known {
            Some(&(_, activation)) if PYTHON_MODULES.contains(&path) => Ok(activation),
            _ => {
                let names: Vec<_> = CLASSES
                    .iter()
                    .map(|(class, _)| format!("`{class}`"))
                    .collect();
                let expected = format!("one of these classes of `torch.nn`: {}", names.join(", "));
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
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the result is f32, rounded once"
            )]
            _ => self.apply_in_f64(f64::from(value)) as f32,
        }
    }

    /// Computes an activation by the functions of `libm`, which are the same on every platform.
    fn apply_in_f64(self, x: f64) -> f64 {
        use libm::{erf, exp, expm1, log1p, tanh};

        // The constants of SELU, from <https://arxiv.org/abs/1706.02515>.
        const ALPHA: f64 = 1.673_263_242_354_377_2;
        const SCALE: f64 = 1.050_700_987_355_480_5;
        const SHRINKAGE: f64 = 0.5;
        let softplus = |x: f64| if x > 20.0 { x } else { log1p(exp(x)) };
        match self {
            Self::Identity => x,
            Self::Tanh => tanh(x),
            Self::Relu => x.max(0.0),
            Self::Sigmoid => 1.0 / (1.0 + exp(-x)),
            Self::Gelu => 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)),
            Self::Silu => x / (1.0 + exp(-x)),
            Self::Mish => x * tanh(softplus(x)),
            Self::Elu | Self::Celu | Self::LeakyRelu if x > 0.0 => x,
            Self::Elu | Self::Celu => expm1(x),
            Self::Selu if x > 0.0 => SCALE * x,
            Self::Selu => SCALE * ALPHA * expm1(x),
            Self::LeakyRelu => 0.01 * x,
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::SoftPlus => softplus(x),
            Self::SoftSign => x / (1.0 + x.abs()),
            Self::SoftShrink => x.signum() * (x.abs() - SHRINKAGE).max(0.0),
            Self::TanhShrink => x - tanh(x),
            Self::LogSigmoid => x.min(0.0) - log1p(exp(-x.abs())),
            Self::HardTanh => x.clamp(-1.0, 1.0),
            Self::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Self::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            Self::HardShrink if x.abs() > SHRINKAGE => x,
            Self::HardShrink => 0.0,
        }
    }
}
