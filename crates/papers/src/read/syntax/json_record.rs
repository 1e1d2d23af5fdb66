//! Typed access to the fields of a JSON object.

use serde_json::{Map, Value};

use crate::read::input::{self, MAX_VALUES};
use crate::read::notes::Notes;
use crate::read::syntax::missing_value::is_missing;
use crate::read::syntax::year::year_in;

/// The fields of a JSON object, by name.
pub(crate) type Fields = Map<String, Value>;

/// Parses one JSON object.
pub(crate) fn parse(bytes: &[u8]) -> Result<Fields, String> {
    // A shorter record cannot have as many values.
    if bytes.len() > MAX_VALUES && value_count(bytes) > MAX_VALUES {
        return Err(input::too_many());
    }
    // Without the line break, an error at the end has a column of the line.
    match serde_json::from_str(input::text(bytes)?.trim_end()) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err(format!("found {}, expected an object", type_name(&other))),
        Err(error) => {
            // The line number of the message counts from the start of the record.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            let position = match error.line() {
                0 | 1 => format!("column {}", error.column()),
                line => format!("column {} of its line {line}", error.column()),
            };
            Err(format!("not JSON at {position}: {message}"))
        }
    }
}

/// Returns an upper bound of the number of values in JSON text: the count of commas and opening
/// brackets outside of strings.
fn value_count(bytes: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// Returns the type of a value for an error message.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Returns the error message for a field of the wrong type.
pub(crate) fn wrong_type(name: &str, found: &Value, expected: &str) -> String {
    format!("`{name}` is {}, expected {expected}", type_name(found))
}

/// Returns a string, trimmed, or `None` if the field is missing or null.
pub(crate) fn string(fields: &Fields, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(other) => Err(wrong_type(name, other, "a string")),
    }
}

/// Returns a string, trimmed, or `None` if the field is missing, null or blank.
pub(crate) fn filled(fields: &Fields, name: &str) -> Result<Option<String>, String> {
    Ok(string(fields, name)?.filter(|text| !text.is_empty()))
}

/// Returns a string, trimmed, or an integer as a string, or `None` if the field is missing, null or
/// blank.
pub(crate) fn string_or_number(fields: &Fields, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        Some(Value::Number(number)) if !number.is_f64() => Ok(Some(number.to_string())),
        _ => filled(fields, name),
    }
}

/// Returns a list of strings, which is empty if the field is missing or null.
pub(crate) fn strings(fields: &Fields, name: &str) -> Result<Vec<String>, String> {
    let expected = "a list of strings";
    let string = |value: &Value| match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        other => Err(format!(
            "`{name}` holds {}, expected strings only",
            type_name(other)
        )),
    };
    list(fields, name, expected)?.iter().map(string).collect()
}

/// Returns a list of objects, which is empty if the field is missing or null.
pub(crate) fn objects<'a>(fields: &'a Fields, name: &str) -> Result<Vec<&'a Fields>, String> {
    let object = |value: &'a Value| match value {
        Value::Object(fields) => Ok(fields),
        other => Err(format!(
            "`{name}` holds {}, expected objects only",
            type_name(other)
        )),
    };
    list(fields, name, "a list of objects")?
        .iter()
        .map(object)
        .collect()
}

/// Returns an object, or `None` if the field is missing or null.
pub(crate) fn object<'a>(fields: &'a Fields, name: &str) -> Result<Option<&'a Fields>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(fields)) => Ok(Some(fields)),
        Some(other) => Err(wrong_type(name, other, "an object")),
    }
}

/// Returns a list, which is empty if the field is missing or null.
pub(crate) fn list<'a>(
    fields: &'a Fields,
    name: &str,
    expected: &str,
) -> Result<&'a [Value], String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(other) => Err(wrong_type(name, other, expected)),
    }
}

/// Returns a year that is given as a whole number or as a string of one, or `None` if the field is
/// missing, null, or a text that stands for a missing value.
///
/// `2017.0` is a whole number: data frames turn the years of all records into floating-point numbers if
/// one record has no year.
pub(crate) fn year(fields: &Fields, name: &str, notes: &Notes) -> Result<Option<i32>, String> {
    let (Some(value), expected) = (fields.get(name), "a year such as 2017") else {
        return Ok(None);
    };
    let year = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => whole_number(&number.to_string()),
        Value::String(text) if is_missing(text) => return Ok(None),
        Value::String(text) => whole_number(text.trim()).or_else(|| year_in(text)),
        other => return Err(wrong_type(name, other, expected)),
    };
    if year.is_none() {
        notes.remark(format!(
            "`{name}` is {value}, which was left out, expected {expected}"
        ));
    }
    Ok(year)
}

/// Parses a number without a fraction, such as `2017` or `2017.0`.
fn whole_number(text: &str) -> Option<i32> {
    let digits = text.split_once('.').map_or(text, |(digits, fraction)| {
        let is_zero = !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
        if is_zero { digits } else { text }
    });
    digits.parse().ok()
}
