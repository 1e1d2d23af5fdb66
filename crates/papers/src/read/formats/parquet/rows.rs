//! The rows of a Parquet file as records.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use serde_json::{Map, Value};

use super::column::{Column, RowState};
use crate::read::formats::cognate_json;
use crate::read::formats::spec::LocatedRecord;
use crate::read::notes::Notes;
use crate::table::COLUMNS;
use crate::{Paper, RecordLocation};

/// The maximum size in bytes of the description of a file at its end.
const MAX_METADATA: u32 = 16 << 20;

/// Reads the rows of a file, holding a page of each column in memory.
pub(super) struct Rows {
    file: File,
    metadata: ParquetMetaData,
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
    pub(super) fn new(file: File, notes: Notes) -> Result<Self> {
        check_metadata_size(&file)?;
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&file)?;
        Ok(Self {
            file,
            metadata,
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
        for name in COLUMNS {
            let column = Column::open(&self.file, &open_bytes, group, name)?;
            self.columns.extend(column);
        }
        // The number of rows is a mere claim, which the values of this column confirm.
        if self
            .columns
            .first()
            .is_none_or(|column| column.name() != "id")
        {
            return Err(ParquetError::General(
                "the column `id` is missing".to_owned(),
            ));
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
        let paper = match row.error {
            Some(reason) => Err(reason),
            None => cognate_json::paper(&fields, &self.notes),
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

/// Checks the size of the description of the file, which precedes the last four bytes.
fn check_metadata_size(mut file: &File) -> Result<()> {
    let mut size = [0; 4];
    if file.seek(SeekFrom::End(-8)).is_err() {
        return Ok(()); // The file is too short, which is an error when it is read.
    }
    file.read_exact(&mut size)?;
    let size = u32::from_le_bytes(size);
    if size > MAX_METADATA {
        return Err(ParquetError::General(format!(
            "found {size} bytes of metadata, expected at most {MAX_METADATA}"
        )));
    }
    Ok(())
}
