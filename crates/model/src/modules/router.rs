use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::list::ListedModule;
use crate::config::Json;
use crate::{Result, Role};

/// A module that holds several routes, lists of modules, one of which a text goes through.
pub(super) struct Router {
    /// The folder, relative to the checkpoint.
    folder: String,
    json: Json<Fields>,
}

#[derive(Deserialize)]
struct Fields {
    /// The class of each module, by its folder in that of the router.
    types: BTreeMap<String, String>,
    /// The modules of each route.
    structure: BTreeMap<String, Vec<String>>,
    parameters: Parameters,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    default_route: Option<String>,
    #[serde(rename = "allow_empty_key")]
    _allow_empty_key: Option<bool>,
    /// The route of each pair of a task and a modality, which is a tuple in the notation of Python.
    route_mappings: Option<BTreeMap<String, String>>,
}

impl Router {
    /// Reads the configuration of a router in `folder`, relative to the checkpoint in `dir`.
    pub(super) fn read(dir: &Path, folder: &str) -> Result<Self> {
        const EXPECTED: &str = "the routes of a router, in JSON";
        let path = dir.join(folder);
        let json = match Json::read_optional(path.join("router_config.json"), EXPECTED)? {
            Some(json) => json,
            // Releases that called the module `Asym` wrote this file.
            None => Json::<Fields>::read(path.join("config.json"), EXPECTED)?,
        };
        let router = Self {
            folder: folder.to_owned(),
            json,
        };
        let parameters = &router.json.value.parameters;
        if let Some(route) = &parameters.default_route {
            router.check_route("parameters.default_route", route)?;
        }
        for (key, route) in parameters.route_mappings.iter().flatten() {
            router.check_route(&format!("parameters.route_mappings[{key}]"), route)?;
        }
        Ok(router)
    }

    /// Returns the modules for texts of a role. `modality` is what sentence-transformers calls a text
    /// at this place, if it says so.
    pub(super) fn modules(&self, role: Role, modality: Option<&str>) -> Result<Vec<ListedModule>> {
        let fields = &self.json.value;
        let route = self.resolve(role, modality)?;
        let mut modules = Vec::new();
        for (position, name) in fields.structure[route].iter().enumerate() {
            let field = format!("structure.{route}[{position}]");
            let Some(python_type) = fields.types.get(name) else {
                return Err(self
                    .json
                    .unsupported(field, name, "one of the keys of `types`"));
            };
            let folder: PathBuf = [self.folder.as_str(), name].iter().collect();
            modules.push(ListedModule::new(
                &self.json.path,
                field,
                folder.to_string_lossy().into_owned(),
                python_type.clone(),
            )?);
        }
        Ok(modules)
    }

    /// Returns the name of the route for a role: the first that a mapping names, in the order of
    /// sentence-transformers, or the one with the name of the role or of the modality.
    ///
    /// The default route is for calls without a role.
    fn resolve(&self, role: Role, modality: Option<&str>) -> Result<&str> {
        let Fields {
            structure,
            parameters,
            ..
        } = &self.json.value;
        let quoted =
            |name: Option<&str>| name.map_or("None".to_owned(), |name| format!("'{name}'"));
        let (task, modality_name) = (quoted(Some(role.name())), quoted(modality));
        for (task, modality) in [
            (task.as_str(), modality_name.as_str()),
            (task.as_str(), "None"),
            ("None", modality_name.as_str()),
            ("None", "None"),
        ] {
            let wanted = format!("({task},{modality})");
            let mut mappings = parameters.route_mappings.iter().flatten();
            if let Some((_, route)) = mappings.find(|(key, _)| normalized(key) == wanted) {
                return Ok(route);
            }
        }
        [Some(role.name()), modality]
            .into_iter()
            .flatten()
            .find_map(|name| structure.get_key_value(name))
            .map(|(route, _)| route.as_str())
            .ok_or_else(|| {
                let expected = format!("a route `{role}`");
                self.json
                    .unsupported("structure", self.route_names(), expected)
            })
    }

    fn check_route(&self, field: &str, route: &str) -> Result<()> {
        if self.json.value.structure.contains_key(route) {
            return Ok(());
        }
        let expected = format!("one of the routes, {}", self.route_names());
        Err(self.json.unsupported(field, route, expected))
    }

    fn route_names(&self) -> String {
        let names: Vec<_> = self
            .json
            .value
            .structure
            .keys()
            .map(String::as_str)
            .collect();
        names.join(", ")
    }
}

/// Returns a tuple in the notation of Python without spaces, with single quotes.
fn normalized(tuple: &str) -> String {
    let without_spaces = tuple.chars().filter(|c| !c.is_whitespace());
    without_spaces
        .map(|c| if c == '"' { '\'' } else { c })
        .collect()
}
