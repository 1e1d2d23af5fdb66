use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Result;
use crate::activation::Activation;
use crate::config::Json;
use crate::weights::module_file;

/// The configuration of a linear layer with an activation.
#[derive(Clone, Debug)]
pub(crate) struct DenseConfig {
    /// The path of its weights.
    pub(crate) weights: PathBuf,
    pub(crate) in_features: usize,
    pub(crate) out_features: usize,
    pub(crate) bias: bool,
    pub(crate) activation: Activation,
    /// Whether the input, or a projection of it if the sizes differ, is added to the output.
    pub(crate) use_residual: bool,
}

#[derive(Deserialize)]
struct Fields {
    in_features: usize,
    out_features: usize,
    #[serde(default = "default_bias")]
    bias: bool,
    activation_function: Option<String>,
    #[serde(default)]
    use_residual: bool,
    module_input_name: Option<String>,
    module_output_name: Option<String>,
}

fn default_bias() -> bool {
    true
}

impl DenseConfig {
    /// Reads the configuration of a dense module.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let json: Json<Fields> = Json::read(path, "the configuration of a dense module, in JSON")?;
        let fields = &json.value;
        let activation = match &fields.activation_function {
            Some(name) => Activation::read(&json, "activation_function", name)?,
            None => Activation::Tanh,
        };
        super::require_sentence_embedding(
            &json,
            "module_input_name",
            fields.module_input_name.as_deref(),
        )?;
        super::require_sentence_embedding(
            &json,
            "module_output_name",
            fields.module_output_name.as_deref(),
        )?;
        let expected = "the weights of the dense module, in the safetensors format";
        let weights = module_file(folder, expected)?;
        for (field, size) in [
            ("in_features", fields.in_features),
            ("out_features", fields.out_features),
        ] {
            json.at_least(field, size, 1)?;
        }
        Ok(Self {
            weights,
            in_features: fields.in_features,
            out_features: fields.out_features,
            bias: fields.bias,
            activation,
            use_residual: fields.use_residual,
        })
    }

    /// Returns whether the input is projected before it is added to the output.
    pub(crate) fn projects_residual(&self) -> bool {
        self.use_residual && self.in_features != self.out_features
    }

    /// Returns the greatest length that the file of the weights can have: 8 bytes for each value,
    /// and room for the header.
    pub(crate) fn max_file_bytes(&self) -> u64 {
        let matrices = if self.projects_residual() { 2 } else { 1 };
        let values = (self.in_features as u64)
            .saturating_mul(matrices)
            .saturating_add(1)
            .saturating_mul(self.out_features as u64);
        values
            .saturating_mul(8)
            .saturating_add(super::MAX_HEADER_BYTES)
    }
}
