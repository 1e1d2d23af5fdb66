use std::io::Read as _;

use safetensors::Dtype;

use super::Weights;
use crate::{Error, Result};

/// Tensors of modules, whose types and shapes are not known before. They are never averaged.
impl Weights {
    /// Returns the type and the shape of a tensor, or `None` if there is none of this name.
    pub(crate) fn shape(&self, name: &str) -> Option<(Dtype, Vec<usize>)> {
        let (_, tensor) = self.members[0].tensors.get(name)?;
        Some((tensor.dtype, tensor.shape.clone()))
    }

    /// Refuses weights that have a tensor besides those of these names.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Tensor`] with the first other name.
    pub(crate) fn only(&self, names: &[&str]) -> Result<()> {
        let member = &self.members[0];
        let Some(name) = member.tensors.names().find(|name| !names.contains(name)) else {
            return Ok(());
        };
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        Err(Error::Tensor {
            path: member.path.clone(),
            tensor: name.to_owned(),
            found: "a tensor that no module reads".to_owned(),
            expected: format!("{} alone", names.join(", ")),
        })
    }

    /// Reads the bytes of a tensor, whatever its type.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Tensor`] if there is no such tensor, and [`Error::Weights`] if it cannot be
    /// read.
    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let member = &self.members[0];
        let Some((file, tensor)) = member.tensors.get(name) else {
            return Err(Error::Tensor {
                path: member.path.clone(),
                tensor: name.to_owned(),
                found: "nothing".to_owned(),
                expected: "a tensor".to_owned(),
            });
        };
        // The file has room for the values: that was checked when it was opened.
        let count: usize = tensor.shape.iter().product();
        let mut bytes = vec![0; count * tensor.dtype.bitsize() / 8];
        file.values(tensor)?
            .read_exact(&mut bytes)
            .map_err(|source| file.broken(source))?;
        self.locked_hashes()
            .insert(name.to_owned(), blake3::hash(&bytes));
        Ok(bytes)
    }
}
