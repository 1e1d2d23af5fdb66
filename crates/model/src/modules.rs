use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::config::Json;
use crate::pooling::{Pooling, PoolingMode};
use crate::{Error, Result};

/// What happens to the hidden states, in the order of `modules.json`.
#[derive(Clone, Debug)]
pub(crate) struct Modules {
    /// The folder of the transformer, relative to the checkpoint.
    pub(crate) transformer: String,
    pub(crate) pooling: Pooling,
    pub(crate) head: Vec<HeadModule>,
}

/// A module behind the pooling.
#[derive(Clone, Debug)]
pub(crate) enum HeadModule {
    Dense(DenseConfig),
    Normalize,
}

impl HeadModule {
    /// The module without the place of its weights.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Dense(config) => format!("Dense {:?}", config.activation),
            Self::Normalize => "Normalize".to_owned(),
        }
    }
}

/// A linear layer with an activation: where its weights lie and what shape they have.
#[derive(Clone, Debug)]
pub(crate) struct DenseConfig {
    pub(crate) weights: PathBuf,
    pub(crate) in_features: usize,
    pub(crate) out_features: usize,
    pub(crate) bias: bool,
    pub(crate) activation: Activation,
}

/// The activations that a Dense module or a cross-encoder may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    Identity,
    Tanh,
    Relu,
    Sigmoid,
}

impl Activation {
    /// The activation of torch that is the value of `field`.
    pub(crate) fn read<T: DeserializeOwned>(
        json: &Json<T>,
        field: &str,
        name: &str,
    ) -> Result<Self> {
        match name.rsplit('.').next().unwrap_or_default() {
            "Identity" => Ok(Self::Identity),
            "Tanh" => Ok(Self::Tanh),
            "ReLU" => Ok(Self::Relu),
            "Sigmoid" => Ok(Self::Sigmoid),
            _ => {
                let expected = "one of `Identity`, `Tanh`, `ReLU`, `Sigmoid`";
                Err(json.unsupported(field, name, expected))
            }
        }
    }
}

#[derive(Deserialize)]
struct ModuleEntry {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct DenseFields {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    activation_function: Option<String>,
    #[serde(default)]
    use_residual: bool,
    module_input_name: Option<String>,
}

impl ModuleEntry {
    /// The packages around the class name changed between releases; the class did not.
    fn class(&self) -> &str {
        self.kind.rsplit('.').next().unwrap_or_default()
    }
}

fn yes() -> bool {
    true
}

impl Modules {
    /// Reads `modules.json` and what it names; without it, as sentence-transformers does, a
    /// transformer in the folder itself and mean pooling.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("modules.json");
        let Some(list) = Json::<Vec<ModuleEntry>>::read_optional(path, "a list of modules")? else {
            let pooling = Pooling {
                modes: vec![PoolingMode::Mean],
                include_prompt: true,
            };
            return Ok(Self {
                transformer: String::new(),
                pooling,
                head: Vec::new(),
            });
        };

        let mut transformer = None;
        let mut pooling = None;
        let mut head = Vec::new();
        for (position, module) in list.value.iter().enumerate() {
            let class = module.class();
            let folder = dir.join(&module.path);
            match class {
                "Transformer" if position == 0 => transformer = Some(module.path.clone()),
                "Pooling" if position == 1 => pooling = Some(read_pooling(&folder)?),
                "Dense" if pooling.is_some() => head.push(HeadModule::Dense(read_dense(&folder)?)),
                "Normalize" if pooling.is_some() => head.push(HeadModule::Normalize),
                _ => {
                    let expected =
                        "`Transformer`, then `Pooling`, then any of `Dense`, `Normalize`";
                    let field = format!("module {position}");
                    return Err(list.unsupported(field, &module.kind, expected));
                }
            }
        }
        if let (Some(transformer), Some(pooling)) = (transformer, pooling) {
            Ok(Self {
                transformer,
                pooling,
                head,
            })
        } else {
            let found = format!("a list of {}", list.value.len());
            Err(list.unsupported("modules", found, "`Transformer` and `Pooling` at least"))
        }
    }

    /// Reads the `modules.json` of a cross-encoder: a transformer with a head of its own, which
    /// reads the first token.
    pub(crate) fn read_cross_encoder(dir: &Path) -> Result<Self> {
        let path = dir.join("modules.json");
        let list: Json<Vec<ModuleEntry>> = Json::read(path, "a list of modules")?;
        match list.value.as_slice() {
            [module] if module.class() == "Transformer" => Ok(Self {
                transformer: module.path.clone(),
                pooling: Pooling::first_token(),
                head: Vec::new(),
            }),
            modules => {
                let classes: Vec<_> = modules.iter().map(ModuleEntry::class).collect();
                Err(list.unsupported("modules", classes.join(", "), "`Transformer` alone"))
            }
        }
    }
}

/// The modes as the configuration names them, in the order of their results.
const MODES: [(&str, &str, PoolingMode); 6] = [
    ("pooling_mode_cls_token", "cls", PoolingMode::Cls),
    ("pooling_mode_max_tokens", "max", PoolingMode::Max),
    ("pooling_mode_mean_tokens", "mean", PoolingMode::Mean),
    (
        "pooling_mode_mean_sqrt_len_tokens",
        "mean_sqrt_len_tokens",
        PoolingMode::MeanSqrtLen,
    ),
    (
        "pooling_mode_weightedmean_tokens",
        "weightedmean",
        PoolingMode::WeightedMean,
    ),
    (
        "pooling_mode_lasttoken",
        "lasttoken",
        PoolingMode::LastToken,
    ),
];

fn read_pooling(folder: &Path) -> Result<Pooling> {
    let path = folder.join("config.json");
    let json: Json<HashMap<String, serde_json::Value>> =
        Json::read(path, "the configuration of a pooling module, in JSON")?;
    let fields = &json.value;

    // Recent releases write one field with one name or several, older ones a flag for each mode.
    let mut modes = Vec::new();
    if let Some(value) = fields.get("pooling_mode") {
        let names = match value {
            serde_json::Value::String(name) => vec![name.as_str()],
            serde_json::Value::Array(list) => list
                .iter()
                .map(|name| name.as_str().unwrap_or_default())
                .collect(),
            _ => Vec::new(),
        };
        for name in names {
            let Some((.., mode)) = MODES.iter().find(|(_, known, _)| *known == name) else {
                return Err(json.unsupported("pooling_mode", name, mode_names()));
            };
            modes.push(*mode);
        }
    } else {
        let flagged = |field: &str| fields.get(field).and_then(serde_json::Value::as_bool);
        if let Some(unknown) = fields.keys().find(|key| {
            key.starts_with("pooling_mode_")
                && flagged(key) == Some(true)
                && !MODES.iter().any(|(known, ..)| known == key)
        }) {
            return Err(json.unsupported("pooling mode", unknown, mode_names()));
        }
        modes.extend(
            MODES
                .iter()
                .filter(|(flag, ..)| flagged(flag) == Some(true))
                .map(|&(.., m)| m),
        );
    }
    // A file that names no mode means the default of sentence-transformers.
    if modes.is_empty() {
        modes.push(PoolingMode::Mean);
    }
    let include_prompt = fields
        .get("include_prompt")
        .and_then(serde_json::Value::as_bool);
    Ok(Pooling {
        modes,
        include_prompt: include_prompt.unwrap_or(true),
    })
}

fn mode_names() -> String {
    let names: Vec<_> = MODES
        .iter()
        .map(|(_, name, _)| format!("`{name}`"))
        .collect();
    format!("one of {}", names.join(", "))
}

fn read_dense(folder: &Path) -> Result<DenseConfig> {
    let path = folder.join("config.json");
    let json: Json<DenseFields> = Json::read(path, "the configuration of a dense module, in JSON")?;
    let fields = &json.value;
    let name = fields.activation_function.as_deref().unwrap_or("Tanh");
    let activation = Activation::read(&json, "activation_function", name)?;
    if fields.use_residual {
        return Err(json.unsupported("use_residual", "true", "`false`"));
    }
    if let Some(input) = fields
        .module_input_name
        .as_deref()
        .filter(|n| *n != "sentence_embedding")
    {
        return Err(json.unsupported("module_input_name", input, "`sentence_embedding`"));
    }
    let weights = folder.join("model.safetensors");
    if !weights.is_file() {
        let expected = "the weights of the dense module, in the safetensors format";
        return Err(Error::MissingFile {
            path: weights,
            expected,
        });
    }
    Ok(DenseConfig {
        weights,
        in_features: fields.in_features,
        out_features: fields.out_features,
        bias: fields.bias,
        activation,
    })
}
