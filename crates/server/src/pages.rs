//! Pages for people: the description of the routes, and the explanations of problems. They are rendered here,
//! need no JavaScript, and request nothing but a style sheet and an icon, from this server.

mod html;
mod markdown;
mod operations;
mod problem_pages;
mod schemas;

use axum::Router;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use serde_json::Value;

use self::html::Html;
use crate::server::Server;

/// A browser that obeys this policy loads nothing from elsewhere and runs no script inside a page.
pub(crate) const POLICY: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Keeps a browser from guessing another media type.
pub(crate) const NO_SNIFFING: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

/// Returns the routes of the pages, of which `/docs` shows `description`.
pub(crate) fn routes(description: &Value) -> Router<Server> {
    let docs = page("Routes", operations::content(description));
    let style = include_str!("pages/style.css");
    let icon = include_str!("pages/icon.svg");
    Router::new()
        .route("/docs", get(move || async move { answer(docs) }))
        .route("/docs/style.css", file("text/css; charset=utf-8", style))
        .route("/docs/icon.svg", file("image/svg+xml", icon))
        .merge(problem_pages::routes())
}

/// Returns the route of a file of the pages.
fn file(form: &'static str, content: &'static str) -> MethodRouter<Server> {
    get(move || async move { ([(header::CONTENT_TYPE, form), NO_SNIFFING], content) })
}

fn answer(page: String) -> impl IntoResponse {
    ([POLICY, NO_SNIFFING], axum::response::Html(page))
}

/// Returns a page with a title.
fn page(title: &str, content: Html) -> String {
    let meta = |name, content| Html::empty("meta", &[("name", name), ("content", content)]);
    let link = |href, text: &str| Html::with("a", &[("href", href)], text);
    let head = [
        Html::empty("meta", &[("charset", "utf-8")]),
        meta("viewport", "width=device-width, initial-scale=1"),
        meta("color-scheme", "light dark"),
        Html::new("title", format!("{title} · Cognate")),
        Html::empty(
            "link",
            &[("rel", "stylesheet"), ("href", "/docs/style.css")],
        ),
        Html::empty("link", &[("rel", "icon"), ("href", "/docs/icon.svg")]),
    ];
    let pages = [
        link("/", "Page"),
        link("/docs", "Routes"),
        link("/problems", "Problems"),
        link("/openapi.json", "openapi.json"),
    ];
    let header = [
        Html::with("a", &[("href", "/"), ("class", "brand")], "Cognate"),
        Html::with("nav", &[("aria-label", "Pages")], pages),
    ];
    let page = [
        Html::new("head", head),
        Html::new("body", [Html::new("header", header), content]),
    ];
    let page = Html::with("html", &[("lang", "en")], page);
    format!("<!DOCTYPE html>{}", page.into_string())
}
