//! The commands, one module each.
//!
//! To add a command:
//!
//! 1. Write `commands/<name>.rs` with `struct Arguments`, a [`clap::Args`] whose doc comment is the
//!    help text of the command, and `fn run(&Arguments, &Invocation) -> Result<()>`.
//! 2. Declare the module and add a line to [`commands!`] below, and the name to a group and
//!    examples in [`help`](crate::help).

mod add;
mod check;
mod compact;
mod completions;
mod config;
mod duplicates;
mod embed;
mod eval;
mod export;
mod info;
mod list;
mod lists;
mod man;
mod map;
#[cfg(feature = "server")]
mod mcp;
mod missed;
mod model;
mod open;
mod related;
mod remove;
mod search;
#[cfg(feature = "server")]
mod serve;
mod show;
mod topics;
mod upgrade;

use anyhow::Result;
use clap::Subcommand;

use crate::invocation::Invocation;

/// Defines [`Command`] with one variant for each module, and runs the module of a variant.
macro_rules! commands {
    ($($(#[$attribute:meta])? $name:ident => $module:ident,)*) => {
        /// A command with its arguments.
        #[derive(Debug, Subcommand)]
        pub(crate) enum Command {
            $($(#[$attribute])? $name($module::Arguments),)*
        }

        impl Command {
            pub(crate) fn run(&self, invocation: &Invocation) -> Result<()> {
                match self {
                    $($(#[$attribute])? Self::$name(arguments) => $module::run(arguments, invocation),)*
                }
            }
        }
    };
}

commands! {
    Search => search,
    Related => related,
    Show => show,
    Open => open,
    Missed => missed,
    List => list,
    Lists => lists,
    Add => add,
    Remove => remove,
    Export => export,
    Info => info,
    Topics => topics,
    Map => map,
    Duplicates => duplicates,
    Check => check,
    Compact => compact,
    Upgrade => upgrade,
    Model => model,
    Embed => embed,
    Eval => eval,
    #[cfg(feature = "server")]
    Serve => serve,
    #[cfg(feature = "server")]
    Mcp => mcp,
    Config => config,
    Completions => completions,
    Man => man,
}
