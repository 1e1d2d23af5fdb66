//! The weights of a model: tensors in files, read in blocks, so that the files are never in memory as a
//! whole.
//!
//! [`Weights`] hides how the tensors are stored: in one file or several, in the safetensors format or as
//! PyTorch saved them, changed by an adapter, or averaged over several checkpoints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Result;

mod adapter;
mod files;
mod float_format;
mod member;
mod raw_tensor;
mod safetensors_file;
mod tensor_file;
mod tensor_reader;
#[cfg(test)]
mod tests;
mod torch_file;
mod unread;

#[cfg(feature = "hub")]
pub(crate) use files::names_of_index;
pub(crate) use files::{WeightsFiles, model_folder, module_file};
use float_format::FloatFormat;
use member::Member;
pub(crate) use tensor_reader::TensorReader;

/// The hash of the bytes of each tensor, by its name in the file.
pub(crate) type TensorHashes = BTreeMap<String, blake3::Hash>;

/// What may precede the names of a model's tensors in a checkpoint that was saved with a head.
const BASE_PREFIXES: [&str; 9] = [
    "bert.",
    "roberta.",
    "distilbert.",
    "mpnet.",
    "model.",
    "nomic_bert.",
    "deberta.",
    "new.",
    "gte.",
];

/// The size in bytes of the smallest values that are read: those of F16 and BF16.
const MIN_VALUE_BYTES: u64 = 2;

/// The tensors of a model.
///
/// Several threads may read tensors at once.
#[derive(Debug)]
pub(crate) struct Weights {
    /// The checkpoints that are averaged, or the only one.
    members: Vec<Member>,
    /// What may precede a requested name in a file, the likeliest first.
    prefixes: Vec<String>,
    /// Of each tensor read so far.
    hashes: Arc<Mutex<TensorHashes>>,
}

/// The tensors that were read so far, also after [`Weights`] moved elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct ReadTensors(Arc<Mutex<TensorHashes>>);

impl ReadTensors {
    /// Returns the hashes of the tensors, by their names in the file.
    pub(crate) fn hashes(&self) -> TensorHashes {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Weights {
    /// Opens the files and reads the names, types and shapes of their tensors.
    pub(crate) fn open(files: &WeightsFiles) -> Result<Self> {
        let members = files.folders().iter().map(Member::open);
        Ok(Self {
            members: members.collect::<Result<_>>()?,
            prefixes: vec![String::new()],
            hashes: Arc::default(),
        })
    }

    /// Opens the only file of a module.
    pub(crate) fn open_file(path: &Path) -> Result<Self> {
        Self::open(&WeightsFiles::one(path))
    }

    /// Accepts names in the files that one of `prefixes` precedes; `name` is a tensor that every
    /// checkpoint has.
    pub(crate) fn with_prefix(mut self, prefixes: &[&str], name: &str) -> Self {
        let has = |prefix: &str| self.members[0].tensors.has(&format!("{prefix}{name}"));
        let (mut likely, other): (Vec<String>, Vec<String>) = prefixes
            .iter()
            .copied()
            .chain([""])
            .map(str::to_owned)
            .partition(|prefix| has(prefix));
        likely.extend(other);
        self.prefixes = likely;
        self
    }

    /// Returns the greatest number of values that the tensors can have together.
    pub(crate) fn max_values(&self) -> u64 {
        let values = |member: &Member| member.tensors.content_bytes() / MIN_VALUE_BYTES;
        self.members.iter().map(values).min().unwrap_or(0)
    }

    /// Returns every file that the weights depend on.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Path> {
        self.members
            .iter()
            .flat_map(|member| &member.sources)
            .map(PathBuf::as_path)
    }

    /// Returns whether there is a tensor of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.name_in_file(&self.members[0], name).is_some()
    }

    /// Returns the name that a tensor has in the files of a member.
    fn name_in_file(&self, member: &Member, name: &str) -> Option<String> {
        let mut candidates = self.prefixes.iter().map(|prefix| format!("{prefix}{name}"));
        candidates.find(|name| member.tensors.has(name))
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
        let mut streams = Vec::with_capacity(self.members.len());
        let mut first_name = None;
        for member in &self.members {
            let found = self.name_in_file(member, name);
            let in_file = found.unwrap_or_else(|| format!("{}{name}", self.prefixes[0]));
            streams.push(tensor_reader::Stream::open(member, &in_file, shape)?);
            first_name.get_or_insert(in_file);
        }
        let name = first_name.unwrap_or_default();
        Ok(TensorReader::new(
            self,
            name,
            streams,
            shape.iter().product(),
        ))
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
