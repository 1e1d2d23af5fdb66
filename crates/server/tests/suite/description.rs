//! Whether `/openapi.json` describes the routes, and whether answers are as it describes them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::client::{Answer, TestServer};

/// Fails if a description has no answer with the status, the content type and the form of `answer` for a request.
/// Routes that are not described, such as `/docs`, are not compared.
#[track_caller]
pub(crate) fn check(description: &Value, method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    if method == "OPTIONS" {
        return;
    }
    let Some((route, item)) = operation(description, path) else {
        return;
    };
    let Some(operation) = item.get(method.to_lowercase()) else {
        let head_of_get = method == "HEAD" && item.get("get").is_some();
        let is_refused = [401, 403, 405, 421].contains(&answer.status.as_u16());
        assert!(
            head_of_get || is_refused,
            "{method} {route} is not described"
        );
        return;
    };
    let status = answer.status.as_u16().to_string();
    let described = &operation["responses"][&status];
    assert!(
        !described.is_null(),
        "{method} {route} does not describe {status}: {}",
        answer.text()
    );
    let described = match described["$ref"].as_str() {
        Some(reference) => description.pointer(&reference[1..]).unwrap(),
        None => described,
    };
    let Some(forms) = described["content"].as_object() else {
        assert!(
            answer.body.is_empty(),
            "{method} {route} has a body that is not described"
        );
        return;
    };
    let form = answer.headers["content-type"].to_str().unwrap();
    let form = form.split(';').next().unwrap();
    let content = forms.get(form);
    let content =
        content.unwrap_or_else(|| panic!("{method} {route} {status} does not describe {form}"));
    if form.ends_with("json") && method != "HEAD" {
        let document = serde_json::from_slice(&answer.body).unwrap();
        validate(
            description,
            &content["schema"],
            &document,
            &format!("{method} {route} {status}"),
        );
    }
}

/// Fails if a document does not fit a schema of a description.
#[track_caller]
pub(crate) fn validate(description: &Value, schema: &Value, document: &Value, what: &str) {
    let mut root = schema.clone();
    root["components"] = description["components"].clone();
    let validator = jsonschema::draft202012::new(&root).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:?} in {document}");
}

/// Returns the route that a path belongs to: one with as many parts if there is one, with the fewest parameters.
fn operation<'a>(description: &'a Value, path: &str) -> Option<(&'a str, &'a Value)> {
    let paths = description["paths"].as_object()?;
    let matching = paths.iter().filter(|(route, _)| matches(route, path));
    let parts = |path: &str| path.matches('/').count();
    let best = matching.min_by_key(|(route, _)| {
        let has_more = parts(route) != parts(path);
        (has_more, route.matches('{').count())
    })?;
    Some((best.0, best.1))
}

/// Returns whether a path fits a route, whose last parameter may have slashes.
fn matches(route: &str, path: &str) -> bool {
    let (mut route, mut path) = (route.split('/').peekable(), path.split('/'));
    while let Some(part) = route.next() {
        let Some(found) = path.next() else {
            return false;
        };
        if part.starts_with('{') {
            if route.peek().is_none() {
                return !found.is_empty();
            }
        } else if part != found {
            return false;
        }
    }
    path.next().is_none()
}

/// Calls `visit` with every value of a document and the path to it.
fn walk<'a>(value: &'a Value, path: &str, visit: &mut dyn FnMut(&str, &'a Value)) {
    visit(path, value);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(value, &format!("{path}/{name}"), visit);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                walk(value, &format!("{path}/{at}"), visit);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn every_operation_parameter_answer_and_field_is_described() {
    let server = TestServer::new(Vec::new());
    let description = server.get("/openapi.json").await.json();
    assert_eq!(description["openapi"], "3.1.0");
    let mut missing = BTreeSet::new();
    let mut need = |is_there: bool, what: String| {
        if !is_there {
            missing.insert(what);
        }
    };
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            need(has_text(&operation["summary"]), format!("{what}: summary"));
            need(operation["tags"][0].is_string(), format!("{what}: tag"));
            need(has_text(&operation["operationId"]), format!("{what}: id"));
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = &parameter["name"];
                need(
                    has_text(&parameter["description"]),
                    format!("{what}: parameter {name}"),
                );
                let needs_example = parameter["required"] == true;
                need(
                    !needs_example || !parameter["example"].is_null(),
                    format!("{what}: example of {name}"),
                );
            }
            let body = &operation["requestBody"];
            need(
                body.is_null() || has_text(&body["description"]),
                format!("{what}: body"),
            );
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let is_described = answer["$ref"].is_string() || has_text(&answer["description"]);
                need(is_described, format!("{what}: answer {status}"));
                for (name, header) in answer["headers"].as_object().into_iter().flatten() {
                    need(
                        has_text(&header["description"]),
                        format!("{what}: header {name}"),
                    );
                }
            }
        }
    }
    walk(
        &description["components"]["schemas"],
        "",
        &mut |path, value| {
            let is_fields = path.ends_with("/properties");
            if let (true, Some(fields)) = (is_fields, value.as_object()) {
                for (name, field) in fields {
                    need(is_described(field), format!("schema {path}/{name}"));
                }
            }
        },
    );
    assert!(missing.is_empty(), "not described: {missing:#?}");
}

fn has_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

/// Returns whether a field has a description: its own, one of its alternatives', or the one of the schema to
/// which it refers; or whether only one value is possible.
fn is_described(field: &Value) -> bool {
    let one_value = field["enum"].as_array().is_some_and(|all| all.len() == 1);
    let mut alternatives = field["oneOf"].as_array().into_iter().flatten();
    has_text(&field["description"])
        || field["$ref"].is_string()
        || field["const"].is_string()
        || one_value
        || alternatives.any(|one| has_text(&one["description"]))
}

#[tokio::test]
async fn every_reference_of_the_description_leads_somewhere() {
    let server = TestServer::new(Vec::new());
    let description = server.get("/openapi.json").await.json();
    let mut references = Vec::new();
    walk(&description, "", &mut |path, value| {
        if path.ends_with("/$ref") {
            references.push(value.as_str().unwrap());
        }
    });
    assert!(!references.is_empty());
    for reference in references {
        let target = description.pointer(reference.strip_prefix('#').unwrap());
        assert!(target.is_some(), "{reference}");
    }
}

#[tokio::test]
async fn every_operation_has_an_id_of_its_own() {
    let server = TestServer::new(Vec::new());
    let description = server.get("/openapi.json").await.json();
    let mut ids = BTreeSet::new();
    for item in description["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id}");
        }
    }
}

#[tokio::test]
async fn every_route_is_described() {
    let server = TestServer::new(Vec::new());
    let description = server.get("/openapi.json").await.json();
    let routes = routes(&format!("{:?}", server.server.router()));
    assert!(
        routes.contains("/docs") && routes.contains("/api/v1/info"),
        "{routes:?}"
    );
    // Pages for people, and the description itself, are not described.
    // So are agents' requests, and another form of the address of a model.
    let pages = [
        "/mcp",
        "/v1/models/{id}/{name}",
        "/docs",
        "/docs/style.css",
        "/docs/icon.svg",
        "/problems",
        "/problems/{kind}",
        "/openapi.json",
        "/paper/{id}",
        "/related",
        "/desk",
        "/new",
        "/missed",
        "/topics",
        "/map",
        "/library",
    ];
    for route in &routes {
        let path = route.replace("{*", "{");
        let is_described = description["paths"].get(&path).is_some();
        assert!(
            is_described || pages.contains(&path.as_str()) || path.starts_with("/assets/"),
            "{route} is not described"
        );
    }
}

/// Returns the routes that the debug representation of a router names.
fn routes(router: &str) -> BTreeSet<String> {
    let quoted = router.split('"').skip(1).step_by(2);
    quoted
        .filter(|text| text.len() > 1 && text.starts_with('/') && !text.contains("__private"))
        .map(str::to_owned)
        .collect()
}
