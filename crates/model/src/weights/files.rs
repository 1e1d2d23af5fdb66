use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::adapter::base_model;
use crate::config::Json;
use crate::{Error, Result, regular_file};

/// The names under which a folder may have weights, in the order in which transformers looks for them.
/// An index lists the files that have the tensors.
const NAMES: [(&str, Kind); 4] = [
    ("model.safetensors", Kind::Whole),
    ("model.safetensors.index.json", Kind::Index),
    ("pytorch_model.bin", Kind::Whole),
    ("pytorch_model.bin.index.json", Kind::Index),
];

/// The settings of an adapter of PEFT, which changes the weights beside it.
const ADAPTER_CONFIG: &str = "adapter_config.json";

/// The greatest number of files of an index.
const MAX_FILES: usize = 1024;

/// The files that have the weights of a module: those of one folder, or those of several, whose weights
/// are averaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WeightsFiles(Vec<FolderFiles>);

/// The files of a folder that have weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FolderFiles {
    /// The file with all weights, or the index.
    pub(super) main: PathBuf,
    pub(super) kind: Kind,
    /// The settings of an adapter.
    pub(super) adapter: Option<PathBuf>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Whole,
    Index,
}

/// An index of several files.
#[derive(Deserialize)]
struct Index {
    /// The name of the file that has a tensor, by the name of the tensor.
    weight_map: BTreeMap<String, String>,
}

impl WeightsFiles {
    /// Finds the weights in `folder`; `expected` says what is missing if there are none.
    ///
    /// # Errors
    ///
    /// Returns [`Error::MissingFile`] if there are no weights, and [`Error::NotAFile`] if they are not a
    /// regular file.
    pub(crate) fn find(folder: &Path, expected: &'static str) -> Result<Self> {
        let model_folder = model_folder(folder)?;
        let found = NAMES.into_iter().find_map(|(name, kind)| {
            let main = model_folder.join(name);
            fs::metadata(&main).is_ok().then_some((main, kind))
        });
        let Some((main, kind)) = found else {
            let path = model_folder.join(NAMES[0].0);
            return Err(Error::MissingFile { path, expected });
        };
        regular_file::require(&main, expected)?;
        if kind == Kind::Index {
            for (file, _) in read_index(&main)? {
                let expected = "weights that the index of the checkpoint names";
                regular_file::require(&file, expected)?;
            }
        }
        let adapter = folder.join(ADAPTER_CONFIG);
        Ok(Self(vec![FolderFiles {
            main,
            kind,
            adapter: adapter.exists().then_some(adapter),
        }]))
    }

    /// Returns a file that has all weights.
    pub(crate) fn one(path: &Path) -> Self {
        Self(vec![FolderFiles {
            main: path.to_owned(),
            kind: Kind::Whole,
            adapter: None,
        }])
    }

    /// Returns the files of all `members`, whose weights are averaged.
    pub(crate) fn averaged<'a>(members: impl IntoIterator<Item = &'a Self>) -> Self {
        Self(
            members
                .into_iter()
                .flat_map(|files| files.0.clone())
                .collect(),
        )
    }

    /// Returns what a user should know about the files.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(FolderFiles::notes)
    }

    pub(super) fn folders(&self) -> &[FolderFiles] {
        &self.0
    }
}

/// Returns the file of the weights of a module besides the transformer, in `folder`; `expected` says what
/// is missing if there is none.
///
/// # Errors
///
/// Returns [`Error::MissingFile`] or [`Error::NotAFile`].
pub(crate) fn module_file(folder: &Path, expected: &'static str) -> Result<PathBuf> {
    let [safetensors, torch] =
        ["model.safetensors", "pytorch_model.bin"].map(|name| folder.join(name));
    let found = if !safetensors.exists() && torch.exists() {
        torch
    } else {
        safetensors
    };
    regular_file::require(&found, expected)?;
    Ok(found)
}

/// Returns the folder that has the weights and `config.json`: `folder`, or the base model that an adapter
/// names if `folder` has an adapter alone.
///
/// # Errors
///
/// Returns [`Error::Unsupported`] if the base model is not a folder.
pub(crate) fn model_folder(folder: &Path) -> Result<PathBuf> {
    let adapter = folder.join(ADAPTER_CONFIG);
    if folder.join("config.json").exists() || !adapter.exists() {
        return Ok(folder.to_owned());
    }
    let base = base_model(&adapter)?.unwrap_or_default();
    if !base.is_empty() && Path::new(&base).is_dir() {
        return Ok(base.into());
    }
    Err(Error::Unsupported {
        path: adapter,
        field: "base_model_name_or_path".to_owned(),
        found: base,
        expected:
            "the path of a folder with the model that the adapter changes; download the model, and \
                   put the path of its folder there"
                .to_owned(),
    })
}

impl FolderFiles {
    fn notes(&self) -> Vec<String> {
        let name = self.main.file_name().unwrap_or_default();
        let is_torch = name.as_encoded_bytes().starts_with(b"pytorch_model.bin");
        let torch = is_torch.then(|| {
            format!(
                "`{}` is in the format of PyTorch; only its tensors are read, and nothing in it is \
                 executed",
                self.main.display()
            )
        });
        let adapter = self.adapter.as_ref().map(|config| {
            let config = config.display();
            format!("the adapter that `{config}` describes changes the weights")
        });
        torch.into_iter().chain(adapter).collect()
    }

    /// Returns the files that have tensors, each with the names that an index says it has.
    pub(super) fn tensor_files(&self) -> Result<Vec<(PathBuf, Vec<String>)>> {
        match self.kind {
            Kind::Whole => Ok(vec![(self.main.clone(), Vec::new())]),
            Kind::Index => read_index(&self.main),
        }
    }
}

/// Reads an index, and returns the files that it names with the tensors of each.
fn read_index(path: &Path) -> Result<Vec<(PathBuf, Vec<String>)>> {
    let index: Json<Index> = Json::read(path.to_owned(), "an index of weights, in JSON")?;
    let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (tensor, file) in &index.value.weight_map {
        if !is_file_name(file) {
            let field = format!("file of the tensor `{tensor}`");
            return Err(index.unsupported(field, file, "the name of a file in the same folder"));
        }
        files.entry(file).or_default().push(tensor.clone());
    }
    index.at_most("number of files", files.len(), MAX_FILES)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let located = |(name, tensors): (&str, Vec<String>)| (folder.join(name), tensors);
    Ok(files.into_iter().map(located).collect())
}

/// Returns whether a name is that of a file in the same folder.
fn is_file_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    matches!(components.next(), Some(Component::Normal(_)))
        && components.next().is_none()
        && !name.contains(['/', '\\'])
}

#[cfg(feature = "hub")]
/// Returns the names of the files that an index of weights, in JSON, lists.
pub(crate) fn names_of_index(index: &[u8]) -> Result<Vec<String>, String> {
    let index: Index = serde_json::from_slice(index)
        .map_err(|error| format!("the index of weights cannot be understood: {error}"))?;
    let mut names: Vec<_> = index.weight_map.into_values().collect();
    names.sort();
    names.dedup();
    if names.len() > MAX_FILES {
        let found = names.len();
        return Err(format!(
            "the index names {found} files, expected at most {MAX_FILES}"
        ));
    }
    Ok(names)
}
