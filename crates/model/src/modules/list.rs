use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::config::Json;
use crate::{Error, Result};

/// The greatest number of modules: far more than a transformer, a pooling and some layers.
const MAX_MODULES: usize = 64;

/// The start of the names of the classes that sentence-transformers has. Another class is code that
/// the checkpoint brings along.
const PACKAGE: &str = "sentence_transformers.";

/// A module of a checkpoint, and where it is listed.
#[derive(Clone, Debug)]
pub(super) struct ListedModule {
    /// Its folder, relative to the checkpoint.
    pub(super) folder: String,
    /// The name of the class in Python, with its module path.
    pub(super) python_type: String,
    /// The file that lists it.
    file: PathBuf,
    /// Its position in that file.
    field: String,
}

/// The modules that `modules.json` lists.
pub(super) struct ModuleList {
    json: Json<Vec<Entry>>,
    pub(super) modules: Vec<ListedModule>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    name: Option<String>,
    path: String,
    #[serde(rename = "type")]
    python_type: String,
}

impl ListedModule {
    /// Makes a module that `file` lists at `field`, and refuses classes of other packages and folders
    /// outside that of the checkpoint.
    pub(super) fn new(
        file: &Path,
        field: String,
        folder: String,
        python_type: String,
    ) -> Result<Self> {
        let module = Self {
            folder,
            python_type,
            file: file.to_owned(),
            field,
        };
        let stays_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(&module.folder).components().all(stays_inside) {
            return Err(Error::Unsupported {
                path: module.file,
                field: "path of a module".to_owned(),
                found: module.folder,
                expected: "a folder in the folder of the checkpoint".to_owned(),
            });
        }
        if !module.python_type.starts_with(PACKAGE) {
            return Err(module.unsupported("a class of `sentence_transformers`"));
        }
        Ok(module)
    }

    /// Returns the class name alone, because its module path changed between releases.
    pub(super) fn class(&self) -> &str {
        self.python_type.rsplit('.').next().unwrap_or_default()
    }

    /// Returns the error for a module of a class that is not supported at its place.
    pub(super) fn unsupported(&self, expected: &str) -> Error {
        Error::Unsupported {
            path: self.file.clone(),
            field: self.field.clone(),
            found: self.python_type.clone(),
            expected: expected.to_owned(),
        }
    }
}

impl ModuleList {
    /// Reads `modules.json`, or returns `None` if there is none.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join("modules.json");
        let Some(json) = Json::<Vec<Entry>>::read_optional(path, "a list of modules")? else {
            return Ok(None);
        };
        json.at_most("number of modules", json.value.len(), MAX_MODULES)?;
        let mut modules = Vec::new();
        for (position, entry) in json.value.iter().enumerate() {
            // In sentence-transformers, a module replaces an earlier one of the same name.
            let mut earlier = json.value[..position].iter();
            if let Some(name) = &entry.name
                && earlier.any(|other| other.name.as_ref() == Some(name))
            {
                let field = format!("name of module {position}");
                return Err(json.unsupported(field, name, "a name that no other module has"));
            }
            modules.push(ListedModule::new(
                &json.path,
                format!("module {position}"),
                entry.path.clone(),
                entry.python_type.clone(),
            )?);
        }
        Ok(Some(Self { json, modules }))
    }

    /// Refuses more modules on the way of a text than any checkpoint has.
    pub(super) fn check_count(&self, count: usize) -> Result<()> {
        self.json.at_most("number of modules", count, MAX_MODULES)
    }

    /// Returns the error for a list that is not supported as a whole.
    pub(super) fn unsupported(&self, found: impl Into<String>, expected: &str) -> Error {
        self.json.unsupported("modules", found, expected)
    }
}
