//! Reading the arguments of a tool. Agents write numbers as strings, single values instead of lists, and
//! lists as strings of JSON; the schema says what is meant.

use rmcp::model::JsonObject;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::{Kind, Problem};

/// Reads arguments that `schema` describes.
///
/// # Errors
///
/// Returns a problem that names the argument and what is expected.
pub(super) fn read<T: DeserializeOwned>(
    schema: &JsonObject,
    arguments: JsonObject,
) -> Result<T, Problem> {
    let arguments = converted(schema, arguments)?;
    serde_json::from_value(Value::Object(arguments)).map_err(|error| invalid(error.to_string()))
}

fn invalid(detail: String) -> Problem {
    Problem::new(Kind::InvalidRequest, detail)
}

/// Converts each argument to the type of its schema.
fn converted(schema: &JsonObject, arguments: JsonObject) -> Result<JsonObject, Problem> {
    let empty = JsonObject::new();
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let mut converted = JsonObject::new();
    for (name, value) in arguments {
        let Some(property) = properties.get(&name) else {
            let names: Vec<String> = properties.keys().map(|name| format!("`{name}`")).collect();
            let names = names.join(", ");
            return Err(invalid(format!(
                "the tool has no argument `{name}`, expected any of {names}"
            )));
        };
        if value.is_null() {
            continue;
        }
        let shown = shown(&value);
        match convert(property, value) {
            Ok(value) => converted.insert(name, value),
            Err(expected) => {
                return Err(invalid(format!("`{name}` is {shown}, expected {expected}")));
            }
        };
    }
    let required = schema.get("required").and_then(Value::as_array);
    let required = required.into_iter().flatten().filter_map(Value::as_str);
    for name in required {
        if !converted.contains_key(name) {
            let description = properties
                .get(name)
                .and_then(|one| one["description"].as_str());
            let description = description.unwrap_or_default();
            return Err(invalid(format!("`{name}` is missing: {description}")));
        }
    }
    Ok(converted)
}

/// Converts a value, or says what is expected.
fn convert(schema: &Value, value: Value) -> Result<Value, String> {
    let value = match schema["type"].as_str() {
        Some("integer") => integer(&value).ok_or("a whole number")?,
        Some("number") => number(&value).ok_or("a number")?,
        Some("boolean") => boolean(&value).ok_or("true or false")?,
        Some("string") => match value {
            Value::String(_) => value,
            Value::Number(number) => Value::String(number.to_string()),
            _ => return Err("a text".to_owned()),
        },
        Some("array") => {
            let items = list(value).into_iter();
            let items = items.map(|item| convert(&schema["items"], item));
            let items = items.collect::<Result<_, _>>();
            return items
                .map(Value::Array)
                .map_err(|expected| format!("a list, each item {expected}"));
        }
        _ => value,
    };
    if let (Some(least), Some(found)) = (schema["minimum"].as_f64(), value.as_f64())
        && found < least
    {
        return Err(format!("at least {least}"));
    }
    if let (Some(most), Some(found)) = (schema["maximum"].as_f64(), value.as_f64())
        && found > most
    {
        return Err(format!("at most {most}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(&value)
    {
        let allowed: Vec<String> = allowed.iter().map(shown).collect();
        return Err(format!("one of {}", allowed.join(", ")));
    }
    Ok(value)
}

fn integer(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) if number.is_f64() => whole(number.as_f64()?),
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => {
            let text = text.trim();
            let number = text.parse::<i64>().ok().map(Value::from);
            number.or_else(|| whole(text.parse().ok()?))
        }
        _ => None,
    }
}

/// Returns a number such as 2.0 as a whole number.
fn whole(number: f64) -> Option<Value> {
    /// The whole numbers up to this one are exact.
    const MOST: f64 = 9_007_199_254_740_992.0;
    let is_exact = number.fract() == 0.0 && number.abs() <= MOST;
    #[expect(clippy::cast_possible_truncation, reason = "used only if it is exact")]
    let whole = number as i64;
    is_exact.then(|| Value::from(whole))
}

fn number(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => text
            .trim()
            .parse::<serde_json::Number>()
            .ok()
            .map(Value::Number),
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::String(text) => text.trim().to_lowercase().parse().ok().map(Value::Bool),
        _ => None,
    }
}

/// Returns the items of a list, which may be written as a string of JSON, or the only item.
fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::String(text) if text.trim_start().starts_with('[') => {
            serde_json::from_str(&text).unwrap_or_else(|_| vec![Value::String(text)])
        }
        item => vec![item],
    }
}

/// Returns a value as a message shows it.
fn shown(value: &Value) -> String {
    const MOST: usize = 40;
    let text = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Example {
        query: String,
        #[serde(default)]
        k: usize,
        #[serde(default)]
        weight: f64,
        #[serde(default)]
        smooth: bool,
        #[serde(default)]
        ids: Vec<String>,
    }

    fn example(arguments: Value) -> Result<Example, String> {
        let schema = json!({
            "properties": {
                "query": {"type": "string", "description": "a text"},
                "k": {"type": "integer", "minimum": 1, "maximum": 9},
                "weight": {"type": "number"},
                "smooth": {"type": "boolean"},
                "ids": {"type": "array", "items": {"type": "string"}},
                "mode": {"type": "string", "enum": ["one", "two"]},
            },
            "required": ["query"],
        });
        let (Value::Object(schema), Value::Object(arguments)) = (schema, arguments) else {
            unreachable!()
        };
        read(&schema, arguments).map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn values_that_are_written_as_texts_are_converted() {
        let written = json!({
            "query": 2017, "k": "2", "weight": " 0.5", "smooth": "True", "ids": "[\"a\", \"b\"]", "mode": null,
        });
        let expected = Example {
            query: "2017".to_owned(),
            k: 2,
            weight: 0.5,
            smooth: true,
            ids: vec!["a".to_owned(), "b".to_owned()],
        };
        assert_eq!(example(written), Ok(expected));
        let short = example(json!({"query": "a", "k": 3.0, "ids": "a, b"})).unwrap();
        assert_eq!((short.k, short.ids), (3, vec!["a, b".to_owned()]));
    }

    #[test]
    fn an_argument_that_does_not_fit_is_named_with_what_is_expected() {
        let message = |arguments| example(arguments).unwrap_err();
        assert_eq!(message(json!({})), "`query` is missing: a text");
        assert_eq!(
            message(json!({"query": "a", "k": "many"})),
            "`k` is `many`, expected a whole number"
        );
        assert_eq!(
            message(json!({"query": "a", "k": 1.5})),
            "`k` is `1.5`, expected a whole number"
        );
        assert_eq!(
            message(json!({"query": "a", "k": 0})),
            "`k` is `0`, expected at least 1"
        );
        assert_eq!(
            message(json!({"query": "a", "k": "99"})),
            "`k` is `99`, expected at most 9"
        );
        assert_eq!(
            message(json!({"query": "a", "mode": "three"})),
            "`mode` is `three`, expected one of `one`, `two`"
        );
        assert_eq!(
            message(json!({"query": "a", "ids": ["a", {}]})),
            "`ids` is `[\"a\",{}]`, expected a list, each item a text"
        );
        let unknown = message(json!({"query": "a", "limit": 3}));
        assert!(unknown.starts_with("the tool has no argument `limit`, expected any of `"));
    }
}
