//! Tables in one JSON object, as pandas writes data frames, and records under their keys.

use serde_json::{Map, Value};

use super::json_record::Fields;
use super::json_shape::{RECORD_FIELDS, TITLES};

/// The names of fields that identify a record.
const IDS: [&str; 5] = ["id", "ID", "doi", "DOI", "key"];

/// The records of an object.
#[derive(Debug)]
pub(crate) enum Rows {
    /// The object is a record.
    Record(Fields),
    /// The rows of a table whose columns are the fields of the object.
    Columns(Vec<Fields>),
    /// The values of the fields.
    Values(Vec<Fields>),
}

impl Rows {
    /// Returns the records of an object: of `{"title": {"0": …}, "year": {"0": …}}`, of the same with lists, of
    /// `{"columns": […], "data": [[…]]}`, or of `{"key": {"title": …}}`.
    pub(crate) fn of(object: Fields) -> Self {
        let is_title = |name: &String| TITLES.contains(&name.as_str());
        if object.values().all(Value::is_object) && !object.is_empty() {
            if object.len() > 1 && object.keys().any(is_title) {
                return Self::Columns(rows_of_columns(object));
            }
            let is_record = |(name, value): (&String, &Value)| {
                let fields = value.as_object();
                let has_title = fields.is_some_and(|fields| fields.keys().any(is_title));
                has_title && !RECORD_FIELDS.contains(&name.as_str())
            };
            if object.iter().all(is_record) {
                return Self::Values(values(object));
            }
        } else if object.len() > 1 && object.keys().any(is_title) {
            let lengths = object.values().map(|value| value.as_array().map(Vec::len));
            let mut lengths = lengths.collect::<Vec<_>>().into_iter();
            let first = lengths.next().flatten();
            // The fields of one record may have lists too, but not all of them have several items.
            if first.is_some_and(|first| first > 1) && lengths.all(|length| length == first) {
                return Self::Columns(rows_of_lists(object));
            }
        } else if let (Some(Value::Array(columns)), Some(Value::Array(rows))) =
            (object.get("columns"), object.get("data"))
            && columns.iter().all(Value::is_string)
            && rows.iter().all(Value::is_array)
        {
            return Self::Columns(rows_of_split(columns, rows));
        }
        Self::Record(object)
    }
}

/// Converts columns whose cells have the names of their rows.
fn rows_of_columns(object: Fields) -> Vec<Fields> {
    let mut rows: Map<String, Value> = Map::new();
    for (column, cells) in object {
        let Value::Object(cells) = cells else {
            continue;
        };
        for (row, cell) in cells {
            let fields = rows.entry(row).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(fields) = fields {
                fields.insert(column.clone(), cell);
            }
        }
    }
    let mut rows: Vec<(String, Value)> = rows.into_iter().collect();
    // In the order of their numbers, which is not that of their texts.
    rows.sort_by_key(|(row, _)| row.parse().unwrap_or(u64::MAX));
    rows.into_iter()
        .filter_map(|(_, row)| match row {
            Value::Object(fields) => Some(fields),
            _ => None,
        })
        .collect()
}

fn rows_of_lists(object: Fields) -> Vec<Fields> {
    let mut rows: Vec<Fields> = Vec::new();
    for (column, cells) in object {
        let Value::Array(cells) = cells else {
            continue;
        };
        rows.resize_with(cells.len().max(rows.len()), Map::new);
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.insert(column.clone(), cell);
        }
    }
    rows
}

fn rows_of_split(columns: &[Value], rows: &[Value]) -> Vec<Fields> {
    let names = || columns.iter().filter_map(Value::as_str);
    rows.iter()
        .filter_map(Value::as_array)
        .map(|cells| {
            let cells = names().zip(cells);
            cells
                .map(|(name, cell)| (name.to_owned(), cell.clone()))
                .collect()
        })
        .collect()
}

/// Returns the records under their keys. A key that is not a row number identifies a record that has no other
/// identifier.
fn values(object: Fields) -> Vec<Fields> {
    let has_keys = object.len() > 1;
    let records = object.into_iter().filter_map(|(key, value)| {
        let Value::Object(mut fields) = value else {
            return None;
        };
        let is_number = key.bytes().all(|byte| byte.is_ascii_digit());
        if has_keys && !is_number && !IDS.iter().any(|name| fields.contains_key(*name)) {
            fields.insert("id".to_owned(), Value::String(key));
        }
        Some(fields)
    });
    records.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrangement_of_a_table_has_the_same_rows() {
        let expected = r#"[{"title":"A","year":1},{"title":"B","year":null}]"#;
        for text in [
            r#"{"title": {"0": "A", "10": "B"}, "year": {"0": 1, "10": null}}"#,
            r#"{"title": ["A", "B"], "year": [1, null]}"#,
            r#"{"columns": ["title", "year"], "index": [0, 1], "data": [["A", 1], ["B", null]]}"#,
            r#"{"0": {"title": "A", "year": 1}, "1": {"title": "B", "year": null}}"#,
        ] {
            let rows = match Rows::of(serde_json::from_str(text).unwrap()) {
                Rows::Columns(rows) | Rows::Values(rows) => rows,
                Rows::Record(_) => panic!("{text}"),
            };
            assert_eq!(serde_json::to_string(&rows).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn rows_are_in_the_order_of_their_numbers() {
        let cells: Vec<String> = (0..12).map(|at| format!(r#""{at}": {at}"#)).collect();
        let cells = cells.join(", ");
        let text = format!(r#"{{"title": {{{cells}}}, "year": {{{cells}}}}}"#);
        let Rows::Columns(rows) = Rows::of(serde_json::from_str(&text).unwrap()) else {
            panic!("expected columns");
        };
        assert!(rows.iter().enumerate().all(|(at, row)| row["year"] == at));
    }

    #[test]
    fn a_key_identifies_a_record_without_another_identifier() {
        let text = r#"{"a": {"title": "A"}, "b": {"title": "B", "doi": "x"}}"#;
        let Rows::Values(rows) = Rows::of(serde_json::from_str(text).unwrap()) else {
            panic!("expected values");
        };
        assert_eq!(rows[0]["id"], "a");
        assert!(!rows[1].contains_key("id"));
    }

    #[test]
    fn other_objects_are_records() {
        for text in [
            "{}",
            r#"{"title": "A"}"#,
            r#"{"title": ["A"], "DOI": ["x"]}"#,
            r#"{"title": ["A", "B"], "DOI": "x"}"#,
            r#"{"title": {"en": "A"}, "id": 1}"#,
            r#"{"paper": {"title": "A", "id": 1}}"#,
            r#"{"columns": 2, "data": [["A"]], "id": 1}"#,
        ] {
            let found = Rows::of(serde_json::from_str(text).unwrap());
            assert!(matches!(found, Rows::Record(_)), "{text}");
        }
    }
}
