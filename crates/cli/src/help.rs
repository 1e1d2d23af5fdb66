//! The texts of the help that are the same for all commands: examples, headings, groups of commands, and
//! the first steps.

mod examples;
mod headings;
mod values;

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command};

pub(crate) use self::examples::examples;
use self::headings::{GLOBAL, heading, is_advanced};
use self::values::with_names;

/// What the command prints if it is run without arguments.
pub(crate) const FIRST_STEPS: &str = "\
Cognate finds related research papers in your library, by meaning and by words.

First steps:
  cognate add --library papers references.bib    make a library of your papers
  cognate search --library papers \"weak ties\"    find papers by a text
  cognate related --library papers ID            find papers similar to one

In the folder of a library, or with a default, --library is not needed:
  cognate config set default-library papers

`cognate --help` lists the commands, and `cognate COMMAND --help` explains one.
";

/// The groups in which `cognate --help` lists the commands.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "Find papers",
        &[
            "search", "related", "missed", "list", "lists", "show", "open",
        ],
    ),
    (
        "Manage a library",
        &[
            "add",
            "remove",
            "export",
            "info",
            "topics",
            "map",
            "duplicates",
            "check",
            "compact",
            "upgrade",
        ],
    ),
    ("Serve other programs", &["serve", "mcp"]),
    ("Models and measurements", &["model", "embed", "eval"]),
    ("Setup", &["config", "completions", "man", "help"]),
];

const ENVIRONMENT: &str = "\
Environment:
  COGNATE_LIBRARY  Library, if --library is absent
  COGNATE_CONFIG   Configuration file [default: cognate/config.toml in the
                   folder XDG_CONFIG_HOME or ~/.config]
  COGNATE_CACHE    Folder for packed weights and records of verified files
  COGNATE_DEVICE   Device that runs the model, if --device is absent
  HF_HUB_CACHE, HF_HOME, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE
                   Cache, mirror, token and offline mode of the Hugging Face Hub
  NO_COLOR         No colors, if it is set

Exit status:
  0    Success, even if nothing was found, unless --fail-empty is given
  1    An error, which is one message on standard error
  2    Wrong usage
  130  Interrupted by Ctrl-C";

/// Returns whether the help lists the command `name`.
#[cfg(test)]
pub(crate) fn is_in_group(name: &str) -> bool {
    GROUPS.iter().any(|(_, names)| names.contains(&name))
}

/// Adds to `command` what its declaration lacks.
pub(crate) fn complete(command: Command) -> Command {
    let template = template(&command);
    command
        .bin_name("cognate")
        .help_template(template)
        .after_long_help(ENVIRONMENT)
        .mut_args(|argument| arranged("cognate", argument))
        // Only the command that is run is completed, which saves a part of each start.
        .mut_subcommands(|command| command.defer(complete_subcommand))
}

fn complete_subcommand(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let examples = examples(&name);
    let command = command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(own(
            "help",
            'h',
            "Print help; --help tells more",
            ArgAction::Help,
        ))
        .arg(own("version", 'V', "Print the version", ArgAction::Version))
        .mut_args(|argument| arranged(&name, argument))
        .mut_subcommands(|command| command.mut_args(|argument| arranged("", argument)));
    if examples.is_empty() {
        return command;
    }
    let (mut short, mut long) = ("Examples:".to_owned(), "Examples:".to_owned());
    for (purpose, line) in examples {
        // Writing to a string does not fail.
        let _ = write!(short, "\n  {line}");
        let _ = write!(long, "\n  # {purpose}\n  {line}\n");
    }
    if let Some(text) = command.get_after_help() {
        let _ = write!(long, "\n{text}");
    }
    command
        .after_help(short)
        .after_long_help(long.trim_end().to_owned())
}

/// Returns an option that clap would add itself, under the heading of options that all commands have.
fn own(name: &'static str, short: char, help: &'static str, action: ArgAction) -> Arg {
    let option = Arg::new(name).long(name).short(short);
    option.help(help).action(action).help_heading(GLOBAL)
}

/// Puts an argument of `command` under its heading, lists its values if these have names, and leaves it out
/// of the short help if few people need it.
fn arranged(command: &str, argument: Arg) -> Arg {
    let argument = with_names(argument);
    let id = argument.get_id().as_str();
    let (heading, is_advanced) = (heading(id), is_advanced(command, id));
    let is_main = command == "cognate";
    let argument = argument.hide_short_help(is_advanced && !is_main);
    match heading {
        // Options of the main command that others have too take their heading with them.
        Some(heading)
            if argument.get_help_heading().is_none() && (!is_main || heading == GLOBAL) =>
        {
            argument.help_heading(heading)
        }
        _ => argument,
    }
}

/// Returns the template of the main help, which lists the commands in groups.
fn template(command: &Command) -> String {
    let mut text = "{about}\n\n{usage-heading} {usage}\n".to_owned();
    let about = |name: &str| match command.find_subcommand(name) {
        Some(subcommand) => subcommand.get_about().map(|about| {
            let aliases: Vec<&str> = subcommand.get_visible_aliases().collect();
            match aliases.as_slice() {
                [] => about.to_string(),
                aliases => format!("{about} [alias: {}]", aliases.join(", ")),
            }
        }),
        None if name == "help" => Some("Explain a command".to_owned()),
        None => None,
    };
    for (group, names) in GROUPS {
        let commands = names.iter().filter_map(|name| Some((name, about(name)?)));
        for (at, (name, about)) in commands.enumerate() {
            // A group whose commands all need a feature that this build lacks has no heading.
            if at == 0 {
                let _ = write!(text, "\n{HEADER}{group}:{RESET}\n");
            }
            let about = about.lines().next().unwrap_or_default();
            let _ = writeln!(
                text,
                "  {LITERAL}{name}{RESET}{:1$}{about}",
                "",
                WIDTH - name.len()
            );
        }
    }
    let _ = write!(
        text,
        "\n{HEADER}{GLOBAL}:{RESET}\n{{options}}{{after-help}}"
    );
    text
}

/// The width of the names of commands.
const WIDTH: usize = 13;

/// How clap prints headings, names and what follows.
const HEADER: anstyle::Style = anstyle::Style::new().bold().underline();
const LITERAL: anstyle::Style = anstyle::Style::new().bold();
const RESET: anstyle::Reset = anstyle::Reset;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heading_and_every_example_is_of_use() {
        assert_eq!(heading("year"), Some("Filters"));
        assert_eq!(heading("files"), None);
        assert!(is_advanced("search", "raw_cells") && is_advanced("search", "model"));
        assert!(!is_advanced("add", "model"));
        assert!(examples("nothing").is_empty());
    }
}
