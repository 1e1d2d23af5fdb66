//! Tests of the public API, on tiny checkpoints.

#![expect(clippy::unwrap_used, reason = "a test should fail loudly")]

mod architectures;
mod checkpoints;
mod decoders;
mod encoder_settings;
mod fingerprints;
mod golden;
mod golden_file;
mod gpu;
mod hostile;
mod modules;
mod refusals;
mod reranker;
mod settings;
mod tokenizers;
mod weights;
