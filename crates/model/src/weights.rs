use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use bytemuck::cast_slice_mut;
use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use crate::{Error, Result};

/// The longest header of a safetensors file, as its specification has it.
const MAX_HEADER: u64 = 100_000_000;

/// A safetensors file (<https://github.com/huggingface/safetensors>) whose tensors are read one by
/// one, so that the whole file is never in memory.
///
/// Tensors may be read from several threads at once.
#[derive(Debug)]
pub(crate) struct WeightsFile {
    path: PathBuf,
    bytes: u64,
    metadata: Metadata,
    /// Where the first tensor starts.
    data: u64,
    /// Set before every name that is asked for.
    prefix: String,
    /// What was read, for the fingerprint.
    read: Mutex<BTreeMap<String, blake3::Hash>>,
}

impl WeightsFile {
    /// Opens a file and reads its header.
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        let mut file = File::open(&path).map_err(Error::io("read", &path))?;
        let bytes = file.metadata().map_err(Error::io("read", &path))?.len();
        let broken = |source: &str| Error::Weights {
            path: path.clone(),
            bytes,
            source: source.into(),
        };
        let mut length = [0; 8];
        file.read_exact(&mut length)
            .map_err(|_| broken("the header is cut short"))?;
        let length = u64::from_le_bytes(length);
        if length > MAX_HEADER || length + 8 > bytes {
            return Err(broken("the header is cut short"));
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
        let data = 8 + length;
        let expected = data + metadata.data_len() as u64;
        if expected != bytes {
            return Err(broken(&format!("the header speaks of {expected} bytes")));
        }
        Ok(Self {
            path,
            bytes,
            metadata,
            data,
            prefix: String::new(),
            read: Mutex::default(),
        })
    }

    /// Finds out whether the names start with one of `prefixes` or with nothing: `name` is one that
    /// must be there.
    pub(crate) fn with_prefix(mut self, prefixes: &[&str], name: &str) -> Self {
        let found = prefixes
            .iter()
            .find(|prefix| self.metadata.info(&format!("{prefix}{name}")).is_some());
        self.prefix = found.map_or(String::new(), |&prefix| prefix.to_owned());
        self
    }

    /// Whether there is a tensor of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.metadata
            .info(&format!("{}{name}", self.prefix))
            .is_some()
    }

    /// The values of a tensor, row-major, as f32.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] when it is missing, has another shape or a type that is no float, or holds
    /// a value that is not finite.
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
            Dtype::F16 => self.halves(&name, start, count, |b| f16::from_le_bytes(b).to_f32())?,
            Dtype::BF16 => self.halves(&name, start, count, |b| bf16::from_le_bytes(b).to_f32())?,
            found => {
                let expected = "one of `F32`, `F16`, `BF16`".to_owned();
                return Err(wrong(format!("type `{found:?}`"), expected));
            }
        };
        // The bits of a number without its sign are in the order of its size, infinities and NaN at
        // the end: a maximum of whole numbers, which the compiler makes fast.
        let largest = values
            .iter()
            .fold(0, |largest: u32, value| largest.max(value.abs().to_bits()));
        if largest >= f32::INFINITY.to_bits()
            && let Some(at) = values.iter().position(|value| !value.is_finite())
        {
            let found = format!("{} at value {at}", values[at]);
            return Err(wrong(found, "finite numbers".to_owned()));
        }
        Ok(values)
    }

    /// The values of a tensor of 16-bit floats.
    fn halves(
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

    /// Fills `bytes` from the file, and remembers what they were.
    fn read_into(&self, name: &str, start: usize, bytes: &mut [u8]) -> Result<()> {
        // A handle for each tensor has a position of its own.
        let mut file = File::open(&self.path).map_err(Error::io("read", &self.path))?;
        file.seek(SeekFrom::Start(self.data + start as u64))
            .and_then(|_| file.read_exact(bytes))
            .map_err(|source| Error::Weights {
                path: self.path.clone(),
                bytes: self.bytes,
                source: source.into(),
            })?;
        let hash = blake3::hash(bytes);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(name.to_owned(), hash);
        Ok(())
    }

    /// A digest of the names and bytes of all that was read, in the order of the names.
    pub(crate) fn digest(&self) -> Vec<u8> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut digest = Vec::new();
        for (name, hash) in read.iter() {
            digest.extend_from_slice(name.as_bytes());
            digest.push(0);
            digest.extend_from_slice(hash.as_bytes());
        }
        digest
    }
}
