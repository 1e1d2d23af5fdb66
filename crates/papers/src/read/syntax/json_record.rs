//! Typed access to the fields of a JSON object.

use serde_json::{Map, Value};

use crate::read::input::{self, MAX_VALUES};

/// The fields of a JSON object, by name.
pub(crate) type Fields = Map<String, Value>;

/// Parses one JSON object.
pub(crate) fn parse(bytes: &[u8]) -> Result<Fields, String> {
    // A shorter record cannot have as many values.
    if bytes.len() > MAX_VALUES && value_count(bytes) > MAX_VALUES {
        return Err(input::too_many());
    }
    // Without the line break, an error at the end has a column of the line.
    let text = input::text(bytes)?.trim_end();
    let parsed = serde_json::from_str(text).or_else(|error| match without_nan(text) {
        Some(valid) => serde_json::from_str(&valid),
        None => Err(error),
    });
    match parsed {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err(format!("found {}, expected an object", type_name(&other))),
        Err(error) => {
            let reason = reason(&error);
            // The line number of the error counts from the start of the record.
            let position = match error.line() {
                0 | 1 => format!("column {}", error.column()),
                line => format!("column {} of its line {line}", error.column()),
            };
            Err(format!("not JSON at {position}: {reason}"))
        }
    }
}

/// Returns what is wrong with JSON, for a reader who does not know the words of its grammar.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let plain = match message {
        "EOF while parsing a list" => "the text ends inside a list",
        "EOF while parsing an object" => "the text ends inside an object",
        "EOF while parsing a string" => "the text ends inside a string",
        "EOF while parsing a value" => "the text ends too early",
        "expected `:`" => "expected `:` after a name",
        "expected ident" | "expected value" => {
            "expected a value: a text in double quotes, a number, a list or an object"
        }
        "key must be a string" => "expected a name in double quotes",
        "trailing comma" => "a comma with nothing after it",
        "trailing characters" => "more text after the end of the value",
        "invalid escape" => "an unknown escape after a `\\`",
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            "an incomplete escape after `\\u`"
        }
        "recursion limit exceeded" => "lists or objects are nested too deeply",
        message if message.starts_with("control character") => {
            "a line break or another control character in a text in double quotes"
        }
        message => message,
    };
    plain.to_owned()
}

/// Returns JSON text with null in place of the values `NaN`, `Infinity` and `-Infinity`, which Python writes and
/// JSON does not have, or `None` if there are none of these.
fn without_nan(text: &str) -> Option<String> {
    const NUMBERS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];
    let bytes = text.as_bytes();
    let mut valid = String::new();
    let (mut copied, mut at, mut in_string) = (0, 0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'N' | b'I' | b'-' if !in_string => {
                let found = NUMBERS
                    .iter()
                    .find(|name| bytes[at..].starts_with(name.as_bytes()));
                if let Some(name) = found {
                    valid.push_str(&text[copied..at]);
                    valid.push_str("null");
                    at += name.len();
                    copied = at;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    (copied > 0).then(|| valid + &text[copied..])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_for_a_missing_number_is_null() {
        let text = r#"{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN, \"Infinity", "d": -1}"#;
        let fields = parse(text.as_bytes()).unwrap();
        let expected = r#"{"a":null,"b":[null,null],"c":"NaN, \"Infinity","d":-1}"#;
        assert_eq!(serde_json::to_string(&fields).unwrap(), expected);
        for bad in [r#"{"a": Nan}"#, r#"{"a": NaN"#, r#"{"a": nan}"#] {
            let error = parse(bad.as_bytes()).unwrap_err();
            assert!(error.starts_with("not JSON at column "), "{error}");
        }
    }
}
