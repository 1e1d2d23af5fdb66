use std::time::Duration;

use ureq::http::header::{AUTHORIZATION, LOCATION};
use ureq::http::{Response, Uri};
use ureq::{Agent, Body, Timeout};

use super::request::Request;
use crate::source::token::Token;

/// The greatest number of redirects that are followed for one request.
const MAX_REDIRECTS: usize = 5;

/// Sends requests to the Hub and to the hosts that it redirects to.
///
/// Redirects are followed here, because only here it is certain that the token goes to no other
/// origin than that of the endpoint.
pub(super) struct Client {
    agent: Agent,
    endpoint: String,
    origin: Origin,
    token: Option<Token>,
    answer_timeout: Duration,
}

/// The scheme, host and port of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    authority: String,
}

impl Client {
    pub(super) fn new(request: &Request<'_>) -> Result<Self, String> {
        let (answer, read) = (request.answer_timeout, request.read_timeout);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("cognate/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(answer))
            .timeout_connect(Some(answer))
            .timeout_recv_response(Some(read))
            .timeout_per_read(Some(read))
            .timeout_per_write(Some(read))
            .build()
            .into();
        let endpoint = request.endpoint.trim_end_matches('/').to_owned();
        Ok(Self {
            agent,
            origin: Origin::of(&endpoint)?,
            endpoint,
            token: request.token.cloned(),
            answer_timeout: answer,
        })
    }

    /// Gets `path` of the endpoint, whose whole answer must arrive within the time limit of an answer.
    pub(super) fn get_quickly(&self, path: &str) -> Result<Response<Body>, String> {
        let url = format!("{}{path}", self.endpoint);
        self.follow(&url, |url, authorization| {
            let request = self.agent.get(url).header("accept-encoding", "identity");
            let request = match authorization {
                Some(value) => request.header(AUTHORIZATION, value),
                None => request,
            };
            let limit = Some(self.answer_timeout);
            self.answer(request.config().timeout_global(limit).build().call())
        })
    }

    /// Asks for the headers of `path` of the endpoint. A redirect to another origin is not followed:
    /// its own headers describe the file.
    pub(super) fn head(&self, path: &str) -> Result<Response<Body>, String> {
        let mut url = format!("{}{path}", self.endpoint);
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.agent.head(&url).header("accept-encoding", "identity");
            if let Some(token) = &self.token {
                request = request.header(AUTHORIZATION, token.authorization());
            }
            let limit = Some(self.answer_timeout);
            let response = self.answer(request.config().timeout_global(limit).build().call())?;
            match redirect(&url, &response)? {
                Some(next) if Origin::of(&next)? == self.origin => url = next,
                _ => return Ok(response),
            }
        }
        Err(too_many_redirects())
    }

    /// Gets `path` of the endpoint, without its first `skip` bytes.
    pub(super) fn get(&self, path: &str, skip: u64) -> Result<Response<Body>, String> {
        let url = format!("{}{path}", self.endpoint);
        self.follow(&url, |url, authorization| {
            let mut request = self.agent.get(url).header("accept-encoding", "identity");
            if let Some(value) = authorization {
                request = request.header(AUTHORIZATION, value);
            }
            if skip > 0 {
                request = request.header("range", format!("bytes={skip}-"));
            }
            self.answer(request.call())
        })
    }

    /// Sends a request and follows redirects. `send` gets an address, and the token if the address
    /// may get it.
    fn follow(
        &self,
        url: &str,
        send: impl Fn(&str, Option<String>) -> Result<Response<Body>, String>,
    ) -> Result<Response<Body>, String> {
        let mut url = url.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            let may_have_token = Origin::of(&url)? == self.origin;
            let token = self.token.as_ref().filter(|_| may_have_token);
            let response = send(&url, token.map(Token::authorization))?;
            match redirect(&url, &response)? {
                Some(next) => url = next,
                None => return Ok(response),
            }
        }
        Err(too_many_redirects())
    }

    /// Describes a request that had no answer.
    fn answer(
        &self,
        outcome: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, String> {
        outcome.map_err(|error| match error {
            ureq::Error::Timeout(Timeout::Global | Timeout::Connect | Timeout::Resolve) => {
                let seconds = self.answer_timeout.as_secs_f32();
                format!("no answer within {seconds} seconds")
            }
            error => with_causes(&error),
        })
    }
}

/// Returns the address that the `response` of `url` redirects to, or `None` if it does not.
fn redirect(url: &str, response: &Response<Body>) -> Result<Option<String>, String> {
    if !response.status().is_redirection() {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    let location = location.ok_or("a redirect without an address")?;
    target(url, location).map(Some)
}

/// Returns the address of a redirect from `url` to `location`, which may leave out the scheme and the
/// host.
fn target(url: &str, location: &str) -> Result<String, String> {
    let from = Origin::of(url)?;
    let target = match location {
        path if path.starts_with("//") => format!("{}:{path}", from.scheme),
        path if path.starts_with('/') => format!("{}://{}{path}", from.scheme, from.authority),
        address => address.to_owned(),
    };
    if Origin::of(&target)?.scheme != "https" && from.scheme == "https" {
        return Err(format!(
            "a redirect to an address without encryption, `{target}`"
        ));
    }
    Ok(target)
}

impl Origin {
    fn of(address: &str) -> Result<Self, String> {
        let refused = || format!("`{address}` is not an address that begins with `https://`");
        let uri: Uri = address.parse().map_err(|_| refused())?;
        match (uri.scheme_str(), uri.authority()) {
            (Some(scheme @ ("http" | "https")), Some(authority)) => Ok(Self {
                scheme: scheme.to_owned(),
                authority: authority.as_str().to_lowercase(),
            }),
            _ => Err(refused()),
        }
    }
}

fn too_many_redirects() -> String {
    format!("more than {MAX_REDIRECTS} redirects")
}

/// Formats an error with its causes on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    // ureq begins the message of an error of the network with its kind.
    let text = error.to_string();
    let mut text = text.strip_prefix("io: ").unwrap_or(&text).to_owned();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_may_leave_out_the_host_and_keeps_the_encryption() {
        let from = "https://hub.example:444/a/b?c";
        for (location, expected) in [
            ("/d", "https://hub.example:444/d"),
            ("//other.example/d", "https://other.example/d"),
            ("https://other.example/d", "https://other.example/d"),
        ] {
            assert_eq!(target(from, location).unwrap(), expected);
        }
        let error = target(from, "http://hub.example:444/d").unwrap_err();
        assert!(error.contains("without encryption"), "{error}");
        for location in ["d", "../d", "file:///etc/passwd", ""] {
            target(from, location).unwrap_err();
        }
    }

    #[test]
    fn an_origin_is_the_scheme_the_host_and_the_port() {
        let origin = |address| Origin::of(address).unwrap();
        assert_eq!(
            origin("https://Hub.example/a"),
            origin("https://hub.example/b?c")
        );
        for other in [
            "http://hub.example/",
            "https://hub.example:444/",
            "https://hub.example.org/",
            "https://hub.example@other.org/",
        ] {
            assert_ne!(origin("https://hub.example/"), origin(other), "{other}");
        }
        for none in ["hub.example", "file:///etc/passwd", "/a", ""] {
            Origin::of(none).unwrap_err();
        }
    }
}
