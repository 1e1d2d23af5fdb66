//! The version of the command, and what is particular to this build and this machine.

use std::sync::OnceLock;

use cognate::{ModelSource, processor_level};

use crate::configuration::Configuration;

/// The commit that the command was built from, if it is known.
const COMMIT: Option<&str> = option_env!("COGNATE_COMMIT");

/// Returns what `--version` prints after the name: the version; the commit and the features of the build;
/// the level of the processor; and the folders of caches and configuration.
pub(crate) fn long() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut lines = vec![env!("CARGO_PKG_VERSION").to_owned()];
        let mut line = |name: &str, value: String| lines.push(format!("{name:<11}{value}"));
        if let Some(commit) = COMMIT {
            line("commit", commit.to_owned());
        }
        line("features", features().join(", "));
        line("processor", processor_level().to_owned());
        match ModelSource::from_env() {
            Ok(source) => {
                line("models", source.hub_dir().display().to_string());
                line("cache", source.cache_dir().display().to_string());
            }
            Err(error) => line("cache", error.to_string()),
        }
        match Configuration::path() {
            Ok(path) => line("config", path.display().to_string()),
            Err(error) => line("config", error.to_string()),
        }
        lines.join("\n")
    })
}

/// Returns the names of the features that the command was built with.
fn features() -> Vec<&'static str> {
    let all = [
        ("hub", cfg!(feature = "hub")),
        ("mmap", cfg!(feature = "mmap")),
        ("parquet", cfg!(feature = "parquet")),
        ("server", cfg!(feature = "server")),
        ("cuda", cfg!(feature = "cuda")),
        ("metal", cfg!(feature = "metal")),
    ];
    let on = all.into_iter().filter(|(_, on)| *on);
    on.map(|(name, _)| name).collect()
}
