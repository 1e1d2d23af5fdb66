//! The report of `add`: what happened to records that were not simply added.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cognate::RecordLocation;
use serde::Serialize;

use crate::atomic_file;
use crate::terminal::escaped_json;

/// One line of the report.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event<'a> {
    /// A record is not in the library, since it is not a paper.
    LeftOut { reason: &'a str },
    /// The rest of a file was not read.
    Incomplete { reason: &'a str },
    /// Something in a record was left out or repaired.
    Changed { what: &'a str },
    /// A field or a column that is not read.
    FieldNotRead { field: &'a str, values: u64 },
    /// A paper has a new id, since another paper has the id.
    Renamed {
        id: &'a str,
        new_id: &'a str,
        title: &'a str,
        other_title: &'a str,
    },
    /// Fields that have no value in a record stay as they are in the library.
    Merged {
        id: &'a str,
        kept: &'a [&'static str],
    },
    /// The text of a paper is longer than the model reads.
    Truncated {
        id: &'a str,
        bytes: usize,
        bytes_read: usize,
    },
    /// A paper replaced another one.
    Replaced {
        id: &'a str,
        title: &'a str,
        other_title: &'a str,
    },
}

#[derive(Serialize)]
struct Entry<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<usize>,
    #[serde(flatten)]
    event: Event<'a>,
}

/// Collects the lines of a report until it is finished, in a temporary file.
pub(crate) struct ImportReport {
    target: Option<(PathBuf, BufWriter<File>)>,
}

impl ImportReport {
    /// Creates a report that will be written to `path` if there is one.
    pub(crate) fn new(path: Option<&Path>) -> Result<Self> {
        let target = match path {
            None => None,
            Some(path) => {
                let file = tempfile::tempfile().context("cannot create a temporary file")?;
                Some((path.to_owned(), BufWriter::new(file)))
            }
        };
        Ok(Self { target })
    }

    /// Returns whether the report is written to a file.
    pub(crate) fn is_wanted(&self) -> bool {
        self.target.is_some()
    }

    /// Adds a line.
    pub(crate) fn add(
        &mut self,
        file: &str,
        location: Option<RecordLocation>,
        event: Event<'_>,
    ) -> Result<()> {
        let Some((_, out)) = &mut self.target else {
            return Ok(());
        };
        let (line, record) = match location {
            Some(RecordLocation::Line(line)) => (Some(line), None),
            Some(RecordLocation::Record(record)) => (None, Some(record)),
            _ => (None, None),
        };
        let json = serde_json::to_string(&Entry {
            file,
            line,
            record,
            event,
        })?;
        writeln!(out, "{}", escaped_json(&json)).context("cannot write a temporary file")
    }

    /// Writes the report.
    pub(crate) fn finish(self) -> Result<()> {
        let Some((path, out)) = self.target else {
            return Ok(());
        };
        let mut spooled = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        spooled.rewind()?;
        let cannot_write = || format!("cannot write `{}`", path.display());
        atomic_file::write(&path, |mut file| {
            io::copy(&mut spooled, &mut file).with_context(cannot_write)
        })?;
        Ok(())
    }
}
