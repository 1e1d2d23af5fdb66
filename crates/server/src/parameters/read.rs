//! Reading of parameters, with messages that name the parameter and what is expected of it.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::form::Form;
use crate::problem::{Kind, Problem};

/// The least similarity of an unknown name and the name that is suggested for it, 0 to 1.
const MIN_SIMILARITY: f64 = 0.5;

/// The longest part of a wrong value in a message, in characters.
const MAX_QUOTED: usize = 60;

/// Reads the parameters after the question mark of an address.
pub(crate) fn from_address<T: DeserializeOwned + IntoParams>(query: &str) -> Result<T, Problem> {
    let pairs: Vec<(String, String)> = serde_html_form::from_str(query)
        .map_err(|error| Problem::new(Kind::InvalidRequest, format!("parameters: {error}")))?;
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, text) in pairs {
        // The decoder replaces what is not UTF-8 by this character.
        if text.contains('\u{fffd}') && !query.to_ascii_uppercase().contains("%EF%BF%BD") {
            let detail = format!("`{}` is not UTF-8", quotable(&name));
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
        texts.entry(name).or_default().push(text);
    }
    let known = T::into_params(|| Some(ParameterIn::Query));
    let mut object = Map::new();
    for (name, texts) in texts {
        let form = form(&known, &name)?;
        let value = match (&form, texts.as_slice()) {
            (Form::List(item), texts) => {
                let items = texts.iter().map(|text| {
                    let value = item.read(text);
                    value.ok_or_else(|| wrong(&name, &format!("`{}`", quotable(text)), item))
                });
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            (form, [text]) => {
                let value = form.read(text);
                value.ok_or_else(|| wrong(&name, &format!("`{}`", quotable(text)), form))?
            }
            (_, texts) => {
                let detail = format!("`{name}` is given {} times, expected once", texts.len());
                return Err(Problem::new(Kind::InvalidRequest, detail).with("parameter", name));
            }
        };
        object.insert(name, value);
    }
    complete(object, &known)
}

/// Reads parameters that are the fields of an object.
pub(crate) fn from_object<T: DeserializeOwned + IntoParams>(
    object: Map<String, Value>,
) -> Result<T, Problem> {
    let known = T::into_params(|| Some(ParameterIn::Query));
    for (name, value) in &object {
        let form = form(&known, name)?;
        if let (Form::List(item), Value::Array(items)) = (&form, value)
            && let Some(wrong_item) = items.iter().find(|value| !item.allows(value))
        {
            let found = format!("a list with {}", shown(wrong_item));
            return Err(wrong(name, &found, &form));
        }
        if !form.allows(value) {
            return Err(wrong(name, &shown(value), &form));
        }
    }
    complete(object, &known)
}

/// Returns the form of a parameter.
fn form(known: &[Parameter], name: &str) -> Result<Form, Problem> {
    let found = known.iter().find(|parameter| parameter.name == name);
    let Some(parameter) = found else {
        return Err(unknown(known, name));
    };
    Ok(parameter.schema.as_ref().map_or(Form::Any, Form::of))
}

/// Makes parameters of an object whose values have their forms.
fn complete<T: DeserializeOwned>(
    object: Map<String, Value>,
    known: &[Parameter],
) -> Result<T, Problem> {
    let mut required = known
        .iter()
        .filter(|parameter| parameter.required == Required::True);
    if let Some(missing) = required.find(|parameter| !object.contains_key(&parameter.name)) {
        let detail = format!("`{}` is missing", missing.name);
        return Err(
            Problem::new(Kind::InvalidRequest, detail).with("parameter", missing.name.as_str())
        );
    }
    serde_json::from_value(Value::Object(object))
        .map_err(|error| Problem::new(Kind::InvalidRequest, error.to_string()))
}

fn wrong(name: &str, found: &str, expected: &Form) -> Problem {
    let detail = format!("`{name}` is {found}, expected {expected}");
    Problem::new(Kind::InvalidRequest, detail).with("parameter", name)
}

fn unknown(known: &[Parameter], name: &str) -> Problem {
    let mut detail = format!("unknown parameter `{}`", quotable(name));
    let similarity = |parameter: &&Parameter| {
        let similarity = strsim::normalized_damerau_levenshtein(&parameter.name, name);
        (similarity >= MIN_SIMILARITY).then_some(similarity)
    };
    let similar = known
        .iter()
        .filter_map(|parameter| similarity(&parameter).map(|similarity| (similarity, parameter)));
    let nearest = similar.max_by(|(one, _), (other, _)| one.total_cmp(other));
    if let Some((_, nearest)) = nearest {
        detail += ", the nearest name is `";
        detail += &nearest.name;
        detail.push('`');
    }
    let names = known.iter().map(|parameter| parameter.name.clone());
    Problem::new(Kind::InvalidRequest, detail).with("parameters", names.collect::<Vec<_>>())
}

/// Returns a value as a message shows it: a text in quotes, and what a longer value is.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => format!("`{}`", quotable(text)),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Returns the beginning of a text on one line.
fn quotable(text: &str) -> String {
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = line.clone().take(MAX_QUOTED).collect();
    if line.count() > MAX_QUOTED {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, Deserialize, IntoParams, PartialEq)]
    #[into_params(parameter_in = Query)]
    #[serde(default)]
    struct Wanted {
        q: Option<String>,
        k: Option<usize>,
        diversity: Option<f32>,
        explain: bool,
        venue: Vec<String>,
        vector: Vec<f32>,
    }

    fn address(query: &str) -> Result<Wanted, String> {
        from_address(query).map_err(|problem: Problem| problem.detail().to_owned())
    }

    fn object(value: &Value) -> Result<Wanted, String> {
        let object = value.as_object().unwrap().clone();
        from_object(object).map_err(|problem: Problem| problem.detail().to_owned())
    }

    #[test]
    fn an_address_and_an_object_give_the_same() {
        let query =
            "q=a+b%3F&k=3&diversity=0.5&explain=true&venue=One&venue=Two&vector=1&vector=-2.5";
        let value = json!({
            "q": "a b?", "k": 3, "diversity": 0.5, "explain": true,
            "venue": ["One", "Two"], "vector": [1, -2.5]
        });
        let expected = Wanted {
            q: Some("a b?".to_owned()),
            k: Some(3),
            diversity: Some(0.5),
            explain: true,
            venue: vec!["One".to_owned(), "Two".to_owned()],
            vector: vec![1.0, -2.5],
        };
        assert_eq!(address(query).unwrap(), expected);
        assert_eq!(object(&value).unwrap(), expected);
        assert_eq!(address("").unwrap(), Wanted::default());
    }

    #[test]
    fn messages_name_the_parameter_and_what_is_expected() {
        for (query, message) in [
            ("k=abc", "`k` is `abc`, expected a whole number, at least 0"),
            ("k=-1", "`k` is `-1`, expected a whole number, at least 0"),
            ("k=1&k=2", "`k` is given 2 times, expected once"),
            ("diversity=nan", "`diversity` is `nan`, expected a number"),
            (
                "explain=yes",
                "`explain` is `yes`, expected `true` or `false`",
            ),
            ("vector=1&vector=x", "`vector` is `x`, expected a number"),
            ("q=%ff", "`q` is not UTF-8"),
            (
                "venu=x",
                "unknown parameter `venu`, the nearest name is `venue`",
            ),
            ("xylophone=1", "unknown parameter `xylophone`"),
        ] {
            assert_eq!(address(query).unwrap_err(), message, "{query}");
        }
        for (value, message) in [
            (
                json!({"k": "3"}),
                "`k` is `3`, expected a whole number, at least 0",
            ),
            (
                json!({"k": null}),
                "`k` is null, expected a whole number, at least 0",
            ),
            (
                json!({"k": 1.5}),
                "`k` is 1.5, expected a whole number, at least 0",
            ),
            (json!({"q": ["a"]}), "`q` is a list, expected a text"),
            (
                json!({"venue": "a"}),
                "`venue` is `a`, expected a list, each item a text",
            ),
            (
                json!({"vector": [1, "2"]}),
                "`vector` is a list with `2`, expected a list, each item a number",
            ),
            (
                json!({"divercity": 1}),
                "unknown parameter `divercity`, the nearest name is `diversity`",
            ),
        ] {
            assert_eq!(object(&value).unwrap_err(), message, "{value}");
        }
    }
}
