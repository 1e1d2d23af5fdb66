use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::json::Json;
use crate::Result;

/// The `auto_map` of a configuration: the Python classes that a checkpoint brings along, or takes
/// from another repository, for the roles of the classes of transformers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct RemoteCode(BTreeMap<String, Value>);

impl RemoteCode {
    /// Refuses every class but those from the modules and repositories `known`, whose computation
    /// this release runs.
    ///
    /// A class is named `repository--module.Class`, or `module.Class` for a module of the
    /// checkpoint itself.
    pub(crate) fn check<T: DeserializeOwned>(&self, json: &Json<T>, known: &[&str]) -> Result<()> {
        let known_class = |class: &str| {
            let source = match class.split_once("--") {
                Some((repository, _)) => repository,
                None => class.rsplit_once('.').map_or(class, |(module, _)| module),
            };
            known.contains(&source)
        };
        for (role, value) in &self.0 {
            let classes: &[Value] = match value {
                Value::Array(classes) => classes,
                class => std::slice::from_ref(class),
            };
            for class in classes.iter().filter(|class| !class.is_null()) {
                let class = class
                    .as_str()
                    .map_or_else(|| class.to_string(), str::to_owned);
                if !known_class(&class) {
                    return Err(json.unsupported(
                        format!("auto_map.{role}"),
                        class,
                        expected(known),
                    ));
                }
            }
        }
        Ok(())
    }
}

fn expected(known: &[&str]) -> String {
    let none = "no code of its own, which is not run";
    if known.is_empty() {
        return none.to_owned();
    }
    let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("{none}, or the code of {}", names.join(", "))
}
