use axum::body::Body;
use axum::http::{Request, header};
use cognate_server::ServerOptions;
use cognate_testing::papers;

use crate::client::{Answer, TestServer};

async fn page(server: &TestServer, path: &str) -> Answer {
    let request = Request::get(path)
        .header(header::HOST, "localhost")
        .header(header::ACCEPT, "text/html,*/*;q=0.8");
    server.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_need_no_script() {
    let server = TestServer::new(papers(1));
    for path in ["/docs", "/problems", "/problems/unknown-paper"] {
        let page = page(&server, path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(
            page.headers[header::CONTENT_TYPE],
            "text/html; charset=utf-8"
        );
        let policy = page.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
        let text = page.text();
        for absent in [
            "<script",
            " style=",
            " onclick",
            "src=\"http",
            "href=\"http",
        ] {
            assert!(!text.contains(absent), "{path} has {absent}");
        }
        // Everything that a page loads is there.
        for (at, _) in text.match_indices("<link ") {
            let link = &text[at..];
            let address = link
                .split("href=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            assert_eq!(server.get(address).await.status, 200, "{address}");
        }
    }
}

#[tokio::test]
async fn the_page_of_routes_shows_every_route_and_every_schema() {
    let server = TestServer::new(papers(1));
    let description = server.get("/openapi.json").await.json();
    let page = page(&server, "/docs").await.text().replace("<wbr>", "");
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() > 4);
    for (path, operations) in paths {
        for method in operations.as_object().unwrap().keys() {
            let heading = format!(
                "<span class=\"method {method}\">{}</span> <code>{path}</code>",
                method.to_uppercase()
            );
            // Once in the list of contents, and once as a heading.
            assert_eq!(page.matches(&heading).count(), 2, "{method} {path}");
        }
    }
    for name in description["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(
            page.contains(&format!("<article id=\"schema-{name}\">")),
            "{name}"
        );
    }
    // Every link within the page leads somewhere.
    for (at, _) in page.match_indices("href=\"#") {
        let anchor = page[at + 7..].split('"').next().unwrap();
        assert!(page.contains(&format!(" id=\"{anchor}\"")), "{anchor}");
    }
}

#[tokio::test]
async fn each_problem_is_explained_where_its_type_points() {
    let server = TestServer::new(papers(1));
    let problem = server
        .get("/api/v1/jobs/x")
        .await
        .problem(404, "unknown-job");
    let path = problem["type"].as_str().unwrap();
    let document = server.get(path).await.json();
    assert_eq!(
        (&document["type"], &document["title"]),
        (&problem["type"], &problem["title"])
    );
    assert_eq!(document["status"], 404);
    let advice = document["advice"].as_str().unwrap();
    let text = page(&server, path).await.text();
    assert!(text.contains(&advice[..40]), "{text}");
    let all = server.get("/problems").await.json();
    let all = all["problems"].as_array().unwrap();
    assert!(all.contains(&document));
    for problem in all {
        server.get(problem["type"].as_str().unwrap()).await.json();
    }
    server
        .get("/problems/nothing")
        .await
        .problem(404, "unknown-route");
}

#[tokio::test]
async fn every_view_of_the_page_is_one_document_that_loads_files_of_the_server() {
    let server = TestServer::new(papers(1));
    for path in [
        "/",
        "/paper/10.1000/a%2Fb",
        "/related?like=p1",
        "/desk",
        "/new",
        "/missed",
        "/topics",
        "/map",
        "/library",
    ] {
        let page = page(&server, path).await;
        assert_eq!(page.status, 200, "{path}");
        let policy = &page.headers[header::CONTENT_SECURITY_POLICY];
        let policy = policy.to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
        assert!(page.text().contains("src=\"/assets/app.js\""), "{path}");
    }
    let script = server.get("/assets/app.js").await;
    let form = &script.headers[header::CONTENT_TYPE];
    assert_eq!(form, "text/javascript; charset=utf-8");
    assert_eq!(script.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let known = Request::get("/assets/app.js")
        .header(header::HOST, "localhost")
        .header(header::IF_NONE_MATCH, &script.headers[header::ETAG]);
    let known = server.send(known.body(Body::empty()).unwrap()).await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    for path in [
        "/assets/other.js",
        "/assets/",
        "/desk/x",
        "/assets/../Cargo.toml",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_page_is_shown_without_the_token_that_it_asks_for() {
    let options = ServerOptions::default().token("0123456789abcdef0123456789abcdef");
    let server = TestServer::with_options(papers(1), options);
    for path in ["/", "/paper/p1", "/assets/app.js"] {
        assert_eq!(page(&server, path).await.status, 200, "{path}");
    }
    for path in ["/api/v1/info", "/docs", "/openapi.json"] {
        assert_eq!(page(&server, path).await.status, 401, "{path}");
    }
}
