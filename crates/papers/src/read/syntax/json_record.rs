//! The fields of one JSON object, asked for by name and kind.

use serde_json::{Map, Value};

use crate::read::input;

/// The fields of one object.
pub(crate) type Fields = Map<String, Value>;

/// Reads one object.
pub(crate) fn parse(bytes: &[u8]) -> Result<Fields, String> {
    // Without the line break, so that the end of the line is a column of it.
    match serde_json::from_str(input::text(bytes)?.trim_end()) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err(format!("found {}, expected an object", kind(&other))),
        Err(error) => {
            // Its line number counts from the start of the record.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            let place = match error.line() {
                0 | 1 => format!("column {}", error.column()),
                line => format!("column {} of its line {line}", error.column()),
            };
            Err(format!("not JSON at {place}: {message}"))
        }
    }
}

/// What a value is, for messages.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

pub(crate) fn wrong(name: &str, found: &Value, expected: &str) -> String {
    format!("`{name}` is {}, expected {expected}", kind(found))
}

/// A text without white space around it; nothing where the field is missing or null.
pub(crate) fn string(fields: &Fields, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(other) => Err(wrong(name, other, "a string")),
    }
}

/// A text that is not empty.
pub(crate) fn filled(fields: &Fields, name: &str) -> Result<Option<String>, String> {
    Ok(string(fields, name)?.filter(|text| !text.is_empty()))
}

/// A text that is not empty, or a whole number.
pub(crate) fn string_or_number(fields: &Fields, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        Some(Value::Number(number)) if !number.is_f64() => Ok(Some(number.to_string())),
        _ => filled(fields, name),
    }
}

/// A list of strings; empty where the field is missing or null.
pub(crate) fn strings(fields: &Fields, name: &str) -> Result<Vec<String>, String> {
    let expected = "a list of strings";
    let string = |value: &Value| match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        other => Err(format!(
            "`{name}` holds {}, expected strings only",
            kind(other)
        )),
    };
    list(fields, name, expected)?.iter().map(string).collect()
}

/// A list of objects; empty where the field is missing or null.
pub(crate) fn objects<'a>(fields: &'a Fields, name: &str) -> Result<Vec<&'a Fields>, String> {
    let object = |value: &'a Value| match value {
        Value::Object(fields) => Ok(fields),
        other => Err(format!(
            "`{name}` holds {}, expected objects only",
            kind(other)
        )),
    };
    list(fields, name, "a list of objects")?
        .iter()
        .map(object)
        .collect()
}

/// An object; nothing where the field is missing or null.
pub(crate) fn object<'a>(fields: &'a Fields, name: &str) -> Result<Option<&'a Fields>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(fields)) => Ok(Some(fields)),
        Some(other) => Err(wrong(name, other, "an object")),
    }
}

fn list<'a>(fields: &'a Fields, name: &str, expected: &str) -> Result<&'a [Value], String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(other) => Err(wrong(name, other, expected)),
    }
}

/// A year, as a number or in digits; nothing where the field is missing, null or blank.
pub(crate) fn year(fields: &Fields, name: &str) -> Result<Option<i32>, String> {
    let (Some(value), expected) = (fields.get(name), "a year such as 2017") else {
        return Ok(None);
    };
    let year = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_i64().and_then(|year| i32::try_from(year).ok()),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => text.trim().parse().ok(),
        other => return Err(wrong(name, other, expected)),
    };
    year.map(Some)
        .ok_or_else(|| format!("`{name}` is {value}, expected {expected}"))
}
