//! The rows of a Parquet file as records.

use std::fs::File;

use parquet::errors::ParquetError;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use serde_json::{Map, Value};

use crate::RecordLocation;
use crate::read::formats::cognate_json;
use crate::read::formats::spec::LocatedRecord;

/// Reads the rows of a file, holding a few pages in memory.
pub(super) struct Rows {
    iter: RowIter<'static>,
    /// The number of records read.
    records: usize,
    ended: bool,
}

impl Rows {
    pub(super) fn new(file: File) -> Result<Self, ParquetError> {
        let reader = SerializedFileReader::new(file)?;
        Ok(Self {
            iter: RowIter::from_file_into(Box::new(reader)),
            records: 0,
            ended: false,
        })
    }
}

impl Iterator for Rows {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        if self.ended {
            return None;
        }
        let row = self.iter.next()?;
        self.records += 1;
        // Pages after one that cannot be read are not accessible.
        self.ended = row.is_err();
        let outcome = row
            .map_err(|error| format!("cannot read the file: {error}"))
            .and_then(object)
            .and_then(|fields| cognate_json::paper(&fields));
        Some((RecordLocation::Record(self.records), outcome))
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

/// Converts a field to JSON. The error describes a field that no paper has.
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
        // pandas writes integers as floats if some are missing.
        Field::Float(value) => number(value.into()),
        Field::Double(value) => number(value),
        Field::Str(text) => text.into(),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => text.into(),
            Err(_) => return Err("bytes that are not UTF-8"),
        },
        Field::ListInternal(list) => {
            let elements = list.elements().iter().cloned();
            Value::Array(elements.map(value).collect::<Result<_, _>>()?)
        }
        // Other types become text, so that they cause an error only in a column of another type.
        other => format!("{other}").into(),
    })
}

/// Converts a number to JSON: a whole number to an integer, NaN to null.
fn number(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return Value::from(number as i64);
    }
    if number.is_nan() {
        return Value::Null;
    }
    Value::from(number)
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};
    use std::sync::Arc;

    use parquet::basic::{Compression, ZstdLevel};
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;
    use crate::{Format, Paper, PaperReader};

    /// Writes three rows, of which the last has no id; `name` is the name of the column with the
    /// titles.
    fn table(compression: Compression, name: &str) -> File {
        let schema = format!(
            "message papers {{
                optional binary id (UTF8);
                optional binary {name} (UTF8);
                optional double year;
                optional group authors (LIST) {{
                    repeated group list {{ optional binary element (UTF8); }}
                }}
                required int32 rank;
            }}"
        );
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let properties = WriterProperties::builder().set_compression(compression);
        let mut file = tempfile::tempfile().unwrap();
        let copy = file.try_clone().unwrap();
        let mut writer =
            SerializedFileWriter::new(copy, schema, Arc::new(properties.build())).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let texts = |texts: &[&str]| -> Vec<ByteArray> {
            texts.iter().map(|text| ByteArray::from(*text)).collect()
        };
        for (values, levels) in [
            (&["a", "b"][..], [1, 1, 0]),
            (&["One", "Two", "Three"], [1, 1, 1]),
        ] {
            let mut column = group.next_column().unwrap().unwrap();
            let strings = column.typed::<ByteArrayType>();
            strings
                .write_batch(&texts(values), Some(&levels), None)
                .unwrap();
            column.close().unwrap();
        }
        let mut column = group.next_column().unwrap().unwrap();
        let years = column.typed::<DoubleType>();
        years
            .write_batch(&[2001.0], Some(&[1, 0, 0]), None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let authors = column.typed::<ByteArrayType>();
        authors
            .write_batch(
                &texts(&["X", "Y"]),
                Some(&[3, 3, 1, 0]),
                Some(&[0, 1, 0, 0]),
            )
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let ranks = column.typed::<Int32Type>();
        ranks.write_batch(&[1, 2, 3], None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        file.rewind().unwrap();
        file
    }

    fn read(file: File) -> Vec<Result<Paper, String>> {
        let reader = PaperReader::from_file(file, "f", None).unwrap();
        assert_eq!(reader.format(), Format::Parquet);
        reader
            .map(|paper| paper.map_err(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn reads_rows_with_every_compression() {
        let zstd = Compression::ZSTD(ZstdLevel::default());
        for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, zstd] {
            let expected = [
                Ok(Paper::new("a").title("One").year(2001).authors(["X", "Y"])),
                Ok(Paper::new("b").title("Two")),
                Err("f: record 3: `id` is missing".to_owned()),
            ];
            assert_eq!(read(table(compression, "title")), expected);
            // A stream, whose end cannot be sought.
            let stream = PaperReader::new(table(compression, "title"), "f").unwrap();
            assert_eq!(stream.flatten().count(), 2);
        }
    }

    #[test]
    fn a_table_without_titles_has_an_error_for_each_row() {
        let found = read(table(Compression::UNCOMPRESSED, "name"));
        let missing = "f: record 1: `title` and `abstract` are both missing, expected one at least";
        assert_eq!(found[0], Err(missing.to_owned()));
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"PAR1 and no more").unwrap();
        file.rewind().unwrap();
        let error = PaperReader::from_file(file, "f", None).unwrap_err();
        assert_eq!(error.to_string(), "cannot read `f`");
    }
}
