//! The folder of a library.

use std::path::{Path, PathBuf};

/// Returns the folder of the files of vectors and terms of the library in `dir`.
pub(crate) fn vectors_dir(dir: &Path) -> PathBuf {
    dir.join("vectors")
}
