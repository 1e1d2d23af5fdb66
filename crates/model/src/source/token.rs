use std::fmt;
use std::path::Path;

use crate::regular_file;

/// An access token of the Hub, which is never printed.
#[derive(Clone)]
#[cfg_attr(
    not(feature = "hub"),
    expect(dead_code, reason = "only the Hub needs it")
)]
pub(super) struct Token(String);

impl Token {
    /// Makes a token of `text`, or returns `None` if it is empty.
    pub(super) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// Reads the file in which the tools of Hugging Face keep a token, or returns `None` if there is
    /// none.
    pub(super) fn read(path: &Path) -> Option<Self> {
        const MAX_BYTES: u64 = 4096;
        let bytes = regular_file::read(path, MAX_BYTES).ok()?;
        Self::new(str::from_utf8(&bytes).ok()?)
    }

    /// Returns the value of the header `Authorization`.
    #[cfg(feature = "hub")]
    pub(super) fn authorization(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_without_its_line_end_and_not_printed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        assert!(Token::read(&path).is_none());
        std::fs::write(&path, "\n").unwrap();
        assert!(Token::read(&path).is_none());
        std::fs::write(&path, "hf_secret\n").unwrap();
        let token = Token::read(&path).unwrap();
        assert_eq!(token.0, "hf_secret");
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}
