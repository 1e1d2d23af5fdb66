use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::{Error, Result};

/// Where the model runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// The CPU. The default.
    #[default]
    Cpu,
    /// The NVIDIA GPU with this index; needs the feature `cuda`.
    Cuda(usize),
    /// The Apple GPU with this index; needs the feature `metal`.
    Metal(usize),
}

#[cfg(any(test, feature = "candle"))]
impl Device {
    pub(crate) fn open(self) -> Result<candle_core::Device> {
        match self {
            Self::Cpu => Ok(candle_core::Device::Cpu),
            // One stream for all threads: candle's default is a stream per thread, and work in
            // different streams is not ordered.
            Self::Cuda(index) => candle_core::Device::new_cuda_with_stream(index),
            Self::Metal(index) => candle_core::Device::new_metal(index),
        }
        .map_err(|source| Error::Device {
            device: self.to_string(),
            source: source.into(),
        })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
            Self::Metal(index) => write!(f, "metal:{index}"),
        }
    }
}

impl FromStr for Device {
    type Err = Error;

    /// Parses `cpu`, `cuda` or `metal`, ignoring ASCII case; the index of a GPU may follow after a
    /// colon, as in `cuda:1`.
    fn from_str(name: &str) -> Result<Self> {
        let lower = name.to_ascii_lowercase();
        let (kind, index) = match lower.split_once(':') {
            Some((kind, index)) => (kind, index.parse().ok()),
            None => (lower.as_str(), Some(0)),
        };
        match (kind, index) {
            ("cpu", Some(0)) if kind == lower => Ok(Self::Cpu),
            ("cuda", Some(index)) => Ok(Self::Cuda(index)),
            ("metal", Some(index)) => Ok(Self::Metal(index)),
            _ => Err(Error::InvalidOption {
                option: "device",
                found: format!("`{name}`"),
                expected: "`cpu`, `cuda`, `metal`, or a GPU with its number, as in `cuda:1`"
                    .to_owned(),
            }),
        }
    }
}

/// The number format of the arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Precision {
    /// 32-bit floats, which give the values of sentence-transformers to about 1e-6. The default.
    #[default]
    F32,
    /// 16-bit floats.
    F16,
    /// 16-bit floats with the exponent range of `F32`.
    BF16,
    /// 8-bit integers, for weights and activations, on a CPU.
    Int8,
}

impl Precision {
    /// All number formats.
    pub const ALL: &'static [Self] = &[Self::F32, Self::F16, Self::BF16, Self::Int8];

    /// Returns the name: `f32`, `f16`, `bf16` or `int8`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::Int8 => "int8",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = Error;

    /// Parses a [`name`](Self::name), ignoring ASCII case.
    fn from_str(name: &str) -> Result<Self> {
        let known = |precision: &&Self| precision.name().eq_ignore_ascii_case(name);
        Self::ALL
            .iter()
            .find(known)
            .copied()
            .ok_or_else(|| Error::InvalidOption {
                option: "precision",
                found: format!("`{name}`"),
                expected: "one of `f32`, `f16`, `bf16`, `int8`".to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_device_it_displays() {
        for device in [
            Device::Cpu,
            Device::Cuda(0),
            Device::Cuda(3),
            Device::Metal(1),
        ] {
            let name = device.to_string();
            assert_eq!(name.parse::<Device>().unwrap(), device);
            assert_eq!(name.to_uppercase().parse::<Device>().unwrap(), device);
        }
        assert_eq!("cuda".parse::<Device>().unwrap(), Device::Cuda(0));
        for wrong in ["", "gpu", "cpu:0", "cuda:", "cuda:x", "metal:-1"] {
            assert_eq!(
                wrong.parse::<Device>().unwrap_err().to_string(),
                format!(
                    "`device` is `{wrong}`, expected `cpu`, `cuda`, `metal`, or a GPU with its \
                     number, as in `cuda:1`"
                )
            );
        }
    }

    #[test]
    fn parses_every_precision_in_any_case() {
        for precision in Precision::ALL {
            let name = precision.to_string();
            assert_eq!(name.parse::<Precision>().unwrap(), *precision);
            let name = name.to_uppercase();
            assert_eq!(name.parse::<Precision>().unwrap(), *precision);
        }
        assert_eq!(
            "int4".parse::<Precision>().unwrap_err().to_string(),
            "`precision` is `int4`, expected one of `f32`, `f16`, `bf16`, `int8`"
        );
    }
}
