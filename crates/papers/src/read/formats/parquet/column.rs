//! A column of a Parquet file as JSON values, one per row.

use std::fs::File;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, PoisonError};

use parquet::basic::{Repetition, Type as PhysicalType};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::RowGroupMetaData;
use parquet::record::Field;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, Type};
use serde_json::Value;

use super::pages::{CheckedPages, PageFile, SharedLevels};
use crate::read::input::{self, MAX_RECORD, MAX_VALUES};

/// A column with a value, or a list of values, for each row.
pub(super) struct Column {
    name: String,
    descriptor: ColumnDescPtr,
    values: Values,
    /// What tells the lists of a column apart, or `None` for a column without lists.
    lists: Option<Lists>,
    /// The first value of the next list.
    next: Option<Item>,
}

struct Lists {
    levels: SharedLevels,
    /// The definition level from which on a list has an item.
    item_level: i16,
}

/// The values of a column by their type.
enum Values {
    Int32(ColumnReaderImpl<Int32Type>),
    Int64(ColumnReaderImpl<Int64Type>),
    Float(ColumnReaderImpl<FloatType>),
    Double(ColumnReaderImpl<DoubleType>),
    Bytes(ColumnReaderImpl<ByteArrayType>),
    /// Values that no paper has, described for an error message.
    Unsupported(String),
}

/// A value of a column.
struct Item {
    field: Field,
    /// Whether the value is in a list, which is otherwise empty or missing.
    is_in_list: bool,
}

/// The size of a row, or the reason why it is invalid.
#[derive(Default)]
pub(super) struct RowState {
    bytes: usize,
    values: usize,
    pub(super) error: Option<String>,
}

impl Column {
    /// Starts to read the column of a name in a row group, or returns `None` if there is none.
    pub(super) fn open(
        file: &File,
        open_bytes: &Arc<AtomicUsize>,
        group: &RowGroupMetaData,
        name: &str,
    ) -> Result<Option<Self>> {
        let schema = group.schema_descr();
        let is_of_name = |leaf: &usize| schema.get_column_root(*leaf).name() == name;
        let mut leaves = (0..schema.num_columns()).filter(is_of_name);
        let Some(leaf) = leaves.next() else {
            return Ok(None);
        };
        let descriptor = schema.column(leaf);
        let levels = SharedLevels::default();
        let values = if leaves.next().is_none() && descriptor.max_rep_level() <= 1 {
            let file = PageFile::new(file, open_bytes)?;
            let pages = CheckedPages::new(file, group.column(leaf), &levels)?;
            Values::new(&descriptor, Box::new(pages))
        } else {
            Values::Unsupported("nested values".to_owned())
        };
        let lists = (descriptor.max_rep_level() == 1).then(|| Lists {
            levels,
            item_level: item_level(schema.get_column_root(leaf), &descriptor),
        });
        Ok(Some(Self {
            name: name.to_owned(),
            descriptor,
            values,
            lists,
            next: None,
        }))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value for the next row, or null if the row is or becomes invalid.
    ///
    /// An error concerns the file, which cannot be read further.
    pub(super) fn next(&mut self, row: &mut RowState) -> Result<Value> {
        if let Values::Unsupported(found) = &self.values {
            row.error.get_or_insert_with(|| {
                let name = &self.name;
                format!("`{name}` holds {found}, expected text, numbers or a list of them")
            });
            return Ok(Value::Null);
        }
        let Some(lists) = &self.lists else {
            let item = self.values.next(&self.descriptor, 0)?.ok_or_else(ended)?;
            return Ok(row.value(&self.name, item.field).unwrap_or_default());
        };
        let mut item = if let Some(first) = self.next.take() {
            first
        } else {
            let first = self.values.next(&self.descriptor, lists.item_level)?;
            if lists.next_level()? != 0 {
                return Err(ParquetError::General(
                    "a column begins in a list".to_owned(),
                ));
            }
            first.ok_or_else(ended)?
        };
        let mut list = Vec::new();
        loop {
            if item.is_in_list {
                list.extend(row.value(&self.name, item.field));
            }
            if row.error.is_some() {
                list = Vec::new();
            }
            item = match self.values.next(&self.descriptor, lists.item_level)? {
                Some(item) if lists.next_level()? > 0 => item,
                next => {
                    self.next = next;
                    return Ok(Value::Array(list));
                }
            };
        }
    }
}

impl Lists {
    /// Returns the repetition level of the value that was read last: 0 if it begins a list.
    fn next_level(&self) -> Result<i16> {
        let mut pages = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(levels) = pages.front_mut() {
            if let Some(level) = levels.next() {
                return Ok(level);
            }
            pages.pop_front();
        }
        Err(ended())
    }
}

impl Values {
    fn new(descriptor: &ColumnDescPtr, pages: Box<CheckedPages>) -> Self {
        // The pages come without repetition levels.
        let flat = Arc::new(ColumnDescriptor::new(
            descriptor.self_type_ptr(),
            descriptor.max_def_level(),
            0,
            descriptor.path().clone(),
        ));
        match descriptor.physical_type() {
            PhysicalType::INT32 => Self::Int32(ColumnReaderImpl::new(flat, pages)),
            PhysicalType::INT64 => Self::Int64(ColumnReaderImpl::new(flat, pages)),
            PhysicalType::FLOAT => Self::Float(ColumnReaderImpl::new(flat, pages)),
            PhysicalType::DOUBLE => Self::Double(ColumnReaderImpl::new(flat, pages)),
            PhysicalType::BYTE_ARRAY => Self::Bytes(ColumnReaderImpl::new(flat, pages)),
            other => Self::Unsupported(format!("values of the type {other}")),
        }
    }

    /// Returns the next value, or `None` at the end of the column.
    fn next(&mut self, descriptor: &ColumnDescPtr, item_level: i16) -> Result<Option<Item>> {
        let max_level = descriptor.max_def_level();
        let found = match self {
            Self::Int32(reader) => {
                let found = next_of(reader, max_level)?;
                found.map(|(level, value)| {
                    (
                        level,
                        value.map(|value| Field::convert_int32(descriptor, value)),
                    )
                })
            }
            Self::Int64(reader) => {
                let found = next_of(reader, max_level)?;
                found.map(|(level, value)| {
                    (
                        level,
                        value.map(|value| Field::convert_int64(descriptor, value)),
                    )
                })
            }
            Self::Float(reader) => {
                let found = next_of(reader, max_level)?;
                found.map(|(level, value)| (level, value.map(Field::Float)))
            }
            Self::Double(reader) => {
                let found = next_of(reader, max_level)?;
                found.map(|(level, value)| (level, value.map(Field::Double)))
            }
            Self::Bytes(reader) => {
                let found = next_of(reader, max_level)?;
                found.map(|(level, value)| (level, value.map(Field::Bytes)))
            }
            Self::Unsupported(_) => None,
        };
        Ok(found.map(|(level, value)| Item {
            field: value.unwrap_or(Field::Null),
            is_in_list: level >= item_level,
        }))
    }
}

/// Returns the next value of a column with its definition level, or `None` at the end.
fn next_of<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    max_level: i16,
) -> Result<Option<(i16, Option<T::T>)>> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let has_levels = max_level > 0;
    let levels_out = has_levels.then_some(&mut levels);
    let (records, ..) = reader.read_records(1, levels_out, None, &mut values)?;
    let level = levels.pop().unwrap_or(max_level);
    Ok((records > 0).then(|| (level, values.pop())))
}

impl RowState {
    /// Converts a value of the row to JSON, or returns `None` if the row is or becomes invalid.
    fn value(&mut self, name: &str, field: Field) -> Option<Value> {
        if self.error.is_some() {
            return None;
        }
        self.values += 1;
        if let Field::Bytes(bytes) = &field {
            self.bytes = self.bytes.saturating_add(bytes.len());
        }
        let outcome = if self.bytes > MAX_RECORD {
            Err(input::too_long())
        } else if self.values > MAX_VALUES {
            Err(input::too_many())
        } else {
            json(field)
                .map_err(|found| format!("`{name}` holds {found}, expected text or whole numbers"))
        };
        outcome.map_err(|error| self.error = Some(error)).ok()
    }
}

/// Returns the definition level from which on a list has an item: that of its repeated type.
fn item_level(root: &Type, descriptor: &ColumnDescriptor) -> i16 {
    let mut level = 0;
    let mut node = root;
    let mut names = descriptor.path().parts().iter().skip(1);
    loop {
        let info = node.get_basic_info();
        if info.has_repetition() {
            match info.repetition() {
                Repetition::REPEATED => return level + 1,
                Repetition::OPTIONAL => level += 1,
                Repetition::REQUIRED => {}
            }
        }
        let child = names.next().filter(|_| node.is_group()).and_then(|name| {
            let mut children = node.get_fields().iter();
            children.find(|child| child.name() == name)
        });
        match child {
            Some(child) => node = child,
            None => return level,
        }
    }
}

/// Converts a value to JSON. The error describes a value that no paper has.
fn json(field: Field) -> std::result::Result<Value, &'static str> {
    Ok(match field {
        Field::Null => Value::Null,
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
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => text.into(),
            Err(_) => return Err("bytes that are not UTF-8"),
        },
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

fn ended() -> ParquetError {
    ParquetError::General("a column has fewer values than the table has rows".to_owned())
}
