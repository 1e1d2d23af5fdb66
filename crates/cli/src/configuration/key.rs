use std::fmt;
use std::str::FromStr;

/// A key of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// The library to use if no other is named: a name or a folder.
    DefaultLibrary,
    /// The folder of the library with this name.
    Library(String),
}

impl Key {
    /// Returns the key of the library `name`, or the reason why that is not a name.
    pub(crate) fn library(name: &str) -> Result<Self, String> {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || name.starts_with('-') || !name.chars().all(is_part) {
            return Err(format!(
                "`{name}` is not a name: expected letters, digits, `-` and `_`"
            ));
        }
        Ok(Self::Library(name.to_owned()))
    }

    /// Returns the reason why `value` is not a value of this key, if it is not.
    pub(crate) fn check(&self, value: &str) -> Result<(), String> {
        if value.trim().is_empty() {
            return Err(format!("`{self}` is empty, expected a folder"));
        }
        if value.starts_with('~') && !value.starts_with("~/") {
            return Err(format!(
                "`{self}` is `{value}`, expected a folder; of the forms with `~`, only `~/` stands for one"
            ));
        }
        Ok(())
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("libraries.")) {
            ("default-library", _) => Ok(Self::DefaultLibrary),
            (_, Some(name)) => Self::library(name),
            _ => Err(format!(
                "unknown key `{text}`, expected `default-library` or `libraries.NAME`"
            )),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DefaultLibrary => f.write_str("default-library"),
            Self::Library(name) => write!(f, "libraries.{name}"),
        }
    }
}
