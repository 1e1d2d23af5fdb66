use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use bytemuck::cast_slice_mut;
use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use crate::{Error, Result, regular_file};

/// The greatest length of the header in bytes. The safetensors specification allows 100 MB; a header
/// has about 100 bytes for each tensor, so this is room for more than 100,000 tensors.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// The size in bytes of the smallest values that are read: those of F16 and BF16.
const MIN_VALUE_BYTES: u64 = 2;

/// A safetensors file (<https://github.com/huggingface/safetensors>) whose tensors are read one at
/// a time, so that the whole file is never in memory.
///
/// Several threads may read tensors at once.
#[derive(Debug)]
pub(crate) struct WeightsFile {
    path: PathBuf,
    /// The length of the file in bytes.
    bytes: u64,
    metadata: Metadata,
    /// The offset of the first tensor in the file, in bytes.
    data_offset: u64,
    /// What precedes every requested name in the file.
    prefix: String,
    /// The hash of each tensor read so far, by its name in the file.
    hashes: Mutex<BTreeMap<String, blake3::Hash>>,
}

impl WeightsFile {
    /// Opens a file and reads its header.
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        let (mut file, status) = regular_file::open(&path)?;
        let bytes = status.len();
        let broken = |source: &str| Error::Weights {
            path: path.clone(),
            bytes,
            source: source.into(),
        };
        let mut length = [0; 8];
        file.read_exact(&mut length)
            .map_err(|_| broken("the header is cut short"))?;
        let length = u64::from_le_bytes(length);
        if length > bytes.saturating_sub(8) {
            return Err(broken("the header is cut short"));
        }
        if length > MAX_HEADER_BYTES {
            let limit =
                format!("the header has {length} bytes, expected at most {MAX_HEADER_BYTES}");
            return Err(broken(&limit));
        }
        let mut header = Vec::new();
        file.take(length)
            .read_to_end(&mut header)
            .map_err(Error::io("read", &path))?;
        let metadata: Metadata =
            serde_json::from_slice(&header).map_err(|source| Error::Weights {
                path: path.clone(),
                bytes,
                source: source.into(),
            })?;
        let data_offset = 8 + length;
        let expected = data_offset + metadata.data_len() as u64;
        if expected != bytes {
            return Err(broken(&format!("the header speaks of {expected} bytes")));
        }
        Ok(Self {
            path,
            bytes,
            metadata,
            data_offset,
            prefix: String::new(),
            hashes: Mutex::default(),
        })
    }

    /// Detects which of `prefixes`, if any, precedes the names in the file; `name` is a tensor that
    /// every checkpoint has.
    pub(crate) fn with_prefix(mut self, prefixes: &[&str], name: &str) -> Self {
        let found = prefixes
            .iter()
            .find(|prefix| self.metadata.info(&format!("{prefix}{name}")).is_some());
        self.prefix = found.map_or(String::new(), |&prefix| prefix.to_owned());
        self
    }

    /// Returns the greatest number of values that the tensors of the file can have together.
    pub(crate) fn max_values(&self) -> u64 {
        (self.bytes - self.data_offset) / MIN_VALUE_BYTES
    }

    /// Returns whether the file has a tensor of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.metadata
            .info(&format!("{}{name}", self.prefix))
            .is_some()
    }

    /// Reads the values of a tensor, row-major, as f32.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Tensor`] if the tensor is missing, has another shape or a type that is not a
    /// float, or holds a value that is not finite.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let name = format!("{}{name}", self.prefix);
        let wrong = |found: String, expected: String| Error::Tensor {
            path: self.path.clone(),
            tensor: name.clone(),
            found,
            expected,
        };
        let Some(info) = self.metadata.info(&name) else {
            return Err(wrong("nothing".to_owned(), format!("shape {shape:?}")));
        };
        if info.shape != shape {
            let found = format!("shape {:?}", info.shape);
            return Err(wrong(found, format!("shape {shape:?}")));
        }
        let count = shape.iter().product();
        let start = info.data_offsets.0;
        let values = match info.dtype {
            Dtype::F32 => {
                let mut values = vec![0.0f32; count];
                self.read_into(&name, start, cast_slice_mut(&mut values))?;
                for value in &mut values {
                    *value = f32::from_bits(u32::from_le(value.to_bits()));
                }
                values
            }
            Dtype::F16 => {
                self.read_half_precision(&name, start, count, |b| f16::from_le_bytes(b).to_f32())?
            }
            Dtype::BF16 => {
                self.read_half_precision(&name, start, count, |b| bf16::from_le_bytes(b).to_f32())?
            }
            found => {
                let expected = "one of `F32`, `F16`, `BF16`".to_owned();
                return Err(wrong(format!("type `{found:?}`"), expected));
            }
        };
        // The bits of |x|, taken as an integer, order floats by magnitude, with infinity and NaN
        // last. A maximum of integers vectorizes well.
        let largest = values
            .iter()
            .fold(0, |largest: u32, value| largest.max(value.abs().to_bits()));
        if largest >= f32::INFINITY.to_bits()
            && let Some(index) = values.iter().position(|value| !value.is_finite())
        {
            let found = format!("{} at value {index}", values[index]);
            return Err(wrong(found, "finite numbers".to_owned()));
        }
        Ok(values)
    }

    /// Reads the values of a tensor of 16-bit floats.
    fn read_half_precision(
        &self,
        name: &str,
        start: usize,
        count: usize,
        value: impl Fn([u8; 2]) -> f32,
    ) -> Result<Vec<f32>> {
        let mut bytes = vec![0; 2 * count];
        self.read_into(name, start, &mut bytes)?;
        let (pairs, _) = bytes.as_chunks::<2>();
        Ok(pairs.iter().map(|&pair| value(pair)).collect())
    }

    /// Fills `bytes` from the file, and keeps their hash for the [`digest`](Self::digest).
    fn read_into(&self, name: &str, start: usize, bytes: &mut [u8]) -> Result<()> {
        // A file handle for each tensor, because threads must not share a file position.
        let mut file = File::open(&self.path).map_err(Error::io("read", &self.path))?;
        file.seek(SeekFrom::Start(self.data_offset + start as u64))
            .and_then(|_| file.read_exact(bytes))
            .map_err(|source| Error::Weights {
                path: self.path.clone(),
                bytes: self.bytes,
                source: source.into(),
            })?;
        let hash = blake3::hash(bytes);
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        hashes.insert(name.to_owned(), hash);
        Ok(())
    }

    /// Returns the names and hashes of all tensors read so far, ordered by name.
    pub(crate) fn digest(&self) -> Vec<u8> {
        let hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut digest = Vec::new();
        for (name, hash) in hashes.iter() {
            digest.extend_from_slice(name.as_bytes());
            digest.push(0);
            digest.extend_from_slice(hash.as_bytes());
        }
        digest
    }
}
