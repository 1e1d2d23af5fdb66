//! JSON schemas in the form that clients of tools understand.

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Returns the schema of the arguments of a tool.
pub(super) fn of_arguments<T: JsonSchema>() -> JsonObject {
    object(
        SchemaSettings::draft2020_12().for_deserialize(),
        |settings| {
            settings
                .into_generator()
                .into_root_schema_for::<T>()
                .to_value()
        },
    )
}

/// Returns the schema of the document that a tool answers.
pub(super) fn of_document<T: JsonSchema>() -> JsonObject {
    object(SchemaSettings::draft2020_12().for_serialize(), |settings| {
        settings
            .into_generator()
            .into_root_schema_for::<T>()
            .to_value()
    })
}

fn object(settings: SchemaSettings, generate: impl FnOnce(SchemaSettings) -> Value) -> JsonObject {
    let mut settings = settings;
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = generate(settings);
    tidy(&mut schema);
    match schema {
        Value::Object(mut schema) => {
            // The description of a Rust type is not for agents.
            schema.remove("description");
            // Some clients expect it of a tool without arguments too.
            let properties = schema.entry("properties");
            properties.or_insert_with(|| JsonObject::new().into());
            schema
        }
        _ => JsonObject::new(),
    }
}

/// Removes what clients warn of or what costs tokens and says nothing: number formats such as `uint`, titles,
/// defaults that are empty, and alternatives with `null`.
fn tidy(schema: &mut Value) {
    let Value::Object(members) = schema else {
        return;
    };
    for name in ["format", "title", "$schema"] {
        members.remove(name);
    }
    if members.get("default").is_some_and(is_nothing) {
        members.remove("default");
    }
    // A comment that is broken into lines is one text.
    if let Some(Value::String(description)) = members.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            members.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(values)) = members.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(forms)) = members.get_mut("anyOf") {
        forms.retain(|form| form["type"] != "null");
        if let [Value::Object(form)] = &forms[..] {
            let form = form.clone();
            members.remove("anyOf");
            for (name, value) in form {
                members.entry(name).or_insert(value);
            }
        }
    }
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        properties.values_mut().for_each(tidy);
    }
    for name in ["items", "additionalProperties"] {
        if let Some(schema) = members.get_mut(name) {
            tidy(schema);
        }
    }
    for name in ["anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(forms)) = members.get_mut(name) {
            forms.iter_mut().for_each(tidy);
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Example {
        /// A number
        #[serde(default)]
        title: Option<usize>,
        /// Names
        #[serde(default)]
        names: Vec<String>,
        /// A part
        part: Option<Part>,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Part {
        One,
        Two,
    }

    #[test]
    fn a_schema_has_plain_types_and_no_references() {
        let schema = Value::Object(of_arguments::<Example>());
        let expected = json!({
            "type": "object",
            "properties": {
                "title": {"type": "integer", "minimum": 0, "description": "A number"},
                "names": {"type": "array", "items": {"type": "string"}, "description": "Names"},
                "part": {"type": "string", "enum": ["one", "two"], "description": "A part"},
            },
        });
        assert_eq!(schema, expected);
    }
}
