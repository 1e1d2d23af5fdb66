//! The route `/mcp`: streamable HTTP, each request alone, without sessions.

use std::sync::Arc;

use axum::Router;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use super::handler::Handler;
use crate::server::Server;

/// The hosts of the loopback interface.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The origins of pages of the loopback interface. The layers of the server are stricter.
const LOOPBACK_ORIGINS: [&str; 3] = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"];

/// Returns the route.
pub(crate) fn route(server: &Server) -> Router<Server> {
    let options = server.options();
    let hosts = options.allowed_hosts.iter().map(String::as_str);
    let origins = options.allowed_origins.iter().map(String::as_str);
    let mut config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(options.max_body_bytes)
        .with_allowed_hosts(LOOPBACK.into_iter().chain(hosts))
        .with_allowed_origins(LOOPBACK_ORIGINS.into_iter().chain(origins))
        .enforce_origin_validation();
    if options.token.is_some() {
        // The server may be reached by other addresses, which its layers know, and no foreign page knows
        // the token.
        config = config.disable_allowed_hosts();
    }
    let handler = Handler::new(server);
    let service = StreamableHttpService::new(
        move || Ok(handler.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    Router::new().route_service("/mcp", service)
}
