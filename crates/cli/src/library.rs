use std::path::Path;

use anyhow::Result;
use cognate::{Error, Library};

use crate::arguments::ModelArguments;
use crate::model;

/// A library to add to, and what its model reads.
#[derive(Debug)]
pub(crate) struct Writable {
    pub(crate) library: Library,
    /// Tokens of a text that the model reads.
    pub(crate) max_tokens: usize,
}

/// The library in `dir`, if there is one.
pub(crate) fn find(dir: &Path) -> Result<Option<Library>> {
    match Library::open(dir) {
        Ok(library) => Ok(Some(library)),
        Err(Error::NotALibrary { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Loads the model that the arguments ask for, or else the one that made the library, and opens or
/// creates the library with it.
pub(crate) fn open_or_create(
    dir: &Path,
    found: Option<Library>,
    arguments: &ModelArguments,
) -> Result<Writable> {
    let stored = found.as_ref().map(Library::embedder_info);
    let device = arguments.device.device;
    let precision = match (arguments.precision, stored) {
        (None, Some(stored)) => model::on(device, stored.precision.parse()?),
        _ => arguments.precision(),
    };
    let name = match (&arguments.model, stored) {
        (None, Some(stored)) => &stored.model,
        _ => arguments.model(),
    };
    let encoder = model::load(name, precision, device)?;
    let max_tokens = encoder.max_tokens();
    let library = match found {
        Some(library) => library.with_embedder(encoder)?,
        None => Library::open_or_create(dir, encoder)?,
    };
    Ok(Writable {
        library,
        max_tokens,
    })
}
