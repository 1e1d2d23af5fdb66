//! The resources: papers and libraries, as JSON documents.

use rmcp::model::{Resource, ResourceContents, ResourceTemplate};
use serde::Serialize;

use super::paper_uri::{self, Target};
use super::tool::Context;
use super::tools::{library_info, list_topics};
use crate::problem::Problem;
use crate::server::Server;

/// A library as a resource.
#[derive(Serialize)]
struct LibraryDocument {
    #[serde(flatten)]
    info: library_info::InfoDocument,
    topics: Vec<list_topics::TopicSize>,
}

/// The form of all resources.
const JSON: &str = "application/json";

/// Returns the resources that can be listed: the libraries.
pub(super) fn list(server: &Server) -> Vec<Resource> {
    let libraries = server.libraries().iter().enumerate();
    libraries
        .map(|(at, library)| {
            let name = (at > 0).then_some(library.name.as_str());
            Resource::new(paper_uri::of_library(name), &*library.name)
                .with_title(format!("Library {}", library.name))
                .with_description("Number of papers, lists, model and topics of the library")
                .with_mime_type(JSON)
        })
        .collect()
}

/// Returns the templates of the other resources.
pub(super) fn templates(server: &Server) -> Vec<ResourceTemplate> {
    let library = if server.libraries().len() > 1 {
        "{?library}"
    } else {
        ""
    };
    let paper = ResourceTemplate::new(format!("cognate://paper/{{id}}{library}"), "paper")
        .with_title("Paper")
        .with_description("All fields of a paper, by its percent-encoded id")
        .with_mime_type(JSON);
    vec![paper]
}

/// Returns the name of the library of a resource, and what the resource is.
///
/// # Errors
///
/// Returns a problem if no resource has the address.
pub(super) fn parse(uri: &str) -> Result<(Option<String>, Target), Problem> {
    paper_uri::parse(uri)
}

/// Returns the document of a resource.
///
/// # Errors
///
/// Returns a problem if it cannot be read.
pub(super) fn read(context: &Context<'_>, target: &Target) -> Result<String, Problem> {
    match target {
        Target::Paper(id) => written(&context.library.lookup(id)?.into_paper(id)?),
        Target::Library => written(&LibraryDocument {
            info: library_info::document(context)?,
            topics: list_topics::sizes(context)?,
        }),
    }
}

/// Returns a document as the contents of a resource.
pub(super) fn contents(document: String, uri: &str) -> ResourceContents {
    ResourceContents::text(document, uri).with_mime_type(JSON)
}

fn written(document: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string_pretty(document).map_err(|error| {
        tracing::error!(%error, "a resource has no JSON form");
        Problem::internal()
    })
}
