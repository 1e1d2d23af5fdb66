//! The name that a request is addressed to.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header;
use axum::http::uri::Authority;

use crate::problem::{Kind, Problem};

/// The address of this machine at which a request arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalAddress(pub(crate) IpAddr);

/// Returns the host of a request, with its port, if it is one of this server: `localhost`, a loopback address,
/// the address at which the request arrived, or one of `allowed`.
///
/// A site can make its own name lead to this machine, but its pages then still send that name.
pub(super) fn check(request: &Request, allowed: &[String]) -> Result<Authority, Problem> {
    let mut values = request.headers().get_all(header::HOST).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::new(
            Kind::InvalidRequest,
            "expected one header `Host`",
        ));
    };
    let host = Authority::try_from(value.as_bytes()).map_err(|_| {
        Problem::new(
            Kind::InvalidRequest,
            "the header `Host` is not a host with an optional port",
        )
    })?;
    let local = request.extensions().get::<LocalAddress>();
    // A request may also name the host in its first line, which then counts instead of the header.
    for host in [Some(&host), request.uri().authority()]
        .into_iter()
        .flatten()
    {
        if !is_allowed(host, local.map(|local| local.0), allowed) {
            return Err(Problem::new(
                Kind::Forbidden,
                "the header `Host` has a name that is not one of this server; `cognate serve --allow-host` \
                 adds one",
            ));
        }
    }
    Ok(host)
}

fn is_allowed(host: &Authority, local: Option<IpAddr>, allowed: &[String]) -> bool {
    if host.as_str().contains('@') {
        return false;
    }
    let name = name_of(host.as_str(), host.host());
    if let Ok(address) = name.parse::<IpAddr>() {
        let address = address.to_canonical();
        if address.is_loopback() || local.is_some_and(|local| local.to_canonical() == address) {
            return true;
        }
    }
    name.eq_ignore_ascii_case("localhost")
        || allowed.iter().any(|one| {
            let parsed = one.parse::<Authority>();
            let allowed = parsed.as_ref().map_or(one.as_str(), Authority::host);
            name_of(one, allowed).eq_ignore_ascii_case(name)
        })
}

/// Returns a host without the brackets around an IPv6 address, which an option may also lack.
fn name_of<'a>(whole: &'a str, host: &'a str) -> &'a str {
    if whole.parse::<IpAddr>().is_ok() {
        return whole;
    }
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn is_answered(host: &str, local: Option<&str>) -> bool {
        let mut request = Request::get("/")
            .header(header::HOST, host)
            .body(Body::empty())
            .unwrap();
        if let Some(local) = local {
            let local = LocalAddress(local.parse().unwrap());
            request.extensions_mut().insert(local);
        }
        check(&request, &["papers.example.org".into(), "::2".into()]).is_ok()
    }

    #[test]
    fn names_of_this_machine_and_allowed_ones_are_answered_and_no_others() {
        for host in [
            "localhost",
            "LOCALHOST:7625",
            "127.0.0.1:7625",
            "127.8.9.1",
            "[::1]:80",
            "[::ffff:127.0.0.1]",
            "Papers.example.org:443",
            "[::2]",
        ] {
            assert!(is_answered(host, None), "{host}");
        }
        for host in [
            "",
            ":80",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.localhost",
            "papers.example.org.evil.example",
            "localhost@evil.example",
            "evil.example@localhost",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "2130706433",
            "localhost/",
            "local host",
        ] {
            assert!(!is_answered(host, None), "{host}");
        }
        assert!(is_answered("10.0.0.1:80", Some("10.0.0.1")));
        assert!(is_answered("10.0.0.1", Some("::ffff:10.0.0.1")));
        assert!(!is_answered("10.0.0.2", Some("10.0.0.1")));
    }

    #[test]
    fn the_host_in_the_first_line_is_checked_too() {
        let request = |uri: &str| {
            let request = Request::get(uri).header(header::HOST, "localhost");
            check(&request.body(Body::empty()).unwrap(), &[]).is_ok()
        };
        assert!(request("http://localhost/"));
        assert!(!request("http://evil.example/"));
    }
}
