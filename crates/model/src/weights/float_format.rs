use half::{bf16, f16};
use safetensors::Dtype;

/// A number format of tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FloatFormat {
    F64,
    F32,
    F16,
    BF16,
}

impl FloatFormat {
    /// The formats that are read, for error messages.
    pub(super) const NAMES: &str = "one of `F32`, `F16`, `BF16`, `F64`";

    /// Returns the format of a type, or `None` if it is not a float that is read.
    pub(super) fn of(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F64 => Some(Self::F64),
            Dtype::F32 => Some(Self::F32),
            Dtype::F16 => Some(Self::F16),
            Dtype::BF16 => Some(Self::BF16),
            _ => None,
        }
    }

    /// Returns the size of a value in bytes.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
        }
    }

    /// Converts little-endian values to f32.
    pub(super) fn decode(self, bytes: &[u8], values: &mut [f32]) {
        match self {
            Self::F64 => {
                for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "rounds to the nearest f32, as the reference does"
                    )]
                    let rounded = f64::from_le_bytes(*bytes) as f32;
                    *value = rounded;
                }
            }
            Self::F32 => {
                for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
                    *value = f32::from_le_bytes(*bytes);
                }
            }
            Self::F16 => {
                for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
                    *value = f16::from_le_bytes(*bytes).to_f32();
                }
            }
            Self::BF16 => {
                for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
                    *value = bf16::from_le_bytes(*bytes).to_f32();
                }
            }
        }
    }
}
