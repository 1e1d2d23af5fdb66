use std::path::PathBuf;

use clap::Args;

// The library of a command that takes one.
#[derive(Debug, Args)]
pub(crate) struct LibraryArguments {
    /// Library: its folder or name
    ///
    /// A name is one of the configuration file. Default: the value of `COGNATE_LIBRARY`, the current folder or
    /// one above it if that is a library, or `default-library` of the configuration file.
    #[arg(id = "library", long, value_name = "DIR|NAME")]
    pub(crate) names: Vec<PathBuf>,
}

// The libraries of a command that searches several together.
#[derive(Debug, Args)]
pub(crate) struct LibrariesArguments {
    /// Library: its folder or name; repeat for several
    ///
    /// A name is one of the configuration file. Default: the value of `COGNATE_LIBRARY`, the current folder or
    /// one above it if that is a library, or `default-library` of the configuration file.
    #[arg(id = "library", long, value_name = "DIR|NAME")]
    pub(crate) names: Vec<PathBuf>,
}
