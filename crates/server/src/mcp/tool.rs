//! What a tool is: its description for clients, and the function that answers.

use std::sync::Arc;

use cognate::Library;
use rmcp::model::{self, JsonObject, ToolAnnotations};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::topics::TopicCache;
use super::{arguments, schema};
use crate::problem::Problem;
use crate::server::Server;

/// The argument by which every tool names the library.
pub(super) const LIBRARY: &str = "library";

/// What a tool does with the arguments of type `A`.
type Act<A, D> = fn(&Context<'_>, A) -> Result<(String, D), Problem>;

/// What a tool does with arguments that are not read yet.
type AnyAct = dyn Fn(&Context<'_>, JsonObject) -> Result<Answer, Problem> + Send + Sync;

/// A tool.
#[derive(Clone)]
pub(super) struct Tool {
    pub(super) definition: model::Tool,
    answer: Arc<AnyAct>,
}

/// How an agent sees a tool.
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What the tool is for, and when to use it.
    pub(super) purpose: &'static str,
    pub(super) effect: Effect,
}

/// What a tool does to a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It changes nothing.
    Reads,
    /// It adds or replaces something.
    Adds,
    /// It removes something.
    Removes,
}

/// What a tool works with.
pub(super) struct Context<'a> {
    pub(super) server: &'a Server,
    pub(super) library: &'a Library,
    /// The name of the library.
    pub(super) name: &'a str,
    pub(super) topics: &'a TopicCache,
    /// Cancelled if nobody waits for the answer any more.
    pub(super) stop: &'a CancellationToken,
}

impl Tool {
    /// Creates a tool that answers with a text and a document.
    pub(super) fn new<A, D>(description: &Description, answer: Act<A, D>) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        D: Serialize + JsonSchema + 'static,
    {
        let input = Arc::new(schema::of_arguments::<A>());
        let is_reading = description.effect == Effect::Reads;
        let annotations = ToolAnnotations::with_title(description.title)
            .read_only(is_reading)
            .destructive(description.effect == Effect::Removes)
            .idempotent(true)
            .open_world(false);
        let definition =
            model::Tool::new(description.name, description.purpose, Arc::clone(&input))
                .with_title(description.title)
                .with_raw_output_schema(Arc::new(schema::of_document::<D>()))
                .with_annotations(annotations);
        let answer = move |context: &Context<'_>, given: JsonObject| {
            let given = arguments::read(&input, given)?;
            let (text, document) = answer(context, given)?;
            Answer::new(text, &document)
        };
        Self {
            definition,
            answer: Arc::new(answer),
        }
    }

    /// Adds the argument that names a library, if there are several.
    pub(super) fn with_libraries(mut self, names: &[&str]) -> Self {
        if names.len() > 1 {
            let mut input = JsonObject::clone(&self.definition.input_schema);
            let property = json!({
                "type": "string",
                "enum": names,
                "default": names[0],
                "description": "Library to use",
            });
            if let Some(properties) = input
                .get_mut("properties")
                .and_then(|one| one.as_object_mut())
            {
                properties.insert(LIBRARY.to_owned(), property);
            }
            self.definition.input_schema = Arc::new(input);
        }
        self
    }

    /// Returns the answer to a call, on a thread that may block.
    ///
    /// # Errors
    ///
    /// Returns a problem that says what is wrong.
    pub(super) fn answer(
        &self,
        context: &Context<'_>,
        arguments: JsonObject,
    ) -> Result<Answer, Problem> {
        (self.answer)(context, arguments)
    }
}
