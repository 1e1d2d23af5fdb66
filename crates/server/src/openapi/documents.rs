//! The schemas of papers, hits and reports: the same as for the documents that the command prints.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};

/// The version of the form of all documents.
pub(crate) const VERSION: u32 = 1;

/// The JSON Schema of the documents of the command, a copy of `docs/json/cognate.schema.json`.
const COMMAND_SCHEMA: &str = include_str!("cognate.schema.json");

/// Where the description of the routes has schemas.
const COMPONENTS: &str = "#/components/schemas/";

/// Parts of definitions that are components of their own, with the place of each.
const PARTS: &[(&str, &str)] = &[
    ("cited", "/missed/properties/cited"),
    ("topic", "/topics/properties/topics/items"),
    ("duplicate_pair", "/duplicates/properties/pairs/items"),
];

/// The fields that have another meaning in a server, with their descriptions there.
const DESCRIPTIONS: &[(&str, &str)] = &[
    (
        "/hit/properties/library/description",
        "The name of the library that has the paper; there if several libraries were searched.",
    ),
    (
        "/hit/properties/also_in/description",
        "The names of other libraries that have the paper too; there if several libraries were searched and \
         another one has it.",
    ),
];

/// Describes the version of the form of a document.
pub(crate) fn version() -> Object {
    let version = serde_json::json!(VERSION);
    ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::Integer)
        .enum_values(Some([version]))
        .build()
}

/// Defines types that stand for definitions of the command's schema, for `value_type` of a field.
macro_rules! definitions {
    ($($name:ident $definition:literal,)+) => {$(
        #[doc = concat!("Stands for the definition `", $definition, "`.")]
        pub(crate) struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                // `complete` puts the definition in the place of this reference.
                RefOr::Ref(Ref::from_schema_name($definition))
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> Cow<'static, str> {
                $definition.into()
            }
        }
    )+};
}

definitions! {
    Hit "hit",
    PaperFields "paper",
    ShownPaperFields "shown_paper",
    MissedHit "missed_hit",
    Cited "cited",
    TopicFields "topic",
    DuplicatePairFields "duplicate_pair",
    FaultFields "fault",
}

/// Adds the definitions of the command's schema to which a description refers.
pub(crate) fn complete(description: &mut Value) {
    let mut schema: Value = serde_json::from_str(COMMAND_SCHEMA).unwrap_or_default();
    let mut definitions = schema["$defs"].take();
    for (pointer, text) in DESCRIPTIONS {
        if let Some(found) = definitions.pointer_mut(pointer) {
            *found = Value::from(*text);
        }
    }
    for (name, pointer) in PARTS {
        definitions[name] = definitions.pointer(pointer).cloned().unwrap_or_default();
    }
    rewrite_references(&mut definitions);
    let Value::Object(mut definitions) = definitions else {
        return;
    };
    let mut wanted = BTreeSet::new();
    references(description, &mut wanted);
    let mut added = Map::new();
    while let Some(name) = wanted.pop_first() {
        let Some(definition) = definitions.remove(&name) else {
            continue;
        };
        references(&definition, &mut wanted);
        added.insert(name, definition);
    }
    if let Some(Value::Object(schemas)) = description.pointer_mut("/components/schemas") {
        for (name, definition) in added {
            schemas.insert(name, definition);
        }
    }
}

/// Replaces references within the command's schema by references to the components.
fn rewrite_references(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "$ref" => {
                        if let Some(name) = text.strip_prefix("#/$defs/") {
                            *text = format!("{COMPONENTS}{name}");
                        }
                    }
                    value => rewrite_references(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(rewrite_references),
        _ => {}
    }
}

/// Collects the names of the components to which a value refers.
fn references(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "$ref" => {
                        names.extend(text.strip_prefix(COMPONENTS).map(str::to_owned));
                    }
                    value => references(value, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_the_one_of_the_command() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let original = format!("{root}/docs/json/cognate.schema.json");
        let original = std::fs::read_to_string(original).unwrap();
        assert!(
            original == COMMAND_SCHEMA,
            "copy docs/json/cognate.schema.json to crates/server/src/openapi"
        );
    }
}
