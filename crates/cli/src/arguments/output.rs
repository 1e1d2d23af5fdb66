use clap::Args;
use cognate::ExportFormat;

#[derive(Debug, Args)]
pub(crate) struct JsonArguments {
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HitFormatArguments {
    /// Print one JSON document
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Print the papers for other programs
    #[arg(long)]
    format: Option<ExportFormat>,
    #[command(flatten)]
    pub(crate) cells: CellArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CellArguments {
    /// Write CSV cells that begin with =, +, -, @, a tab or a carriage return as they are, without the
    /// apostrophe that keeps spreadsheets from reading them as formulas; `cognate add` removes it
    #[arg(long)]
    pub(crate) raw_cells: bool,
}

impl HitFormatArguments {
    /// Returns the format for other programs, or `None` if a person reads the hits.
    pub(crate) fn format(&self) -> Option<ExportFormat> {
        self.format.or(self.json.then_some(ExportFormat::Json))
    }
}
