//! The path and the parameters of a request, before a route is given them.

use axum::http::Uri;
use percent_encoding::percent_decode_str;

use crate::problem::{Kind, Problem};

/// The longest path with its parameters, in bytes. The text of a longer query can be sent with `POST`.
const MAX_BYTES: usize = 48 << 10;

/// Checks that an address is not too long, and is UTF-8 without NUL after its escapes are decoded.
pub(super) fn check(uri: &Uri) -> Result<(), Problem> {
    let whole = uri.path_and_query().map_or("", |whole| whole.as_str());
    if whole.len() > MAX_BYTES {
        return Err(Problem::new(
            Kind::AddressTooLong,
            format!(
                "the address has {} bytes, expected at most {MAX_BYTES}; a longer query can be sent with POST",
                whole.len()
            ),
        ));
    }
    let decoded = percent_decode_str(whole).decode_utf8();
    let decoded = decoded
        .map_err(|_| Problem::new(Kind::InvalidRequest, "the address is not encoded in UTF-8"))?;
    if decoded.contains('\0') {
        return Err(Problem::new(
            Kind::InvalidRequest,
            "the address has the character NUL",
        ));
    }
    Ok(())
}
