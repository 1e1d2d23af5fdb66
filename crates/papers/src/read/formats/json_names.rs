//! The names of persons in JSON, as texts or as objects.

use serde_json::Value;

use super::author_lists::authors;
use crate::Name;
use crate::read::input::MAX_VALUES;
use crate::read::syntax::json_object::Object;
use crate::read::syntax::json_record::Fields;
use crate::read::syntax::literal::literal;

/// The fields with the whole name, from the most precise on.
const WHOLE: [&str; 12] = [
    "name",
    "full_name",
    "fullName",
    "fullname",
    "display_name",
    "displayName",
    "literal",
    "raw_author_name",
    "raw",
    "text",
    "value",
    "author_name",
];
const GIVEN: [&str; 12] = [
    "given",
    "first",
    "firstName",
    "first_name",
    "firstname",
    "givenName",
    "given_name",
    "givenname",
    "forename",
    "foreName",
    "first_names",
    "given_names",
];
const FAMILY: [&str; 10] = [
    "family",
    "last",
    "lastName",
    "last_name",
    "lastname",
    "familyName",
    "family_name",
    "surname",
    "familyname",
    "surName",
];
/// The fields of an object that contains the object with the name.
const NESTED: [&str; 3] = ["author", "person", "creator"];

/// Returns the names of a field: a list of names, one name, or a text with several.
pub(super) fn names(object: Object<'_>, name: &str) -> Vec<Name> {
    if let Some(Value::String(text)) = object.get(name) {
        return names_in(text);
    }
    let mut names = Vec::new();
    for value in object.items(name) {
        match value_name(value) {
            Some(name) if !name.full().is_empty() => names.push(name),
            Some(_) => {}
            None => object.leave_out_item(name, value, "names"),
        }
    }
    names
}

/// Returns the name of a value: a text, an object with a name or its parts, or a list of family name, given name
/// and suffix. The name is empty if all of these are blank, and `None` if the value is none of these.
pub(super) fn value_name(value: &Value) -> Option<Name> {
    match value {
        Value::Null => Some(Name::default()),
        Value::String(text) => Some(spoken_or_inverted(text)),
        Value::Object(fields) => object_name(fields),
        Value::Array(parts) => {
            let part = |at: usize| parts.get(at).and_then(Value::as_str).unwrap_or_default();
            let is_name = parts.iter().all(Value::is_string) && (1..=4).contains(&parts.len());
            is_name.then(|| match part(1).trim() {
                "" => Name::new(part(0).trim()),
                given => Name::person(given, part(0)).with_suffix(part(2)),
            })
        }
        _ => None,
    }
}

/// Returns the name of an object, or `None` if it has no field with a name.
fn object_name(fields: &Fields) -> Option<Name> {
    let text = |names: &[&str]| {
        let mut texts = names.iter().filter_map(|name| match fields.get(*name) {
            Some(Value::String(text)) => Some(text.trim()),
            // Given names may be a list.
            Some(Value::Array(list)) => list.first().and_then(Value::as_str).map(str::trim),
            _ => None,
        });
        texts.find(|text| !text.is_empty()).unwrap_or_default()
    };
    let (given, family) = (text(&GIVEN), text(&FAMILY));
    if !family.is_empty() {
        let particles = [
            "dropping-particle",
            "non-dropping-particle",
            "particle",
            "prefix",
        ];
        let particles: Vec<&str> = particles.iter().map(|name| text(&[name])).collect();
        let particle = particles.join(" ");
        let suffix = text(&["suffix"]);
        // Zotero appends the suffix to the given names.
        let (given, suffix) = match given.rsplit_once(',') {
            Some((given, after)) if suffix.is_empty() => {
                (given, after.trim().trim_start_matches('!'))
            }
            _ => (given, suffix),
        };
        return Some(if particle.trim().is_empty() {
            Name::person(given, family).with_suffix(suffix)
        } else {
            Name::from_parts(given, &particle, family, suffix)
        });
    }
    let whole = text(&WHOLE);
    if !whole.is_empty() {
        return Some(
            if fields
                .get("literal")
                .is_some_and(|literal| literal == whole)
            {
                Name::organization(whole)
            } else {
                spoken_or_inverted(whole)
            },
        );
    }
    if !given.is_empty() {
        return Some(Name::new(given));
    }
    let nested = NESTED.iter().find_map(|name| match fields.get(*name) {
        Some(Value::Object(nested)) if !nested.is_empty() => object_name(nested),
        Some(Value::String(text)) => Some(spoken_or_inverted(text)),
        _ => None,
    });
    let has_blank_name = || {
        let mut names = WHOLE.iter().chain(&GIVEN).chain(&FAMILY).chain(&NESTED);
        names.any(|name| fields.contains_key(*name))
    };
    nested.or_else(|| has_blank_name().then(Name::default))
}

/// Returns a name of a list, which is `Family, Given` if it has a comma.
pub(super) fn spoken_or_inverted(text: &str) -> Name {
    let text = text.trim();
    if text.contains(',') {
        Name::parse(text)
    } else {
        Name::new(text)
    }
}

/// Returns the names in a text: a list as Python or JSON write it, or one whose names semicolons, `and`, commas or
/// line breaks separate.
pub(super) fn names_in(text: &str) -> Vec<Name> {
    match literal(text) {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(value_name)
            .filter(|name| !name.full().is_empty())
            .take(MAX_VALUES)
            .collect(),
        _ => authors(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_may_hold_several_names() {
        for (text, expected) in [
            ("Ann Ada", &["Ann Ada"][..]),
            ("Ada, Ann", &["Ann Ada"]),
            ("Ann Ada; Bo Birch", &["Ann Ada", "Bo Birch"]),
            ("Ada, Ann; Birch, Bo", &["Ann Ada", "Bo Birch"]),
            (
                "Ann Ada and Bo Birch AND Cy Coe",
                &["Ann Ada", "Bo Birch", "Cy Coe"],
            ),
            ("Ada, Ann and Birch, Bo", &["Ann Ada", "Bo Birch"]),
            (
                "Ann Ada, Bo Birch and Cy Coe",
                &["Ann Ada", "Bo Birch", "Cy Coe"],
            ),
            (
                "Ann Ada, Bo Birch & Cy Coe",
                &["Ann Ada", "Bo Birch", "Cy Coe"],
            ),
            ("Ann Ada, Bo Birch", &["Ann Ada", "Bo Birch"]),
            ("Ada, A., Birch, B.C.", &["A. Ada", "B.C. Birch"]),
            ("Ada A, Birch BC, Coe C", &["A Ada", "BC Birch", "C Coe"]),
            ("['Ann Ada', \"Bo O'Birch\"]", &["Ann Ada", "Bo O'Birch"]),
            (
                "[arxiv.Result.Author('Ann Ada'), arxiv.Result.Author('Bo Birch')]",
                &["Ann Ada", "Bo Birch"],
            ),
            (
                "[{'authorId': None, 'name': 'Ann Ada'}, {\"name\": \"Bo Birch\"}]",
                &["Ann Ada", "Bo Birch"],
            ),
            (" ", &[]),
        ] {
            let found = names_in(text);
            let found: Vec<&str> = found.iter().map(Name::full).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn an_object_has_a_name_or_its_parts() {
        for (json, expected) in [
            (r#"{"name": "Ann Ada", "authorId": "1"}"#, Some("Ann Ada")),
            (
                r#"{"family": "Berken", "given": "Jan", "non-dropping-particle": "van der"}"#,
                Some("Jan van der Berken"),
            ),
            (
                r#"{"given": "Max, Jr.", "family": "Roe"}"#,
                Some("Max Roe Jr."),
            ),
            (
                r#"{"firstName": "Ann", "lastName": "Ada"}"#,
                Some("Ann Ada"),
            ),
            (
                r#"{"author": {"display_name": null}, "raw_author_name": "Ann Ada"}"#,
                Some("Ann Ada"),
            ),
            (
                r#"{"author": {"display_name": "Ann Ada"}}"#,
                Some("Ann Ada"),
            ),
            (r#"{"full_name": "Ada, Ann"}"#, Some("Ann Ada")),
            (r#"["Ada", "Ann", "Jr"]"#, Some("Ann Ada Jr")),
            (r#"{"literal": "Ada and Birch"}"#, Some("Ada and Birch")),
            (r#"{"name": null}"#, Some("")),
            (r#"{"author": null}"#, Some("")),
            (r#"{"id": 3}"#, None),
            ("3", None),
        ] {
            let found = value_name(&serde_json::from_str(json).unwrap());
            assert_eq!(found.as_ref().map(Name::full), expected, "{json}");
        }
    }
}
