use std::io::Read;

use super::adapter::Delta;
use super::member::Member;
use super::tensor_file::{TensorFile, ValueBytes};
use super::{FloatFormat, Weights};
use crate::{Error, Result};

/// The number of values that are read, hashed and converted at a time, while they are in the
/// second-level cache.
const BLOCK_VALUES: usize = 32 * 1024;

/// Reads the values of a tensor in order, as f32.
///
/// Once all values have been read, the hash of their bytes is part of the
/// [`digest`](Weights::digest) of the weights: of the bytes in the file, or, if an adapter or an average
/// changes the values, of the changed values as f32.
#[derive(Debug)]
pub(crate) struct TensorReader<'a> {
    weights: &'a Weights,
    /// The name in the file.
    name: String,
    /// One for each checkpoint that is averaged.
    streams: Vec<Stream<'a>>,
    /// The number of values read so far.
    position: usize,
    count: usize,
    hasher: blake3::Hasher,
}

/// The values of a tensor in one checkpoint.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    file: &'a TensorFile,
    source: ValueBytes,
    format: FloatFormat,
    /// What an adapter adds to the values.
    delta: Option<Delta>,
    /// The bytes of a block.
    bytes: Vec<u8>,
}

impl<'a> Stream<'a> {
    /// Opens the tensor `name` of a member.
    pub(super) fn open(member: &'a Member, name: &str, shape: &[usize]) -> Result<Self> {
        let replaced = member
            .adapter
            .as_ref()
            .and_then(|adapter| adapter.replacement(name));
        let Some((file, tensor)) = replaced.or_else(|| member.tensors.get(name)) else {
            return Err(Error::Tensor {
                path: member.path.clone(),
                tensor: name.to_owned(),
                found: "nothing".to_owned(),
                expected: format!("shape {shape:?}"),
            });
        };
        let format = tensor.float(file, name, shape)?;
        let delta = match &member.adapter {
            Some(adapter) => adapter.delta(name, shape)?,
            None => None,
        };
        Ok(Self {
            file,
            source: file.values(tensor)?,
            format,
            delta,
            bytes: Vec::new(),
        })
    }

    /// Reads the next values, of which the first is at `position`; `self.bytes` has their bytes then.
    fn read(&mut self, position: usize, values: &mut [f32]) -> Result<()> {
        self.bytes.resize(values.len() * self.format.bytes(), 0);
        self.source
            .read_exact(&mut self.bytes)
            .map_err(|source| self.file.broken(source))?;
        self.format.decode(&self.bytes, values);
        if let Some(delta) = &self.delta {
            delta.add(position, values);
        }
        Ok(())
    }
}

impl<'a> TensorReader<'a> {
    /// Reads a tensor of `count` values, averaged over `streams`.
    pub(super) fn new(
        weights: &'a Weights,
        name: String,
        streams: Vec<Stream<'a>>,
        count: usize,
    ) -> Self {
        let mut reader = Self {
            weights,
            name,
            streams,
            position: 0,
            count,
            hasher: blake3::Hasher::new(),
        };
        reader.record_at_end();
        reader
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
            if let [stream] = &mut self.streams[..] {
                stream.read(self.position, values)?;
            } else {
                average(&mut self.streams, self.position, values)?;
            }
            match &self.streams[..] {
                [stream] if stream.delta.is_none() => {
                    self.hasher.update(&stream.bytes);
                }
                _ => {
                    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
                    self.hasher.update(&bytes);
                }
            }
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
        let path = self.streams.first().map(|stream| stream.file.path.clone());
        Error::Tensor {
            path: path.unwrap_or_default(),
            tensor: self.name.clone(),
            found,
            expected,
        }
    }
}

/// Reads the next values of all streams, and averages them: the sum in f64, divided and rounded once.
fn average(streams: &mut [Stream<'_>], position: usize, values: &mut [f32]) -> Result<()> {
    let mut sums = vec![0.0; values.len()];
    let mut count = 0.0;
    for stream in streams {
        stream.read(position, values)?;
        for (sum, value) in sums.iter_mut().zip(values.iter()) {
            *sum += f64::from(*value);
        }
        count += 1.0;
    }
    for (value, sum) in values.iter_mut().zip(sums) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounds the mean to the nearest f32"
        )]
        let mean = (sum / count) as f32;
        *value = mean;
    }
    Ok(())
}
