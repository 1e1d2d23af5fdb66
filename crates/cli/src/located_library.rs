//! Where the library of a command is, and how it was found.

use std::env;
use std::fmt;
use std::io::{self, IsTerminal as _};
use std::path::{Component, Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cognate::Library;

use crate::configuration::Configuration;
use crate::output::{note, step};

/// The environment variable that names the library if no option does.
pub(crate) const VARIABLE: &str = "COGNATE_LIBRARY";

/// The folder of a library, and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocatedLibrary {
    pub(crate) dir: PathBuf,
    /// The name that tells the library from others: its name in the configuration file, or else the name of
    /// its folder.
    pub(crate) name: String,
    pub(crate) located_by: LocatedBy,
}

/// How a library was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LocatedBy {
    /// The option `--library`.
    Option,
    /// The environment variable.
    Variable,
    /// The current folder is a library.
    CurrentFolder,
    /// A folder above the current one is a library.
    FolderAbove,
    /// The key `default-library` of this configuration file.
    Configuration(PathBuf),
}

impl LocatedLibrary {
    /// Returns the library that a user calls `name`: a folder or, if it is a single word, a name in the
    /// configuration file, which comes before a folder of that name.
    pub(crate) fn named(name: &Path, located_by: LocatedBy) -> Result<Self> {
        refuse_tilde(name)?;
        let Some(word) = single_word(name) else {
            return Ok(Self::in_folder(name.to_owned(), located_by));
        };
        let configuration = Configuration::read().with_context(|| {
            format!("`{word}` may be a name in the configuration file; `./{word}` is a folder")
        })?;
        let Some(dir) = configuration.library(word) else {
            return Ok(Self::in_folder(name.to_owned(), located_by));
        };
        if Library::exists(name) && !is_same_folder(name, &dir) {
            note(&format!(
                "`{word}` is a name in the configuration file and a folder here; using `{}`, and `./{word}` \
                 is the folder",
                dir.display()
            ));
        }
        Ok(Self {
            dir,
            name: word.to_owned(),
            located_by,
        })
    }

    /// Returns whether `other` is the same folder.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.dir == other.dir || is_same_folder(&self.dir, &other.dir)
    }

    /// Gives libraries with the same name their folders as names.
    pub(crate) fn make_names_distinct(libraries: &mut [Self]) {
        let names: Vec<String> = libraries.iter().map(|one| one.name.clone()).collect();
        for library in libraries {
            if names.iter().filter(|name| **name == library.name).count() > 1 {
                library.name = library.dir.display().to_string();
            }
        }
    }

    /// Opens the library.
    pub(crate) fn open(&self) -> cognate::Result<Library> {
        let start = Instant::now();
        let library = Library::open(&self.dir)?;
        let (dir, located_by) = (self.dir.display(), &self.located_by);
        step(&format!("opened the library `{dir}`, {located_by}"), start);
        Ok(library)
    }

    /// Opens several libraries.
    pub(crate) fn open_all(located: &[Self]) -> Result<Vec<Library>> {
        Ok(located.iter().map(Self::open).collect::<Result<_, _>>()?)
    }

    /// Says which of several opened libraries have different models, or returns `None` if all have the same.
    pub(crate) fn difference_of_models(located: &[Self], libraries: &[Library]) -> Option<String> {
        let all = located.iter().zip(libraries);
        let mut all = all.map(|(located, library)| (&located.name, library.embedder_info()));
        let (first_name, first) = all.next()?;
        let (name, other) = all.find(|(_, info)| info.fingerprint != first.fingerprint)?;
        Some(format!(
            "`{first_name}` has the model `{}` ({}) and `{name}` the model `{}` ({})",
            first.model, first.precision, other.model, other.precision
        ))
    }

    /// Says on a terminal how the library was found, unless an option named it.
    pub(crate) fn note_how_found(&self) {
        if self.located_by != LocatedBy::Option && io::stdout().is_terminal() {
            note(&format!("the library is {}", self.located_by));
        }
    }

    fn in_folder(dir: PathBuf, located_by: LocatedBy) -> Self {
        let absolute = std::path::absolute(&dir).unwrap_or_else(|_| dir.clone());
        let name = absolute.file_name().unwrap_or(dir.as_os_str());
        Self {
            name: name.to_string_lossy().into_owned(),
            dir,
            located_by,
        }
    }

    /// Returns the library that the environment variable names, if any.
    pub(crate) fn of_environment() -> Result<Option<Self>> {
        let name = env::var_os(VARIABLE).filter(|name| !name.is_empty());
        name.map(|name| Self::named(Path::new(&name), LocatedBy::Variable))
            .transpose()
    }

    /// Returns the library that the current folder or the nearest folder above it is, if any.
    pub(crate) fn of_current_folder() -> Option<Self> {
        let current = env::current_dir().ok()?;
        let dir = current.ancestors().find(|dir| Library::exists(dir))?;
        let located_by = if dir == current {
            LocatedBy::CurrentFolder
        } else {
            LocatedBy::FolderAbove
        };
        Some(Self::in_folder(dir.to_owned(), located_by))
    }

    /// Returns the library that the configuration file names as the default, if any.
    pub(crate) fn of_configuration() -> Result<Option<Self>> {
        let configuration = Configuration::read()?;
        let file = configuration.file().to_owned();
        let dir = configuration.default_library();
        Ok(dir.map(|dir| Self::in_folder(dir, LocatedBy::Configuration(file))))
    }
}

/// Returns `name` as a text if it is a single word, and not a path with separators, `.` or `..`.
fn single_word(name: &Path) -> Option<&str> {
    let text = name.to_str()?;
    let mut components = name.components();
    let first = components.next()?;
    let is_single = matches!(first, Component::Normal(part) if part == text);
    (is_single && components.next().is_none()).then_some(text)
}

fn is_same_folder(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

impl fmt::Display for LocatedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("named by --library"),
            Self::Variable => write!(f, "named by {VARIABLE}"),
            Self::CurrentFolder => f.write_str("the current folder"),
            Self::FolderAbove => f.write_str("a folder above the current one"),
            Self::Configuration(file) => {
                write!(f, "`default-library` of `{}`", file.display())
            }
        }
    }
}

/// Fails if the path of a library begins with a tilde. A shell replaces it by the home folder only where it
/// begins a word, so a folder called `~` would be made in the current folder.
fn refuse_tilde(dir: &Path) -> Result<()> {
    let Some(path) = dir.to_str().filter(|path| path.starts_with('~')) else {
        return Ok(());
    };
    bail!(
        "the library `{path}` begins with a tilde that the shell did not expand, as in quotes or after \
         `--library=`; use `--library {path}` without quotes, or the full path; `./{path}` is a folder with \
         this name"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_word_can_be_a_name() {
        assert_eq!(single_word(Path::new("work")), Some("work"));
        for path in ["./work", "work/", "/work", "a/work", ".", "..", ""] {
            assert_eq!(single_word(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn the_name_of_a_folder_is_its_last_component() {
        let named = |dir: &str| LocatedLibrary::in_folder(dir.into(), LocatedBy::Option).name;
        assert_eq!(named("/data/papers/"), "papers");
        assert_eq!(named("/data/papers"), "papers");
        assert_eq!(named("/"), "/");
    }
}
