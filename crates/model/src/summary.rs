//! What a checkpoint is, as values to show.

use cognate_kernels::QuantizedLinear;
use serde::Serialize;

use crate::checkpoint::{Checkpoint, Input, Route};
use crate::config::Sizes;
use crate::modules::PostPoolingModule;
use crate::pooling::{Pooling, PoolingMode};
use crate::{Precision, Role};

/// What a checkpoint is: its modules, sizes and prompts, as [`Checkpoint::summary`] returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckpointSummary {
    /// Whether the checkpoint is a cross-encoder, which a [`Reranker`](crate::Reranker) loads: it declares
    /// itself one or, as older ones, has a class that scores sequences and no `modules.json`.
    pub is_cross_encoder: bool,
    /// The modules that documents go through.
    pub document: RouteSummary,
    /// The modules that queries go through, or `None` if they are those for documents.
    pub query: Option<RouteSummary>,
    /// The prompt that precedes a query.
    pub query_prompt: String,
    /// The prompt that precedes a document.
    pub document_prompt: String,
    /// The number of values to which embeddings are truncated, if the checkpoint sets one.
    pub truncate_dim: Option<usize>,
    /// The numeric precisions in which the checkpoint runs on a CPU.
    pub cpu_precisions: Vec<Precision>,
}

/// The modules that the texts of a role go through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RouteSummary {
    /// The architecture, as `config.json` names it in `model_type`, or `static` for a table of token
    /// embeddings.
    pub architecture: String,
    /// The sizes of the transformer, or `None` for a table of token embeddings.
    pub sizes: Option<TransformerSizes>,
    /// The modules after the architecture in their order, such as `mean pooling` and `Normalize`.
    pub modules: Vec<String>,
}

/// The sizes of a transformer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TransformerSizes {
    /// The number of layers.
    pub layers: usize,
    /// The number of values of a hidden state.
    pub hidden: usize,
    /// The number of values within a feed-forward layer.
    pub intermediate: usize,
    /// The number of token ids.
    pub vocabulary: usize,
    /// The most tokens of a text for which there are positions.
    pub positions: usize,
}

impl Checkpoint {
    /// Returns what the configuration of the checkpoint says about it.
    pub fn summary(&self) -> CheckpointSummary {
        let routes = [Role::Document, Role::Query].map(|role| self.route(role));
        let [document, query] = routes.map(RouteSummary::of);
        CheckpointSummary {
            is_cross_encoder: self.is_cross_encoder || self.is_bare_classifier(),
            document,
            query: (!self.has_one_route()).then_some(query),
            query_prompt: self.prompts.query.clone(),
            document_prompt: self.prompts.document.clone(),
            truncate_dim: self.truncate_dim,
            cpu_precisions: if routes.into_iter().all(runs_in_int8) {
                vec![Precision::F32, Precision::Int8]
            } else {
                vec![Precision::F32]
            },
        }
    }
}

impl RouteSummary {
    fn of(route: &Route) -> Self {
        let (architecture, sizes, pooling) = match &route.input {
            Input::Transformer(module, pooling) => {
                let sizes = module.transformer.config.sizes();
                let architecture = module.transformer.architecture.model_type;
                (architecture, Some(sizes.into()), name_of_pooling(pooling))
            }
            Input::Static(_) => ("static", None, "mean pooling".to_owned()),
        };
        let after = route.post_pooling.iter().map(name_of_module);
        Self {
            architecture: architecture.to_owned(),
            sizes,
            modules: [pooling].into_iter().chain(after).collect(),
        }
    }
}

impl From<Sizes> for TransformerSizes {
    fn from(sizes: Sizes) -> Self {
        Self {
            layers: sizes.num_hidden_layers,
            hidden: sizes.hidden_size,
            intermediate: sizes.intermediate_size,
            vocabulary: sizes.vocab_size,
            positions: sizes.max_tokens,
        }
    }
}

/// Returns whether the products of all layers are exact in int8. A table of token embeddings has no
/// products, and runs in f32 only.
fn runs_in_int8(route: &Route) -> bool {
    match &route.input {
        Input::Transformer(module, _) => {
            let sizes = module.transformer.config.sizes();
            let inputs = [
                sizes.hidden_size,
                sizes.attention_width,
                sizes.intermediate_size,
            ];
            inputs
                .iter()
                .all(|&inputs| inputs <= QuantizedLinear::MAX_INPUTS)
        }
        Input::Static(_) => false,
    }
}

fn name_of_pooling(pooling: &Pooling) -> String {
    let names = pooling.modes.iter().map(|mode| match mode {
        PoolingMode::Cls => "cls",
        PoolingMode::Max => "max",
        PoolingMode::Mean => "mean",
        PoolingMode::MeanSqrtLen => "mean_sqrt_len_tokens",
        PoolingMode::WeightedMean => "weightedmean",
        PoolingMode::LastToken => "lasttoken",
    });
    let names: Vec<&str> = names.collect();
    let without_prompt = if pooling.include_prompt {
        ""
    } else {
        " without the prompt"
    };
    format!("{} pooling{without_prompt}", names.join(" + "))
}

fn name_of_module(module: &PostPoolingModule) -> String {
    match module {
        PostPoolingModule::Dense(config) => {
            let (inputs, outputs) = (config.in_features, config.out_features);
            let residual = if config.use_residual {
                ", residual"
            } else {
                ""
            };
            format!(
                "Dense {inputs} → {outputs}, {:?}{residual}",
                config.activation
            )
        }
        PostPoolingModule::LayerNorm(_) => "LayerNorm".to_owned(),
        PostPoolingModule::Normalize => "Normalize".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn summary(name: &str) -> CheckpointSummary {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        Checkpoint::open(fixtures.join(name)).unwrap().summary()
    }

    #[test]
    fn a_summary_has_modules_sizes_and_prompts() {
        let summary = summary("tiny-bert");
        assert_eq!(summary.document.architecture, "bert");
        let sizes = summary.document.sizes.unwrap();
        assert_eq!((sizes.layers, sizes.hidden), (2, 32));
        assert_eq!(summary.document.modules, ["mean pooling", "Normalize"]);
        assert_eq!(summary.query, None);
        assert_eq!(
            (&*summary.query_prompt, &*summary.document_prompt),
            ("query: ", "")
        );
        assert_eq!(summary.cpu_precisions, [Precision::F32, Precision::Int8]);
        assert!(!summary.is_cross_encoder);
    }
}
