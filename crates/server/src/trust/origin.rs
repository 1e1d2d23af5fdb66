//! The page that a request comes from, if a browser sends it.

use std::time::Duration;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::problem::{Kind, Problem};

/// Checks that a request comes from no page, from a page of this server, `host`, or from one of an `allowed`
/// origin.
pub(super) fn check(
    headers: &HeaderMap,
    host: &Authority,
    allowed: &[String],
) -> Result<(), Problem> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let is_trusted = match (origins.next(), origins.next()) {
        // A browser names no origin when it loads an image or a script for a page, and says only whose
        // page that is.
        (None, _) => !is_embedded_by_others(headers),
        (Some(origin), None) => origin
            .to_str()
            .is_ok_and(|origin| is_same(origin, host) || is_one_of(origin, allowed)),
        (Some(_), Some(_)) => false,
    };
    if is_trusted {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Forbidden,
        "the request comes from a page of another origin; `cognate serve --allow-origin` adds one",
    ))
}

/// Returns whether `origin` has the host and the port to which the request was sent.
fn is_same(origin: &str, host: &Authority) -> bool {
    let of_http = origin.strip_prefix("http://");
    // A proxy may speak TLS to the browser.
    let authority = of_http.or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host.as_str()))
}

fn is_one_of(origin: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|one| one.eq_ignore_ascii_case(origin))
}

/// Returns whether a page of another site loads the answer as a part of itself.
fn is_embedded_by_others(headers: &HeaderMap) -> bool {
    let has = |name: &str, values: &[&str]| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| values.contains(&value))
    };
    has("sec-fetch-site", &["cross-site", "same-site"]) && !has("sec-fetch-mode", &["navigate"])
}

/// Returns whether a browser can send `origin`: a scheme, a host and an optional port, and nothing more.
pub(super) fn is_valid(origin: &str) -> bool {
    let Ok(uri) = origin.parse::<Uri>() else {
        return false;
    };
    let has_end = origin.ends_with('/') || uri.path_and_query().is_some_and(|rest| rest != "/");
    let is_header = HeaderValue::from_str(origin).is_ok();
    uri.scheme().is_some() && uri.authority().is_some() && !has_end && is_header
}

/// Returns what lets pages of `allowed` origins read answers, or `None` if there are none.
pub(super) fn cors(allowed: &[String]) -> Option<CorsLayer> {
    if allowed.is_empty() {
        return None;
    }
    let origins = allowed.to_owned();
    let is_allowed = move |origin: &HeaderValue, _: &_| {
        let origin = origin.to_str();
        origin.is_ok_and(|origin| is_one_of(origin, &origins))
    };
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            "last-event-id".parse().ok()?,
            "mcp-protocol-version".parse().ok()?,
            "mcp-session-id".parse().ok()?,
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
        ])
        .allow_private_network(true)
        .max_age(Duration::from_mins(10));
    Some(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_answered(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let host = Authority::from_static("localhost:7625");
        check(&map, &host, &["https://example.org".into()]).is_ok()
    }

    #[test]
    fn only_own_and_allowed_pages_are_answered() {
        for origin in [
            "http://localhost:7625",
            "https://localhost:7625",
            "https://example.org",
            "HTTPS://EXAMPLE.ORG",
        ] {
            assert!(is_answered(&[("origin", origin)]), "{origin}");
        }
        assert!(is_answered(&[]));
        for origin in [
            "null",
            "",
            "http://localhost",
            "http://localhost:7626",
            "http://127.0.0.1:7625",
            "ftp://localhost:7625",
            "http://example.org",
            "https://example.org:8443",
            "https://example.org.evil.example",
            "https://evil.example",
        ] {
            assert!(!is_answered(&[("origin", origin)]), "{origin}");
        }
        let twice = ("origin", "https://example.org");
        assert!(!is_answered(&[twice, twice]));
    }

    #[test]
    fn pages_of_others_may_lead_here_and_not_load_parts_from_here() {
        let site = |site| ("sec-fetch-site", site);
        assert!(is_answered(&[site("same-origin")]));
        assert!(is_answered(&[site("none")]));
        assert!(is_answered(&[
            site("cross-site"),
            ("sec-fetch-mode", "navigate")
        ]));
        assert!(!is_answered(&[
            site("cross-site"),
            ("sec-fetch-mode", "no-cors")
        ]));
        assert!(!is_answered(&[site("same-site")]));
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for origin in ["https://example.org", "http://localhost:3000"] {
            assert!(is_valid(origin), "{origin}");
        }
        for origin in [
            "",
            "null",
            "*",
            "example.org",
            "https://example.org/",
            "https://a.org/b",
        ] {
            assert!(!is_valid(origin), "{origin}");
        }
    }
}
