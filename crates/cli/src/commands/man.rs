use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Arg, Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::help;
use crate::invocation::Invocation;
use crate::output::{count, note, print};

/// Print a man page, or write all pages to a folder
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder to write all pages to, which is created if needed: cognate.1 and one for each command, such as
    /// cognate-search.1
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    output: Option<PathBuf>,
    /// Command whose page to print [default: the page of cognate itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let mut command = invocation.command_line().disable_help_subcommand(true);
    command.build();
    // A page explains what the short help leaves out, too.
    let shown = |argument: Arg| argument.hide_short_help(false);
    let command = command.mut_subcommands(|command| command.mut_args(shown));
    if let Some(dir) = &arguments.output {
        fs::create_dir_all(dir)
            .with_context(|| format!("cannot create the folder `{}`", dir.display()))?;
        let pages = count(write(&command, dir)?, "page");
        note(&format!("wrote {pages} to `{}`", dir.display()));
        return Ok(());
    }
    let page = match &arguments.command {
        None => page(&command)?,
        Some(name) => match command.find_subcommand(name) {
            Some(subcommand) => page(subcommand)?,
            None => bail!("there is no command `{name}`; `cognate --help` lists the commands"),
        },
    };
    print(&page)
}

/// Writes the page of a command and the pages of its subcommands, and returns their number.
fn write(command: &Command, dir: &Path) -> Result<usize> {
    let path = dir.join(Man::new(command.clone()).get_filename());
    fs::write(&path, page(command)?)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    let mut pages = 1;
    for subcommand in command.get_subcommands() {
        pages += write(subcommand, dir)?;
    }
    Ok(pages)
}

/// Returns the page of a command, with its examples line by line.
fn page(command: &Command) -> Result<String> {
    let examples = help::examples(command.get_name());
    let command = command.clone();
    let command = if examples.is_empty() {
        command
    } else {
        command
            .after_help(None::<&str>)
            .after_long_help(None::<&str>)
    };
    let ends = command.get_after_long_help().map(ToString::to_string);
    let version = concat!("cognate ", env!("CARGO_PKG_VERSION"));
    let has_options = command
        .get_arguments()
        .any(|argument| !argument.is_hide_set());
    let has_commands = command.has_subcommands();
    let man = Man::new(command).source(version).manual("Cognate");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if has_options {
        man.render_options_section(&mut page)?;
    }
    if has_commands {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
        for (purpose, line) in examples {
            roff.control("TP", []);
            roff.text([roman(*purpose)]);
            roff.text([bold(*line)]);
        }
    }
    // A section begins with a line that ends with a colon.
    for line in ends.iter().flat_map(|text| text.lines()) {
        match line.strip_suffix(':') {
            Some(heading) => {
                roff.control("SH", [heading.to_uppercase().as_str()]);
                roff.control("nf", []);
            }
            None => {
                roff.text([roman(line)]);
            }
        }
    }
    roff.to_writer(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
