use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::Result;
use crate::activation::Activation;
#[cfg(any(test, feature = "candle"))]
use crate::candle::{Model, Tensors};
use crate::config::Sizes;
use crate::cpu::{Description, LayerDescription};

/// What a transformer's `config.json` holds, for error messages.
pub(crate) const TRANSFORMER_CONFIG: &str = "the configuration of a transformer, in JSON";

/// An entry of the registry: how `config.json` names an architecture, and how to read it.
#[derive(Debug)]
pub(crate) struct Architecture {
    /// The value of `model_type` in `config.json`.
    pub(crate) model_type: &'static str,
    /// The start of the names of its classes in transformers: `Bert` for `BertModel`.
    pub(crate) class_prefix: &'static str,
    /// The class of its tokenizer in transformers if `tokenizer_config.json` names none, or the
    /// empty string if transformers uses `tokenizer.json` as it is.
    pub(crate) tokenizer_class: &'static str,
    /// The head of its cross-encoders, or `None` if this release does not run them.
    pub(crate) pair_head: Option<PairHead>,
    /// Reads `config.json` and refuses settings that this release does not run.
    pub(crate) read_config: fn(&Path) -> Result<Arc<dyn TransformerConfig>>,
}

/// The head of a cross-encoder: two linear layers on the hidden state of the first token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PairHead {
    /// The tensor name of the first layer, `[hidden_size, hidden_size]`.
    pub(crate) pooler: &'static str,
    /// The activation after the first layer.
    pub(crate) activation: Activation,
    /// The tensor name of the second layer, `[1, hidden_size]`.
    pub(crate) classifier: &'static str,
    /// Whether token types tell the query from the document.
    pub(crate) has_token_types: bool,
}

/// The configuration of a transformer, and how to load the transformer on each kind of device.
pub(crate) trait TransformerConfig: fmt::Debug + Send + Sync {
    /// Returns the sizes that do not depend on the architecture.
    fn sizes(&self) -> Sizes;

    /// Formats every setting that the hidden states depend on, besides the weights.
    ///
    /// The fingerprint hashes this string. Implementations format field by field instead of using
    /// `Debug`, so that a field added later does not change existing fingerprints.
    fn fingerprint_fields(&self) -> String;

    /// Describes the transformer, for the CPU kernels.
    fn describe(&self) -> Description;

    /// Describes the layer with this index.
    fn describe_layer(&self, layer: usize) -> LayerDescription;

    /// Loads the implementation on candle, for GPUs, or returns `None` if there is none.
    #[cfg(any(test, feature = "candle"))]
    fn load_candle(&self, _tensors: &Tensors) -> Result<Option<Box<dyn Model>>> {
        Ok(None)
    }
}
