//! Rows that are the objects of a JSON format, with lists and dictionaries in their cells.

use serde_json::{Map, Value};

use crate::Paper;
use crate::read::formats::spec::{ObjectFormat, ObjectsOf};
use crate::read::notes::Notes;
use crate::read::syntax::literal::literal;
use crate::read::syntax::missing_value::is_missing;

/// The columns that have objects or lists of lists if a data frame was made of the objects of a catalog.
const NESTED: [&str; 12] = [
    "authors",
    "author",
    "authorships",
    "authors_parsed",
    "creators",
    "externalIds",
    "externalids",
    "journal",
    "versions",
    "primary_location",
    "biblio",
    "container-title",
];

/// Converts rows that are objects.
pub(super) struct Objects {
    /// Determines the format of objects by their fields.
    objects_of: ObjectsOf,
    /// The format, once a row turned out to be an object.
    format: Option<ObjectFormat>,
}

impl Objects {
    pub(super) fn new(objects_of: ObjectsOf) -> Self {
        Self {
            objects_of,
            format: None,
        }
    }

    /// Converts a row, given as the names of columns and the texts in them, if it or an earlier row is an object.
    pub(super) fn paper<'a>(
        &mut self,
        cells: impl Iterator<Item = (&'a str, &'a str)> + Clone,
        notes: &Notes,
    ) -> Option<Result<Paper, String>> {
        if self.format.is_none() && !is_object(cells.clone()) {
            return None;
        }
        let mut fields: Map<String, Value> = Map::new();
        for (name, text) in cells {
            // Of columns with the same name, the first counts, unless it is blank.
            let value = fields.entry(name).or_insert(Value::Null);
            if value.is_null() {
                *value = value_of(text);
            }
        }
        let format = *self.format.get_or_insert_with(|| {
            let values = fields.iter();
            let texts: Vec<(&str, String)> = values
                .map(|(name, value)| (&**name, value.to_string()))
                .collect();
            let starts = texts.iter().map(|(name, text)| (*name, text.as_bytes()));
            (self.objects_of)(starts.collect())
        });
        Some(format.convert(&fields, notes))
    }
}

/// Returns whether a row has a title in a column with the name that JSON formats use, and objects or lists of
/// lists in another.
fn is_object<'a>(mut cells: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> bool {
    let is_nested = |(name, text): (&str, &str)| {
        NESTED.contains(&name)
            && text.trim_start().starts_with(['[', '{'])
            && match literal(text) {
                Some(Value::Object(_)) => true,
                Some(Value::Array(items)) => items
                    .first()
                    .is_some_and(|item| item.is_object() || item.is_array()),
                _ => false,
            }
    };
    cells.clone().any(|(name, _)| name == "title") && cells.any(is_nested)
}

fn value_of(text: &str) -> Value {
    let text = text.trim();
    if is_missing(text) {
        return Value::Null;
    }
    if let Some(value) = literal(text) {
        return value;
    }
    // Data frames turn integers into floating-point numbers if some are missing.
    match text.strip_suffix(".0") {
        Some(whole) if whole.bytes().all(|byte| byte.is_ascii_digit()) => whole.into(),
        _ => text.into(),
    }
}
