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
    /// The models whose weights are averaged with those of this one.
    pub(super) others: Vec<ResolvedModel>,
}

impl ResolvedModel {
    /// Opens the checkpoint under a name that resolves to it again: the full name on the Hub, or
    /// the absolute path of a folder. An average has the names of its checkpoints, joined by `+`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Checkpoint::open`] and [`Checkpoint::average`].
    pub fn open(&self) -> Result<Checkpoint> {
        let first = Checkpoint::open(&self.dir)?.named(&self.name);
        if self.others.is_empty() {
            return Ok(first);
        }
        let others = self.others.iter().map(Self::open);
        let all: Vec<_> = [Ok(first)]
            .into_iter()
            .chain(others)
            .collect::<Result<_>>()?;
        Checkpoint::average(&all)
    }

    /// Returns the folder of the checkpoint, or of the first one of an average.
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
