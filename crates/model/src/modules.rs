use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::activation::Activation;
use crate::config::Json;
use crate::pooling::{Pooling, PoolingMode};
use crate::{Result, regular_file};

/// The modules that `modules.json` lists, for each role of a text.
#[derive(Debug)]
pub(crate) struct Routes {
    pub(crate) document: ModuleChain,
    /// The modules for queries, or `None` if they are those for documents.
    pub(crate) query: Option<ModuleChain>,
}

/// The modules that a text goes through.
#[derive(Debug)]
pub(crate) struct ModuleChain {
    pub(crate) input: InputModule,
    /// The modules after the pooling, in order.
    pub(crate) post_pooling: Vec<PostPoolingModule>,
}

/// The modules that turn a text into a row; folders are relative to the checkpoint.
#[derive(Debug)]
pub(crate) enum InputModule {
    Transformer { folder: String, pooling: Pooling },
}

impl From<ModuleChain> for Routes {
    fn from(document: ModuleChain) -> Self {
        Self {
            document,
            query: None,
        }
    }
}

/// A module after the pooling.
#[derive(Clone, Debug)]
pub(crate) enum PostPoolingModule {
    Dense(DenseConfig),
    Normalize,
}

impl PostPoolingModule {
    /// Formats the module for the fingerprint, without the path of its weights.
    pub(crate) fn fingerprint_fields(&self) -> String {
        match self {
            Self::Dense(config) => format!("Dense {:?}", config.activation),
            Self::Normalize => "Normalize".to_owned(),
        }
    }
}

/// The configuration of a linear layer with an activation.
#[derive(Clone, Debug)]
pub(crate) struct DenseConfig {
    /// The path of its weights.
    pub(crate) weights: PathBuf,
    pub(crate) in_features: usize,
    pub(crate) out_features: usize,
    pub(crate) bias: bool,
    pub(crate) activation: Activation,
}

impl DenseConfig {
    /// Returns the greatest length that the file of the weights can have: 8 bytes for each value,
    /// and room for the header.
    pub(crate) fn max_file_bytes(&self) -> u64 {
        const HEADER: u64 = 1 << 20;
        let values = (self.in_features as u64)
            .saturating_add(1)
            .saturating_mul(self.out_features as u64);
        values.saturating_mul(8).saturating_add(HEADER)
    }
}

#[derive(Deserialize)]
struct ModuleEntry {
    path: String,
    /// The name of the class in Python, with its module path.
    #[serde(rename = "type")]
    python_type: String,
}

#[derive(Deserialize)]
struct DenseFields {
    in_features: usize,
    out_features: usize,
    #[serde(default = "default_bias")]
    bias: bool,
    activation_function: Option<String>,
    #[serde(default)]
    use_residual: bool,
    module_input_name: Option<String>,
}

impl ModuleEntry {
    /// Returns the class name alone, because its module path changed between releases.
    fn class(&self) -> &str {
        self.python_type.rsplit('.').next().unwrap_or_default()
    }
}

fn default_bias() -> bool {
    true
}

impl Routes {
    /// Reads `modules.json` and the configurations of the modules that it lists.
    ///
    /// Without that file, the modules are those that sentence-transformers assumes: a transformer
    /// in the folder itself, and mean pooling.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("modules.json");
        let Some(list) = Json::<Vec<ModuleEntry>>::read_optional(path, "a list of modules")? else {
            let pooling = Pooling {
                modes: vec![PoolingMode::Mean],
                include_prompt: true,
            };
            return Ok(Self::from(ModuleChain {
                input: InputModule::Transformer {
                    folder: String::new(),
                    pooling,
                },
                post_pooling: Vec::new(),
            }));
        };

        check_list(&list)?;
        let mut transformer = None;
        let mut pooling = None;
        let mut post_pooling = Vec::new();
        for (position, module) in list.value.iter().enumerate() {
            let class = module.class();
            let folder = dir.join(&module.path);
            match class {
                "Transformer" if position == 0 => transformer = Some(module.path.clone()),
                "Pooling" if position == 1 => pooling = Some(read_pooling(&folder)?),
                "Dense" if pooling.is_some() => {
                    post_pooling.push(PostPoolingModule::Dense(read_dense(&folder)?));
                }
                "Normalize" if pooling.is_some() => {
                    post_pooling.push(PostPoolingModule::Normalize);
                }
                _ => {
                    let expected =
                        "`Transformer`, then `Pooling`, then any of `Dense`, `Normalize`";
                    let field = format!("module {position}");
                    return Err(list.unsupported(field, &module.python_type, expected));
                }
            }
        }
        if let (Some(folder), Some(pooling)) = (transformer, pooling) {
            Ok(Self::from(ModuleChain {
                input: InputModule::Transformer { folder, pooling },
                post_pooling,
            }))
        } else {
            let found = format!("a list of {}", list.value.len());
            Err(list.unsupported("modules", found, "`Transformer` and `Pooling` at least"))
        }
    }

    /// Reads the `modules.json` of a cross-encoder: a transformer alone, whose head reads the first
    /// token.
    pub(crate) fn read_cross_encoder(dir: &Path) -> Result<Self> {
        let path = dir.join("modules.json");
        let list: Json<Vec<ModuleEntry>> = Json::read(path, "a list of modules")?;
        check_list(&list)?;
        match list.value.as_slice() {
            [module] if module.class() == "Transformer" => Ok(Self::from(ModuleChain {
                input: InputModule::Transformer {
                    folder: module.path.clone(),
                    pooling: Pooling::first_token(),
                },
                post_pooling: Vec::new(),
            })),
            modules => {
                let classes: Vec<_> = modules.iter().map(ModuleEntry::class).collect();
                Err(list.unsupported("modules", classes.join(", "), "`Transformer` alone"))
            }
        }
    }
}

/// The greatest number of modules: far more than a transformer, a pooling and some layers.
const MAX_MODULES: usize = 64;

/// Refuses more modules than any checkpoint has, and paths that leave its folder.
fn check_list(list: &Json<Vec<ModuleEntry>>) -> Result<()> {
    list.at_most("number of modules", list.value.len(), MAX_MODULES)?;
    for module in &list.value {
        let stays_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(&module.path).components().all(stays_inside) {
            let expected = "a folder in the folder of the checkpoint";
            return Err(list.unsupported("path of a module", &module.path, expected));
        }
    }
    Ok(())
}

/// The pooling modes with their names in older and recent configurations, in the order in which
/// their results are concatenated.
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

    // Recent releases write one field with one or several names, older ones a flag for each mode.
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
                .map(|&(.., mode)| mode),
        );
    }
    // If the file names no mode, sentence-transformers uses the mean.
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
        .filter(|name| *name != "sentence_embedding")
    {
        return Err(json.unsupported("module_input_name", input, "`sentence_embedding`"));
    }
    let weights = folder.join("model.safetensors");
    let expected = "the weights of the dense module, in the safetensors format";
    regular_file::require(&weights, expected)?;
    for (field, size) in [
        ("in_features", fields.in_features),
        ("out_features", fields.out_features),
    ] {
        json.at_least(field, size, 1)?;
    }
    Ok(DenseConfig {
        weights,
        in_features: fields.in_features,
        out_features: fields.out_features,
        bias: fields.bias,
        activation,
    })
}
