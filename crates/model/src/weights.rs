use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use safetensors::tensor::Metadata;

use crate::{Error, Result, regular_file};

mod float_format;
mod raw_tensor;
mod tensor_reader;

use float_format::FloatFormat;
pub(crate) use tensor_reader::TensorReader;

/// The hash of the bytes of each tensor, by its name in the file.
pub(crate) type TensorHashes = BTreeMap<String, blake3::Hash>;

/// The greatest length of the header in bytes. The safetensors specification allows 100 MB; a header
/// has about 100 bytes for each tensor, so this is room for more than 100,000 tensors.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// The size in bytes of the smallest values that are read: those of F16 and BF16.
const MIN_VALUE_BYTES: u64 = 2;

/// A safetensors file (<https://github.com/huggingface/safetensors>) whose tensors are read in blocks,
/// so that the whole file is never in memory.
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
    /// Of each tensor read so far.
    hashes: Mutex<TensorHashes>,
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
        let mut reader = self.reader(name, shape)?;
        let mut values = vec![0.0; shape.iter().product()];
        reader.read(&mut values)?;
        Ok(values)
    }

    /// Opens a tensor, whose values are then read in order.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Tensor`] if the tensor is missing, has another shape or a type that is not a
    /// float.
    pub(crate) fn reader(&self, name: &str, shape: &[usize]) -> Result<TensorReader<'_>> {
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
        let Some(format) = FloatFormat::of(info.dtype) else {
            let expected = FloatFormat::NAMES.to_owned();
            return Err(wrong(format!("type `{:?}`", info.dtype), expected));
        };
        let start = self.data_offset + info.data_offsets.0 as u64;
        TensorReader::open(self, name, format, start, shape.iter().product())
    }

    /// Returns the hashes of all tensors read so far.
    pub(crate) fn hashes(&self) -> TensorHashes {
        self.locked_hashes().clone()
    }

    /// Returns the digest of all tensors read so far.
    pub(crate) fn digest(&self) -> Vec<u8> {
        digest(&self.locked_hashes())
    }

    fn locked_hashes(&self) -> MutexGuard<'_, TensorHashes> {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the names and hashes of tensors, ordered by name, for the fingerprint.
pub(crate) fn digest(hashes: &TensorHashes) -> Vec<u8> {
    let mut digest = Vec::new();
    for (name, hash) in hashes {
        digest.extend_from_slice(name.as_bytes());
        digest.push(0);
        digest.extend_from_slice(hash.as_bytes());
    }
    digest
}
