use std::fmt::Display;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

use crate::{Error, Result, regular_file};

/// The greatest length of a configuration file in bytes, with room for long lists of labels.
pub(crate) const MAX_JSON_BYTES: u64 = 4 << 20;

/// A parsed JSON file together with its path, which error messages name.
pub(crate) struct Json<T> {
    pub(crate) path: PathBuf,
    pub(crate) value: T,
}

impl<T: DeserializeOwned> Json<T> {
    /// Reads a required file; `expected` describes its contents for error messages.
    pub(crate) fn read(path: PathBuf, expected: &'static str) -> Result<Self> {
        Self::read_optional(path.clone(), expected)?.ok_or(Error::MissingFile { path, expected })
    }

    /// Reads a file, or returns `None` if the file does not exist.
    pub(crate) fn read_optional(path: PathBuf, expected: &'static str) -> Result<Option<Self>> {
        let Some(bytes) = regular_file::read_optional(&path, MAX_JSON_BYTES)? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&bytes).map_err(Error::malformed(&path, expected))?;
        Ok(Some(Self { path, value }))
    }

    /// Returns the error for a field of this file whose value is not supported.
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

    /// Refuses a field unless its value is `supported` or the field is absent.
    pub(crate) fn only<V: PartialEq + Display>(
        &self,
        field: &str,
        found: Option<V>,
        supported: V,
    ) -> Result<()> {
        match found {
            Some(found) if found != supported => {
                Err(self.unsupported(field, found.to_string(), format!("`{supported}`")))
            }
            _ => Ok(()),
        }
    }

    /// Returns the value of two fields that mean the same, and refuses two different values.
    pub(crate) fn either<V: PartialEq + Display>(
        &self,
        (field, value): (&str, Option<V>),
        (other_field, other): (&str, Option<V>),
    ) -> Result<Option<V>> {
        match (value, other) {
            (Some(value), Some(other)) if value != other => {
                let expected = format!("the `{other_field}` of the same file, {other}");
                Err(self.unsupported(field, value.to_string(), expected))
            }
            (value, other) => Ok(value.or(other)),
        }
    }

    /// Refuses a field whose value is below `minimum`.
    pub(crate) fn at_least(&self, field: &str, found: usize, minimum: usize) -> Result<()> {
        if found < minimum {
            let expected = format!("at least {minimum}");
            return Err(self.unsupported(field, found.to_string(), expected));
        }
        Ok(())
    }

    /// Refuses a field whose value is above `maximum`.
    pub(crate) fn at_most(&self, field: &str, found: usize, maximum: usize) -> Result<()> {
        if found > maximum {
            let expected = format!("at most {maximum}");
            return Err(self.unsupported(field, found.to_string(), expected));
        }
        Ok(())
    }

    /// Refuses a field whose value does not divide the value of another field.
    pub(crate) fn divides(
        &self,
        (field, divisor): (&str, usize),
        (dividend_field, dividend): (&str, usize),
    ) -> Result<()> {
        if divisor == 0 || !dividend.is_multiple_of(divisor) {
            let expected = format!("a divisor of {dividend_field}, {dividend}");
            return Err(self.unsupported(field, divisor.to_string(), expected));
        }
        Ok(())
    }
}
