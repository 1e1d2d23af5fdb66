//! The command `cognate`: finds related research papers by meaning.

#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod input;
mod interrupt;
mod library;
mod model;
mod output;
mod progress;
mod rerank;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Add(arguments) => commands::add::run(&arguments),
        Command::Search(arguments) => commands::search::run(&arguments),
        Command::Related(arguments) => commands::related::run(&arguments),
        Command::Missed(arguments) => commands::missed::run(&arguments),
        Command::Info(arguments) => commands::info::run(&arguments),
        Command::Check(arguments) => commands::check::run(&arguments),
        Command::Merge(arguments) => commands::merge::run(&arguments),
        Command::Remove(arguments) => commands::remove::run(&arguments),
        Command::Export(arguments) => commands::export::run(&arguments),
        Command::Duplicates(arguments) => commands::duplicates::run(&arguments),
        Command::Topics(arguments) => commands::topics::run(&arguments),
        Command::Eval(arguments) => commands::eval::run(&arguments),
        Command::Embed(arguments) => commands::embed::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&format!("error: {}", message(&error)));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes in one line, without those that only say the same again.
fn message(error: &anyhow::Error) -> String {
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
    fn says_each_cause_once() {
        let error = anyhow::anyhow!("Error code 13: the disk is full")
            .context("the disk is full")
            .context("cannot write `L`");
        assert_eq!(message(&error), "cannot write `L`: the disk is full");
        let error = anyhow::anyhow!("permission denied").context("cannot write `L`");
        assert_eq!(message(&error), "cannot write `L`: permission denied");
    }
}
