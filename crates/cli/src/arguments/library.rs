use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct LibraryArguments {
    /// Folder of the library [default: the value of `COGNATE_LIBRARY`]
    #[arg(id = "library", long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
