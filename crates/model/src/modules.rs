//! The modules of a checkpoint, and which of them a text goes through.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::config::Json;
use crate::pooling::Pooling;
use crate::{Error, Result, Role};

mod dense_config;
mod layer_norm_config;
mod list;
mod pooling_config;
mod router;

pub(crate) use dense_config::DenseConfig;
pub(crate) use layer_norm_config::LayerNormConfig;
use list::{ListedModule, ModuleList};
use pooling_config::read_pooling;
use router::Router;

/// The greatest length of the header of the weights of a module, in bytes.
const MAX_HEADER_BYTES: u64 = 1 << 20;

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
    StaticEmbedding { folder: String },
}

/// A module after the pooling.
#[derive(Clone, Debug)]
pub(crate) enum PostPoolingModule {
    Dense(DenseConfig),
    LayerNorm(LayerNormConfig),
    Normalize,
}

impl PostPoolingModule {
    /// Returns the file of the weights, if the module has any.
    pub(crate) fn weights(&self) -> Option<&Path> {
        match self {
            Self::Dense(config) => Some(&config.weights),
            Self::LayerNorm(config) => Some(&config.weights),
            Self::Normalize => None,
        }
    }

    /// Formats the module for the fingerprint, without the path of its weights.
    pub(crate) fn fingerprint_fields(&self) -> String {
        match self {
            Self::Dense(config) if config.use_residual => {
                format!("Dense {:?} residual", config.activation)
            }
            Self::Dense(config) => format!("Dense {:?}", config.activation),
            Self::LayerNorm(_) => "LayerNorm".to_owned(),
            Self::Normalize => "Normalize".to_owned(),
        }
    }
}

impl From<ModuleChain> for Routes {
    fn from(document: ModuleChain) -> Self {
        Self {
            document,
            query: None,
        }
    }
}

impl Routes {
    /// Reads `modules.json` and the configurations of the modules that it lists.
    ///
    /// Without that file, the modules are those that sentence-transformers assumes: a transformer
    /// in the folder itself, and mean pooling.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let Some(list) = ModuleList::read(dir)? else {
            return Ok(Self::from(ModuleChain {
                input: InputModule::Transformer {
                    folder: String::new(),
                    pooling: Pooling::mean(),
                },
                post_pooling: Vec::new(),
            }));
        };
        let document = modules_of(dir, &list, Role::Document)?;
        let query = modules_of(dir, &list, Role::Query)?;
        let is_one_route = document
            .iter()
            .map(|module| &module.folder)
            .eq(query.iter().map(|module| &module.folder));
        Ok(Self {
            document: ModuleChain::read(dir, &list, &document)?,
            query: if is_one_route {
                None
            } else {
                Some(ModuleChain::read(dir, &list, &query)?)
            },
        })
    }

    /// Reads the `modules.json` of a cross-encoder: a transformer alone, whose head reads the first
    /// token.
    pub(crate) fn read_cross_encoder(dir: &Path) -> Result<Self> {
        let list = ModuleList::read(dir)?.ok_or_else(|| Error::MissingFile {
            path: dir.join("modules.json"),
            expected: "a list of modules",
        })?;
        match list.modules.as_slice() {
            [module] if module.class() == "Transformer" => Ok(Self::from(ModuleChain {
                input: InputModule::Transformer {
                    folder: module.folder.clone(),
                    pooling: Pooling::first_token(),
                },
                post_pooling: Vec::new(),
            })),
            modules => {
                let classes: Vec<_> = modules.iter().map(ListedModule::class).collect();
                Err(list.unsupported(classes.join(", "), "`Transformer` alone"))
            }
        }
    }
}

/// Returns the modules that texts of a role go through: those of `modules.json`, with each router
/// replaced by the modules of its route.
fn modules_of(dir: &Path, list: &ModuleList, role: Role) -> Result<Vec<ListedModule>> {
    // Only a static embedding does not say to the modules after it that its input is text.
    let first = list.modules.first().map(ListedModule::class);
    let modality = (first != Some("StaticEmbedding")).then_some("text");
    let mut modules = Vec::new();
    for module in &list.modules {
        if matches!(module.class(), "Router" | "Asym") {
            modules.extend(Router::read(dir, &module.folder)?.modules(role, modality)?);
        } else {
            modules.push(module.clone());
        }
    }
    list.check_count(modules.len())?;
    Ok(modules)
}

impl ModuleChain {
    /// Reads the configurations of `modules`, which `list` leads to.
    fn read(dir: &Path, list: &ModuleList, modules: &[ListedModule]) -> Result<Self> {
        let (input, rest) = match modules {
            [first, rest @ ..] if first.class() == "StaticEmbedding" => {
                let folder = first.folder.clone();
                (InputModule::StaticEmbedding { folder }, rest)
            }
            [first, second, rest @ ..] if first.class() == "Transformer" => {
                if second.class() != "Pooling" {
                    return Err(second.unsupported(EXPECTED));
                }
                let input = InputModule::Transformer {
                    folder: first.folder.clone(),
                    pooling: read_pooling(&dir.join(&second.folder))?,
                };
                (input, rest)
            }
            [first, ..] if first.class() != "Transformer" => {
                return Err(first.unsupported(EXPECTED));
            }
            _ => {
                let found = format!("a list of {}", modules.len());
                return Err(list.unsupported(found, "`Transformer` and `Pooling` at least"));
            }
        };
        let mut post_pooling = Vec::new();
        for module in rest {
            let folder = dir.join(&module.folder);
            post_pooling.push(match module.class() {
                "Dense" => PostPoolingModule::Dense(DenseConfig::read(&folder)?),
                "LayerNorm" => PostPoolingModule::LayerNorm(LayerNormConfig::read(&folder)?),
                "Normalize" => {
                    check_normalize(&folder)?;
                    PostPoolingModule::Normalize
                }
                // Drops values in training only.
                "Dropout" => continue,
                _ => return Err(module.unsupported(EXPECTED)),
            });
        }
        Ok(Self {
            input,
            post_pooling,
        })
    }
}

/// The supported modules, for error messages.
const EXPECTED: &str = "`Transformer` and `Pooling`, or `StaticEmbedding`, then any of `Dense`, \
                        `LayerNorm`, `Dropout`, `Normalize`";

#[derive(Deserialize)]
struct NormalizeFields {
    module_input_name: Option<String>,
    module_output_name: Option<String>,
}

/// Refuses a normalization of anything but the embedding.
fn check_normalize(folder: &Path) -> Result<()> {
    let path = folder.join("config.json");
    let expected = "the configuration of a normalization, in JSON";
    if let Some(json) = Json::<NormalizeFields>::read_optional(path, expected)? {
        let fields = &json.value;
        require_sentence_embedding(
            &json,
            "module_input_name",
            fields.module_input_name.as_deref(),
        )?;
        require_sentence_embedding(
            &json,
            "module_output_name",
            fields.module_output_name.as_deref(),
        )?;
    }
    Ok(())
}

/// Refuses a module that reads or writes, as `field` says, anything but the embedding.
fn require_sentence_embedding<T: DeserializeOwned>(
    json: &Json<T>,
    field: &str,
    name: Option<&str>,
) -> Result<()> {
    const EMBEDDING: &str = "sentence_embedding";
    match name {
        Some(name) if name != EMBEDDING => {
            Err(json.unsupported(field, name, format!("`{EMBEDDING}`")))
        }
        _ => Ok(()),
    }
}
