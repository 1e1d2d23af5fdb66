//! Fixtures for the unit tests.

use std::path::{Path, PathBuf};

/// Returns the path of a folder in `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}
