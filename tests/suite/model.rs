use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cognate_model::{Checkpoint, DEFAULT_MODEL, Encoder, EncoderOptions, ModelSource};
use serde::Deserialize;

/// The default model, loaded once for all tests, from the cache or the network.
pub(crate) static ENCODER: LazyLock<Encoder> = LazyLock::new(|| load(EncoderOptions::default()));

pub(crate) fn load(options: EncoderOptions) -> Encoder {
    Encoder::load(&checkpoint(), options).unwrap()
}

fn checkpoint() -> Checkpoint {
    static CHECKPOINT: LazyLock<Checkpoint> = LazyLock::new(|| {
        let source = ModelSource::from_env().unwrap();
        let model = source.resolve(DEFAULT_MODEL).unwrap_or_else(|error| {
            panic!("the tests need the default model, over the network once: {error}")
        });
        model.open().unwrap()
    });
    CHECKPOINT.clone()
}

/// A text whose golden numbers are known.
#[derive(Debug, Deserialize)]
pub(crate) struct GoldenText {
    pub(crate) name: String,
    pub(crate) text: String,
}

pub(crate) fn golden_texts() -> Vec<GoldenText> {
    let json = std::fs::read(golden("texts.json")).unwrap();
    serde_json::from_slice(&json).unwrap()
}

pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}
