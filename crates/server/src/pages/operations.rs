//! The page `/docs`: the routes of a description in OpenAPI.

use serde_json::{Map, Value};

use super::html::Html;
use super::markdown::markdown;
use super::schemas::{self, text, value_text};

/// The methods of a route, in the order of the page.
const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

/// A method of a route.
struct Operation<'a> {
    method: &'static str,
    path: &'a str,
    value: &'a Value,
}

/// The operations with a tag.
struct Group<'a> {
    tag: &'a str,
    description: &'a str,
    operations: Vec<Operation<'a>>,
}

/// Returns the content of the page.
pub(super) fn content(description: &Value) -> Html {
    let groups = groups(description);
    let info = &description["info"];
    let title = [
        text(&info["title"]).into(),
        " ".into(),
        Html::new("small", text(&info["version"])),
    ];
    let main = [
        Html::new("h1", title),
        markdown(text(&info["description"])),
        groups
            .iter()
            .map(|group| group.section(description))
            .collect(),
        schemas::section(description),
    ];
    let columns = [contents(&groups), Html::new("main", main)];
    Html::with("div", &[("class", "columns")], columns)
}

/// Returns the list of all operations.
fn contents(groups: &[Group<'_>]) -> Html {
    let list = groups.iter().map(|group| {
        let links = group.operations.iter().map(|operation| {
            let anchor = format!("#{}", operation.anchor());
            let link = Html::with("a", &[("href", &anchor)], operation.heading());
            Html::new("li", link)
        });
        let links: Html = links.collect();
        Html::from([Html::new("p", group.tag), Html::new("ul", links)])
    });
    let list: Html = list.collect();
    let schemas = Html::new("p", Html::with("a", &[("href", "#schemas")], "Schemas"));
    let attributes = [("class", "contents"), ("aria-label", "Routes")];
    Html::with("nav", &attributes, [list, schemas])
}

/// Returns the operations of a description by their first tag. The tags that the description lists come first.
fn groups(description: &Value) -> Vec<Group<'_>> {
    let group = |tag, description| Group {
        tag,
        description,
        operations: Vec::new(),
    };
    let listed = description["tags"].as_array().into_iter().flatten();
    let mut groups: Vec<Group<'_>> = listed
        .map(|tag| group(text(&tag["name"]), text(&tag["description"])))
        .collect();
    for (path, item) in entries(&description["paths"]) {
        for &method in METHODS {
            let Some(value) = item.get(method) else {
                continue;
            };
            let tag = value["tags"][0].as_str().unwrap_or("other");
            let found = groups.iter().position(|group| group.tag == tag);
            let at = found.unwrap_or_else(|| {
                groups.push(group(tag, ""));
                groups.len() - 1
            });
            groups[at].operations.push(Operation {
                method,
                path,
                value,
            });
        }
    }
    groups.retain(|group| !group.operations.is_empty());
    groups
}

impl Group<'_> {
    fn section(&self, description: &Value) -> Html {
        let articles = self.operations.iter();
        let articles = articles.map(|operation| operation.article(description));
        let content = [
            Html::new("h2", self.tag),
            markdown(self.description),
            articles.collect(),
        ];
        Html::new("section", content)
    }
}

impl Operation<'_> {
    fn anchor(&self) -> String {
        let words = self.path.split(|c: char| !c.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        words.fold(self.method.to_owned(), |anchor, word| anchor + "-" + word)
    }

    fn heading(&self) -> Html {
        let class = format!("method {}", self.method);
        let method = self.method.to_uppercase();
        let method = Html::with("span", &[("class", &class)], method);
        [method, " ".into(), Html::new("code", breakable(self.path))].into()
    }

    fn article(&self, description: &Value) -> Html {
        let mut content = Html::from([
            Html::new("h3", self.heading()),
            markdown(text(&self.value["summary"])),
            markdown(text(&self.value["description"])),
            Html::new("pre", Html::new("code", self.example())),
        ]);
        let parameters = self.value["parameters"].as_array();
        if let Some(parameters) = parameters.filter(|all| !all.is_empty()) {
            let list: Html = parameters.iter().map(parameter).collect();
            content.push([Html::new("h4", "Parameters"), Html::new("dl", list)]);
        }
        let body = &self.value["requestBody"];
        if let Some(forms) = body["content"].as_object() {
            content.push(Html::new("h4", "Body"));
            content.push(markdown(text(&body["description"])));
            content.push(bodies(forms));
        }
        let answers = &self.value["responses"];
        let own = entries(answers).filter(|(_, answer)| answer["$ref"].is_null());
        let own: Html = own.map(|(status, one)| answer(status, one)).collect();
        content.push([Html::new("h4", "Answers"), Html::new("dl", own)]);
        content.push(shared_answers(description, answers));
        Html::with("article", &[("id", &self.anchor())], content)
    }

    /// Returns a call of the program curl, with the examples of the parameters.
    fn example(&self) -> String {
        let mut path = self.path.to_owned();
        let mut query = Vec::new();
        for parameter in self.value["parameters"].as_array().into_iter().flatten() {
            let example = value_text(&parameter["example"]);
            let name = text(&parameter["name"]);
            match parameter["in"].as_str() {
                Some("path") => path = path.replace(&format!("{{{name}}}"), &example),
                Some("query") if parameter["required"] == true => {
                    query.push(format!("{name}={}", example.replace(' ', "+")));
                }
                _ => {}
            }
        }
        let method = match self.method {
            "get" | "post" => String::new(),
            method => format!("--request {} ", method.to_uppercase()),
        };
        let body = &self.value["requestBody"]["content"]["application/json"];
        let body = match &body["example"] {
            Value::Null => String::new(),
            example => format!("--json '{example}' "),
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let query = query.join("&");
        format!("curl {method}{body}'http://127.0.0.1:7625{path}{mark}{query}'")
    }
}

/// Renders a parameter as an item of a list.
fn parameter(parameter: &Value) -> Html {
    let mut notes = Vec::new();
    if parameter["in"] != "query" {
        notes.push(format!("in the {}", text(&parameter["in"])));
    }
    if parameter["required"] == true {
        notes.push("required".to_owned());
    }
    let schema = &parameter["schema"];
    let name = text(&parameter["name"]);
    [
        schemas::term(name, schemas::type_of(schema), &notes),
        Html::new(
            "dd",
            [
                markdown(text(&parameter["description"])),
                schemas::bounds(schema),
            ],
        ),
    ]
    .into()
}

/// Renders the problems with which many routes may answer as one item of a list.
fn shared_answers(description: &Value, answers: &Value) -> Html {
    let shared = entries(answers).filter_map(|(status, answer)| {
        let name = answer["$ref"].as_str()?.rsplit('/').next()?;
        let answer = &description["components"]["responses"][name];
        let status = Html::new("p", Html::new("code", status.as_str()));
        Some(Html::from([status, markdown(text(&answer["description"]))]))
    });
    let shared: Vec<Html> = shared.collect();
    if shared.is_empty() {
        return Html::default();
    }
    let mut details = Html::new("summary", "Problems that many routes have");
    for answer in shared {
        details.push(answer);
    }
    Html::new("details", details)
}

/// Renders the answers with a status as an item of a list.
fn answer(status: &str, answer: &Value) -> Html {
    let mut content = markdown(text(&answer["description"]));
    for (name, header) in entries(&answer["headers"]) {
        let description = format!(": {}", text(&header["description"]));
        let header = [
            "Header ".into(),
            Html::new("code", name.as_str()),
            description.into(),
        ];
        content.push(Html::new("p", header));
    }
    if let Some(forms) = answer["content"].as_object() {
        content.push(bodies(forms));
    }
    let term = schemas::term(status, Html::default(), &[]);
    [term, Html::new("dd", content)].into()
}

/// Renders the forms of a body.
fn bodies(forms: &Map<String, Value>) -> Html {
    let forms = forms.iter().map(|(form, body)| {
        let name = Html::new("code", form.as_str());
        let line = [name, ": ".into(), schemas::type_of(&body["schema"])];
        let mut html = Html::with("p", &[("class", "type")], line);
        let example = match &body["example"] {
            Value::Null => return html,
            Value::String(example) => example.clone(),
            // A value can always be written.
            example => serde_json::to_string_pretty(example).unwrap_or_default(),
        };
        let example = [
            Html::new("summary", "Example"),
            Html::new("pre", Html::new("code", example)),
        ];
        html.push(Html::new("details", example));
        html
    });
    forms.collect()
}

/// Lets a long path break after a slash.
fn breakable(path: &str) -> Html {
    let parts = path.split_inclusive('/');
    let parts = parts.map(|part| Html::from([part.into(), Html::empty("wbr", &[])]));
    parts.collect()
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}
