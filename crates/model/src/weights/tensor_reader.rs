use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::{FloatFormat, WeightsFile};
use crate::{Error, Result};

/// The number of values that are read, hashed and converted at a time, while they are in the
/// second-level cache.
const BLOCK_VALUES: usize = 32 * 1024;

/// Reads the values of a tensor in order, as f32.
///
/// Once all values have been read, the hash of their bytes is part of the
/// [`digest`](WeightsFile::digest) of the file.
#[derive(Debug)]
pub(crate) struct TensorReader<'a> {
    weights: &'a WeightsFile,
    /// The name in the file.
    name: String,
    file: File,
    format: FloatFormat,
    /// The number of values read so far.
    position: usize,
    count: usize,
    hasher: blake3::Hasher,
    /// The bytes of a block.
    bytes: Vec<u8>,
}

impl<'a> TensorReader<'a> {
    /// Opens a tensor of `count` values that starts at byte `start` of the file.
    pub(super) fn open(
        weights: &'a WeightsFile,
        name: String,
        format: FloatFormat,
        start: u64,
        count: usize,
    ) -> Result<Self> {
        // A file handle for each tensor, because threads must not share a file position.
        let mut file = File::open(&weights.path).map_err(Error::io("read", &weights.path))?;
        file.seek(SeekFrom::Start(start))
            .map_err(Error::io("read", &weights.path))?;
        let mut reader = Self {
            weights,
            name,
            file,
            format,
            position: 0,
            count,
            hasher: blake3::Hasher::new(),
            bytes: Vec::new(),
        };
        reader.record_at_end();
        Ok(reader)
    }

    /// Returns the number of values read so far.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Reads the next values.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Tensor`] if a value is not finite or the tensor has no more values, and
    /// [`Error::Weights`] if the file cannot be read.
    pub(crate) fn read(&mut self, values: &mut [f32]) -> Result<()> {
        if values.len() > self.count - self.position {
            let found = format!("{} values", self.count);
            return Err(self.wrong(found, "more values".to_owned()));
        }
        for values in values.chunks_mut(BLOCK_VALUES) {
            self.bytes.resize(values.len() * self.format.bytes(), 0);
            self.file
                .read_exact(&mut self.bytes)
                .map_err(|source| Error::Weights {
                    path: self.weights.path.clone(),
                    bytes: self.weights.bytes,
                    source: source.into(),
                })?;
            self.hasher.update(&self.bytes);
            self.format.decode(&self.bytes, values);
            self.check(values)?;
            self.position += values.len();
        }
        self.record_at_end();
        Ok(())
    }

    /// Reads on until `position` values have been read.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`read`](Self::read).
    pub(crate) fn skip_to(&mut self, position: usize) -> Result<()> {
        let mut values = Vec::new();
        while self.position < position {
            values.resize((position - self.position).min(BLOCK_VALUES), 0.0);
            self.read(&mut values)?;
        }
        Ok(())
    }

    /// Reads what is left of the tensor, unless it has been read before.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`read`](Self::read).
    pub(crate) fn finish(mut self) -> Result<()> {
        if self.weights.locked_hashes().contains_key(&self.name) {
            return Ok(());
        }
        self.skip_to(self.count)
    }

    fn record_at_end(&mut self) {
        if self.position == self.count {
            let hash = self.hasher.finalize();
            self.weights.locked_hashes().insert(self.name.clone(), hash);
        }
    }

    /// Refuses values that are not finite; the first of them is at the current position.
    fn check(&self, values: &[f32]) -> Result<()> {
        // The bits of |x|, taken as an integer, order floats by magnitude, with infinity and NaN
        // last. A maximum of integers vectorizes well.
        let largest = values
            .iter()
            .fold(0, |largest: u32, value| largest.max(value.abs().to_bits()));
        if largest >= f32::INFINITY.to_bits()
            && let Some(index) = values.iter().position(|value| !value.is_finite())
        {
            let found = format!("{} at value {}", values[index], self.position + index);
            return Err(self.wrong(found, "finite numbers".to_owned()));
        }
        Ok(())
    }

    fn wrong(&self, found: String, expected: String) -> Error {
        Error::Tensor {
            path: self.weights.path.clone(),
            tensor: self.name.clone(),
            found,
            expected,
        }
    }
}
