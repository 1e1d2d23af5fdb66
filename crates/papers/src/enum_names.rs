//! Conversion between the values of an enum and their names.

use crate::{Error, Result};

/// Implements `Display` and `FromStr` for an enum that has `ALL` and `name`.
///
/// `Display` writes the name and honors the width of the format string; `FromStr` ignores ASCII
/// case.
macro_rules! impl_display_and_from_str {
    ($type:ident, $option:literal) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Error;

            fn from_str(name: &str) -> $crate::Result<Self> {
                $crate::enum_names::find(Self::ALL, Self::name, $option, name)
            }
        }
    };
}
pub(crate) use impl_display_and_from_str;

/// Returns the value whose name is `name`, ignoring ASCII case.
pub(crate) fn find<T: Copy>(
    all: &[T],
    name_of: fn(T) -> &'static str,
    option: &'static str,
    name: &str,
) -> Result<T> {
    all.iter()
        .copied()
        .find(|value| name_of(*value).eq_ignore_ascii_case(name))
        .ok_or_else(|| Error::InvalidOption {
            option,
            found: format!("`{name}`"),
            expected: one_of(all, name_of),
        })
}

/// Lists the names of all values for an error message: "`csv`, `json` or `ris`".
fn one_of<T: Copy>(all: &[T], name_of: fn(T) -> &'static str) -> String {
    let names: Vec<String> = all
        .iter()
        .map(|value| format!("`{}`", name_of(*value)))
        .collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
