use std::path::Path;

use anyhow::{Result, bail};
use cognate::{Error, Library};

use crate::arguments::ModelArguments;
use crate::model::{self, ModelName};

/// A library that papers can be added to.
#[derive(Debug)]
pub(crate) struct WritableLibrary {
    pub(crate) library: Library,
    /// The number of tokens after which the model truncates a text.
    pub(crate) max_tokens: usize,
}

/// Opens the library in `dir`, or returns `None` if there is none.
pub(crate) fn find(dir: &Path) -> Result<Option<Library>> {
    match Library::open(dir) {
        Ok(library) => Ok(Some(library)),
        Err(Error::NotALibrary { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Loads the model and opens the library with it. The library is `found`, or a new one in `dir`; the
/// model is the one in `arguments`, or else the one that embedded the papers of the library.
pub(crate) fn open_or_create(
    dir: &Path,
    found: Option<Library>,
    arguments: &ModelArguments,
) -> Result<WritableLibrary> {
    let stored = found.as_ref().map(Library::embedder_info);
    let device = arguments.device.device;
    if let (Some(asked), Some(stored)) = (arguments.precision, stored)
        && asked != stored.precision.parse()?
    {
        let made = &stored.precision;
        bail!(
            "`--precision` is {asked}, but the vectors in `{}` are {made}; leave the option out, or make a \
             new library",
            dir.display()
        );
    }
    let precision = match (arguments.precision, stored) {
        (None, Some(stored)) => model::supported_precision(device, stored.precision.parse()?),
        _ => arguments.precision(),
    };
    let name = match stored {
        Some(stored) => {
            ModelName::of_library(arguments.model.as_deref(), &stored.model, arguments.fetch)
        }
        None => ModelName::of_user(arguments.name()),
    };
    let encoder = model::load(name, precision, device)?;
    model::report_notes(encoder);
    let max_tokens = encoder.max_tokens();
    let library = match found {
        Some(library) => library.with_embedder(encoder)?,
        None => Library::open_or_create(dir, encoder)?,
    };
    Ok(WritableLibrary {
        library,
        max_tokens,
    })
}
