use std::path::PathBuf;

use clap::Args;

/// The environment variable that names the library if `--library` is absent.
pub(crate) const LIBRARY_VARIABLE: &str = "COGNATE_LIBRARY";

#[derive(Debug, Args)]
pub(crate) struct LibraryArguments {
    /// Folder of the library
    #[arg(long = "library", value_name = "DIR", env = LIBRARY_VARIABLE)]
    pub(crate) dir: PathBuf,
}
