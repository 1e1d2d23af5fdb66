//! Libraries and models as a server shares them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use cognate::{Embed, Encoder, Library};
use cognate_server::{ServedLibrary, ServedModel};

use crate::arguments::StoredModelArguments;
use crate::located_library::LocatedLibrary;
use crate::model;

/// Opens libraries and loads their models, each model once.
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
            let embedder = embedder(&encoder);
            let name = model_name(&library, arguments, models.len());
            models.push(ServedModel::new(name, Arc::clone(&embedder), encoder));
            embedders.insert(key, Arc::clone(&embedder));
            embedder
        };
        let library = library.with_embedder(embedder)?;
        libraries.push(ServedLibrary::new(&one.name, library));
    }
    Ok((libraries, models))
}

/// Returns what embeds the texts of all requests with `encoder`.
fn embedder(encoder: &Arc<Encoder>) -> Arc<dyn Embed> {
    Arc::<Encoder>::clone(encoder)
}

/// Returns the name by which requests ask for the model of a library: of a folder, only the last part.
/// `others` is the number of models that have a name already.
fn model_name(library: &Library, arguments: &StoredModelArguments, others: usize) -> String {
    let stored = library.embedder_info();
    let name = arguments.model.as_ref().unwrap_or(&stored.model);
    let folder = Path::new(name)
        .is_dir()
        .then(|| Path::new(name).file_name());
    let name = match folder.flatten() {
        Some(folder) => folder.to_string_lossy().into_owned(),
        None => name.clone(),
    };
    // The first model keeps its name; others may be the same one in another precision.
    if others == 0 {
        name
    } else {
        format!("{name}-{}", stored.precision)
    }
}
