use std::fmt;

use axum::http::{HeaderMap, header};
use subtle::ConstantTimeEq as _;

/// The token that requests must have. Only its hash is kept, and hashes are compared in a time that does not
/// depend on them, so that the time of an answer tells nothing of the token.
#[derive(Clone)]
pub(crate) struct Token {
    hash: [u8; 32],
}

impl Token {
    pub(crate) fn new(token: &str) -> Self {
        Self {
            hash: hash(token.as_bytes()),
        }
    }

    /// Returns whether the headers of a request have the token: exactly once, as `Authorization: Bearer TOKEN`.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        const SCHEME: usize = "Bearer ".len();

        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let Some((scheme, token)) = value.as_bytes().split_at_checked(SCHEME) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"Bearer ")
            && bool::from(hash(token.trim_ascii()).ct_eq(&self.hash))
    }
}

fn hash(token: &[u8]) -> [u8; 32] {
    *blake3::hash(token).as_bytes()
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_whole_token_in_one_header_is_accepted() {
        let token = Token::new("0123456789abcdef");
        let is_in = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            token.is_in(&headers)
        };
        assert!(is_in(&["Bearer 0123456789abcdef"]));
        assert!(is_in(&["bearer  0123456789abcdef"]));
        for wrong in [
            &[][..],
            &[""],
            &["Bearer"],
            &["Bearer "],
            &["Bearer 0123456789abcde"],
            &["Bearer 0123456789abcdef0"],
            &["Bearer 0123456789ABCDEF"],
            &["Basic 0123456789abcdef"],
            &["0123456789abcdef"],
            &["Bearer 0123456789abcdef", "Bearer 0123456789abcdef"],
        ] {
            assert!(!is_in(wrong), "{wrong:?}");
        }
        assert_eq!(format!("{token:?}"), "Token");
    }
}
