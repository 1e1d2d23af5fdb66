use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::adapter::Adapter;
use super::files::FolderFiles;
use super::tensor_file::{StoredTensor, TensorFile};
use crate::{Error, Result};

/// The tensors of one checkpoint, in one file or several, with its adapter.
#[derive(Debug)]
pub(super) struct Member {
    /// The file with all weights, or the index, for error messages.
    pub(super) path: PathBuf,
    pub(super) tensors: TensorSet,
    pub(super) adapter: Option<Adapter>,
    /// Every file that the weights depend on.
    pub(super) sources: Vec<PathBuf>,
}

/// The place of a tensor: the file, the first byte and the shape.
pub(super) type Place = (usize, u64, Vec<usize>);

/// The tensors of several files.
#[derive(Debug, Default)]
pub(super) struct TensorSet {
    files: Vec<TensorFile>,
    /// The file that has a tensor, by the name of the tensor.
    file_of: BTreeMap<String, usize>,
}

impl TensorSet {
    /// Opens files, and refuses a tensor that two of them have.
    pub(super) fn open(paths: impl IntoIterator<Item = PathBuf>) -> Result<Self> {
        let mut set = Self::default();
        for path in paths {
            let file = TensorFile::open(&path)?;
            let index = set.files.len();
            for name in file.tensors.keys() {
                if let Some(other) = set.file_of.insert(name.clone(), index) {
                    let other: &TensorFile = &set.files[other];
                    return Err(Error::Tensor {
                        path,
                        tensor: name.clone(),
                        found: format!("it in `{}` too", other.path.display()),
                        expected: "each tensor in one file".to_owned(),
                    });
                }
            }
            set.files.push(file);
        }
        Ok(set)
    }

    /// Returns a tensor with its file.
    pub(super) fn get(&self, name: &str) -> Option<(&TensorFile, &StoredTensor)> {
        let file = &self.files[*self.file_of.get(name)?];
        Some((file, file.tensors.get(name)?))
    }

    /// Returns where the values of a tensor are. Tensors that PyTorch saved twice, under two names, are at
    /// the same place.
    pub(super) fn place(&self, name: &str) -> Option<Place> {
        let file = *self.file_of.get(name)?;
        let tensor = self.files[file].tensors.get(name)?;
        Some((file, tensor.start, tensor.shape.clone()))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.file_of.contains_key(name)
    }

    /// Returns the names of all tensors, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.file_of.keys().map(String::as_str)
    }

    /// Returns the greatest number of bytes that the values of all tensors can have.
    pub(super) fn content_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.content_bytes).sum()
    }
}

impl Member {
    pub(super) fn open(files: &FolderFiles) -> Result<Self> {
        let parts = files.tensor_files()?;
        let mut sources = vec![files.main.clone()];
        for (path, _) in &parts {
            if *path != files.main {
                sources.push(path.clone());
            }
        }
        let tensors = TensorSet::open(parts.iter().map(|(path, _)| path.clone()))?;
        for (path, listed) in &parts {
            check_listed(&tensors, path, listed)?;
        }
        let adapter = match &files.adapter {
            Some(config) => Some(Adapter::open(config, &tensors)?),
            None => None,
        };
        if let Some(adapter) = &adapter {
            sources.extend(adapter.sources());
        }
        Ok(Self {
            path: files.main.clone(),
            tensors,
            adapter,
            sources,
        })
    }
}

/// Refuses an index that names a tensor that its file does not have.
fn check_listed(tensors: &TensorSet, path: &Path, listed: &[String]) -> Result<()> {
    let is_elsewhere = |name: &&String| tensors.get(name).is_none_or(|(file, _)| file.path != path);
    match listed.iter().find(is_elsewhere) {
        None => Ok(()),
        Some(name) => Err(Error::Tensor {
            path: path.to_owned(),
            tensor: name.clone(),
            found: "nothing".to_owned(),
            expected: "the tensor that the index of the checkpoint lists in this file".to_owned(),
        }),
    }
}
