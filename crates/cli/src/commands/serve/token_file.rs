//! The file with the token of a server.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::output::note;

/// The shortest token, in characters: shorter ones can be guessed.
const MIN_LENGTH: usize = 16;

/// Reads the token of a file, without the space around it.
pub(super) fn read(path: &Path) -> Result<String> {
    let file = path.display();
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read the token file `{file}`"))?;
    let token = text.trim();
    let length = token.chars().count();
    if length < MIN_LENGTH {
        bail!(
            "the token in `{file}` has {length} characters, expected at least {MIN_LENGTH}; \
             `openssl rand -hex 32 > {file}` makes one"
        );
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        bail!(
            "the token in `{file}` has a space or a character that a header cannot have, expected letters, \
             digits and signs of ASCII"
        );
    }
    if is_readable_by_others(path) {
        note(&format!(
            "warning: other users of this machine can read the token file `{file}`; `chmod 600 {file}` \
             prevents that"
        ));
    }
    Ok(token.to_owned())
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    const GROUP_AND_OTHERS: u32 = 0o077;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & GROUP_AND_OTHERS != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &Path) -> bool {
    false
}
