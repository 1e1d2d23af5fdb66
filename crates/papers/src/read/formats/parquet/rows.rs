//! The rows of a Parquet file as records.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::statistics::Statistics;
use parquet::schema::types::Type;
use serde_json::{Map, Value};

use super::column::{Column, RowState};
use crate::read::formats::spec::{LocatedRecord, ObjectFormat, ObjectsOf};
use crate::read::notes::Notes;
use crate::{Paper, RecordLocation};

/// The maximum size in bytes of the description of a file at its end.
const MAX_METADATA: u32 = 16 << 20;

/// The maximum number of columns that are open at a time. Each of them takes a file descriptor.
const MAX_LEAVES: usize = 200;

/// Reads the rows of a file, holding a page of each column in memory.
pub(super) struct Rows {
    file: File,
    metadata: ParquetMetaData,
    /// The format of the objects that the rows are.
    objects: ObjectFormat,
    /// The number of row groups that were begun.
    groups: usize,
    /// The columns of the current row group.
    columns: Vec<Column>,
    /// The number of rows of the current row group that were not read.
    left: i64,
    /// The number of records read.
    records: usize,
    ended: bool,
    notes: Notes,
}

impl Rows {
    /// Starts to read; `objects_of` tells the format of the rows by the columns.
    pub(super) fn new(file: File, notes: Notes, objects_of: ObjectsOf) -> Result<Self> {
        check_metadata_size(&file)?;
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&file)?;
        let schema = metadata.file_metadata().schema();
        let columns = schema.get_fields().iter();
        let columns = columns.map(|column| (column.name(), start_of_value(column)));
        let objects = objects_of(columns.collect());
        Ok(Self {
            file,
            metadata,
            objects,
            groups: 0,
            columns: Vec::new(),
            left: 0,
            records: 0,
            ended: false,
            notes,
        })
    }

    /// Starts to read the next row group, and returns whether there is one.
    fn next_group(&mut self) -> Result<bool> {
        let Some(group) = self.metadata.row_groups().get(self.groups) else {
            return Ok(false);
        };
        self.groups += 1;
        self.columns.clear();
        let open_bytes = Arc::default();
        let schema = group.schema_descr();
        let row_count = u64::try_from(group.num_rows()).unwrap_or_default();
        let mut open = 0;
        let mut leaf = 0;
        // The leaves of a column follow one another.
        while leaf < schema.num_columns() {
            let root = schema.get_column_root_idx(leaf);
            let is_same = |leaf: &usize| schema.get_column_root_idx(*leaf) == root;
            let leaves: Vec<usize> = (leaf..schema.num_columns()).take_while(is_same).collect();
            leaf += leaves.len();
            let name = schema.get_column_root(leaves[0]).name();
            let is_open = self.columns.iter().any(|column| column.name() == name);
            if !self.objects.reads(name) || is_open {
                let nulls = null_count(group, &leaves);
                self.notes
                    .ignore_fields(name, row_count.saturating_sub(nulls));
                continue;
            }
            let mut ignored = Vec::new();
            let max_leaves = MAX_LEAVES - open;
            let column = Column::open(
                &self.file,
                &open_bytes,
                group,
                &leaves,
                max_leaves,
                &mut ignored,
            )?;
            for name in ignored {
                self.notes.ignore_fields(&name, row_count);
            }
            if let Some(column) = column {
                open += column.leaf_count();
                self.columns.push(column);
            }
        }
        // The number of rows is a mere claim, which the values of a column confirm.
        if self.columns.is_empty() {
            let names = schema.root_schema().get_fields().iter();
            let names: Vec<String> = names
                .take(20)
                .map(|column| format!("`{}`", column.name()))
                .collect();
            return Err(ParquetError::General(format!(
                "found the columns {}, expected those of a paper, such as `title`",
                names.join(", ")
            )));
        }
        self.left = group.num_rows();
        Ok(true)
    }

    /// Returns the next row, or `None` at the end of the file. The outer error concerns the file, which
    /// cannot be read further.
    fn try_next(&mut self) -> Result<Option<std::result::Result<Paper, String>>> {
        while self.left <= 0 {
            if !self.next_group()? {
                return Ok(None);
            }
        }
        self.left -= 1;
        let mut row = RowState::default();
        let mut fields: Map<String, Value> = Map::new();
        for column in &mut self.columns {
            let value = column.next(&mut row)?;
            fields.insert(column.name().to_owned(), value);
        }
        if let Some(remark) = row.remark {
            self.notes.remark(remark);
        }
        let paper = match row.error {
            Some(reason) => Err(reason),
            None => self.objects.convert(&fields, &self.notes),
        };
        Ok(Some(paper))
    }
}

impl Iterator for Rows {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        if self.ended {
            return None;
        }
        let outcome = match self.try_next() {
            Ok(outcome) => outcome?,
            // Pages after one that cannot be read are not accessible.
            Err(error) => {
                self.ended = true;
                self.notes.set_incomplete();
                Err(format!("cannot read the file: {error}"))
            }
        };
        self.records += 1;
        Some((RecordLocation::Record(self.records), outcome))
    }
}

/// Returns the first bytes of the values of a column in JSON, by which formats are told apart.
fn start_of_value(column: &Type) -> &'static [u8] {
    let is_list = |node: &Type| {
        let info = node.get_basic_info();
        info.converted_type() == ConvertedType::LIST
            || info.logical_type_ref() == Some(&LogicalType::List)
    };
    match column.is_group() {
        true if is_list(column) => b"[",
        true => b"{",
        false if column.get_physical_type() == PhysicalType::BYTE_ARRAY => b"\"",
        false => b"",
    }
}

/// Returns the number of rows of a group in which a column has no value, as far as the file tells.
fn null_count(group: &RowGroupMetaData, leaves: &[usize]) -> u64 {
    let [leaf] = leaves else { return 0 };
    let column = group.column(*leaf);
    let statistics = column
        .statistics()
        .filter(|_| column.column_descr().max_rep_level() == 0);
    statistics
        .and_then(Statistics::null_count_opt)
        .unwrap_or_default()
}

/// Checks the size of the description of the file, which precedes the last four bytes, and these bytes.
fn check_metadata_size(mut file: &File) -> Result<()> {
    let (mut size, mut signature) = ([0; 4], [0; 4]);
    if file.seek(SeekFrom::End(-8)).is_err() {
        return Ok(()); // The file is too short, which is an error when it is read.
    }
    file.read_exact(&mut size)?;
    file.read_exact(&mut signature)?;
    if !matches!(&signature, b"PAR1" | b"PARE") {
        return Err(ParquetError::General(
            "the file does not end in `PAR1`: it breaks off, or is in another format".to_owned(),
        ));
    }
    let size = u32::from_le_bytes(size);
    if size > MAX_METADATA {
        return Err(ParquetError::General(format!(
            "found {size} bytes of metadata, expected at most {MAX_METADATA}"
        )));
    }
    Ok(())
}
