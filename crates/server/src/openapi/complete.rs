//! What the descriptions of all routes have in common.

use serde_json::{Map, Value, json};

use crate::problem::Kind;

/// The statuses of problems that any route may answer with, whatever it does.
const COMMON: &[u16] = &[400, 401, 403, 404, 414, 429, 431, 500, 503, 504];

/// The statuses that any route with a body may answer with besides.
const OF_BODIES: &[u16] = &[408, 413, 415];

/// The statuses of the errors of text-embeddings-inference.
const OF_TEI: &[u16] = &[400, 401, 403, 408, 413, 415, 422, 424, 429, 503, 504];

/// The groups of routes, in the order of the page `/docs`.
const TAGS: &[(&str, &str)] = &[
    (
        "queries",
        "Search by text, by vector and by example, and explanations of hits.",
    ),
    (
        "papers",
        "The papers of a library: one, many by filters, exported, counted and completed.",
    ),
    ("analyses", "Questions about a whole library."),
    (
        "lists",
        "Named lists of papers with notes: `liked`, `disliked`, `read`, `hidden` and others.",
    ),
    (
        "changes",
        "Adding and removing papers, for servers that were started with `--allow-write`.",
    ),
    ("libraries", "The libraries and models of the server."),
    (
        "compatible",
        "The routes of OpenAI, of text-embeddings-inference and of Cohere, for clients of theirs.",
    ),
    ("server", "The state of the server."),
];

/// Completes a description: adds the answers that any route may give, descriptions of answers and bodies that
/// only their schema describes, and the groups of routes. Writes a parameter that may have slashes, `{*id}` for the
/// router, as `{id}`.
pub(super) fn complete(description: &mut Value) {
    let schemas = description["components"]["schemas"].take();
    if let Some(paths) = description["paths"].as_object_mut() {
        *paths = std::mem::take(paths)
            .into_iter()
            .map(|(path, item)| (path.replace("{*", "{"), item))
            .collect();
        for (path, item) in paths.iter_mut() {
            for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
                describe_bodies(operation, &schemas);
                add_common_answers(path, operation);
            }
            if let (true, Some(operation)) = (has_tag(path), item.get_mut("get")) {
                describe_tag(operation);
            }
        }
    }
    description["components"]["schemas"] = schemas;
    let statuses = COMMON.iter().chain(OF_BODIES);
    let answers = statuses.map(|&status| (name(status), answer(status)));
    description["components"]["responses"] = Value::Object(answers.collect());
    let tags = TAGS.iter();
    let tags = tags.map(|(name, text)| json!({"name": name, "description": text}));
    description["tags"] = tags.collect();
}

/// Returns whether answers to `GET` have an entity tag.
fn has_tag(path: &str) -> bool {
    let without = ["/api/v1/info", "/api/v1/jobs"];
    path.starts_with("/api/v1/") && !without.iter().any(|route| path.starts_with(route))
}

/// Describes the entity tag of the answers of an operation.
fn describe_tag(operation: &mut Value) {
    let Some(answers) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let known = json!({"description": "The client has the answer, by its header `If-None-Match`"});
    answers.insert("304".to_owned(), known);
    answers.sort_keys();
    let header = json!({
        "description": "Changes with the library and the parameters; absent if the library changed meanwhile",
        "schema": {"type": "string"}
    });
    if let Some(answer) = answers.get_mut("200") {
        answer["headers"]["ETag"] = header;
    }
}

/// Gives the body of an operation and its answers the descriptions of their schemas, if they have none.
fn describe_bodies(operation: &mut Value, schemas: &Value) {
    let answers = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut);
    let answers: Vec<&mut Value> = answers.into_iter().flat_map(Map::values_mut).collect();
    for answer in answers {
        describe_body(answer, schemas);
    }
    if let Some(body) = operation.get_mut("requestBody") {
        describe_body(body, schemas);
    }
}

fn describe_body(body: &mut Value, schemas: &Value) {
    if body["description"]
        .as_str()
        .is_some_and(|text| !text.is_empty())
    {
        return;
    }
    let mut forms = body["content"]
        .as_object()
        .into_iter()
        .flat_map(Map::values);
    let schema = forms.find_map(|form| {
        let schema = &form["schema"];
        let name = schema["$ref"]
            .as_str()?
            .strip_prefix("#/components/schemas/")?;
        schemas[name]["description"].as_str()
    });
    if let Some(text) = schema {
        body["description"] = text.into();
    }
}

fn add_common_answers(path: &str, operation: &mut Value) {
    let has_body = operation.get("requestBody").is_some();
    let of_bodies = if has_body { OF_BODIES } else { &[] };
    let common = COMMON.iter().chain(of_bodies).copied();
    let Some(answers) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    if ["/embed", "/rerank", "/info"].contains(&path) {
        add(answers, OF_TEI.iter().copied(), |_| of_form("TeiError"));
    } else if path.starts_with("/v1/") {
        add(answers, common, |_| of_form("OpenAiError"));
    } else {
        let reference =
            |status| json!({"$ref": format!("#/components/responses/{}", name(status))});
        add(answers, common, reference);
    }
    answers.sort_keys();
}

fn add(
    answers: &mut Map<String, Value>,
    statuses: impl Iterator<Item = u16>,
    answer: impl Fn(u16) -> Value,
) {
    for status in statuses {
        answers
            .entry(status.to_string())
            .or_insert_with(|| answer(status));
    }
}

/// Describes an error in the form of another server.
fn of_form(schema: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    json!({
        "description": "The request is refused or failed; the error says why",
        "content": {"application/json": {"schema": schema}}
    })
}

/// Returns the name of the answers with a status among the components.
fn name(status: u16) -> String {
    format!("Problem{status}")
}

/// Describes the answers with a status, by the kinds of problems that have it.
fn answer(status: u16) -> Value {
    let kinds = Kind::ALL.iter().filter(|kind| kind.status() == status);
    let kinds: Vec<String> = kinds
        .map(|kind| format!("- `{}`: {}", kind.name(), kind.title()))
        .collect();
    json!({
        "description": format!("A problem of one of these kinds:\n\n{}", kinds.join("\n")),
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/ProblemDocument"}
            }
        }
    })
}
