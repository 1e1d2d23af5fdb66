//! Apache Parquet with one paper per row. The columns are the fields of Cognate's own format, or of another one whose
//! records are JSON objects.

#[cfg(feature = "parquet")]
mod column;
#[cfg(feature = "parquet")]
mod delta;
#[cfg(feature = "parquet")]
mod levels;
#[cfg(feature = "parquet")]
mod nesting;
#[cfg(feature = "parquet")]
mod pages;
#[cfg(feature = "parquet")]
mod rows;
#[cfg(test)]
#[cfg(feature = "parquet")]
mod tests;

use std::fs::File;

use super::spec::{Evidence, FormatSpec, ObjectsOf, RecordSource, Records};
use crate::read::notes::Notes;
use crate::{Error, Result};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "parquet",
    extensions: &["parquet"],
    recognize: |start| start.starts_with(b"PAR1").then_some(Evidence::Signature),
    source: RecordSource::File(open),
};

#[cfg(feature = "parquet")]
fn open(
    file: File,
    origin: &str,
    notes: &Notes,
    objects_of: ObjectsOf,
) -> Result<Records<'static>> {
    let rows = rows::Rows::new(file, notes.clone(), objects_of).map_err(std::io::Error::other);
    let rows = rows.map_err(Error::io("read", std::path::Path::new(origin)))?;
    Ok(Box::new(rows))
}

#[cfg(not(feature = "parquet"))]
fn open(_: File, origin: &str, _: &Notes, _: ObjectsOf) -> Result<Records<'static>> {
    Err(Error::UnknownFormat {
        origin: origin.to_owned(),
        found: "is in Parquet".to_owned(),
        expected: "another format, or a build with the feature `parquet`".to_owned(),
    })
}
