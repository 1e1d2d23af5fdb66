//! A column of a Parquet file as JSON values, one per row.

use std::fs::File;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, PoisonError};

use parquet::basic::{LogicalType, TimeUnit, Type as PhysicalType};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{
    ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type, Int96Type,
};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::RowGroupMetaData;
use parquet::record::Field;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};
use serde_json::Value;

use super::nesting::{Nesting, has_maps, with_maps};
use super::pages::{CheckedPages, PageFile, SharedLevels};
use crate::read::input::{self, MAX_RECORD, MAX_VALUES};

/// A column of the table, whose values may be nested.
pub(super) struct Column {
    name: String,
    leaves: Vec<Leaf>,
    has_maps: bool,
}

/// A column without further columns in it, as the file stores it.
struct Leaf {
    descriptor: ColumnDescPtr,
    values: Values,
    nesting: Nesting,
    /// What tells the lists of the leaf apart, or `None` if it is in no list.
    levels: Option<SharedLevels>,
    /// The first value of the next row.
    next: Option<Item>,
}

/// The values of a leaf by their type.
enum Values {
    Int32(ColumnReaderImpl<Int32Type>),
    Int64(ColumnReaderImpl<Int64Type>),
    Int96(ColumnReaderImpl<Int96Type>),
    Float(ColumnReaderImpl<FloatType>),
    Double(ColumnReaderImpl<DoubleType>),
    Bytes(ColumnReaderImpl<ByteArrayType>),
}

/// A value of a leaf.
struct Item {
    field: Field,
    /// The number of optional and repeated types around the value that are present.
    definition_level: i16,
}

/// The size of a row, or the reason why it is invalid.
#[derive(Default)]
pub(super) struct RowState {
    bytes: usize,
    values: usize,
    pub(super) error: Option<String>,
    /// A remark on a value that was left out.
    pub(super) remark: Option<String>,
}

impl Column {
    /// Starts to read the column of a name in a row group. `max_leaves` is the number of leaves that may be open.
    ///
    /// Returns `None`, in place of the column, if it has no values that a paper could have. The names of leaves that
    /// are not read go to `ignored`.
    pub(super) fn open(
        file: &File,
        open_bytes: &Arc<AtomicUsize>,
        group: &RowGroupMetaData,
        leaves: &[usize],
        max_leaves: usize,
        ignored: &mut Vec<String>,
    ) -> Result<Option<Self>> {
        let schema = group.schema_descr();
        let Some(first) = leaves.first() else {
            return Ok(None);
        };
        let root = schema.get_column_root(*first);
        let mut open = Vec::new();
        for &leaf in leaves {
            let descriptor = schema.column(leaf);
            let nesting = Nesting::of(root, &descriptor);
            let (true, Some(nesting)) = (
                open.len() < max_leaves && Values::can_read(&descriptor),
                nesting,
            ) else {
                ignored.push(descriptor.path().string());
                continue;
            };
            let levels = SharedLevels::default();
            let file = PageFile::new(file, open_bytes)?;
            let pages = CheckedPages::new(file, group.column(leaf), &levels)?;
            let Some(values) = Values::new(&descriptor, Box::new(pages)) else {
                continue;
            };
            let levels = (descriptor.max_rep_level() > 0).then_some(levels);
            open.push(Leaf {
                descriptor,
                values,
                nesting,
                levels,
                next: None,
            });
        }
        Ok((!open.is_empty()).then(|| Self {
            name: root.name().to_owned(),
            leaves: open,
            has_maps: has_maps(root),
        }))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of columns of the file that are open.
    pub(super) fn leaf_count(&self) -> usize {
        self.leaves.len()
    }

    /// Returns the value for the next row, or null if the row is or becomes invalid.
    ///
    /// An error concerns the file, which cannot be read further.
    pub(super) fn next(&mut self, row: &mut RowState) -> Result<Value> {
        let mut value = Value::Null;
        for leaf in &mut self.leaves {
            leaf.read_row(&self.name, row, &mut value)?;
            if row.error.is_some() {
                value = Value::Null;
            }
        }
        Ok(if self.has_maps {
            with_maps(value)
        } else {
            value
        })
    }
}

impl Leaf {
    /// Adds the values of the next row to the value of the column.
    fn read_row(&mut self, name: &str, row: &mut RowState, column: &mut Value) -> Result<()> {
        let Some(levels) = &self.levels else {
            let item = self.values.next(&self.descriptor)?.ok_or_else(ended)?;
            self.nesting.begin_row();
            row.place(name, item, &mut self.nesting, column);
            return Ok(());
        };
        let mut item = if let Some(first) = self.next.take() {
            first
        } else {
            let first = self.values.next(&self.descriptor)?;
            if next_level(levels)? != 0 {
                return Err(ParquetError::General(
                    "a column begins in a list".to_owned(),
                ));
            }
            first.ok_or_else(ended)?
        };
        self.nesting.begin_row();
        loop {
            row.place(name, item, &mut self.nesting, column);
            let Some(next) = self.values.next(&self.descriptor)? else {
                return Ok(());
            };
            let level = next_level(levels)?;
            if level == 0 {
                self.next = Some(next);
                return Ok(());
            }
            self.nesting.next_item(level);
            item = next;
        }
    }
}

/// Returns the repetition level of the value that was read last: 0 if it begins a row.
fn next_level(levels: &SharedLevels) -> Result<i16> {
    let mut pages = levels.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(levels) = pages.front_mut() {
        if let Some(level) = levels.next() {
            return Ok(level);
        }
        pages.pop_front();
    }
    Err(ended())
}

impl Values {
    /// Returns whether a paper could have values of this type.
    fn can_read(descriptor: &ColumnDescPtr) -> bool {
        !matches!(
            descriptor.physical_type(),
            PhysicalType::BOOLEAN | PhysicalType::FIXED_LEN_BYTE_ARRAY
        )
    }

    fn new(descriptor: &ColumnDescPtr, pages: Box<CheckedPages>) -> Option<Self> {
        // The pages come without repetition levels.
        let flat = Arc::new(ColumnDescriptor::new(
            descriptor.self_type_ptr(),
            descriptor.max_def_level(),
            0,
            descriptor.path().clone(),
        ));
        Some(match descriptor.physical_type() {
            PhysicalType::INT32 => Self::Int32(ColumnReaderImpl::new(flat, pages)),
            PhysicalType::INT64 => Self::Int64(ColumnReaderImpl::new(flat, pages)),
            PhysicalType::INT96 => Self::Int96(ColumnReaderImpl::new(flat, pages)),
            PhysicalType::FLOAT => Self::Float(ColumnReaderImpl::new(flat, pages)),
            PhysicalType::DOUBLE => Self::Double(ColumnReaderImpl::new(flat, pages)),
            PhysicalType::BYTE_ARRAY => Self::Bytes(ColumnReaderImpl::new(flat, pages)),
            PhysicalType::BOOLEAN | PhysicalType::FIXED_LEN_BYTE_ARRAY => return None,
        })
    }

    /// Returns the next value, or `None` at the end of the column.
    fn next(&mut self, descriptor: &ColumnDescPtr) -> Result<Option<Item>> {
        match self {
            Self::Int32(reader) => next_of(reader, descriptor, |value| {
                Field::convert_int32(descriptor, value)
            }),
            Self::Int64(reader) => next_of(reader, descriptor, |value| {
                match descriptor.logical_type_ref() {
                    Some(LogicalType::Timestamp(time)) if time.unit == TimeUnit::NANOS => {
                        Field::Long(value.div_euclid(1_000_000))
                    }
                    _ => Field::convert_int64(descriptor, value),
                }
            }),
            Self::Int96(reader) => {
                next_of(reader, descriptor, |value| Field::Long(value.to_millis()))
            }
            Self::Float(reader) => next_of(reader, descriptor, Field::Float),
            Self::Double(reader) => next_of(reader, descriptor, Field::Double),
            Self::Bytes(reader) => next_of(reader, descriptor, Field::Bytes),
        }
    }
}

/// Returns the next value of a column, or `None` at the end.
fn next_of<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    descriptor: &ColumnDescPtr,
    field: impl Fn(T::T) -> Field,
) -> Result<Option<Item>> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let has_levels = descriptor.max_def_level() > 0;
    let levels_out = has_levels.then_some(&mut levels);
    let (records, ..) = reader.read_records(1, levels_out, None, &mut values)?;
    let definition_level = levels.pop().unwrap_or(descriptor.max_def_level());
    Ok((records > 0).then(|| Item {
        field: values.pop().map_or(Field::Null, field),
        definition_level,
    }))
}

impl RowState {
    /// Puts an item of the row into the value of a column, unless the row is or becomes invalid.
    fn place(&mut self, name: &str, item: Item, nesting: &mut Nesting, column: &mut Value) {
        if self.error.is_some() {
            return;
        }
        self.values += 1;
        if let Field::Bytes(bytes) = &item.field {
            self.bytes = self.bytes.saturating_add(bytes.len());
        }
        if self.bytes > MAX_RECORD {
            self.error = Some(input::too_long());
        } else if self.values > MAX_VALUES {
            self.error = Some(input::too_many());
        } else {
            let value = json(item.field).unwrap_or_else(|found| {
                self.remark = Some(format!(
                    "`{name}` holds {found}, which were left out, expected text"
                ));
                Value::Null
            });
            self.values += nesting.place(column, item.definition_level, value);
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
