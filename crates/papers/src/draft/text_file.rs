use std::fs;
use std::path::Path;

use crate::{Error, Result};

/// Reads a file of a draft, which must be UTF-8.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes[..valid].split(|&byte| byte == b'\n').count();
        Error::Draft {
            origin: path.display().to_string(),
            line: Some(line),
            reason: format!("found the byte 0x{:02x}, expected UTF-8", bytes[valid]),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
