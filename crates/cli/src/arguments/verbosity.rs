use clap::Args;

use crate::verbosity::Verbosity;

// How much is printed on stderr, in every command.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct VerbosityArguments {
    /// Print on stderr what is done, with times and folders
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Print only results and errors: no notes, no warnings and no progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

impl From<VerbosityArguments> for Verbosity {
    fn from(arguments: VerbosityArguments) -> Self {
        match arguments {
            VerbosityArguments { quiet: true, .. } => Self::Quiet,
            VerbosityArguments { verbose: true, .. } => Self::Verbose,
            _ => Self::Normal,
        }
    }
}
