//! The JSON Schema of the documents, made strict, and which of its properties were seen.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

/// The schema in `docs/json`.
pub(crate) struct Schema {
    published: Value,
    /// The schema that permits only the properties that it describes.
    strict: Value,
    /// The paths of the properties that a document had.
    seen: RefCell<BTreeSet<String>>,
}

impl Schema {
    pub(crate) fn read() -> Self {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json/cognate.schema.json");
        let published: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let mut strict = strict(&published);
        for definition in strict["$defs"].as_object_mut().unwrap().values_mut() {
            // Where another definition extends this one, its own properties are to be permitted too.
            let definition = definition.as_object_mut().unwrap();
            definition.remove("unevaluatedProperties");
        }
        Self {
            published,
            strict,
            seen: RefCell::default(),
        }
    }

    /// Asserts that `document` is what the definition `name` describes, and has no other properties.
    #[track_caller]
    pub(crate) fn check(&self, name: &str, document: &Value) {
        let errors = self.errors(name, document);
        assert!(errors.is_empty(), "{name}: {errors:#?}\n{document:#}");
        let path = format!("#/$defs/{name}");
        self.see(&self.published["$defs"][name], &path, document);
    }

    /// Asserts that `document` is one of the documents that the schema describes.
    #[track_caller]
    pub(crate) fn check_document(&self, document: &Value) {
        let errors = errors(&self.published, document);
        assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
    }

    /// Returns what differs from the definition `name`.
    pub(crate) fn errors(&self, name: &str, document: &Value) -> Vec<String> {
        let mut schema = self.strict.clone();
        let fields = schema.as_object_mut().unwrap();
        fields.remove("oneOf");
        fields.insert("$ref".to_owned(), format!("#/$defs/{name}").into());
        fields.insert("unevaluatedProperties".to_owned(), false.into());
        errors(&schema, document)
    }

    /// Returns the paths of the properties that no document had.
    pub(crate) fn unseen(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for (name, definition) in self.published["$defs"].as_object().unwrap() {
            collect(definition, &format!("#/$defs/{name}"), &mut all);
        }
        &all - &self.seen.borrow()
    }

    /// Notes the properties of `schema` that `instance` has.
    fn see(&self, schema: &Value, path: &str, instance: &Value) {
        if let Some(name) = schema["$ref"].as_str() {
            let definition = &self.published["$defs"][name.trim_start_matches("#/$defs/")];
            self.see(definition, name, instance);
        }
        for (name, part) in parts(schema) {
            self.see(part, &format!("{path}/{name}"), instance);
        }
        for (name, property) in properties(schema) {
            if let Some(value) = instance.get(name) {
                let path = format!("{path}/{name}");
                self.see(property, &path, value);
                self.seen.borrow_mut().insert(path);
            }
        }
        for item in instance.as_array().into_iter().flatten() {
            self.see(&schema["items"], &format!("{path}[]"), item);
        }
    }
}

/// Returns the schemas that a schema combines, with the names of their places.
fn parts(schema: &Value) -> impl Iterator<Item = (String, &Value)> {
    ["allOf", "anyOf"].into_iter().flat_map(|keyword| {
        let parts = schema[keyword].as_array().into_iter().flatten();
        parts
            .enumerate()
            .map(move |(position, part)| (format!("{keyword}{position}"), part))
    })
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// Collects the paths of all properties of a schema.
fn collect(schema: &Value, path: &str, all: &mut BTreeSet<String>) {
    for (name, part) in parts(schema) {
        collect(part, &format!("{path}/{name}"), all);
    }
    for (name, property) in properties(schema) {
        let path = format!("{path}/{name}");
        collect(property, &path, all);
        all.insert(path);
    }
    if schema["items"].is_object() {
        collect(&schema["items"], &format!("{path}[]"), all);
    }
}

/// Returns a schema whose objects have no properties but those described, except where `allOf` names an object
/// that is extended.
fn strict(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(strict).collect(),
        Value::Object(fields) => {
            let mut closed: Map<String, Value> = fields
                .iter()
                .map(|(name, value)| {
                    let value = if name == "allOf" {
                        value.clone()
                    } else {
                        strict(value)
                    };
                    (name.clone(), value)
                })
                .collect();
            if fields.get("$ref").is_some_and(Value::is_string)
                || fields.get("properties").is_some_and(Value::is_object)
            {
                closed.insert("unevaluatedProperties".to_owned(), json!(false));
            }
            Value::Object(closed)
        }
        other => other.clone(),
    }
}

fn errors(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(schema).unwrap();
    let errors = validator.iter_errors(document);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}
