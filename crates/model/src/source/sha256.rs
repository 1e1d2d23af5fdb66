use std::fmt::Write as _;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Computes a SHA-256 of bytes that come in parts.
#[derive(Clone, Default)]
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds everything that `reader` has, and returns its length in bytes.
    pub(super) fn update_from(&mut self, reader: &mut impl Read) -> io::Result<u64> {
        let mut buffer = vec![0; 1 << 16];
        let mut total = 0;
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(total),
                Ok(read) => {
                    self.update(&buffer[..read]);
                    total += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the hash in lower-case hexadecimal.
    pub(super) fn finish(self) -> String {
        let mut hex = String::new();
        for byte in self.0.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

/// Returns whether `text` is a SHA-256 in lower-case hexadecimal.
#[cfg(any(feature = "hub", test))]
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_published_hash_of_a_known_text() {
        let mut hasher = Hasher::default();
        assert_eq!(hasher.update_from(&mut "abc".as_bytes()).unwrap(), 3);
        let hash = hasher.finish();
        // FIPS 180-4, example B.1.
        assert_eq!(
            hash,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(is_sha256(&hash));
        assert!(!is_sha256(&hash[1..]));
        assert!(!is_sha256(&hash.to_uppercase()));
    }
}
