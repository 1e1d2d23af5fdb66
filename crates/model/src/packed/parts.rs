use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cognate_kernels::SharedBuffer;

use super::file::PackedFile;
use crate::error::BoxError;
use crate::{Error, Result};

/// The packed parts of a transformer, by name.
#[derive(Debug)]
pub(crate) enum Parts {
    /// The parts are packed by this process, and none is kept here.
    Packed,
    /// The parts are packed by this process, and kept here too, so that they can be written to a file.
    Kept(Mutex<BTreeMap<String, SharedBuffer>>),
    /// The parts come from a file.
    File(PackedFile),
}

impl Parts {
    /// Returns parts that are packed by this process, and kept.
    pub(crate) fn kept_too() -> Self {
        Self::Kept(Mutex::default())
    }

    /// Returns the part `name`, which has `len` values: from the file, or as `pack` packs it.
    ///
    /// # Errors
    ///
    /// Returns the error of `pack`, or an [`Error::Weights`] if the file does not have this part.
    pub(crate) fn part(
        &self,
        name: &str,
        len: usize,
        pack: impl FnOnce() -> Result<SharedBuffer>,
    ) -> Result<SharedBuffer> {
        match self {
            Self::Packed => pack(),
            Self::Kept(parts) => {
                let part = pack()?;
                let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
                parts.insert(name.to_owned(), part.clone());
                Ok(part)
            }
            Self::File(file) => {
                let part = file.part(name).filter(|part| part.len() == len);
                part.ok_or_else(|| Error::Weights {
                    path: file.path().to_owned(),
                    bytes: file.bytes(),
                    source: BoxError::from(format!("`{name}` with {len} values is missing")),
                })
            }
        }
    }

    /// Returns the parts that were kept.
    pub(super) fn kept(&self) -> BTreeMap<String, SharedBuffer> {
        match self {
            Self::Kept(parts) => parts.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::Packed | Self::File(_) => BTreeMap::new(),
        }
    }
}
