//! Apache Parquet: rows as records, with the columns of Cognate's own.

use std::fs::File;

use parquet::errors::ParquetError;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use serde_json::{Map, Value};

use super::{Located, own};
use crate::Place;

/// Reads the rows of a file, a few pages at a time.
pub(crate) struct Rows {
    rows: RowIter<'static>,
    read: usize,
    ended: bool,
}

impl Rows {
    pub(crate) fn new(file: File) -> Result<Self, ParquetError> {
        let reader = SerializedFileReader::new(file)?;
        Ok(Self {
            rows: RowIter::from_file_into(Box::new(reader)),
            read: 0,
            ended: false,
        })
    }
}

impl Iterator for Rows {
    type Item = Located;

    fn next(&mut self) -> Option<Located> {
        if self.ended {
            return None;
        }
        let row = self.rows.next()?;
        self.read += 1;
        // Behind a page that cannot be read there is nothing to go on with.
        self.ended = row.is_err();
        let outcome = row
            .map_err(|error| format!("cannot read the file: {error}"))
            .and_then(object)
            .and_then(|fields| own::paper(&fields));
        Some((Place::Record(self.read), outcome))
    }
}

fn object(row: Row) -> Result<Map<String, Value>, String> {
    let column = |(name, field): (String, Field)| match value(field) {
        Ok(value) => Ok((name, value)),
        Err(found) => Err(format!(
            "`{name}` holds {found}, expected text or whole numbers"
        )),
    };
    row.into_columns().into_iter().map(column).collect()
}

/// A field as JSON, or what it is where it is nothing of a paper.
fn value(field: Field) -> Result<Value, &'static str> {
    Ok(match field {
        Field::Null => Value::Null,
        Field::Bool(value) => value.into(),
        Field::Byte(value) => value.into(),
        Field::Short(value) => value.into(),
        Field::Int(value) => value.into(),
        Field::Long(value) => value.into(),
        Field::UByte(value) => value.into(),
        Field::UShort(value) => value.into(),
        Field::UInt(value) => value.into(),
        Field::ULong(value) => value.into(),
        // As pandas writes whole numbers of which some are missing.
        Field::Float(value) => whole(value.into()),
        Field::Double(value) => whole(value),
        Field::Str(text) => text.into(),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => text.into(),
            Err(_) => return Err("bytes that are not UTF-8"),
        },
        Field::ListInternal(list) => {
            let elements = list.elements().iter().cloned();
            Value::Array(elements.map(value).collect::<Result<_, _>>()?)
        }
        // A column that is no text is a fault where a text is expected of it, and there only.
        other => format!("{other}").into(),
    })
}

/// A number as JSON, without the point where it is whole; nothing where it is none.
fn whole(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return Value::from(number as i64);
    }
    if number.is_nan() {
        return Value::Null;
    }
    Value::from(number)
}
