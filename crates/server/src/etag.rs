//! Entity tags of answers: a client that has an answer already gets the status 304 in place of the same answer.

use std::process;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::problem::Problem;

/// A value of this process, so that answers of another process, which may be of another release or have
/// another library, are never taken for the same.
static PROCESS: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_nanos();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&now.to_le_bytes());
    hasher.update(&process::id().to_le_bytes());
    hasher.finalize().into()
});

/// The entity tags that a client has answers with, from the header `If-None-Match`.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownTags(Vec<String>);

impl<S: Send + Sync> FromRequestParts<S> for KnownTags {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(&parts.headers))
    }
}

impl KnownTags {
    fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::IF_NONE_MATCH).iter();
        let lists = values.filter_map(|value| value.to_str().ok());
        let tags = lists.flat_map(|list| list.split(',')).map(|tag| {
            let tag = tag.trim();
            tag.strip_prefix("W/").unwrap_or(tag).to_owned()
        });
        Self(tags.collect())
    }

    /// Returns whether the client has the answer with this tag.
    pub(crate) fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == tag || known == "*")
    }
}

/// Returns the entity tag of the answer of a route to a request, from commits of libraries.
pub(crate) fn tag(route: &str, generation: &[u8], request: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new_keyed(&PROCESS);
    for part in [route.as_bytes(), generation, request] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let hash = hasher.finalize().to_hex();
    format!("\"{}\"", &hash[..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_in_every_form_of_the_header() {
        let tag = tag("search", b"1.0", b"{}");
        let known = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, text.parse().unwrap());
            KnownTags::of(&headers).has(&tag)
        };
        assert!(known(&tag));
        assert!(known(&format!("\"other\", W/{tag}")));
        assert!(known("*"));
        assert!(!known("\"other\""));
        assert!(!known(tag.trim_matches('"')));
    }

    #[test]
    fn every_part_counts() {
        let tags = [
            tag("search", b"1.0", b"{}"),
            tag("related", b"1.0", b"{}"),
            tag("search", b"1.1", b"{}"),
            tag("search", b"1.0", b"[]"),
            tag("search", b"1.0{", b"}"),
        ];
        for (at, one) in tags.iter().enumerate() {
            assert!(!tags[..at].contains(one), "{at}");
        }
    }
}
