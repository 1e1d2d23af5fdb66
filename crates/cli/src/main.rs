//! The `cognate` command: semantic and keyword search over a library of research papers.
//!
//! Each command is one module in [`commands`], which holds its arguments and its `run` function.
//! Groups of arguments that several commands share are in [`arguments`].

#![forbid(unsafe_code)]

mod adding;
mod arguments;
mod atomic_file;
mod commands;
mod configuration;
mod damage;
mod failure;
mod help;
mod hits;
mod import_report;
mod interrupt;
mod invocation;
mod json;
#[cfg(feature = "server")]
mod lazy_model;
mod located_library;
mod model;
mod no_papers;
mod output;
mod page;
mod paper_files;
mod paper_list;
mod paper_reference;
mod progress;
mod reranking;
mod screen;
#[cfg(feature = "server")]
mod served;
mod standard_input;
mod styled;
mod terminal;
mod text_file;
mod truncation;
mod unusable_files;
mod verbosity;
mod version;
mod warnings;
mod web_address;
mod writable_library;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::arguments::VerbosityArguments;
use crate::commands::Command;
use crate::invocation::Invocation;
use crate::screen::ColorWhen;
use crate::verbosity::Verbosity;

/// Find related research papers: semantic and keyword search over your own library
#[derive(Debug, Parser)]
#[command(
    name = "cognate",
    version,
    long_version = version::long(),
    max_term_width = 100,
    // Of an option that is given twice, the last value counts.
    args_override_self = true,
    propagate_version = true,
    subcommand_value_name = "COMMAND"
)]
struct CommandLine {
    /// Library: its folder or its name, as after a command
    #[arg(long, value_name = "DIR|NAME")]
    library: Vec<PathBuf>,
    /// Colors: auto, always or never
    ///
    /// Also the layout for a terminal. Default: auto, for a terminal only.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    color: ColorWhen,
    #[command(flatten)]
    verbosity: VerbosityArguments,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let start = Instant::now();
    warnings::print();
    if std::env::args_os().len() == 1 {
        return exit_code(&output::print(help::FIRST_STEPS));
    }
    let command_line = command_line()
        .try_get_matches()
        .and_then(|matches| CommandLine::from_arg_matches(&matches));
    let command_line = match command_line {
        Ok(command_line) => command_line,
        Err(error) => {
            ColorWhen::in_arguments(std::env::args_os()).apply();
            return failure::report_usage(error);
        }
    };
    command_line.color.apply();
    Verbosity::from(command_line.verbosity).choose();
    let invocation = Invocation::new(command_line.library, self::command_line);
    let code = exit_code(&command_line.command.run(&invocation));
    model::before_exit();
    output::step("in all", start);
    code
}

/// Describes all commands and their arguments.
fn command_line() -> clap::Command {
    help::complete(CommandLine::command())
}

fn exit_code(outcome: &Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command_line().debug_assert();
    }

    #[test]
    fn every_command_and_every_argument_has_a_help_text() {
        fn check(command: &clap::Command) {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "`{name}`");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "`{name}`: {argument}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&command_line());
    }

    #[test]
    fn every_command_is_in_a_group_and_has_three_to_five_examples_that_parse() {
        for command in command_line().get_subcommands() {
            let name = command.get_name();
            assert!(help::is_in_group(name), "`{name}`");
            let examples = help::examples(name);
            assert!((3..=5).contains(&examples.len()), "`{name}`");
            for (_, line) in examples {
                let starts = line.match_indices("cognate ").map(|(start, _)| start);
                let commands: Vec<_> = starts.map(|start| words(&line[start..])).collect();
                assert!(commands.iter().any(|words| words[1] == name), "{line}");
                for words in commands {
                    let parsed = command_line().try_get_matches_from(words);
                    assert!(parsed.is_ok(), "{line}: {parsed:?}");
                }
            }
        }
    }

    /// Returns the words of the first command in a line of a shell.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        for c in line.chars().chain([' ']) {
            match (c, quote) {
                ('|' | '>' | ')', None) => break,
                ('"' | '\'', None) => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                (c, Some(open)) if c == open => quote = None,
                (' ', None) => words.extend(word.take()),
                _ => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        words
    }
}
