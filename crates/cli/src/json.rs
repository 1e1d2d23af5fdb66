//! The JSON documents that the command prints with `--json`: a header that all have, and what a command
//! adds to it. `docs/json.md` explains them, and `docs/json/cognate.schema.json` describes every field.

mod changes;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde::{Serialize, Serializer};

pub(crate) use self::changes::{
    AddDocument, AddedFiles, EmbedDocument, RemoveDocument, UpgradeDocument,
};
use crate::output::print_json;

/// The version of the form of all documents. Within a version, fields are added, and none is renamed,
/// removed or given another meaning.
const VERSION: u32 = 1;

/// The header of a document.
#[derive(Debug, Serialize)]
pub(crate) struct Header {
    version: u32,
    command: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    library: Option<String>,
    /// The libraries, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    libraries: Vec<String>,
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    took: Duration,
}

/// A header with what a command adds to it.
#[derive(Serialize)]
struct Document<'a, T> {
    #[serde(flatten)]
    header: &'a Header,
    #[serde(flatten)]
    content: &'a T,
}

impl Header {
    /// Creates the header of a document of `command`, whose work took `took`, without the start of the
    /// program and the loading of a model.
    pub(crate) fn new(command: &'static str, took: Duration) -> Self {
        Self {
            version: VERSION,
            command,
            library: None,
            libraries: Vec::new(),
            took,
        }
    }

    /// Names the folder of the library that the command used.
    pub(crate) fn library(mut self, dir: &Path) -> Self {
        self.library = Some(dir.display().to_string());
        self
    }

    /// Names the folders of the libraries that the command used together.
    pub(crate) fn libraries<'a>(mut self, dirs: impl IntoIterator<Item = &'a Path>) -> Self {
        let names = dirs.into_iter().map(|dir| dir.display().to_string());
        self.libraries = names.collect();
        self
    }

    /// Prints the document with this header and the fields of `content` on stdout.
    pub(crate) fn print(&self, content: &impl Serialize) -> Result<()> {
        print_json(&Document {
            header: self,
            content,
        })
    }
}

/// Writes a duration in milliseconds, rounded to microseconds.
fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1e6).round() / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_comes_first_and_time_has_three_decimals() {
        #[derive(Serialize)]
        struct Content {
            score: f32,
        }
        let header = Header::new("search", Duration::from_nanos(1_234_567_890));
        let text = |header: &Header| {
            let content = &Content { score: 0.1 };
            serde_json::to_string(&Document { header, content }).unwrap()
        };
        assert_eq!(
            text(&header),
            r#"{"version":1,"command":"search","took_ms":1234.568,"score":0.1}"#
        );
        assert_eq!(
            text(&header.library(Path::new("a/b"))),
            r#"{"version":1,"command":"search","library":"a/b","took_ms":1234.568,"score":0.1}"#
        );
    }
}
