//! The page: a program of the browser, which uses the routes of the server like every other client.
//!
//! Its sources and its build are in the folder `web` of this crate. The result is committed, so that a build of this
//! crate needs nothing but Rust.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};

use crate::etag::{self, KnownTags};
use crate::pages::{NO_SNIFFING, POLICY};
use crate::server::Server;

/// Where the files of the page are.
const ASSETS: &str = "/assets/";

/// A file of the built page.
#[derive(Clone, Copy)]
struct File {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

/// Includes a file of the built page.
macro_rules! file {
    ($name:literal, $media_type:literal) => {
        File {
            name: $name,
            media_type: $media_type,
            content: include_bytes!(concat!("../web/dist/", $name)),
        }
    };
}

/// The document that loads the other files, which is the answer of every view.
const DOCUMENT: File = file!("index.html", "text/html; charset=utf-8");

/// The other files, which are below [`ASSETS`].
const FILES: &[File] = &[
    file!("app.js", "text/javascript; charset=utf-8"),
    file!("de.js", "text/javascript; charset=utf-8"),
    file!("icon.svg", "image/svg+xml"),
    file!("katex.js", "text/javascript; charset=utf-8"),
    file!("licenses.txt", "text/plain; charset=utf-8"),
    file!("style.css", "text/css; charset=utf-8"),
];

/// The addresses of the views. The program of the page knows what each shows.
const VIEWS: &[&str] = &[
    "/",
    "/paper/{*id}",
    "/related",
    "/desk",
    "/new",
    "/missed",
    "/topics",
    "/map",
    "/library",
];

/// Returns the routes of the page.
pub(crate) fn routes() -> Router<Server> {
    let views = VIEWS.iter().map(|path| ((*path).to_owned(), DOCUMENT));
    let assets = FILES
        .iter()
        .map(|file| (format!("{ASSETS}{}", file.name), *file));
    views
        .chain(assets)
        .fold(Router::new(), |router, (path, file)| {
            router.route(&path, file.route())
        })
}

/// Returns whether a path is one of the page, which has nothing of a library: it is shown without the token of the
/// server, and asks its user for it.
pub(crate) fn is_of_page(path: &str) -> bool {
    let is_view = |view: &str| match view.strip_suffix("{*id}") {
        Some(start) => path.starts_with(start),
        None => path == view,
    };
    path.starts_with(ASSETS) || VIEWS.iter().any(|view| is_view(view))
}

impl File {
    fn route(self) -> MethodRouter<Server> {
        let tag = etag::tag("page", self.name.as_bytes(), self.content);
        get(move |known: KnownTags| {
            let answer = self.answer(&known, &tag);
            async move { answer }
        })
    }

    /// Returns the file, or the status 304 if the browser has it.
    fn answer(self, known: &KnownTags, tag: &str) -> Response {
        // A browser asks each time whether the file has changed, so that a new release is never mixed with an old one.
        let caching = [(header::CACHE_CONTROL, "no-cache"), (header::ETAG, tag)];
        if known.has(tag) {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        let media_type = [(header::CONTENT_TYPE, self.media_type)];
        (caching, [POLICY, NO_SNIFFING], media_type, self.content).into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_file_of_the_built_page_is_served() {
        let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/web/dist");
        let built = fs::read_dir(dist).unwrap();
        let built = built.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let served = FILES.iter().chain([&DOCUMENT]);
        let served = served.map(|file| file.name.to_owned());
        assert_eq!(built.collect::<BTreeSet<_>>(), served.collect());
    }

    #[test]
    fn paths_of_the_page_are_the_views_and_the_files() {
        for path in ["/", "/paper/10.1/x", "/desk", "/assets/app.js"] {
            assert!(is_of_page(path), "{path}");
        }
        for path in ["/api/v1/info", "/desk/x", "/mcp", "/papers", "/docs"] {
            assert!(!is_of_page(path), "{path}");
        }
    }
}
