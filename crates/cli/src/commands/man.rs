use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_mangen::Man;

use crate::command_line;
use crate::invocation::Invocation;
use crate::output::{count, note, print};

/// Print the man page, or write the pages of all commands to a folder
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder to write the pages to, which is created if needed: cognate.1 and one for each command, such as
    /// cognate-search.1 [default: cognate.1 to standard output]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, _: &Invocation) -> Result<()> {
    let mut command = command_line::command().disable_help_subcommand(true);
    command.build();
    let Some(dir) = &arguments.output else {
        return print(&String::from_utf8_lossy(&page(&command)?));
    };
    fs::create_dir_all(dir)
        .with_context(|| format!("cannot create the folder `{}`", dir.display()))?;
    let pages = write(&command, command_line::NAME, dir)?;
    note(&format!(
        "wrote {} to `{}`",
        count(pages, "page"),
        dir.display()
    ));
    Ok(())
}

/// Writes the page of a command and the pages of its subcommands, and returns their number.
fn write(command: &Command, name: &str, dir: &Path) -> Result<usize> {
    let path = dir.join(format!("{name}.1"));
    fs::write(&path, page(&command.clone().name(name.to_owned()))?)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    let mut pages = 1;
    for subcommand in command.get_subcommands() {
        if !subcommand.is_hide_set() {
            let name = format!("{name}-{}", subcommand.get_name());
            pages += write(subcommand, &name, dir)?;
        }
    }
    Ok(pages)
}

fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}
