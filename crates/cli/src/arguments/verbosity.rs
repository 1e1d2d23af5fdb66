use clap::Args;

use crate::verbosity::Verbosity;

// How much is printed on stderr, in every command.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct VerbosityArguments {
    /// Print each step, its time and folders on stderr
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Print no notes, warnings or progress, only errors
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
