use clap::Args;
use cognate::{DEFAULT_MODEL, Precision};

use crate::arguments::device::DeviceArguments;

// Permission to download what a library names.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FetchArguments {
    /// Download the model that a library names without asking, if it is not in the cache
    #[arg(long)]
    pub(crate) fetch: bool,
}

// The model of a library that may not exist yet.
#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    /// Model on the Hugging Face Hub, or a folder [default: the library's, if any, or
    /// all-MiniLM-L6-v2]
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) model: Option<String>,
    /// Numeric precision: f32 or int8 on a CPU; f32, f16 or bf16 on a GPU [default: the library's,
    /// if any, or f32]
    #[arg(long)]
    pub(crate) precision: Option<Precision>,
    #[command(flatten)]
    pub(crate) fetch: FetchArguments,
    #[command(flatten)]
    pub(crate) device: DeviceArguments,
}

impl ModelArguments {
    /// Returns the name of the model, by default [`DEFAULT_MODEL`].
    pub(crate) fn name(&self) -> &str {
        self.model.as_deref().unwrap_or(DEFAULT_MODEL)
    }

    /// Returns the precision, by default that of [`Precision::default`].
    pub(crate) fn precision(&self) -> Precision {
        self.precision.unwrap_or_default()
    }
}

// The model of a library that exists, which therefore knows its model and precision.
#[derive(Debug, Args)]
pub(crate) struct StoredModelArguments {
    /// New location of the library's model, if it has moved
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) fetch: FetchArguments,
    #[command(flatten)]
    pub(crate) device: DeviceArguments,
}
