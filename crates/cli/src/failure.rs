//! Errors as the command reports them: one line on stderr and an exit status.

use std::env;
use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use cognate::ModelError;
use serde_json::error::Category;

use crate::damage;
use crate::interrupt;
use crate::output::error_line;
use crate::terminal::neutralized;

/// The exit status for wrong usage, as clap sets it.
const USAGE: u8 = 2;

/// The failure of a search without hits if `--fail-empty` asks for it, which needs no message.
#[derive(Debug)]
pub(crate) struct NothingFound;

impl fmt::Display for NothingFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was found")
    }
}

impl Error for NothingFound {}

/// Reports `error` on stderr and returns the exit status.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        // A reader such as `head` has closed stdout because it needs no more.
        return ExitCode::SUCCESS;
    }
    if error.is::<NothingFound>() {
        return ExitCode::FAILURE;
    }
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        error_line(error.to_string().trim_end());
        return ExitCode::from(USAGE);
    }
    error_line(&format!("error: {}{}", message(error), advice(error)));
    if interrupt::is_requested() {
        ExitCode::from(interrupt::EXIT_STATUS)
    } else if is_wrong_argument(error) {
        ExitCode::from(USAGE)
    } else {
        ExitCode::FAILURE
    }
}

/// Returns whether an option has a value that it does not permit.
fn is_wrong_argument(error: &anyhow::Error) -> bool {
    let of_library = error.downcast_ref();
    let of_model = error.downcast_ref();
    matches!(of_library, Some(cognate::Error::InvalidOption { .. }))
        || matches!(of_model, Some(ModelError::InvalidOption { .. }))
}

/// Returns what to do about a damaged library, or nothing if the error is another one.
fn advice(error: &anyhow::Error) -> String {
    let advice = error.downcast_ref().and_then(damage::advice_on_error);
    advice.map_or(String::new(), |advice| format!("; {advice}"))
}

/// Reports an error of clap's on stderr, or prints the help that was asked for, and returns the exit
/// status.
pub(crate) fn report_usage(mut error: clap::Error) -> ExitCode {
    if let Some(tip) = exclusion_tip(&error) {
        let tip = ContextValue::StyledStrs(vec![tip.into()]);
        error.insert(ContextKind::Suggested, tip);
    }
    let text = error.to_string();
    if neutralized(&text) == text {
        // This prints colors on a terminal. If the stream is closed, nobody reads it.
        let _ = error.print();
    } else {
        // The message quotes an argument, which may come from a text of others.
        error_line(text.trim_end());
    }
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(USAGE),
    }
}

/// Returns what to write if a search was given a word to leave out, such as `-neural`, as an argument, which
/// looks like options.
fn exclusion_tip(error: &clap::Error) -> Option<String> {
    let mut arguments = env::args().skip_while(|argument| argument != "search");
    let is_word = |argument: &String| {
        let word = argument.strip_prefix('-').unwrap_or_default();
        let letters = word.chars().take_while(|c| c.is_alphabetic());
        letters.count() > 1
    };
    let word = arguments.find(is_word)?;
    let is_taken_for_options = match error.kind() {
        ErrorKind::UnknownArgument => true,
        ErrorKind::ValueValidation => word.starts_with("-k"),
        _ => false,
    };
    is_taken_for_options.then(|| {
        format!(
            "to leave out papers with a word, write the text after `--`: `cognate search -- graphs {word}`"
        )
    })
}

/// Returns an error for arguments that are missing, wrong or make no sense together, as clap would report it.
pub(crate) fn wrong_usage(message: &str) -> anyhow::Error {
    clap::Error::raw(ErrorKind::InvalidValue, message).into()
}

/// Returns `error` and its causes on one line, without causes that the text before already contains.
pub(crate) fn message(error: &anyhow::Error) -> String {
    message_of(error.as_ref())
}

/// Returns what [`message`] returns, for an error of a library.
pub(crate) fn message_of(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in anyhow::Chain::new(error).map(plain) {
        if parts
            .last()
            .is_none_or(|last| !cause.ends_with(last.as_str()))
        {
            parts.push(cause);
        }
    }
    parts.join(": ")
}

/// Returns the message of an error in words that need no knowledge of the program.
fn plain(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<serde_json::Error>() {
        Some(error) => plain_json(error),
        None => without_numbers(&error.to_string()),
    }
}

/// Says what is wrong with a file of JSON, and where.
fn plain_json(error: &serde_json::Error) -> String {
    let position = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        Category::Io => error.to_string(),
        Category::Syntax => format!("not JSON at {position}"),
        Category::Eof => format!("the JSON ends too early, at {position}"),
        Category::Data => {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            // The name of a type says nothing to a reader.
            let reason = match message.split_once(", expected struct ") {
                Some((found, _)) => format!("{found}, expected an object"),
                None => message.to_owned(),
            };
            format!("{reason}, at {position}")
        }
    }
}

/// Returns a message without the numbers that `SQLite` has for its errors.
fn without_numbers(message: &str) -> String {
    const NUMBERED: &str = "Error code ";
    let mut plain = message.to_owned();
    while let Some(start) = plain.find(NUMBERED) {
        let number = &plain[start + NUMBERED.len()..];
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || !number[digits..].starts_with(": ") {
            break;
        }
        plain.replace_range(start..start + NUMBERED.len() + digits + 2, "");
    }
    plain
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
    fn errors_of_json_name_the_place_and_no_type() {
        #[derive(Debug, serde::Deserialize)]
        struct Entry {
            #[expect(dead_code, reason = "only its type matters")]
            number: u32,
        }
        let reason = |json: &str| {
            let error = serde_json::from_str::<Vec<Entry>>(json).unwrap_err();
            message(&error.into())
        };
        assert_eq!(reason("nonsense"), "not JSON at line 1, column 2");
        assert_eq!(
            reason("[\n"),
            "the JSON ends too early, at line 2, column 0"
        );
        assert_eq!(
            reason("[1]"),
            "invalid type: integer `1`, expected an object, at line 1, column 2"
        );
    }

    #[test]
    fn a_cause_that_repeats_the_text_before_it_is_left_out() {
        let error = anyhow::anyhow!("Error code 13: the disk is full")
            .context("the disk is full")
            .context("cannot write `L`");
        assert_eq!(message(&error), "cannot write `L`: the disk is full");
        let error = anyhow::anyhow!("disk: Error code 14: cannot open").context("cannot read");
        assert_eq!(message(&error), "cannot read: disk: cannot open");
        let error = anyhow::anyhow!("permission denied").context("cannot write `L`");
        assert_eq!(message(&error), "cannot write `L`: permission denied");
    }
}
