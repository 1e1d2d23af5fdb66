//! What applies to every command: the options before its name, and the environment.

use std::path::PathBuf;

use anyhow::Result;
use cognate::Library;

use crate::arguments::{LibrariesArguments, LibraryArguments};
use crate::failure::wrong_usage;
use crate::located_library::{LocatedBy, LocatedLibrary};

/// What applies to every command.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The libraries that are named before the command.
    libraries: Vec<PathBuf>,
    command_line: fn() -> clap::Command,
}

impl Invocation {
    /// Creates the invocation by a command line with `libraries` before the command, which
    /// `command_line` describes.
    pub(crate) fn new(libraries: Vec<PathBuf>, command_line: fn() -> clap::Command) -> Self {
        Self {
            libraries,
            command_line,
        }
    }

    /// Returns the description of all commands and their arguments.
    pub(crate) fn command_line(&self) -> clap::Command {
        (self.command_line)()
    }

    /// Returns the library of a command: the one that is named after the command, before it, or in the
    /// environment; the current folder or one above it; or the one in the configuration file.
    pub(crate) fn library(&self, arguments: &LibraryArguments) -> Result<LocatedLibrary> {
        self.find_library(arguments)?.ok_or_else(no_library)
    }

    /// Returns what [`library`](Self::library) returns, or `None` if there is none.
    pub(crate) fn find_library(
        &self,
        arguments: &LibraryArguments,
    ) -> Result<Option<LocatedLibrary>> {
        match self.named_library(arguments)? {
            Some(library) => Ok(Some(library)),
            None => unnamed_library(),
        }
    }

    /// Returns the library that an option names, after the command or before it.
    pub(crate) fn named_library(
        &self,
        arguments: &LibraryArguments,
    ) -> Result<Option<LocatedLibrary>> {
        match self.names(&arguments.names) {
            [] => Ok(None),
            [name] => Ok(Some(LocatedLibrary::named(name, LocatedBy::Option)?)),
            names => Err(wrong_usage(&format!(
                "{} libraries are named, and this command takes one",
                names.len()
            ))),
        }
    }

    /// Returns the libraries of a command that takes several: at least one, each once.
    pub(crate) fn libraries(&self, arguments: &LibrariesArguments) -> Result<Vec<LocatedLibrary>> {
        let mut libraries: Vec<LocatedLibrary> = Vec::new();
        for name in self.names(&arguments.names) {
            let library = LocatedLibrary::named(name, LocatedBy::Option)?;
            if !libraries.iter().any(|other| other.is_same(&library)) {
                libraries.push(library);
            }
        }
        if libraries.is_empty() {
            libraries.push(unnamed_library()?.ok_or_else(no_library)?);
        }
        LocatedLibrary::make_names_distinct(&mut libraries);
        Ok(libraries)
    }

    /// Returns the folder of the [`library`](Self::library).
    pub(crate) fn library_dir(&self, arguments: &LibraryArguments) -> Result<PathBuf> {
        Ok(self.library(arguments)?.dir)
    }

    /// Opens the [`library`](Self::library).
    pub(crate) fn open_library(&self, arguments: &LibraryArguments) -> Result<Library> {
        let located = self.library(arguments)?;
        Ok(located.open()?)
    }

    /// Returns the names of libraries after the command or, without any, before it.
    fn names<'a>(&'a self, after: &'a [PathBuf]) -> &'a [PathBuf] {
        if after.is_empty() {
            &self.libraries
        } else {
            after
        }
    }
}

/// Returns the library of a command line that names none.
fn unnamed_library() -> Result<Option<LocatedLibrary>> {
    if let Some(library) = LocatedLibrary::of_environment()? {
        return Ok(Some(library));
    }
    match LocatedLibrary::of_current_folder() {
        Some(library) => Ok(Some(library)),
        None => LocatedLibrary::of_configuration(),
    }
}

fn no_library() -> anyhow::Error {
    wrong_usage(
        "no library is named: use --library <DIR>, set COGNATE_LIBRARY, run the command in the folder \
         of a library or below it, or choose a default with `cognate config set default-library <DIR>`",
    )
}
