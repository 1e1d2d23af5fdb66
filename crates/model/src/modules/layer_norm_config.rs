use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::Json;
use crate::{Result, regular_file};

/// The configuration of a layer normalization.
#[derive(Clone, Debug)]
pub(crate) struct LayerNormConfig {
    /// The path of its weights.
    pub(crate) weights: PathBuf,
    /// The number of values of a row.
    pub(crate) dimension: usize,
}

#[derive(Deserialize)]
struct Fields {
    dimension: usize,
}

impl LayerNormConfig {
    /// Reads the configuration of a layer normalization.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let json: Json<Fields> =
            Json::read(path, "the configuration of a layer normalization, in JSON")?;
        let dimension = json.value.dimension;
        json.at_least("dimension", dimension, 1)?;
        let weights = folder.join("model.safetensors");
        let expected = "the weights of the layer normalization, in the safetensors format";
        regular_file::require(&weights, expected)?;
        Ok(Self { weights, dimension })
    }

    /// Returns the greatest length that the file of the weights can have: 8 bytes for each value,
    /// and room for the header.
    pub(crate) fn max_file_bytes(&self) -> u64 {
        let values = (self.dimension as u64).saturating_mul(2);
        values
            .saturating_mul(8)
            .saturating_add(super::MAX_HEADER_BYTES)
    }
}
