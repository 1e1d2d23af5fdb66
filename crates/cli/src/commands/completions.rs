use std::io;

use anyhow::Result;
use clap::Args;
use clap_complete::Shell;

use crate::invocation::Invocation;
use crate::output::print;

/// The name of the command.
const NAME: &str = "cognate";

/// Print the completions of a shell
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut invocation.command_line(),
        NAME,
        &mut text,
    );
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    print(&text)
}
