//! Warnings of the libraries, which the command prints on stderr, and what they do, if each step is
//! wanted.

use std::collections::HashSet;
use std::fmt::{self, Write};
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::output::note;
use crate::verbosity::Verbosity;

/// Prints each warning as a line, once.
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
        } else {
            Level::WARN
        };
        *metadata.level() <= most && metadata.target().starts_with("cognate")
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        if *event.metadata().level() > Level::WARN {
            note(&format!("           {}{}", text.message, text.fields));
            return;
        }
        let line = format!("warning: {}{}", text.message, text.fields);
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
