//! The transformers that this crate runs, and the registry that lists them.
//!
//! To add an architecture, write its file below `architecture/`, declare the file here, and list the
//! [`Architecture`] that it exports in [`REGISTRY`]. That file says how `config.json` names the
//! architecture, reads the configuration, describes the transformer for the kernels of
//! [`crate::cpu`], and loads the model for GPUs, which is written with the building blocks of
//! [`crate::candle`]. A variant of the post-norm transformer of BERT only exports a
//! [`PostNormVariant`](post_norm::PostNormVariant).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use cognate_kernels::Cpu;
use serde::Deserialize;

use crate::backend::Backend;
use crate::config::Json;
use crate::cpu::CpuTransformer;
use crate::packed::{CacheKey, Parts, WeightsCache};
use crate::weights::WeightsFile;
use crate::{Device, Error, Precision, Result};

mod bert;
mod distilbert;
mod gpu;
mod modern_bert;
mod mpnet;
mod nomic_bert;
mod post_norm;
mod qwen3;
mod roberta;
mod size_check;
mod spec;

use gpu::load_on_gpu;
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
];

/// The transformer that a `config.json` describes.
#[derive(Clone, Debug)]
pub(crate) struct Transformer {
    /// The path of `config.json`.
    path: PathBuf,
    pub(crate) architecture: &'static Architecture,
    pub(crate) config: Arc<dyn TransformerConfig>,
}

/// The fields of `config.json` that name the architecture.
#[derive(Deserialize)]
struct Identity {
    model_type: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
}

impl Transformer {
    /// Reads `config.json` of a transformer and refuses what this release does not run.
    ///
    /// The architecture is the one with the file's `model_type`; a file without one is identified
    /// by the first class in `architectures`.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let identity: Json<Identity> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let Identity {
            model_type,
            architectures,
        } = &identity.value;
        let class = architectures.first();
        let found = REGISTRY.iter().find(|known| match model_type {
            Some(model_type) => model_type == known.model_type,
            None => class.is_some_and(|class| class.starts_with(known.class_prefix)),
        });
        let Some(architecture) = found else {
            let found = class.or(model_type.as_ref()).cloned();
            let found = found.unwrap_or_else(|| "(none)".to_owned());
            let names: Vec<_> = REGISTRY
                .iter()
                .map(|known| format!("`{}Model`", known.class_prefix))
                .collect();
            let expected = format!("one of {}", names.join(", "));
            return Err(identity.unsupported("architecture", found, expected));
        };
        Ok(Self {
            path: path.to_owned(),
            architecture,
            config: (architecture.read_config)(path)?,
        })
    }

    /// Loads the transformer from the file of its `weights`, on the current thread pool.
    ///
    /// On a CPU, packed weights are kept in the folder `cache`, if there is one.
    ///
    /// Returns the backend together with the digest of the tensors read, for the fingerprint.
    pub(crate) fn load(
        &self,
        weights: PathBuf,
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
        let cpu = Cpu::detect();
        let cache = cache.filter(|_| device == Device::Cpu).and_then(|folder| {
            let sizes = self.config.sizes();
            let key = CacheKey {
                config: format!("{}\n{sizes:?}", self.config.fingerprint_fields()),
                precision,
                tile_columns: cpu.tile_columns(),
            };
            WeightsCache::new(folder, &weights, &key, SystemTime::now())
        });
        let weights = WeightsFile::open(weights)?;
        check_sizes(&self.path, &self.config.sizes(), weights.max_values())?;
        if device == Device::Cpu {
            let int8 = precision == Precision::Int8;
            if int8 {
                check_int8_sizes(&self.path, &self.config.sizes())?;
            }
            let (transformer, digest) = load_on_cpu(&*self.config, cpu, weights, int8, cache)?;
            return Ok((Box::new(transformer), digest));
        }
        load_on_gpu(&*self.config, weights, device, precision)
    }
}

/// Loads the transformer that a configuration describes, with the kernels of `cpu`, from the packed
/// weights of `cache` if it has them.
///
/// Returns the transformer together with the digest of the tensors, for the fingerprint.
fn load_on_cpu(
    config: &dyn TransformerConfig,
    cpu: Cpu,
    weights: WeightsFile,
    int8: bool,
    cache: Option<WeightsCache>,
) -> Result<(CpuTransformer, Vec<u8>)> {
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
        return Ok((transformer, weights.digest()));
    };
    if let Some(file) = cache.open() {
        let digest = file.digest();
        // Parts that are missing are found here, and the weights packed again.
        if let Ok(transformer) = load(&Parts::File(file)) {
            return Ok((transformer, digest));
        }
    }
    let parts = Parts::kept_too();
    let transformer = load(&parts)?;
    let saving = cache.save(weights.hashes(), &parts);
    Ok((transformer.while_saving(saving), weights.digest()))
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
