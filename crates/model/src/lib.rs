//! Runs sentence-transformers checkpoints: text in, embeddings out.

mod architecture;
mod batch;
mod candle_bert;
mod checkpoint;
mod config;
mod dense;
mod device;
mod encoder;
mod error;
mod fingerprint;
mod modules;
mod normalize;
mod options;
mod pooling;
mod source;
#[cfg(test)]
mod testing;
mod tokenize;
mod workers;

pub use batch::TokenBatch;
pub use checkpoint::Checkpoint;
pub use device::{Device, Precision};
pub use encoder::{Embeddings, Encoder, Progress, Role, Truncation};
pub use error::{BoxError, Error, Result};
pub use options::EncoderOptions;
pub use source::{DEFAULT_MODEL, ModelSource, Origin, ResolvedModel, SourceEvent};
