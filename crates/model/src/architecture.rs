//! The transformers that this crate runs, and the registry that lists them.
//!
//! To add an architecture, write its file below `architecture/`, declare the file here, and list the
//! [`Architecture`] that it exports in [`REGISTRY`]. That file says how `config.json` names the
//! architecture, reads the configuration, describes the transformer for the kernels of
//! [`crate::cpu`], and loads the model for GPUs, which is written with the building blocks of
//! [`crate::candle`]. A variant of the post-norm transformer of BERT only exports a
//! [`PostNormVariant`](post_norm::PostNormVariant), and a variant of the decoder of Llama a
//! [`DecoderVariant`](decoder::DecoderVariant).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use cognate_kernels::Cpu;

use crate::backend::Backend;
use crate::cpu::CpuTransformer;
use crate::packed::{CacheKey, Parts, WeightsCache};
use crate::weights::{TensorHashes, Weights, WeightsFiles, digest};
use crate::{Device, Error, Precision, Result};

mod bert;
mod deberta;
mod decoder;
mod distilbert;
mod gemma3;
mod gpu;
mod gte;
mod identity;
mod jina_bert;
mod llama;
mod mistral;
mod modern_bert;
mod mpnet;
mod nomic_bert;
mod post_norm;
mod qwen2;
mod qwen3;
mod roberta;
mod size_check;
mod spec;
mod t5;

use gpu::load_on_gpu;
pub(crate) use identity::Dtype;
use identity::{Identified, Identity};
use size_check::{check_int8_sizes, check_sizes};
pub(crate) use spec::{Architecture, PairHead, TRANSFORMER_CONFIG, TransformerConfig};

/// The architectures that this release runs, in the order in which error messages list them.
static REGISTRY: &[&Architecture] = &[
    &bert::BERT,
    &roberta::ROBERTA,
    &roberta::XLM_ROBERTA,
    &roberta::CAMEMBERT,
    &mpnet::MPNET,
    &distilbert::DISTILBERT,
    &modern_bert::MODERN_BERT,
    &nomic_bert::NOMIC_BERT,
    &qwen3::QWEN3,
    &qwen2::QWEN2,
    &mistral::MISTRAL,
    &llama::LLAMA,
    &gemma3::GEMMA3,
    &gte::NEW,
    &gte::GTE,
    &jina_bert::JINA_BERT,
    &t5::T5,
    &deberta::DEBERTA_V2,
];

/// The transformer that a `config.json` describes.
#[derive(Clone, Debug)]
pub(crate) struct Transformer {
    /// The path of `config.json`.
    path: PathBuf,
    pub(crate) architecture: &'static Architecture,
    pub(crate) config: Arc<dyn TransformerConfig>,
    /// Whether the class that was saved is a language model that predicts the next token.
    pub(crate) is_causal_lm: bool,
    /// Whether the class that was saved scores a sequence, as in cross-encoders.
    pub(crate) is_classifier: bool,
    pub(crate) dtype: Option<Dtype>,
}

impl Transformer {
    /// Reads `config.json` of a transformer and refuses what this release does not run.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let Identified {
            architecture,
            is_causal_lm,
            is_classifier,
            dtype,
        } = Identity::read(path, REGISTRY)?;
        Ok(Self {
            path: path.to_owned(),
            architecture,
            config: (architecture.read_config)(path)?,
            is_causal_lm,
            is_classifier,
            dtype,
        })
    }

    /// Makes room for texts of up to `tokens` tokens, if the positions are not rows of a table in the
    /// weights.
    pub(crate) fn extend_positions(&mut self, tokens: usize) {
        if tokens > self.config.sizes().max_tokens
            && let Some(extended) = self.config.with_positions(tokens)
        {
            self.config = extended;
        }
    }

    /// Loads the transformer from its weights in `files`, on the current thread pool.
    ///
    /// On a CPU, packed weights are kept in the folder `cache`, if there is one.
    ///
    /// Returns the backend together with the digest of the tensors read, for the fingerprint.
    pub(crate) fn load(
        &self,
        files: &WeightsFiles,
        device: Device,
        precision: Precision,
        cache: Option<&Path>,
    ) -> Result<(Box<dyn Backend>, Vec<u8>)> {
        let supported: &[Precision] = match device {
            Device::Cpu => &[Precision::F32, Precision::Int8],
            Device::Cuda(_) | Device::Metal(_) => {
                &[Precision::F32, Precision::F16, Precision::BF16]
            }
        };
        if !supported.contains(&precision) {
            return Err(unsupported(precision, device, supported));
        }
        let weights = Weights::open(files)?;
        let cpu = Cpu::detect();
        let cache = cache.filter(|_| device == Device::Cpu).and_then(|folder| {
            let sizes = self.config.sizes();
            let key = CacheKey {
                config: format!("{}\n{sizes:?}", self.config.fingerprint_fields()),
                precision,
                tile_columns: cpu.tile_columns(),
            };
            WeightsCache::new(folder, weights.sources(), &key, SystemTime::now())
        });
        let sizes = self.config.sizes();
        check_sizes(&self.path, &sizes, weights.max_values())?;
        let inventory = weights.inventory(self.config.describe().prefixes);
        if device == Device::Cpu {
            let int8 = precision == Precision::Int8;
            if int8 {
                check_int8_sizes(&self.path, &sizes)?;
            }
            let (transformer, read) = load_on_cpu(&*self.config, cpu, weights, int8, cache)?;
            inventory.check(read.keys(), sizes.num_hidden_layers)?;
            return Ok((Box::new(transformer), digest(&read)));
        }
        let read = weights.read_tensors();
        let loaded = load_on_gpu(&*self.config, weights, device, precision)?;
        inventory.check(read.hashes().keys(), sizes.num_hidden_layers)?;
        Ok(loaded)
    }
}

/// Loads the transformer that a configuration describes, with the kernels of `cpu`, from the packed
/// weights of `cache` if it has them.
///
/// Returns the transformer together with the hashes of the tensors that were read, for the fingerprint.
fn load_on_cpu(
    config: &dyn TransformerConfig,
    cpu: Cpu,
    weights: Weights,
    int8: bool,
    cache: Option<WeightsCache>,
) -> Result<(CpuTransformer, TensorHashes)> {
    let description = config.describe();
    let weights = weights.with_prefix(description.prefixes, description.token_embeddings);
    let load = |parts: &Parts| {
        let describe_layer = |layer| config.describe_layer(layer);
        CpuTransformer::load(
            cpu,
            config.describe(),
            describe_layer,
            &weights,
            parts,
            int8,
        )
    };
    let Some(cache) = cache else {
        let transformer = load(&Parts::Packed)?;
        return Ok((transformer, weights.hashes()));
    };
    if let Some(file) = cache.open() {
        let hashes = file.hashes().clone();
        // Parts that are missing are found here, and the weights packed again.
        if let Ok(transformer) = load(&Parts::File(file)) {
            return Ok((transformer, hashes));
        }
    }
    let parts = Parts::kept_too();
    let transformer = load(&parts)?;
    let saving = cache.save(weights.hashes(), &parts);
    Ok((transformer.while_saving(saving), weights.hashes()))
}

/// Returns the class prefixes of the architectures whose cross-encoders run.
pub(crate) fn cross_encoder_prefixes() -> impl Iterator<Item = &'static str> {
    let with_head = REGISTRY.iter().filter(|known| known.pair_head.is_some());
    with_head.map(|known| known.class_prefix)
}

fn unsupported(precision: Precision, device: Device, supported: &[Precision]) -> Error {
    let names: Vec<_> = supported
        .iter()
        .map(|precision| format!("`{precision}`"))
        .collect();
    let one_of = if names.len() > 1 { "one of " } else { "" };
    Error::InvalidOption {
        option: "precision",
        found: format!("`{precision}`"),
        expected: format!("{one_of}{} on `{device}`", names.join(", ")),
    }
}

#[cfg(test)]
mod tests;
