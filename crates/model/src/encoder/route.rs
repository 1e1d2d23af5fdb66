use std::sync::Arc;

use ndarray::{Array2, Axis, Slice};

use crate::Result;
use crate::backend::Backend;
use crate::checkpoint::TokenLimits;
use crate::dense::Dense;
use crate::layer_norm::LayerNorm;
use crate::normalize::normalize_rows;
use crate::pooling::Pooling;
use crate::static_embedding::StaticEmbedding;
use crate::tokenize::{FastWordPiece, TextTokenizer};

/// The loaded modules that texts of a role go through.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) input: Arc<Input>,
    pub(super) pooling: Pooling,
    pub(super) post_pooling: Vec<PostPooling>,
    /// The limits of tokens of its texts.
    pub(super) limits: TokenLimits,
    /// The number of values of a row after all modules.
    pub(super) dim: usize,
}

/// The loaded modules that turn a text into hidden states. Routes may share them.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) tokenizer: TextTokenizer,
    pub(super) model: Model,
}

/// What turns tokens into hidden states.
#[derive(Debug)]
pub(super) enum Model {
    Transformer {
        backend: Box<dyn Backend>,
        max_batch_tokens: usize,
    },
    Static {
        table: StaticEmbedding,
        /// A faster form of the tokenizer, if it has one.
        fast: Option<Box<FastWordPiece>>,
    },
}

impl Input {
    /// Waits until packed weights have been written to the cache, if they are being written.
    pub(super) fn wait_for_weights_cache(&self) {
        if let Model::Transformer { backend, .. } = &self.model {
            backend.wait_for_weights_cache();
        }
    }
}

/// A module after the pooling, loaded.
#[derive(Debug)]
pub(super) enum PostPooling {
    Dense(Dense),
    LayerNorm(LayerNorm),
    Normalize,
}

impl Route {
    /// Runs the modules after the pooling, and truncates rows to `dim` values.
    pub(super) fn finish(&self, mut rows: Array2<f32>, dim: usize) -> Result<Array2<f32>> {
        for module in &self.post_pooling {
            match module {
                PostPooling::Dense(dense) => rows = dense.apply(rows.view())?,
                PostPooling::LayerNorm(norm) => norm.apply(&mut rows)?,
                PostPooling::Normalize => normalize_rows(&mut rows),
            }
        }
        if dim < rows.len_of(Axis(1)) {
            rows = rows.slice_axis(Axis(1), Slice::from(..dim)).to_owned();
        }
        Ok(rows)
    }
}
