//! The schemas of a description in OpenAPI.

use serde_json::Value;

use super::html::Html;
use super::markdown::markdown;

/// Returns the section with all schemas of a description.
pub(super) fn section(description: &Value) -> Html {
    let schemas = &description["components"]["schemas"];
    let schemas = schemas.as_object().into_iter().flatten();
    let articles: Html = schemas
        .map(|(name, schema)| {
            let content = [
                Html::new("h3", Html::new("code", name.as_str())),
                markdown(text(&schema["description"])),
                body(schema),
            ];
            Html::with("article", &[("id", &format!("schema-{name}"))], content)
        })
        .collect();
    let content = [Html::new("h2", "Schemas"), articles];
    Html::with("section", &[("id", "schemas")], content)
}

/// Renders the fields or the alternatives of a schema.
fn body(schema: &Value) -> Html {
    let mut content = Html::default();
    if let Some(fields) = schema["properties"].as_object() {
        let fields: Html = fields
            .iter()
            .map(|(name, field)| item(schema, name, field))
            .collect();
        content.push(Html::new("dl", fields));
    }
    for name in ["oneOf", "anyOf", "allOf"] {
        for part in schema[name].as_array().into_iter().flatten() {
            let description = markdown(text(&part["description"]));
            let part = [description, body(part)];
            content.push(Html::with("div", &[("class", "part")], part));
        }
    }
    let is_simple = ["properties", "oneOf", "anyOf", "allOf"];
    if is_simple.iter().all(|name| schema[*name].is_null()) {
        content.push(Html::with("p", &[("class", "type")], type_of(schema)));
        content.push(bounds(schema));
    }
    content
}

/// Renders a field of a schema as an item of a list.
fn item(schema: &Value, name: &str, field: &Value) -> Html {
    let mut required = schema["required"].as_array().into_iter().flatten();
    let notes = if required.any(|one| one == name) {
        vec!["always".to_owned()]
    } else {
        Vec::new()
    };
    let content = [markdown(text(&field["description"])), bounds(field)];
    [term(name, type_of(field), &notes), Html::new("dd", content)].into()
}

/// Renders a name with its type and notes.
pub(super) fn term(name: &str, kind: Html, notes: &[String]) -> Html {
    let kind = Html::with("span", &[("class", "type")], kind);
    let mut content = Html::from([Html::new("code", name), " ".into(), kind]);
    for note in notes {
        content.push(" ");
        content.push(Html::with("span", &[("class", "note")], note.as_str()));
    }
    Html::new("dt", content)
}

/// Names the type of a schema, with links to the schemas that it refers to.
pub(super) fn type_of(schema: &Value) -> Html {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|name| name.rsplit('/').next())
    {
        return Html::with("a", &[("href", &format!("#schema-{name}"))], name);
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values
            .iter()
            .map(|value| Html::new("code", value_text(value)));
        return joined(values, ", ");
    }
    for (name, joint) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = schema[name].as_array() {
            return joined(parts.iter().map(type_of), joint);
        }
    }
    match &schema["type"] {
        _ if !schema["const"].is_null() => Html::new("code", value_text(&schema["const"])),
        Value::String(name) if name == "array" => {
            ["list of ".into(), type_of(&schema["items"])].into()
        }
        Value::String(name) => name.as_str().into(),
        Value::Array(names) => joined(names.iter().map(|name| text(name).into()), " or "),
        _ => "any value".into(),
    }
}

fn joined(pieces: impl Iterator<Item = Html>, joint: &str) -> Html {
    let mut html = Html::default();
    for (at, piece) in pieces.enumerate() {
        if at > 0 {
            html.push(joint);
        }
        html.push(piece);
    }
    html
}

/// Renders the bounds, the default and the example of a schema.
pub(super) fn bounds(schema: &Value) -> Html {
    let names = [
        ("minimum", "At least"),
        ("maximum", "At most"),
        ("minLength", "Shortest length"),
        ("maxLength", "Longest length"),
        ("minItems", "Fewest items"),
        ("maxItems", "Most items"),
        ("pattern", "Pattern"),
        ("default", "Default"),
        ("example", "Example"),
    ];
    let present = names.iter().filter(|(name, _)| !schema[*name].is_null());
    let bounds: Vec<Html> = present
        .map(|(name, words)| {
            let value = Html::new("code", value_text(&schema[*name]));
            Html::new("span", [format!("{words}: ").into(), value])
        })
        .collect();
    if bounds.is_empty() {
        return Html::default();
    }
    let bounds = joined(bounds.into_iter(), " ");
    Html::with("p", &[("class", "bounds")], bounds)
}

/// Returns a value as a reader expects it: texts without quotes.
pub(super) fn value_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns a text, or an empty one if the value is another one.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
