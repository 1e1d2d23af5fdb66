//! What the description of every route has in common.

use serde_json::{Map, Value, json};

use crate::problem::Kind;

/// The statuses that any route may answer with, whatever it does.
const COMMON: &[u16] = &[400, 401, 403, 404, 408, 429, 500, 503];

/// The statuses that any route with a body may answer with besides.
const OF_BODIES: &[u16] = &[413, 415];

/// Completes a description: adds the answers that any route may give, and writes a parameter that may have
/// slashes, `{*id}` for the router, as `{id}`.
pub(super) fn complete(description: &mut Value) {
    if let Some(paths) = description["paths"].as_object_mut() {
        *paths = std::mem::take(paths)
            .into_iter()
            .map(|(path, item)| (path.replace("{*", "{"), item))
            .collect();
        let operations = paths.values_mut().filter_map(Value::as_object_mut);
        for operation in operations.flat_map(Map::values_mut) {
            add_common_answers(operation);
        }
    }
    let statuses = COMMON.iter().chain(OF_BODIES);
    let answers = statuses.map(|&status| (name(status), answer(status)));
    description["components"]["responses"] = Value::Object(answers.collect());
}

fn add_common_answers(operation: &mut Value) {
    let has_body = operation.get("requestBody").is_some();
    let of_bodies = if has_body { OF_BODIES } else { &[] };
    let Some(answers) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    for &status in COMMON.iter().chain(of_bodies) {
        let answer = json!({"$ref": format!("#/components/responses/{}", name(status))});
        answers.entry(status.to_string()).or_insert(answer);
    }
    answers.sort_keys();
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
