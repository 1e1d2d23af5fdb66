//! Loading a transformer on a GPU.

use super::TransformerConfig;
use crate::backend::Backend;
use crate::weights::Weights;
use crate::{Device, Error, Precision, Result};

/// Loads the transformer that a configuration describes, on candle.
///
/// Returns the backend together with the digest of the tensors read, for the fingerprint.
#[cfg(any(test, feature = "candle"))]
pub(super) fn load_on_gpu(
    config: &dyn TransformerConfig,
    weights: Weights,
    device: Device,
    precision: Precision,
) -> Result<(Box<dyn Backend>, Vec<u8>)> {
    use crate::candle::CandleEncoder;

    let description = config.describe();
    let weights = weights.with_prefix(description.prefixes, description.token_embeddings);
    let (encoder, digest) =
        CandleEncoder::load(config.sizes(), weights, device, precision, |tensors| {
            let model = config.load_candle(tensors)?;
            model.ok_or_else(|| Error::InvalidOption {
                option: "device",
                found: format!("`{device}`"),
                expected: "`cpu` for a model of this architecture".to_owned(),
            })
        })?;
    Ok((Box::new(encoder), digest))
}

/// Refuses a GPU, because this build has no support for one.
#[cfg(not(any(test, feature = "candle")))]
pub(super) fn load_on_gpu(
    _config: &dyn TransformerConfig,
    _weights: Weights,
    device: Device,
    _precision: Precision,
) -> Result<(Box<dyn Backend>, Vec<u8>)> {
    let feature = match device {
        Device::Metal(_) => "metal",
        _ => "cuda",
    };
    Err(Error::Device {
        device: device.to_string(),
        source: format!(
            "this build has no support for GPUs; build it with the feature `{feature}`"
        )
        .into(),
    })
}
