use std::path::{Path, PathBuf};

use super::origin::Origin;
use crate::{Checkpoint, Result};

/// A model that [`ModelSource`](crate::ModelSource) found.
#[derive(Clone, Debug)]
pub struct ResolvedModel {
    pub(super) name: String,
    pub(super) dir: PathBuf,
    pub(super) origin: Origin,
    pub(super) attempts: Vec<String>,
}

impl ResolvedModel {
    /// Opens the checkpoint under a name that resolves to it again: the full name on the Hub, or
    /// the absolute path of a folder.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Checkpoint::open`].
    pub fn open(&self) -> Result<Checkpoint> {
        Ok(Checkpoint::open(&self.dir)?.named(&self.name))
    }

    /// Returns the folder of the checkpoint.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the source that had the model.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Returns the answers of the sources that were tried before, one line each.
    pub fn attempts(&self) -> &[String] {
        &self.attempts
    }
}
