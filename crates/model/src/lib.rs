//! Runs sentence-transformers checkpoints: text in, embeddings out.
//!
//! [`ModelSource`] finds the folder of a model by its name, [`Checkpoint`] checks what is in it,
//! and [`Encoder`] loads it and gives, for the same text, the embedding that sentence-transformers
//! gives. The checkpoint is the configuration: architecture, pooling, prompts, length and whatever
//! else there is to set are read from its own files, and what is not supported is an [`Error`]
//! that names the file, the field, what was found and what is supported.
//!
//! ```
//! use cognate_model::{DEFAULT_MODEL, Encoder, EncoderOptions, ModelSource};
//!
//! let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
//! let encoder = Encoder::load(&checkpoint, EncoderOptions::default())?;
//! let rows = encoder.encode_documents(&[
//!     "A planet around another star",
//!     "An exoplanet was found",
//!     "How cells divide",
//! ])?;
//! assert_eq!(rows.dim(), (3, 384));
//! assert!(rows.row(0).dot(&rows.row(1)) > rows.row(0).dot(&rows.row(2)));
//! # Ok::<(), cognate_model::Error>(())
//! ```
//!
//! The stages of an encoding can be called one by one, which is how the tests compare them with
//! sentence-transformers: [`Encoder::tokenize`] gives a packed [`TokenBatch`],
//! [`Encoder::hidden_states`] runs the transformer, [`Encoder::pool`] makes one row of each text.
//!
//! # What runs
//!
//! BERT, RoBERTa, XLM-RoBERTa, CamemBERT, MPNet and DistilBERT, on a CPU by the kernels of this
//! library, in f32 and int8; ModernBERT, NomicBERT and Qwen3 by candle, in f32; all of them on a GPU,
//! by candle, in f32, f16 and bf16. Pooling by mean, cls, max, last token, weighted mean, mean over
//! the root of the length, and their concatenations; Normalize and Dense modules; prompts;
//! `truncate_dim`.
//!
//! A field of a configuration that asks for something else, such as scaled rotations, experts or
//! biases where these models have none, is refused. Weights are one file, `model.safetensors`.
//!
//! # Guarantees
//!
//! - In f32 on a CPU, values differ from those of sentence-transformers by a few units in the
//!   last places: below 2e-6 over the golden texts of this repository.
//! - On a CPU an embedding depends on the text alone: not, bit for bit, on the other texts of a
//!   call, their order, the batch size or the number of threads. On a GPU, texts of about one
//!   length run together, and the last places may depend on that.
//! - Tokens beyond `max_tokens` are cut off as sentence-transformers cuts them, and counted.
//!
//! # Features
//!
//! - `hub` (default): models are fetched from the Hugging Face Hub, through `hf-hub`.
//! - `cuda`, `metal`: compile candle for the GPU, for [`Device::Cuda`] and [`Device::Metal`]. No
//!   machine with a GPU has run this part yet: its tests run where they find one.

#![forbid(unsafe_code)]

mod architecture;
mod batch;
mod candle;
mod checkpoint;
mod config;
mod cross_encoder;
mod dense;
mod device;
mod encoder;
mod error;
mod fingerprint;
mod modules;
mod native;
mod normalize;
mod options;
mod pooling;
mod reranker;
mod source;
#[cfg(test)]
mod testing;
mod tokenize;
mod weights;
mod workers;

pub use batch::TokenBatch;
pub use checkpoint::Checkpoint;
pub use device::{Device, Precision};
pub use encoder::{Embeddings, Encoder, Progress, Role, Truncation};
pub use error::{BoxError, Error, Result};
pub use options::{EncoderOptions, RerankerOptions};
pub use reranker::{PairScores, Reranker};
pub use source::{DEFAULT_MODEL, ModelSource, Origin, ResolvedModel, SourceEvent};
