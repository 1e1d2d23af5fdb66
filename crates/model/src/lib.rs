//! Runs sentence-transformers checkpoints without Python: text in, embeddings out.
//!
//! The principal type is [`Encoder`], which returns the embedding that [sentence-transformers]
//! returns for the same checkpoint and text. [`ModelSource`] finds the folder of a model by its
//! name, and [`Checkpoint`] reads and checks the configuration in that folder. A [`Reranker`] runs a
//! cross-encoder, which scores a query and a document together. This crate does not store or search
//! embeddings; `cognate-index` does.
//!
//! The checkpoint is the configuration: architecture, pooling, prompts and limits are read from its
//! own files. A setting that is not supported is an [`Error`] that names the file, the field, the
//! value found and the supported values.
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
//! The stages of an encoding are public, so that each can be compared with sentence-transformers:
//! [`Encoder::tokenize`] returns a packed [`TokenBatch`], [`Encoder::hidden_states`] runs the
//! transformer, and [`Encoder::pool`] pools the hidden states of each text into one row.
//!
//! # Supported checkpoints
//!
//! These transformers run on a CPU with the kernels of `cognate-kernels`, in f32 and int8:
//!
//! - BERT, RoBERTa, XLM-RoBERTa, CamemBERT, MPNet, DistilBERT, ModernBERT, NomicBERT, GTE, Jina
//!   embeddings 2, DeBERTa 2 and 3, and the encoder of T5;
//! - Qwen2, Qwen3, Mistral, Llama and the text model of Gemma 3, causal or bidirectional.
//!
//! BERT, RoBERTa, XLM-RoBERTa, CamemBERT, MPNet, DistilBERT, ModernBERT, NomicBERT and Qwen3 also run on
//! a GPU with [candle], in f32, f16 and bf16.
//!
//! Supported poolings are mean, cls, max, last token, weighted mean, mean divided by the square root
//! of the length, and their concatenations. Normalize, LayerNorm and Dense modules, prompts and
//! `truncate_dim` are supported, and routers with modules for queries and others for documents.
//!
//! Weights are read from `model.safetensors`, from the files of an index, or from
//! `pytorch_model.bin`, whose pickle is read and never executed. A LoRA adapter beside them is applied.
//! [`Checkpoint::average`] averages the weights of several checkpoints. Settings that change the
//! computation in other ways, such as experts, or biases in models that usually have none, are refused,
//! and so are tensors that nothing reads, unless they are known not to matter.
//!
//! Tokenizers are built as transformers 5 builds them, by class, from `tokenizer.json` or, for BERT,
//! DistilBERT and MPNet, from `vocab.txt`.
//!
//! Static embeddings, such as the models of model2vec, are the mean of the rows of a table, without a
//! transformer. They run on the CPU and in f32, whatever the device and the precision, also where
//! sentence-transformers would compute in the 16 bits of the table; [`Checkpoint::notes`] says so then.
//! As there, unknown tokens count. An int8 table without weights, which sentence-transformers does not
//! load, is the mean of its codes.
//!
//! # Guarantees
//!
//! - In f32 on a CPU, values differ from those of sentence-transformers in f32 by a few units in the
//!   last place: below 2e-6 over the golden texts of this repository. For a checkpoint whose
//!   `config.json` names a `dtype` of 16 bits, sentence-transformers computes in 16 bits unless it is
//!   told otherwise; [`Checkpoint::notes`] says so.
//! - A setting that changes the embedding is followed or refused, with the file, the field and the
//!   value in the message. Code that a checkpoint brings along (`auto_map`) is never run; the
//!   published code of some architectures, which computes the same, may be named.
//! - On a CPU, an embedding depends on its text alone: it does not change, bit for bit, with the
//!   other texts of a call, their order, the batch size or the number of threads. On a GPU, texts of
//!   similar length run together, which may change the last digits.
//! - Tokens beyond `max_tokens` are truncated as in sentence-transformers, and counted.
//! - The progress callbacks of [`Encoder::encode_with`] and [`Reranker::scores_with`] run on the
//!   calling thread, and can cancel the call.
//!
//! # Features
//!
//! - `hub` (default): fetches models from the Hugging Face Hub, over HTTPS.
//! - `cuda`: runs on NVIDIA GPUs, for [`Device::Cuda`]. Building needs the CUDA compiler and
//!   libraries. The tests of this crate have passed on an H100.
//! - `metal`: runs on Apple GPUs, for [`Device::Metal`]. No Apple GPU has run the tests yet.
//!
//! # Types of other crates
//!
//! Embeddings are arrays of `ndarray`, whose types are part of the API; [`ndarray`] is re-exported
//! in the version that this crate uses.
//!
//! [sentence-transformers]: https://www.sbert.net
//! [candle]: https://github.com/huggingface/candle

#![forbid(unsafe_code)]

mod activation;
mod architecture;
mod backend;
mod batch;
#[cfg(any(test, feature = "candle"))]
mod candle;
mod checkpoint;
mod config;
mod cpu;
mod cross_encoder;
mod dense;
mod device;
mod encoder;
mod error;
mod fingerprint;
mod layer_norm;
mod modules;
mod normalize;
mod options;
mod packed;
mod pooling;
mod processor;
mod progress;
mod regular_file;
mod reranker;
mod role;
mod source;
mod static_embedding;
mod summary;
#[cfg(test)]
mod testing;
mod tokenize;
mod truncation;
mod weights;
mod workers;

pub use ndarray;

pub use batch::TokenBatch;
pub use checkpoint::Checkpoint;
pub use device::{Device, Precision};
pub use encoder::{Embeddings, Encoder};
pub use error::{BoxError, Error, Result};
pub use options::{EncoderOptions, RerankerOptions};
pub use processor::processor_level;
pub use progress::Progress;
pub use reranker::{PairScores, Reranker};
pub use role::Role;
pub use source::{DEFAULT_MODEL, ModelSource, Origin, ResolvedModel, SourceEvent};
pub use summary::{CheckpointSummary, RouteSummary, TransformerSizes};
pub use truncation::Truncation;
