use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// Where the model runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// The processor. The default.
    #[default]
    Cpu,
    /// The NVIDIA GPU of this number; needs the feature `cuda`.
    Cuda(usize),
    /// The Apple GPU of this number; needs the feature `metal`.
    Metal(usize),
}

impl Device {
    pub(crate) fn open(self) -> Result<candle_core::Device> {
        match self {
            Self::Cpu => Ok(candle_core::Device::Cpu),
            Self::Cuda(number) => candle_core::Device::new_cuda(number),
            Self::Metal(number) => candle_core::Device::new_metal(number),
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
            Self::Cuda(number) => write!(f, "cuda:{number}"),
            Self::Metal(number) => write!(f, "metal:{number}"),
        }
    }
}

/// The number format of the arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// 32-bit floats: the values of sentence-transformers to about 1e-6. The default.
    #[default]
    F32,
    /// 16-bit floats.
    F16,
    /// 16-bit floats with the exponent of `F32`.
    BF16,
    /// Weights and activations in 8-bit integers.
    Int8,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::Int8 => "int8",
        })
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        [Self::F32, Self::F16, Self::BF16, Self::Int8]
            .into_iter()
            .find(|precision| precision.to_string() == name)
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
    fn reads_the_precision_it_prints() {
        for precision in [
            Precision::F32,
            Precision::F16,
            Precision::BF16,
            Precision::Int8,
        ] {
            assert_eq!(
                precision.to_string().parse::<Precision>().unwrap(),
                precision
            );
        }
        assert_eq!(
            "int4".parse::<Precision>().unwrap_err().to_string(),
            "`precision` is `int4`, expected one of `f32`, `f16`, `bf16`, `int8`"
        );
    }
}
