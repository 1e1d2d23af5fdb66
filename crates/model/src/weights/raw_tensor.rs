use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use safetensors::Dtype;

use super::WeightsFile;
use crate::{Error, Result};

impl WeightsFile {
    /// Returns the type and the shape of a tensor, or `None` if the file does not have it.
    pub(crate) fn shape(&self, name: &str) -> Option<(Dtype, Vec<usize>)> {
        let info = self.metadata.info(&format!("{}{name}", self.prefix))?;
        Some((info.dtype, info.shape.clone()))
    }

    /// Refuses a file that has a tensor besides those of these names.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Tensor`] with the first other name.
    pub(crate) fn only(&self, names: &[&str]) -> Result<()> {
        let all = self.metadata.tensors();
        let others = all.keys().filter(|name| !names.contains(&name.as_str()));
        let Some(name) = others.min() else {
            return Ok(());
        };
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        Err(Error::Tensor {
            path: self.path.clone(),
            tensor: name.clone(),
            found: "a tensor that no module reads".to_owned(),
            expected: format!("{} alone", names.join(", ")),
        })
    }

    /// Reads the bytes of a tensor, whatever its type.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Tensor`] if the file does not have the tensor, and [`Error::Weights`] if it
    /// cannot be read.
    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let name = format!("{}{name}", self.prefix);
        let Some(info) = self.metadata.info(&name) else {
            return Err(Error::Tensor {
                path: self.path.clone(),
                tensor: name,
                found: "nothing".to_owned(),
                expected: "a tensor".to_owned(),
            });
        };
        let (start, end) = info.data_offsets;
        let mut file = File::open(&self.path).map_err(Error::io("read", &self.path))?;
        let mut bytes = vec![0; end - start];
        file.seek(SeekFrom::Start(self.data_offset + start as u64))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|source| Error::Weights {
                path: self.path.clone(),
                bytes: self.bytes,
                source: source.into(),
            })?;
        self.locked_hashes().insert(name, blake3::hash(&bytes));
        Ok(bytes)
    }
}
