//! The configuration file of a user, in TOML: the library to use if no other is named, and names for
//! libraries.
//!
//! ```toml
//! default-library = "work"
//!
//! [libraries]
//! work = "/data/papers"
//! ```

mod key;

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use etcetera::BaseStrategy as _;
use toml_edit::{Document, DocumentMut, Item, Table, value};

pub(crate) use self::key::Key;
use crate::atomic_file;
use crate::output::one_line;

/// The environment variable that names the configuration file.
const VARIABLE: &str = "COGNATE_CONFIG";

/// The table of the names of libraries.
const LIBRARIES: &str = "libraries";

/// The configuration file with its values, which are valid.
#[derive(Debug)]
pub(crate) struct Configuration {
    path: PathBuf,
    document: DocumentMut,
}

impl Configuration {
    /// Returns the path of the file: `COGNATE_CONFIG`, or else `cognate/config.toml` in the folder where
    /// the system keeps configurations.
    pub(crate) fn path() -> Result<PathBuf> {
        if let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            return Ok(path.into());
        }
        let folders = etcetera::choose_base_strategy().with_context(|| {
            format!("cannot find the configuration file; name it in {VARIABLE}")
        })?;
        Ok(folders.config_dir().join("cognate/config.toml"))
    }

    /// Reads the file. A missing file has no values.
    pub(crate) fn read() -> Result<Self> {
        let path = Self::path()?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                let message = format!("cannot read the configuration file `{}`", path.display());
                return Err(anyhow::Error::new(error).context(message));
            }
        };
        Self::parse(path, &text)
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self> {
        let invalid = |span: Option<Range<usize>>, message: &str| {
            let (line, column) = position(text, span.map_or(0, |span| span.start));
            let file = path.display();
            anyhow!("`{file}`:{line}:{column}: {}", one_line(message))
        };
        let document =
            Document::parse(text).map_err(|error| invalid(error.span(), error.message()))?;
        for (name, item) in document.iter() {
            let span = || document.key(name).and_then(toml_edit::Key::span);
            match item.as_table_like() {
                Some(table) if name == LIBRARIES => {
                    for (name, item) in table.iter() {
                        let span = || table.key(name).and_then(toml_edit::Key::span);
                        let key = Key::library(name).map_err(|why| invalid(span(), &why))?;
                        check(&key, item).map_err(|why| invalid(item.span().or(span()), &why))?;
                    }
                }
                None if name == LIBRARIES => {
                    let message = "`libraries` is a value, expected a table of names and folders";
                    return Err(invalid(span(), message));
                }
                _ => {
                    let key: Key = name.parse().map_err(|why: String| invalid(span(), &why))?;
                    check(&key, item).map_err(|why| invalid(item.span().or(span()), &why))?;
                }
            }
        }
        let document = document.into_mut();
        Ok(Self { path, document })
    }

    /// Returns the path of this file.
    pub(crate) fn file(&self) -> &Path {
        &self.path
    }

    /// Returns the value of a key, or `None` if it is not set.
    pub(crate) fn get(&self, key: &Key) -> Option<&str> {
        let item = match key {
            Key::Library(name) => self.document.get(LIBRARIES)?.as_table_like()?.get(name)?,
            Key::DefaultLibrary => self.document.get(&key.to_string())?,
        };
        item.as_str()
    }

    /// Returns all keys that are set, with their values, in the order of the file.
    pub(crate) fn entries(&self) -> Vec<(Key, &str)> {
        let mut entries = Vec::new();
        for (name, item) in self.document.iter() {
            match item.as_table_like() {
                Some(table) => {
                    let libraries = table.iter().filter_map(|(name, item)| {
                        Some((Key::Library(name.to_owned()), item.as_str()?))
                    });
                    entries.extend(libraries);
                }
                None => entries.extend(name.parse().ok().zip(item.as_str())),
            }
        }
        entries
    }

    /// Sets the value of a key, which is valid for it. Comments and the order of the file stay.
    pub(crate) fn set(&mut self, key: &Key, text: &str) {
        let (table, name): (&mut dyn toml_edit::TableLike, String) = match key {
            Key::Library(name) => {
                let table = self.document.entry(LIBRARIES);
                let table = table.or_insert_with(|| Item::Table(Table::new()));
                // Reading the file has checked that it is a table.
                let Some(table) = table.as_table_like_mut() else {
                    return;
                };
                (table, name.clone())
            }
            Key::DefaultLibrary => (self.document.as_table_mut(), key.to_string()),
        };
        match table.get_mut(&name).and_then(Item::as_value_mut) {
            // The comment after the value stays.
            Some(old) => {
                let decor = old.decor().clone();
                *old = text.into();
                *old.decor_mut() = decor;
            }
            None => {
                table.insert(&name, value(text));
            }
        }
    }

    /// Removes a key, and returns whether it was set.
    pub(crate) fn unset(&mut self, key: &Key) -> bool {
        let removed = match key {
            Key::Library(name) => {
                let table = self.document.get_mut(LIBRARIES);
                let table = table.and_then(Item::as_table_like_mut);
                table.and_then(|table| table.remove(name))
            }
            Key::DefaultLibrary => self.document.remove(&key.to_string()),
        };
        removed.is_some()
    }

    /// Writes the file completely or not at all, and creates its folder if needed.
    pub(crate) fn save(&self) -> Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create the folder `{}`", folder.display()))?;
        }
        atomic_file::write(&self.path, |mut file| {
            file.write_all(self.document.to_string().as_bytes())
                .with_context(|| format!("cannot write `{}`", self.path.display()))
        })
    }

    /// Returns the folder of the library that is called `name`, or `None` if this file has no such name.
    pub(crate) fn library(&self, name: &str) -> Option<PathBuf> {
        let folder = self.get(&Key::Library(name.to_owned()))?;
        Some(self.folder(folder))
    }

    /// Returns the folder of the library to use if no other is named: a name in this file, or a folder.
    pub(crate) fn default_library(&self) -> Option<PathBuf> {
        let text = self.get(&Key::DefaultLibrary)?;
        Some(self.library(text).unwrap_or_else(|| self.folder(text)))
    }

    /// Returns a folder as the file names it: `~/` is the folder of the user, and a relative path starts
    /// in the folder of the file.
    fn folder(&self, text: &str) -> PathBuf {
        if let Some(rest) = text.strip_prefix("~/")
            && let Ok(home) = etcetera::home_dir()
        {
            return home.join(rest);
        }
        let base = self.path.parent().unwrap_or(Path::new(""));
        base.join(text)
    }
}

/// Checks the value of a key in a file.
fn check(key: &Key, item: &Item) -> Result<(), String> {
    match item.as_str() {
        Some(text) => key.check(text),
        None => Err(format!(
            "`{key}` is of the type {}, expected a string",
            item.type_name()
        )),
    }
}

/// Returns the line and the column of a byte of a text, counted from 1.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (line, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Configuration> {
        Configuration::parse("/etc/cognate/config.toml".into(), text)
    }

    fn message(text: &str) -> String {
        let message = parse(text).unwrap_err().to_string();
        let file = "`/etc/cognate/config.toml`:";
        message.strip_prefix(file).unwrap().to_owned()
    }

    #[test]
    fn names_lead_to_folders() {
        let text = "default-library = 'work'\n[libraries]\nwork = '/data/papers'\nold = 'old'\n";
        let file = parse(text).unwrap();
        assert_eq!(file.library("work"), Some("/data/papers".into()));
        let old = "/etc/cognate/old";
        assert_eq!(file.library("old"), Some(old.into()));
        assert_eq!(file.library("new"), None);
        assert_eq!(file.default_library(), Some("/data/papers".into()));
        let file = parse("default-library = '/data/other'").unwrap();
        assert_eq!(file.default_library(), Some("/data/other".into()));
        assert_eq!(parse("").unwrap().default_library(), None);
    }

    #[test]
    fn a_change_keeps_comments_and_order() {
        let text = "# Mine.\ndefault-library = \"a\" # for now\n\n[libraries]\n# At work.\nwork = \"/w\"\n";
        let mut file = parse(text).unwrap();
        file.set(&Key::DefaultLibrary, "work");
        file.set(&Key::Library("home".into()), "/h");
        let expected = "# Mine.\ndefault-library = \"work\" # for now\n\n[libraries]\n# At work.\nwork = \
                        \"/w\"\nhome = \"/h\"\n";
        assert_eq!(file.document.to_string(), expected);
        assert!(file.unset(&Key::Library("home".into())));
        assert!(!file.unset(&Key::Library("home".into())));
        assert_eq!(
            file.document.to_string(),
            expected.replace("home = \"/h\"\n", "")
        );
        let mut file = parse("").unwrap();
        file.set(&Key::Library("home".into()), "/h");
        file.set(&Key::DefaultLibrary, "home");
        let file = parse(&file.document.to_string()).unwrap();
        let values: Vec<_> = file.entries().into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["home", "/h"]);
    }

    #[test]
    fn a_fault_is_named_with_line_and_column() {
        assert!(message("a = 1\nb = = 2\n").starts_with("2:5: "));
        assert_eq!(
            message("\n  default-library = 3"),
            "2:21: `default-library` is of the type integer, expected a string"
        );
        assert_eq!(
            message("default_library = 'a'"),
            "1:1: unknown key `default_library`, expected `default-library` or `libraries.NAME`"
        );
        assert_eq!(
            message("[libraries]\n'a/b' = 'c'"),
            "2:1: `a/b` is not a name: expected letters, digits, `-` and `_`"
        );
        assert_eq!(
            message("libraries = 'a'"),
            "1:1: `libraries` is a value, expected a table of names and folders"
        );
        assert_eq!(
            message("default-library = '~ada/x'"),
            "1:19: `default-library` is `~ada/x`, expected a folder; of the forms with `~`, only `~/` stands for one"
        );
    }
}
