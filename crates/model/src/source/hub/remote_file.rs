use ureq::Body;
use ureq::http::Response;

use super::client::Client;
use crate::source::plain_name::plain;
use crate::source::sha256::is_sha256;

/// What the Hub says about a file.
#[derive(Debug)]
pub(super) struct RemoteFile {
    /// The path after the endpoint.
    pub(super) path: String,
    /// The name of the contents, a plain name: a SHA-256 for large files, a hash of Git for others.
    pub(super) etag: String,
    /// The SHA-256 of the contents, if the Hub gives it.
    pub(super) sha256: Option<String>,
    /// The length in bytes, if the Hub gives it.
    pub(super) bytes: Option<u64>,
    /// The commit that the Hub answers for, if it names one.
    pub(super) commit: Option<String>,
}

impl RemoteFile {
    /// Asks the Hub about the file at `path`.
    pub(super) fn ask(client: &Client, path: &str) -> Result<Self, String> {
        let response = client.head(path)?;
        let status = response.status();
        if !status.is_success() && !status.is_redirection() {
            return Err(format!("the Hub answers {status}"));
        }
        let header = |name| header(&response, name);
        // Large files are stored elsewhere: `x-linked-etag` and `x-linked-size` describe them, and
        // the other headers the redirect.
        let etag = header("x-linked-etag").or_else(|| header("etag"));
        let etag = etag.ok_or("the Hub gives no ETag")?;
        let etag = plain("ETag", strip(etag))?;
        let length = header("content-length").filter(|_| !status.is_redirection());
        let bytes = header("x-linked-size").or(length);
        Ok(Self {
            path: path.to_owned(),
            sha256: is_sha256(&etag).then(|| etag.clone()),
            etag,
            bytes: bytes.and_then(|bytes| bytes.parse().ok()),
            commit: header("x-repo-commit").map(str::to_owned),
        })
    }
}

pub(super) fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Removes the quotes of an `ETag`, and the mark of a weak one.
fn strip(etag: &str) -> &str {
    let etag = etag.strip_prefix("W/").unwrap_or(etag);
    etag.strip_prefix('"')
        .and_then(|etag| etag.strip_suffix('"'))
        .unwrap_or(etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_the_mark_of_a_weak_etag_are_removed() {
        for (etag, name) in [("\"a\"", "a"), ("W/\"a\"", "a"), ("a", "a"), ("\"", "\"")] {
            assert_eq!(strip(etag), name);
        }
    }
}
