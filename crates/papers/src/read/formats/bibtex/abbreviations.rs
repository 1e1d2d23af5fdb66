//! The abbreviations of BibTeX: those that `@string` defines, and those that are always known.

use std::collections::HashMap;

use super::entry::Part;
use super::journals;
use crate::read::input::MAX_RECORD;

/// The maximum length in bytes of a value after its abbreviations are expanded. An abbreviation may
/// contain others, so that lengths could grow exponentially.
const MAX_VALUE: usize = 16 << 20;

/// The abbreviations that the entries read so far define, by their names in lower case.
#[derive(Default)]
pub(super) struct Abbreviations {
    defined: HashMap<String, String>,
    /// The size of all names and values in bytes.
    size: usize,
}

impl Abbreviations {
    /// Defines an abbreviation for the values after it.
    pub(super) fn define(&mut self, name: String, parts: &[Part<'_>]) -> Result<(), String> {
        let value = self.expand(parts)?;
        self.size += name.len() + value.len();
        if self.size > MAX_RECORD {
            let max = MAX_RECORD >> 20;
            return Err(format!("the `@string`s are longer than {max} MiB in all"));
        }
        self.defined.insert(name, value);
        Ok(())
    }

    /// Joins the parts of a value. An undefined abbreviation becomes its name.
    pub(super) fn expand(&self, parts: &[Part<'_>]) -> Result<String, String> {
        let mut value = String::new();
        for part in parts {
            match part {
                Part::Text(text) => value.push_str(text),
                Part::Name(name) => {
                    let lower = name.to_lowercase();
                    let known = || month(&lower).or_else(|| journals::of_style(&lower));
                    let defined = self.defined.get(&lower).map(String::as_str);
                    value.push_str(defined.or_else(known).unwrap_or(name));
                }
            }
            if value.len() > MAX_VALUE {
                let max = MAX_VALUE >> 20;
                return Err(format!(
                    "a value is longer than {max} MiB with its `@string`s"
                ));
            }
        }
        Ok(value)
    }
}

fn month(name: &str) -> Option<&'static str> {
    Some(match name {
        "jan" => "January",
        "feb" => "February",
        "mar" => "March",
        "apr" => "April",
        "may" => "May",
        "jun" => "June",
        "jul" => "July",
        "aug" => "August",
        "sep" => "September",
        "oct" => "October",
        "nov" => "November",
        "dec" => "December",
        _ => return None,
    })
}
