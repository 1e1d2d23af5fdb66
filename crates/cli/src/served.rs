//! Libraries and models as a server shares them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use cognate::{Embed, Library};
use cognate_server::{ServedLibrary, ServedModel};

use crate::arguments::StoredModelArguments;
use crate::located_library::LocatedLibrary;
use crate::model;

/// Opens libraries and loads their models, each model once. Queries of simultaneous requests are embedded
/// together.
pub(crate) fn open(
    located: &[LocatedLibrary],
    arguments: &StoredModelArguments,
) -> Result<(Vec<ServedLibrary>, Vec<ServedModel>)> {
    let mut embedders: HashMap<(String, String), Arc<dyn Embed>> = HashMap::new();
    let (mut libraries, mut models) = (Vec::new(), Vec::new());
    for (one, library) in located.iter().zip(LocatedLibrary::open_all(located)?) {
        let info = library.embedder_info();
        let key = (info.fingerprint.clone(), info.precision.clone());
        let embedder = if let Some(embedder) = embedders.get(&key) {
            Arc::clone(embedder)
        } else {
            let encoder = model::load_shared(&library, arguments)?;
            let name = model_name(&library, arguments, models.len());
            let model = ServedModel::batching(name, encoder);
            let embedder = model.embedder();
            models.push(model);
            embedders.insert(key, Arc::clone(&embedder));
            embedder
        };
        let library = library.with_embedder(embedder)?;
        libraries.push(ServedLibrary::new(&one.name, library));
    }
    Ok((libraries, models))
}

/// Returns the name by which requests ask for the model of a library: of a folder, only the last part.
/// `others` is the number of models that have a name already.
fn model_name(library: &Library, arguments: &StoredModelArguments, others: usize) -> String {
    let stored = library.embedder_info();
    let name = base_name(arguments.model.as_ref().unwrap_or(&stored.model));
    // The first model keeps its name; others may be the same one in another precision.
    if others == 0 {
        name
    } else {
        format!("{name}-{}", stored.precision)
    }
}

/// Returns the name of a model, or the last part of the path of its folder.
pub(crate) fn base_name(name: &str) -> String {
    let folder = Path::new(name)
        .is_dir()
        .then(|| Path::new(name).file_name());
    match folder.flatten() {
        Some(folder) => folder.to_string_lossy().into_owned(),
        None => name.to_owned(),
    }
}
