use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;

use super::{FloatFormat, safetensors_file, torch_file};
use crate::error::BoxError;
use crate::{Error, Result};

/// A file of tensors, of which only the names, types, shapes and places are in memory.
#[derive(Debug)]
pub(super) struct TensorFile {
    pub(super) path: PathBuf,
    /// The length of the file in bytes.
    pub(super) bytes: u64,
    /// The greatest number of bytes that the values of all tensors can have.
    pub(super) content_bytes: u64,
    pub(super) tensors: BTreeMap<String, StoredTensor>,
}

/// Where a file has the values of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredTensor {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// The first byte of the first value in the file.
    pub(super) start: u64,
    /// The distance between neighbors along each axis, in values, or `None` if the values are
    /// row-major without gaps.
    pub(super) strides: Option<Strides>,
}

/// The layout of a tensor that is not row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strides {
    pub(super) steps: Vec<usize>,
    /// The number of values from the first to the last one in the file, both included.
    pub(super) span: usize,
}

impl StoredTensor {
    /// Returns the number format, or the error of the tensor `name` in `file` if its type or its shape is
    /// not the expected one.
    pub(super) fn float(
        &self,
        file: &TensorFile,
        name: &str,
        shape: &[usize],
    ) -> Result<FloatFormat> {
        let wrong = |found: String, expected: String| Error::Tensor {
            path: file.path.clone(),
            tensor: name.to_owned(),
            found,
            expected,
        };
        if self.shape != shape {
            let found = format!("shape {:?}", self.shape);
            return Err(wrong(found, format!("shape {shape:?}")));
        }
        FloatFormat::of(self.dtype).ok_or_else(|| {
            let expected = FloatFormat::NAMES.to_owned();
            wrong(format!("type `{:?}`", self.dtype), expected)
        })
    }
}

impl TensorFile {
    /// Opens a file whose name says its format: `.safetensors`, or a file that PyTorch saved.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if path
            .extension()
            .is_some_and(|ending| ending == "safetensors")
        {
            safetensors_file::open(path)
        } else {
            torch_file::open(path)
        }
    }

    /// Returns the error of weights that cannot be loaded.
    pub(super) fn broken(&self, source: impl Into<BoxError>) -> Error {
        Error::Weights {
            path: self.path.clone(),
            bytes: self.bytes,
            source: source.into(),
        }
    }

    /// Reads all values of a tensor.
    pub(super) fn read_values(
        &self,
        tensor: &StoredTensor,
        format: FloatFormat,
        values: &mut [f32],
    ) -> Result<()> {
        let mut bytes = vec![0; values.len() * format.bytes()];
        let mut source = self.values(tensor)?;
        source
            .read_exact(&mut bytes)
            .map_err(|source| self.broken(source))?;
        format.decode(&bytes, values);
        Ok(())
    }

    /// Opens the bytes of a tensor's values, which are then read in row-major order.
    pub(super) fn values(&self, tensor: &StoredTensor) -> Result<ValueBytes> {
        // A file handle for each tensor, because threads must not share a file position.
        let mut file = File::open(&self.path).map_err(Error::io("read", &self.path))?;
        file.seek(SeekFrom::Start(tensor.start))
            .map_err(Error::io("read", &self.path))?;
        let Some(strides) = &tensor.strides else {
            return Ok(ValueBytes::File(file));
        };
        let size = tensor.dtype.bitsize() / 8;
        let mut stored = Vec::new();
        let span = strides.span * size;
        file.take(span as u64)
            .read_to_end(&mut stored)
            .map_err(Error::io("read", &self.path))?;
        if stored.len() != span {
            return Err(self.broken("the file is cut short"));
        }
        let bytes = strides.gather(&tensor.shape, &stored, size);
        Ok(ValueBytes::Memory(std::io::Cursor::new(bytes)))
    }
}

impl Strides {
    /// Copies values of `size` bytes to row-major order.
    fn gather(&self, shape: &[usize], stored: &[u8], size: usize) -> Vec<u8> {
        let count: usize = shape.iter().product();
        let mut bytes = Vec::with_capacity(count * size);
        let mut index = vec![0; shape.len()];
        for _ in 0..count {
            let at: usize = index
                .iter()
                .zip(&self.steps)
                .map(|(i, step)| i * step)
                .sum();
            bytes.extend_from_slice(&stored[at * size..(at + 1) * size]);
            for (i, &len) in index.iter_mut().zip(shape).rev() {
                *i += 1;
                if *i < len {
                    break;
                }
                *i = 0;
            }
        }
        bytes
    }
}

/// The bytes of a tensor's values.
#[derive(Debug)]
pub(super) enum ValueBytes {
    File(File),
    /// Values that were not row-major in the file.
    Memory(std::io::Cursor<Vec<u8>>),
}

impl Read for ValueBytes {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.read(out),
            Self::Memory(bytes) => bytes.read(out),
        }
    }
}
