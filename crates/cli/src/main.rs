//! The `cognate` command: semantic and keyword search over a library of research papers.
//!
//! Each command is one module in [`commands`], which holds its arguments and its `run` function.
//! Groups of arguments that several commands share are in [`arguments`].

#![forbid(unsafe_code)]

mod adding;
mod arguments;
mod atomic_file;
mod commands;
mod failure;
mod hits;
mod import_report;
mod interrupt;
mod invocation;
mod model;
mod output;
mod page;
mod paper_files;
mod progress;
mod reranking;
mod screen;
mod styled;
mod terminal;
mod text_file;
mod truncation;
mod warnings;
mod writable_library;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;
use crate::invocation::Invocation;
use crate::screen::ColorWhen;

/// Find related research papers: semantic and keyword search over your own library
#[derive(Debug, Parser)]
#[command(
    name = "cognate",
    version,
    max_term_width = 100,
    propagate_version = true
)]
struct CommandLine {
    /// Folder of the library, as the option of each command
    #[arg(long, value_name = "DIR")]
    library: Option<PathBuf>,
    /// When to use colors and the layout of a terminal
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    color: ColorWhen,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    warnings::print();
    let command_line = match CommandLine::try_parse() {
        Ok(command_line) => command_line,
        Err(error) => {
            ColorWhen::in_arguments(std::env::args_os()).apply();
            return failure::report_usage(&error);
        }
    };
    command_line.color.apply();
    let invocation = Invocation::new(command_line.library);
    let code = match command_line.command.run(&invocation) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    };
    model::before_exit();
    code
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_command_and_every_argument_has_a_help_text() {
        for command in CommandLine::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "`{name}`");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "`{name}`: {argument}");
            }
        }
    }
}
