use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::{Error, Result};

/// The maximum size of a draft in bytes, with the files that it includes.
pub(super) const MAX_DRAFT: usize = 64 << 20;

/// Reads a file of a draft, which must be UTF-8.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Error::io("read", path))?;
    file.take(MAX_DRAFT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", path))?;
    if bytes.len() > MAX_DRAFT {
        return Err(too_long(path, None));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes[..valid].split(|&byte| byte == b'\n').count();
        Error::Draft {
            origin: path.display().to_string(),
            line: Some(line),
            reason: format!("found the byte 0x{:02x}, expected UTF-8", bytes[valid]),
        }
    })?;
    // Old files of the Mac have a carriage return alone between lines.
    Ok(if text.contains('\r') && !text.contains('\n') {
        text.replace('\r', "\n")
    } else {
        text
    })
}

/// Returns the error for a draft of more than [`MAX_DRAFT`] bytes.
pub(super) fn too_long(path: &Path, line: Option<usize>) -> Error {
    Error::Draft {
        origin: path.display().to_string(),
        line,
        reason: format!("longer than {} MiB, the most for a draft", MAX_DRAFT >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_carriage_return_alone_ends_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mac.tex");
        fs::write(&path, "One. % no\rTwo.\r").unwrap();
        assert_eq!(read_text(&path).unwrap(), "One. % no\nTwo.\n");
    }

    #[test]
    fn an_error_names_the_line_that_is_not_utf_8() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old.txt");
        fs::write(&path, b"One line.\nCaf\xe9 is Latin-1.\n").unwrap();
        let error = read_text(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("old.txt:2: found the byte 0xe9, expected UTF-8"),
            "{error}"
        );
    }
}
