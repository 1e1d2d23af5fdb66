//! `/problems` and `/problems/{kind}`: what the kinds of problems mean, and what to do about them.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::html::Html;
use super::markdown::markdown;
use super::{answer, page};
use crate::extract::InPath;
use crate::problem::{Kind, Problem};
use crate::server::Server;

/// What to do about each kind of problem.
const ADVICE: &[(Kind, &str)] = &[
    (
        Kind::InvalidRequest,
        "A parameter is unknown or has a value of another type, the body is not JSON with the described fields, or a header cannot be read. `detail` names what is wrong. Compare the request with the [description of the routes](/docs).",
    ),
    (
        Kind::InvalidOption,
        "A parameter has a value of the right type that is not allowed, such as a `k` of 0. `detail` says what is expected.",
    ),
    (
        Kind::EmptyQuery,
        "The text of the query has no word, or nothing but words to leave out. Send a text that says what to look for.",
    ),
    (
        Kind::InvalidPapers,
        "The body is not in a format that is read, has records that are not valid, or has no paper. `detail` names the first such record. Set `format` if the format was detected wrongly, and `skip_bad` to leave invalid records out.",
    ),
    (
        Kind::Unauthorized,
        "The server was started with a token. Send it with each request, in the header `Authorization: Bearer TOKEN`.",
    ),
    (
        Kind::Forbidden,
        "The request comes from a page of another origin, names another host than the server's, or would change a library that is served to be read. The options `--allow-origin`, `--allow-host` and `--allow-write` of `cognate serve` allow these.",
    ),
    (
        Kind::UnknownRoute,
        "No route has this path. The [description of the routes](/docs) lists all.",
    ),
    (
        Kind::UnknownLibrary,
        "`libraries` lists the libraries of the server. Without the parameter `library`, a request is about the first one.",
    ),
    (
        Kind::UnknownPaper,
        "No paper of the library has this id, DOI, arXiv identifier or title. `nearest` lists ids that are spelled similarly.",
    ),
    (
        Kind::UnknownList,
        "The library has no list of this name. `GET /api/v1/lists` lists all.",
    ),
    (
        Kind::UnknownJob,
        "The id is not that of a job, the job was cancelled, it ended more than an hour ago, or the server was started again since. Adding the same papers again changes nothing, so it is safe to repeat a request that may not have been carried out.",
    ),
    (
        Kind::NoMap,
        "The papers of the library have not been laid out. `POST /api/v1/map` starts a job that does it, and so does the command `cognate map`.",
    ),
    (
        Kind::UnknownModel,
        "The server has no model of this name. `GET /v1/models` lists all.",
    ),
    (
        Kind::NoModel,
        "The server was started without a model, so it embeds no texts.",
    ),
    (
        Kind::NoReranker,
        "The server was started without a cross-encoder. The option `--rerank-model` of `cognate serve` names one.",
    ),
    (
        Kind::BuiltInList,
        "The lists `liked`, `disliked`, `read` and `hidden` are in every library and cannot be deleted. Take the papers from the list instead.",
    ),
    (
        Kind::EmptyLibrary,
        "The analysis needs papers. Add some first.",
    ),
    (
        Kind::WrongMethod,
        "The header `Allow` lists the methods of the route.",
    ),
    (
        Kind::NotAcceptable,
        "The header `Accept` allows none of the forms that the answer has. Leave it out, or allow the form that the [description of the routes](/docs) names.",
    ),
    (
        Kind::Timeout,
        "The body of the request did not arrive in time. Send it again.",
    ),
    (
        Kind::AmbiguousPaper,
        "Several papers have this DOI, arXiv identifier or title. Name one of them by its id; `ids` lists them.",
    ),
    (
        Kind::Changed,
        "Papers were added or removed after the first page, so that the next page would leave hits out or repeat them. Begin again with the first page.",
    ),
    (
        Kind::TooLarge,
        "The body, a text or the number of results exceeds a limit of the server. `detail` names the limit.",
    ),
    (
        Kind::AddressTooLong,
        "The address of the request, with its parameters, is longer than the server accepts. Routes that take long texts or many papers accept them as JSON in the body of a `POST`.",
    ),
    (
        Kind::HeadersTooLarge,
        "The headers of the request are larger than the server accepts.",
    ),
    (
        Kind::TookTooLong,
        "The work was not done within the time that the server gives a request. Ask for less, or start the server with a longer time-out.",
    ),
    (
        Kind::UnsupportedMedia,
        "Send the body as it is, with the `Content-Type` that the [description of the routes](/docs) names.",
    ),
    (
        Kind::Overloaded,
        "More requests wait than the server accepts. Try again after the number of seconds in the header `Retry-After`.",
    ),
    (
        Kind::Internal,
        "The request failed for a reason that is not its own. The log of the server has the cause.",
    ),
    (
        Kind::Damaged,
        "A file of the library has changed or is lost. `cognate check` says which, and `cognate check --repair` rebuilds what can be rebuilt.",
    ),
    (
        Kind::Locked,
        "Another process is writing the library. Try again after the number of seconds in the header `Retry-After`.",
    ),
    (
        Kind::NoEmbedder,
        "The library was opened without a model, so it can neither search for texts by meaning nor add papers. Searches by keywords, and for papers similar to others, need no model.",
    ),
    (
        Kind::Stopping,
        "The server finishes the requests that it has, and accepts no others. Try again when it has been started again.",
    ),
];

/// Returns the routes of the explanations.
pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/problems", get(all))
        .route("/problems/{kind}", get(one))
}

/// Returns what to do about a kind of problem.
fn advice(kind: Kind) -> &'static str {
    let advice = ADVICE.iter().find(|(of, _)| *of == kind);
    advice.map_or("", |(_, advice)| advice)
}

async fn all(headers: HeaderMap) -> Response {
    if !wants_html(&headers) {
        let problems: Vec<Value> = Kind::ALL.iter().map(|&kind| document(kind)).collect();
        return Json(json!({"version": 1, "problems": problems})).into_response();
    }
    let introduction = [
        "An answer that is an error has the content type ".into(),
        Html::new("code", "application/problem+json"),
        ", and a ".into(),
        Html::new("code", "type"),
        " that is one of these addresses and never changes.".into(),
    ];
    let content = [
        Html::new("h1", "Problems"),
        Html::new("p", introduction),
        Kind::ALL.iter().map(|&kind| explanation(kind)).collect(),
    ];
    answer(page("Problems", Html::new("main", content))).into_response()
}

async fn one(headers: HeaderMap, InPath(name): InPath<String>) -> Result<Response, Problem> {
    let mut kinds = Kind::ALL.iter().copied();
    let Some(kind) = kinds.find(|kind| kind.name() == name) else {
        let detail = format!("no problem is called `{name}`; `/problems` lists all");
        return Err(Problem::new(Kind::UnknownRoute, detail));
    };
    if !wants_html(&headers) {
        return Ok(Json(document(kind)).into_response());
    }
    let all = Html::with("a", &[("href", "/problems")], "All problems");
    let content = [explanation(kind), Html::new("p", all)];
    let page = page(kind.title(), Html::new("main", content));
    Ok(answer(page).into_response())
}

fn document(kind: Kind) -> Value {
    json!({
        "type": format!("/problems/{}", kind.name()),
        "title": kind.title(),
        "status": kind.status(),
        "advice": advice(kind),
    })
}

fn explanation(kind: Kind) -> Html {
    let path = format!("/problems/{}", kind.name());
    let title = Html::with("a", &[("href", &path)], kind.title());
    let status = format!(", status {}", kind.status());
    let content = [
        Html::new("h2", title),
        Html::new("p", [Html::new("code", path.as_str()), status.into()]),
        markdown(advice(kind)),
    ];
    Html::with("article", &[("id", kind.name())], content)
}

/// Returns whether a client, such as a browser, asks for a page. Others get JSON.
fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut accepted = accepted.filter_map(|accepted| accepted.to_str().ok());
    accepted.any(|accepted| accepted.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_advice() {
        for &kind in Kind::ALL {
            assert!(!advice(kind).is_empty(), "{kind:?}");
        }
    }
}
