//! Errors as the command reports them: one line on stderr and an exit status.

use std::io;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::output::note;
use crate::terminal::neutralized;

/// The exit status for wrong usage, as clap sets it.
const USAGE: u8 = 2;

/// Reports `error` on stderr and returns the exit status.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        // A reader such as `head` has closed stdout because it needs no more.
        return ExitCode::SUCCESS;
    }
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        note(error.to_string().trim_end());
        return ExitCode::from(USAGE);
    }
    note(&format!("error: {}{}", message(error), advice(error)));
    ExitCode::FAILURE
}

/// Returns what to do about a damaged library, or nothing if the error is another one.
fn advice(error: &anyhow::Error) -> &'static str {
    let is_damage = |error: &cognate::Error| error.is_damage();
    if error.downcast_ref().is_some_and(is_damage) {
        "; `cognate check` says what is damaged, and `cognate check --repair` rebuilds what it can"
    } else {
        ""
    }
}

/// Reports an error of clap's on stderr, or prints the help that was asked for, and returns the exit
/// status.
pub(crate) fn report_usage(error: &clap::Error) -> ExitCode {
    let text = error.to_string();
    if neutralized(&text) == text {
        // This prints colors on a terminal. If the stream is closed, nobody reads it.
        let _ = error.print();
    } else {
        // The message quotes an argument, which may come from a text of others.
        note(text.trim_end());
    }
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(USAGE),
    }
}

/// Returns an error for a required argument that is missing, as clap would report it.
pub(crate) fn missing_argument(message: &str) -> anyhow::Error {
    clap::Error::raw(ErrorKind::MissingRequiredArgument, message).into()
}

/// Returns an error for a value that is wrong, as clap would report it.
pub(crate) fn wrong_value(message: &str) -> anyhow::Error {
    clap::Error::raw(ErrorKind::ValueValidation, message).into()
}

/// Returns `error` and its causes on one line, without causes that the text before already contains.
pub(crate) fn message(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if parts
            .last()
            .is_none_or(|last| !cause.ends_with(last.as_str()))
        {
            parts.push(cause);
        }
    }
    parts.join(": ")
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_repeats_the_text_before_it_is_left_out() {
        let error = anyhow::anyhow!("Error code 13: the disk is full")
            .context("the disk is full")
            .context("cannot write `L`");
        assert_eq!(message(&error), "cannot write `L`: the disk is full");
        let error = anyhow::anyhow!("permission denied").context("cannot write `L`");
        assert_eq!(message(&error), "cannot write `L`: permission denied");
    }
}
