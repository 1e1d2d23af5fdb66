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
            // A stream of its own, not that of each thread: what several threads do comes in one
            // order.
            Self::Cuda(number) => candle_core::Device::new_cuda_with_stream(number),
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

impl FromStr for Device {
    type Err = Error;

    /// Reads `cpu`, `cuda`, `metal`, or one of the last two with a number, as in `cuda:1`.
    fn from_str(name: &str) -> Result<Self> {
        let (kind, number) = match name.split_once(':') {
            Some((kind, number)) => (kind, number.parse().ok()),
            None => (name, Some(0)),
        };
        match (kind, number) {
            ("cpu", Some(0)) if kind == name => Ok(Self::Cpu),
            ("cuda", Some(number)) => Ok(Self::Cuda(number)),
            ("metal", Some(number)) => Ok(Self::Metal(number)),
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
    fn reads_the_device_it_prints() {
        for device in [
            Device::Cpu,
            Device::Cuda(0),
            Device::Cuda(3),
            Device::Metal(1),
        ] {
            assert_eq!(device.to_string().parse::<Device>().unwrap(), device);
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
