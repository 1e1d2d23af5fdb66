use std::fmt::Display;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// A file that was read as JSON; keeps its path for messages.
pub(crate) struct Json<T> {
    pub(crate) path: PathBuf,
    pub(crate) value: T,
}

impl<T: DeserializeOwned> Json<T> {
    /// Reads a file that must be there.
    pub(crate) fn read(path: PathBuf, expected: &'static str) -> Result<Self> {
        Self::read_optional(path.clone(), expected)?.ok_or(Error::MissingFile { path, expected })
    }

    /// Reads a file that may be missing.
    pub(crate) fn read_optional(path: PathBuf, expected: &'static str) -> Result<Option<Self>> {
        match std::fs::read(&path) {
            Ok(bytes) => {
                let value =
                    serde_json::from_slice(&bytes).map_err(Error::malformed(&path, expected))?;
                Ok(Some(Self { path, value }))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    pub(crate) fn unsupported(
        &self,
        field: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Error {
        Error::Unsupported {
            path: self.path.clone(),
            field: field.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    /// Refuses a field whose value is not the one that runs; a field left out is taken to be it.
    pub(super) fn only<V: PartialEq + Display>(
        &self,
        field: &str,
        found: Option<V>,
        runs: V,
    ) -> Result<()> {
        match found {
            Some(found) if found != runs => {
                Err(self.unsupported(field, found.to_string(), format!("`{runs}`")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a field that is too small.
    pub(super) fn at_least(&self, field: &str, found: usize, least: usize) -> Result<()> {
        if found < least {
            let expected = format!("at least {least}");
            return Err(self.unsupported(field, found.to_string(), expected));
        }
        Ok(())
    }

    /// Refuses a number that does not divide another field.
    pub(super) fn divides(
        &self,
        (field, divisor): (&str, usize),
        (of_field, of): (&str, usize),
    ) -> Result<()> {
        if divisor == 0 || !of.is_multiple_of(divisor) {
            let expected = format!("a divisor of {of_field}, {of}");
            return Err(self.unsupported(field, divisor.to_string(), expected));
        }
        Ok(())
    }
}
