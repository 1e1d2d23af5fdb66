//! Warnings of the libraries and requests to a server, which the command prints on stderr, and what the
//! libraries do, if each step is wanted.

use std::collections::HashSet;
use std::fmt::{self, Write};
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};

use crate::output::note;
use crate::verbosity::Verbosity;

/// The target of the events of a server, one for each request.
const REQUEST: &str = "cognate_server::request";

/// Prints each warning as a line, once, and each request as a line with its time.
#[derive(Default)]
struct Warnings {
    printed: Mutex<HashSet<String>>,
}

/// Makes warnings of the libraries appear on stderr from now on.
pub(crate) fn print() {
    // It fails only if it was called before.
    let _ = tracing::subscriber::set_global_default(Warnings::default());
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let most = if Verbosity::is_verbose() {
            Level::DEBUG
        } else if metadata.target() == REQUEST {
            Level::INFO
        } else {
            Level::WARN
        };
        *metadata.level() <= most && metadata.target().starts_with("cognate")
    }

    fn event(&self, event: &Event<'_>) {
        if event.metadata().target() == REQUEST {
            let mut line = NamedFields(timestamp());
            event.record(&mut line);
            note(&line.0);
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        if *event.metadata().level() > Level::WARN {
            note(&format!("           {}{}", text.message, text.fields));
            return;
        }
        let line = format!("warning: {}{}", text.message, text.fields);
        if event.metadata().target().starts_with("cognate_server") {
            // A server runs for long, and what went wrong again happened at another time.
            note(&format!("{} {line}", timestamp()));
            return;
        }
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        if printed.insert(line.clone()) {
            note(&line);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Returns the time, such as `2026-11-30T12:00:00.000000Z`.
fn timestamp() -> String {
    let mut text = String::new();
    // Writing to a `String` does not fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

/// A line of fields, each as `name=value`.
struct NamedFields(String);

impl Visit for NamedFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let has_space = value.contains(|c: char| c.is_whitespace() || c == '"' || c == '=');
        if has_space || value.is_empty() {
            self.record_debug(field, &value);
        } else {
            self.record_debug(field, &format_args!("{value}"));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a `String` does not fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

/// The text of a warning.
#[derive(Default)]
struct Text {
    message: String,
    /// The other fields, each after a colon.
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a `String` does not fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, ": {value:?}")
        };
    }
}
