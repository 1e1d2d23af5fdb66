//! What applies to every command: the options before its name, and the environment.

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use cognate::Library;

use crate::arguments::LibraryArguments;
use crate::failure::missing_argument;

/// The environment variable that names the library if no option does.
const LIBRARY_VARIABLE: &str = "COGNATE_LIBRARY";

/// What applies to every command.
#[derive(Debug)]
pub(crate) struct Invocation {
    library: Option<PathBuf>,
}

impl Invocation {
    /// Creates the invocation by a command line with `library` before the command.
    pub(crate) fn new(library: Option<PathBuf>) -> Self {
        Self { library }
    }

    /// Returns the folder of the library: the one after the command, before it, or in the environment.
    pub(crate) fn library_dir(&self, arguments: &LibraryArguments) -> Result<PathBuf> {
        self.find_library_dir(arguments).ok_or_else(|| {
            missing_argument(
                "error: no library is named: use --library <DIR> or set COGNATE_LIBRARY",
            )
        })
    }

    /// Returns what [`library_dir`](Self::library_dir) returns, or `None` if no library is named.
    pub(crate) fn find_library_dir(&self, arguments: &LibraryArguments) -> Option<PathBuf> {
        let from_environment = || {
            let dir = env::var_os(LIBRARY_VARIABLE).filter(|dir| !dir.is_empty());
            dir.map(PathBuf::from)
        };
        self.named_library_dir(arguments).or_else(from_environment)
    }

    /// Returns the folder of the library that an option names, after the command or before it.
    pub(crate) fn named_library_dir(&self, arguments: &LibraryArguments) -> Option<PathBuf> {
        arguments.dir.clone().or_else(|| self.library.clone())
    }

    /// Opens the library that the options or the environment name.
    pub(crate) fn open_library(&self, arguments: &LibraryArguments) -> Result<Library> {
        Ok(Library::open(self.library_dir(arguments)?)?)
    }
}
